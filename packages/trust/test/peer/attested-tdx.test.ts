import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toHex, type Transport, type WireError } from '@cocoon/wire'
import { dial, listen, systemWorld, type TlsIdentity } from '@cocoon/wire/node'
import {
  anyPolicy,
  createCertificate,
  defaultPolicy,
  EvidencePolicy,
  type Identity,
  imageHash,
  peerCheck,
  type PeerPolicy,
  rotatingIdentity,
  type TrustError,
  zeroMeasurements,
} from '../../src/index.ts'
import { nodeCrypto } from '../../src/node.ts'
import { createSimulatedTee, simulatedEvidence } from '../../src/simulate/index.ts'

const world = systemWorld
const tee = createSimulatedTee(new Uint8Array(32).fill(7))
const simulated = simulatedEvidence(tee, world)
const plain = await createCertificate({ world })
const attested = await createCertificate({ world, evidence: simulated })
const image = await imageHash(zeroMeasurements())

function simulatedPolicy(): EvidencePolicy {
  return new EvidencePolicy({
    name: 'tdx',
    world,
    policy: { ...defaultPolicy, allowSimulated: true },
    simulatedRoot: tee.root,
    crypto: nodeCrypto,
  })
}

function productionPolicy(): EvidencePolicy {
  return new EvidencePolicy({ name: 'tdx', world, policy: defaultPolicy, crypto: nodeCrypto })
}

describe('attested TCP, with quotes', () => {
  test('both sides verify each other, and know each other by image', async () => {
    const other = await createCertificate({ world, evidence: simulated })
    const { dialed, accepted } = await meet(attested, simulatedPolicy(), other, simulatedPolicy())
    for (const [side, identity] of [
      [dialed, attested],
      [accepted, other],
    ] as const) {
      assert.deepEqual(side.peer.publicKey, identity.publicKey)
      assert.equal(toHex(side.peer.imageHash), toHex(image))
      assert.equal(side.peer.proof?.isSimulated, true)
    }
  })

  test('a production policy refuses simulated evidence, and says by which check', async () => {
    await refusesServer(attested, productionPolicy(), 'evidence-invalid', /pck-chain-root/)
  })

  test('a production policy refuses it also where it knows the simulated root', async () => {
    const policy = { policy: defaultPolicy, simulatedRoot: tee.root, crypto: nodeCrypto }
    const careless = new EvidencePolicy({ name: 'tdx', world, ...policy })
    await refusesServer(attested, careless, 'policy-refused', /root: The evidence is simulated/)
  })

  test('a peer without evidence is refused, server and client alike', async () => {
    await refusesServer(plain, simulatedPolicy(), 'evidence-missing', /no quote/)
    await refusesClient(plain, simulatedPolicy(), 'evidence-missing', /no quote/)
  })

  test('a quote for another key is refused, server and client alike', async () => {
    const evidence = await simulated(attested.publicKey)
    const thief = await createCertificate({ world, evidence: () => evidence })
    await refusesServer(thief, simulatedPolicy(), 'evidence-invalid', /report-data/)
    await refusesClient(thief, simulatedPolicy(), 'evidence-invalid', /report-data/)
  })
})

test('a peer without a certificate is refused under every policy', async () => {
  const nobody = { certificatePem: '', privateKeyPem: '' }
  for (const policy of [anyPolicy(), simulatedPolicy()]) {
    const refused = Promise.withResolvers<WireError>()
    await using listener = await listenAs(attested, policy, {
      onTransport: () => refused.reject(new Error('The client was accepted.')),
      onRefused: refused.resolve,
    })
    dialAs(nobody, anyPolicy(), listener.port).catch(() => {})
    const { code, message } = await refused.promise
    assert.equal(code, 'tls')
    assert.match(message, /shows no Ed25519 certificate/)
  }
})

