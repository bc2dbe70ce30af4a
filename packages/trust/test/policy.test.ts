import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { TrustError, anyPolicy, fakeTdxPolicy, parseCertificate, peerCheck } from '../src/index.ts'
import type { CheckContext, PeerPolicy, TrustErrorCode } from '../src/index.ts'
import { oid } from '../src/oid.ts'
import { ed25519, extension, forgeCertificate, nowMs, p256, rawPublicKey } from './forge-certificate.ts'
import type { Forgery } from './forge-certificate.ts'

const authority = ed25519()
const unknownExtension = extension('1.2.3.4', true, Uint8Array.of(5, 0))

type Rule = [name: string, forgery: Forgery, asServer: TrustErrorCode | 'accepted']

const rules: Rule[] = [
  ['a sound certificate', {}, 'accepted'],
  ['version 1 with extensions', { version: 'v1' }, 'accepted'],
  ['a certificate of the last second', { notAfterMs: nowMs + 1000 }, 'accepted'],
  ['a certificate of this second', { notBeforeMs: nowMs }, 'accepted'],
  ['an expired certificate', { notBeforeMs: nowMs - 5000, notAfterMs: nowMs - 1000 }, 'certificate-expired'],
  ['a certificate that ends now', { notAfterMs: nowMs }, 'certificate-expired'],
  ['a certificate of the future', { notBeforeMs: nowMs + 1000 }, 'certificate-not-yet-valid'],
  ['a certificate that ends after 2049', { notAfterMs: Date.UTC(2060, 0) }, 'accepted'],
  ['a P-256 key', { subjectKey: p256() }, 'key-not-ed25519'],
  ['a P-256 signature over an Ed25519 key', { signerKey: p256() }, 'certificate-not-self-signed'],
  ['the signature of another key', { signerKey: ed25519() }, 'certificate-not-self-signed'],
  ['a changed byte', { tamper: body => body.fill(0x7a, 30, 31) }, 'certificate-not-self-signed'],
  [
    'a leaf issued by an authority',
    { signerKey: authority, issuer: 'authority', subject: 'leaf' },
    'certificate-not-self-signed',
  ],
  ['an unknown critical extension', { extensions: [unknownExtension] }, 'certificate-unknown-extension'],
  ['an unknown extension', { extensions: [extension('1.2.3.4', false, Uint8Array.of(5, 0))] }, 'accepted'],
  [
    'the extensions of evidence',
    {
      extensions: [
        extension(oid.quote, true, Uint8Array.of(1)),
        extension(oid.userClaims, true, Uint8Array.of(2)),
      ],
    },
    'accepted',
  ],
  ['another purpose', { purposes: ['1.3.6.1.5.5.7.3.3'] }, 'certificate-wrong-purpose'],
  ['any purpose', { purposes: ['2.5.29.37.0'] }, 'certificate-wrong-purpose'],
  ['clients only', { purposes: [oid.clientAuth] }, 'certificate-wrong-purpose'],
  ['a key for agreement only', { keyUsageBits: 0x08 }, 'certificate-wrong-purpose'],
  ['another name', { dnsNames: ['localhost'] }, 'certificate-wrong-name'],
  [
    'another name, 127.0.0.1 in the subject',
    { dnsNames: ['localhost'], subject: '127.0.0.1' },
    'certificate-wrong-name',
  ],
  ['no names', { ipOnly: true }, 'certificate-wrong-name'],
  ['no names, 127.0.0.1 in the subject', { ipOnly: true, subject: '127.0.0.1' }, 'accepted'],
]

/** Rules that a client's certificate passes although a server's does not. */
const serverOnly = new Set([
  'clients only',
  'another name',
  'another name, 127.0.0.1 in the subject',
  'no names',
])

describe('rules of every policy', () => {
  for (const [name, forgery, asServer] of rules) {
    const asClient = serverOnly.has(name) ? 'accepted' : asServer
    test(`${name}, of a server: ${asServer}`, () => expectOutcome(anyPolicy(), forgery, 'server', asServer))
    test(`${name}, of a client: ${asClient}`, () => expectOutcome(anyPolicy(), forgery, 'client', asClient))
  }

  test('servers only, of a client: refused', async () => {
    await expectOutcome(anyPolicy(), { purposes: [oid.serverAuth] }, 'client', 'certificate-wrong-purpose')
  })

  test('a clock that is not a number refuses', async () => {
    const certificate = parseCertificate(forgeCertificate())
    await assert.rejects(anyPolicy().check(certificate, { nowMs: NaN, role: 'client' }), TrustError)
  })
})

