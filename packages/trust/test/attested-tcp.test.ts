import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Transport, WireError } from '@cocoon/wire'
import { dial, listen, systemWorld } from '@cocoon/wire/node'
import type { TlsIdentity } from '@cocoon/wire/node'
import { anyPolicy, createCertificate, fakeTdxEvidence, fakeTdxPolicy, peerCheck } from '../src/index.ts'
import type { PeerPolicy, TrustError } from '../src/index.ts'
import { ed25519, forgeCertificate } from './forge-certificate.ts'
import type { Forgery } from './forge-certificate.ts'

const world = systemWorld
const plain = await createCertificate({ world })
const attested = await createCertificate({ world, evidence: fakeTdxEvidence })
const zeroImage = '5c55c8f4db4010ba9203d83536d0609856af8c847ac039e37e7dde8fbd574b61'

describe('attested TCP', () => {
  test('a client that is not attested meets a proxy that is', async () => {
    const { dialed, accepted } = await meet({
      server: attested,
      serverPolicy: fakeTdxPolicy(),
      client: plain,
    })
    assert.equal(Buffer.from(dialed.peer.imageHash).toString('hex'), zeroImage)
    assert.deepEqual(dialed.peer.publicKey, attested.publicKey)
    assert.deepEqual(accepted.peer.imageHash, new Uint8Array(32))
    assert.deepEqual(accepted.peer.publicKey, plain.publicKey)
  })

  test('a proxy without evidence is not dialed', async () => {
    await rejectsServer(plain, 'evidence-missing', fakeTdxPolicy())
  })

  const forgeries: [string, Forgery, TrustError['code']][] = [
    [
      'has expired',
      { notBeforeMs: world.now() - 9000, notAfterMs: world.now() - 5000 },
      'certificate-expired',
    ],
    ['is not made out to 127.0.0.1', { dnsNames: ['localhost'] }, 'certificate-wrong-name'],
    [
      'was issued by somebody else',
      { signerKey: ed25519(), issuer: 'authority' },
      'certificate-not-self-signed',
    ],
  ]
  for (const [name, forgery, code] of forgeries) {
    test(`a server whose certificate ${name} is not dialed`, async () => {
      await rejectsServer(forgeIdentity(forgery), code)
    })
  }

  test('a client whose certificate was issued by somebody else is refused, authority shown or not', async () => {
    const authorityKey = ed25519()
    const authority = forgeIdentity({ subjectKey: authorityKey, subject: 'authority' })
    const leaf = forgeIdentity({ signerKey: authorityKey, issuer: 'authority' })
    const chain = { ...leaf, certificatePem: leaf.certificatePem + authority.certificatePem }
    for (const client of [leaf, chain]) {
      const refusal = await refusalOf(client)
      assert.equal((refusal.cause as TrustError).code, 'certificate-not-self-signed')
    }
  })

  test('a certificate of version 1 with extensions is accepted', async () => {
    const { accepted } = await meet({
      server: forgeIdentity({ version: 'v1' }),
      serverPolicy: anyPolicy(),
      client: forgeIdentity({ version: 'v1' }),
    })
    assert.equal(accepted.peer.publicKey?.length, 32)
  })
})

async function rejectsServer(
  server: TlsIdentity,
  code: TrustError['code'],
  serverPolicy = anyPolicy(),
): Promise<void> {
  await assert.rejects(meet({ server, serverPolicy, client: plain }), (error: WireError) => {
    assert.equal(error.code, 'tls')
    assert.equal((error.cause as TrustError).code, code)
    return true
  })
}

interface Meeting {
  readonly server: TlsIdentity
  readonly serverPolicy: PeerPolicy
  readonly client: TlsIdentity
}

/** Lets one peer dial another and returns both ends. */
async function meet({ server, serverPolicy, client }: Meeting) {
  const seen = Promise.withResolvers<Transport>()
  const listener = await listen({
    mode: 'direct',
    port: 0,
    identity: () => server,
    checkPeer: peerCheck(anyPolicy(), world, 'client'),
    proofOfWork: { difficulty: () => 1 },
    onTransport: seen.resolve,
    world,
  })
  try {
    const dialed = await dial({
      host: '127.0.0.1',
      port: listener.port,
      mode: { kind: 'direct' },
      identity: client,
      checkPeer: peerCheck(serverPolicy, world, 'server'),
      world,
    })
    const accepted = await seen.promise
    dialed.destroy()
    return { dialed, accepted }
  } finally {
    await listener.close()
  }
}

/** What a listener says of this client. The dialer may learn of it before or after its own check is done. */
async function refusalOf(client: TlsIdentity): Promise<WireError> {
  const refused = Promise.withResolvers<WireError>()
  await using listener = await listen({
    mode: 'direct',
    port: 0,
    identity: () => plain,
    checkPeer: peerCheck(anyPolicy(), world, 'client'),
    proofOfWork: { difficulty: () => 1 },
    onTransport: () => refused.reject(new Error('The client was accepted.')),
    onRefused: refused.resolve,
    world,
  })
  const checkPeer = peerCheck(anyPolicy(), world, 'server')
  const mode = { kind: 'direct' } as const
  const dialing = dial({ host: '127.0.0.1', port: listener.port, mode, identity: client, checkPeer, world })
  dialing.catch(() => {})
  return await refused.promise
}

function forgeIdentity(forgery: Forgery): TlsIdentity {
  const subjectKey = forgery.subjectKey ?? ed25519()
  const nowMs = world.now()
  const der = forgeCertificate({
    notBeforeMs: nowMs - 60_000,
    notAfterMs: nowMs + 60_000,
    ...forgery,
    subjectKey,
  })
  const lines = Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKeyPem: subjectKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