test('certificates are renewed under load, and no connection is lost', { timeout: 60_000 }, async () => {
  using identity = await rotatingIdentity({ world, evidence: simulated, renewAfterMs: 40 })
  const [ofServer, ofClient] = [simulatedPolicy(), simulatedPolicy()]
  const accepted = new Set<Transport>()
  const refused: WireError[] = []
  await using listener = await listen({
    mode: 'direct',
    port: 0,
    identity: () => identity.current(),
    checkPeer: peerCheck(ofClient, world, 'client'),
    proofOfWork: { difficulty: () => 1 },
    world,
    onTransport: transport => {
      accepted.add(transport)
      // What is sent comes back.
      transport.start({
        data: bytes => transport.write(Uint8Array.from(bytes)),
        drain: () => {},
        closed: () => {},
      })
    },
    onRefused: error => refused.push(error),
  })
  const keys = new Set<string>()
  const held: Echo[] = []
  for (let round = 0; round < 12; round += 1) {
    const transports = await Promise.all(
      Array.from({ length: 4 }, () => dialAs(identity.current(), ofServer, listener.port)),
    )
    for (const transport of transports) {
      keys.add(toHex(transport.peer.publicKey ?? new Uint8Array()))
      held.push(new Echo(transport))
    }
    await Promise.all(held.map(echo => echo.ask(round)))
  }
  assert.ok(keys.size > 3, `${keys.size} certificates were seen`)
  assert.deepEqual(refused, [])
  assert.equal(accepted.size, held.length)
  for (const echo of held) echo.close()
})

/** A connection over which single bytes go there and back. */
class Echo {
  readonly #transport: Transport
  #answer = Promise.withResolvers<number>()

  constructor(transport: Transport) {
    this.#transport = transport
    transport.start({
      data: bytes => this.#answer.resolve(bytes[0] ?? -1),
      drain: () => {},
      closed: () => this.#answer.reject(new Error('The connection was lost.')),
    })
    this.#answer.promise.catch(() => {})
  }

  async ask(value: number): Promise<void> {
    this.#answer = Promise.withResolvers<number>()
    this.#answer.promise.catch(() => {})
    this.#transport.write(Uint8Array.of(value))
    assert.equal(await this.#answer.promise, value)
  }

  close(): void {
    this.#transport.destroy()
  }
}

async function refusesServer(
  server: TlsIdentity,
  policy: PeerPolicy,
  code: TrustError['code'],
  why: RegExp,
): Promise<void> {
  await assert.rejects(meet(server, policy, attested, anyPolicy()), (error: WireError) => {
    assert.equal(error.code, 'tls')
    assert.equal((error.cause as TrustError).code, code)
    assert.match((error.cause as TrustError).message, why)
    return true
  })
}

async function refusesClient(
  client: TlsIdentity,
  policy: PeerPolicy,
  code: TrustError['code'],
  why: RegExp,
): Promise<void> {
  const refused = Promise.withResolvers<WireError>()
  await using listener = await listenAs(attested, policy, {
    onTransport: () => refused.reject(new Error('The client was accepted.')),
    onRefused: refused.resolve,
  })
  dialAs(client, anyPolicy(), listener.port).catch(() => {})
  const cause = (await refused.promise).cause as TrustError
  assert.equal(cause.code, code)
  assert.match(cause.message, why)
}

async function meet(server: TlsIdentity, ofServer: PeerPolicy, client: TlsIdentity, ofClient: PeerPolicy) {
  const seen = Promise.withResolvers<Transport>()
  await using listener = await listenAs(server, ofClient, {
    onTransport: seen.resolve,
    onRefused: seen.reject,
  })
  seen.promise.catch(() => {})
  const dialed = await dialAs(client, ofServer, listener.port)
  const accepted = await seen.promise
  dialed.destroy()
  return { dialed, accepted }
}

function listenAs(
  identity: TlsIdentity,
  policy: PeerPolicy,
  events: { onTransport: (transport: Transport) => void; onRefused: (error: WireError) => void },
) {
  return listen({
    mode: 'direct',
    port: 0,
    identity: () => identity,
    checkPeer: peerCheck(policy, world, 'client'),
    proofOfWork: { difficulty: () => 1 },
    world,
    ...events,
  })
}

function dialAs(identity: Identity | TlsIdentity, policy: PeerPolicy, port: number): Promise<Transport> {
  return dial({
    host: '127.0.0.1',
    port,
    mode: { kind: 'direct' },
    identity,
    checkPeer: peerCheck(policy, world, 'server'),
    world,
  })
}