describe("policy 'any'", () => {
  test('attests nothing, even where there is a quote', async () => {
    const key = ed25519()
    const verdict = await outcome(anyPolicy(), fakeEvidence(key))
    assert.deepEqual(verdict, {
      publicKey: rawPublicKey(key),
      imageHash: new Uint8Array(32),
      attested: false,
      simulated: false,
    })
  })

  test('refuses everybody where images are listed', async () => {
    const policy = anyPolicy({ imageHashes: [new Uint8Array(32)] })
    await expectOutcome(policy, {}, 'server', 'policy-refused')
    await expectOutcome(anyPolicy({ imageHashes: [] }), {}, 'server', 'accepted')
  })
})

describe("policy 'fake_tdx'", () => {
  const zeroImage = '5c55c8f4db4010ba9203d83536d0609856af8c847ac039e37e7dde8fbd574b61'

  test('takes the SHA-512 of the key for a quote over zero measurements', async () => {
    const key = ed25519()
    const verdict = await outcome(fakeTdxPolicy(), fakeEvidence(key))
    assert.equal(Buffer.from(verdict.imageHash).toString('hex'), zeroImage)
    assert.deepEqual([verdict.attested, verdict.simulated], [true, true])
    assert.deepEqual(verdict.publicKey, rawPublicKey(key))
  })

  const quotes: [string, (key: Uint8Array) => Uint8Array][] = [
    ['of another key', () => createHash('sha512').update(rawPublicKey(ed25519())).digest()],
    ['that is cut off', key => createHash('sha512').update(key).digest().subarray(0, 63)],
    [
      'with a byte too many',
      key => Buffer.concat([createHash('sha512').update(key).digest(), Buffer.alloc(1)]),
    ],
    ['that is empty', () => new Uint8Array()],
    ['that is too long', () => new Uint8Array(32_769)],
  ]
  for (const [name, makeQuote] of quotes) {
    test(`refuses a quote ${name}`, async () => {
      const key = ed25519()
      const extensions = [extension(oid.quote, true, makeQuote(rawPublicKey(key)))]
      await expectOutcome(fakeTdxPolicy(), { subjectKey: key, extensions }, 'server', 'evidence-invalid')
    })
  }

  test('misses evidence', () => expectOutcome(fakeTdxPolicy(), {}, 'server', 'evidence-missing'))

  test('keeps to the common rules', async () => {
    const forgery = { ...fakeEvidence(ed25519()), notAfterMs: nowMs }
    await expectOutcome(fakeTdxPolicy(), forgery, 'server', 'certificate-expired')
  })

  test('keeps to the list of images', async () => {
    const listed = fakeTdxPolicy({ imageHashes: [new Uint8Array(32), Buffer.from(zeroImage, 'hex')] })
    await expectOutcome(listed, fakeEvidence(ed25519()), 'server', 'accepted')
    const unlisted = fakeTdxPolicy({ imageHashes: [new Uint8Array(32)] })
    await expectOutcome(unlisted, fakeEvidence(ed25519()), 'server', 'policy-refused')
  })
})

function fakeEvidence(subjectKey: ReturnType<typeof ed25519>): Forgery {
  const quote = createHash('sha512').update(rawPublicKey(subjectKey)).digest()
  return { subjectKey, extensions: [extension(oid.quote, true, quote)] }
}

function outcome(policy: PeerPolicy, forgery: Forgery, role: CheckContext['role'] = 'server') {
  return peerCheck(policy, { now: () => nowMs }, role)(forgeCertificate(forgery))
}

async function expectOutcome(
  policy: PeerPolicy,
  forgery: Forgery,
  role: CheckContext['role'],
  expected: TrustErrorCode | 'accepted',
): Promise<void> {
  const found = await outcome(policy, forgery, role).then(
    () => 'accepted',
    (error: unknown) => (error instanceof TrustError ? error.code : error),
  )
  assert.equal(found, expected)
}
