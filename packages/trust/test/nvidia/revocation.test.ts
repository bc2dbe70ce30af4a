import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TrustError } from '../../src/index.ts'
import { nodeCrypto } from '../../src/node.ts'
import { nvidiaLimits, verifyGpu } from '../../src/nvidia/index.ts'
import {
  certificateIdOf,
  encodeRevocationNonce,
  encodeRevocationRequest,
} from '../../src/nvidia/certificate-id.ts'
import { parseVendorCertificate } from '../../src/nvidia/chain.ts'
import { findRevocation } from '../../src/nvidia/revocation.ts'
import type { RevocationFinding } from '../../src/nvidia/revocation.ts'
import { parseRevocationAnswer } from '../../src/nvidia/revocation-answer.ts'
import { forge, nowMs, p384 } from './forge-certificates.ts'
import type { Issued } from './forge-certificates.ts'
import { forgeWorld, soundAnswers, soundCase } from './forge-evidence.ts'
import { forgeAnswer, forgeResponder, ocspSigning, wrapAnswer } from './forge-revocation.ts'
import { rememberingCrypto } from './remembering-crypto.ts'

const malformed = { name: 'TrustError', code: 'revocation-malformed' }
const hourMs = 3_600_000

const issuer = forge({ name: 'Issuer', keys: p384(), isAuthority: true })
const certificate = forge({ name: 'Subject', keys: p384() }, issuer)
const responder = forgeResponder(issuer)
const nonce = new Uint8Array(32).fill(5)

interface Asked {
  readonly atMs?: number
  readonly acceptsHold?: boolean
  readonly nonce?: Uint8Array<ArrayBuffer>
}

async function find(answers: readonly Uint8Array[], asked: Asked = {}): Promise<RevocationFinding> {
  const subject = {
    certificate: parseVendorCertificate(certificate.der),
    issuer: parseVendorCertificate(issuer.der),
  }
  const { atMs = nowMs, acceptsHold = false } = asked
  return findRevocation(subject, answers.map(parseRevocationAnswer), {
    nowMs: atMs,
    crypto: nodeCrypto,
    acceptsHold,
    ...(asked.nonce && { nonce: encodeRevocationNonce(asked.nonce) }),
  })
}

describe('an answer', () => {
  const good: [string, Uint8Array, Asked?][] = [
    ['by the issuer', forgeAnswer(certificate, issuer)],
    ['by a responder of the issuer', forgeAnswer(certificate, issuer, { responder })],
    ['by a responder that is named by its key', forgeAnswer(certificate, issuer, { responder, byKey: true })],
    ['with names by SHA-1', forgeAnswer(certificate, issuer, { hash: 'sha1' })],
    ['with names by SHA-384', forgeAnswer(certificate, issuer, { hash: 'sha384' })],
    ['that repeats the nonce', forgeAnswer(certificate, issuer, { nonce }), { nonce }],
    ['without a nonce, which stored answers have none of', forgeAnswer(certificate, issuer), { nonce }],
    ['at its last moment', forgeAnswer(certificate, issuer), { atMs: nowMs + hourMs }],
    [
      'of a hold, where that is accepted',
      forgeAnswer(certificate, issuer, { status: 'revoked', reason: 6 }),
      { acceptsHold: true },
    ],
  ]
  for (const [name, answer, asked] of good) {
    test(`${name} is believed`, async () => {
      assert.equal((await find([answer], asked)).outcome, 'good')
    })
  }

  const strangerCa = forge({ name: 'Issuer', keys: p384(), isAuthority: true })
  const bad: [string, Uint8Array, RegExp, Asked?][] = [
    [
      'of a revocation',
      forgeAnswer(certificate, issuer, { status: 'revoked', reason: 1 }),
      /is revoked, for reason 1/,
    ],
    [
      'of a revocation without a reason',
      forgeAnswer(certificate, issuer, { status: 'revoked' }),
      /is revoked/,
    ],
    ['of a hold', forgeAnswer(certificate, issuer, { status: 'revoked', reason: 6 }), /is on hold/],
    [
      'of a revocation, where holds are accepted',
      forgeAnswer(certificate, issuer, { status: 'revoked', reason: 1 }),
      /is revoked/,
      { acceptsHold: true },
    ],
    [
      'of a certificate that nobody knows',
      forgeAnswer(certificate, issuer, { status: 'unknown' }),
      /not known/,
    ],
    ['that is over', forgeAnswer(certificate, issuer), /ended at/, { atMs: nowMs + hourMs + 1 }],
    [
      'that is ahead of its time',
      forgeAnswer(certificate, issuer, { thisUpdateMs: nowMs + 1000 }),
      /ahead of now/,
    ],
    [
      'that does not say when it ends',
      forgeAnswer(certificate, issuer, { nextUpdateMs: null }),
      /until when/,
    ],
    ['at no time', forgeAnswer(certificate, issuer), /ahead of now/, { atMs: Number.NaN }],
    [
      'to another question',
      forgeAnswer(certificate, issuer, { nonce }),
      /another question/,
      { nonce: new Uint8Array(32) },
    ],
    ['signed by another key', forgeAnswer(certificate, issuer, { signer: p384() }), /signature/],
    [
      'by a responder that is not there',
      forgeAnswer(certificate, issuer, { responder: { ...issuer, name: 'Nobody' } }),
      /not among|may not/,
    ],
    [
      'by a responder of another issuer of that name',
      forgeAnswer(certificate, issuer, { responder: forgeResponder(strangerCa) }),
      /may not answer/,
    ],
    [
      'by a certificate that is no responder',
      forgeAnswer(certificate, issuer, {
        responder: forgeResponder(issuer, { purposes: ['1.3.6.1.5.5.7.3.1'] }),
      }),
      /may not answer/,
    ],
    [
      'by a certificate without a purpose',
      forgeAnswer(certificate, issuer, { responder: forge({ name: 'R', keys: p384() }, issuer) }),
      /may not answer/,
    ],
    [
      'by a responder that may not sign',
      forgeAnswer(certificate, issuer, { responder: forgeResponder(issuer, { keyUsage: 0x20 }) }),
      /may not answer/,
    ],
    [
      'by a responder that is over',
      forgeAnswer(certificate, issuer, { responder: forgeResponder(issuer, { notAfterMs: nowMs - 1000 }) }),
      /not valid now/,
    ],
    [
      'by the certificate itself',
      forgeAnswer(certificate, issuer, { responder: certificate }),
      /may not answer/,
    ],
    [
      'by a responder that signed itself',
      forgeAnswer(certificate, issuer, {
        responder: forge({ name: 'R', keys: p384(), purposes: [ocspSigning] }),
      }),
      /may not answer/,
    ],
  ]
  for (const [name, answer, why, asked] of bad) {
    test(`${name} is a refusal`, async () => {
      const finding = await find([answer], asked)
      assert.equal(finding.outcome, 'refused')
      assert.match(finding.outcome === 'refused' ? finding.why : '', why)
    })
  }

  test('on another certificate is none', async () => {
    assert.equal((await find([forgeAnswer(certificate, issuer, { serial: 1 })])).outcome, 'missing')
    assert.equal((await find([])).outcome, 'missing')
  })

  test('of a revocation is not outvoted', async () => {
    const good = forgeAnswer(certificate, issuer)
    const revoked = forgeAnswer(certificate, issuer, { status: 'revoked' })
    assert.equal((await find([good, revoked])).outcome, 'refused')
    assert.equal((await find([revoked, good])).outcome, 'refused')
  })

  test('that does not hold does not spoil one that does', async () => {
    const forged = forgeAnswer(certificate, issuer, { status: 'revoked', signer: p384() })
    assert.equal((await find([forged, forgeAnswer(certificate, issuer)])).outcome, 'good')
  })

  const sound = forgeAnswer(certificate, issuer, { responder })
  const broken: [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['more than it may be', new Uint8Array(nvidiaLimits.maxRevocationBytes + 1)],
    ['a byte too few', sound.subarray(0, -1)],
    ['a byte too many', Uint8Array.of(...sound, 0)],
    ['no success', wrapAnswer(new Uint8Array(), 6)],
    ['no answer', wrapAnswer(new Uint8Array())],
  ]
  for (const [name, bytes] of broken) {
    test(`of ${name} is malformed`, () => assert.throws(() => parseRevocationAnswer(bytes), malformed))
  }

  test('of any bytes fails with a TrustError', () => {
    const expectParsedOrRefused = (bytes: Uint8Array): void => {
      try {
        parseRevocationAnswer(bytes)
      } catch (error) {
        assert.ok(error instanceof TrustError && error.code === 'revocation-malformed', String(error))
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectParsedOrRefused))
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
        const bytes = Uint8Array.from(sound)
        for (const [index, value] of changes) bytes[index] = value
        expectParsedOrRefused(bytes)
      }),
      { numRuns: 500 },
    )
  })
})

describe('GPUs and revocation', () => {
  const world = forgeWorld()
  const { evidence, options } = soundCase(world)
  const answers = soundAnswers(world)
  const [provisioner, identity] = world.device.slice(2) as [Issued, Issued]
  const optional = { revocation: 'optional', references: 'required', acceptsHold: false } as const

  const cases: [string, readonly Uint8Array[], 'required' | 'optional' | 'hold', string | null][] = [
    ['no answers', [], 'required', 'policy'],
    ['no answers, where the policy does without', [], 'optional', null],
    ['no answer on one certificate', answers.slice(1), 'required', 'policy'],
    ['no answer on a signer of a document', answers.slice(0, 3), 'required', 'policy'],
    [
      'a revoked authority',
      answers.with(0, forgeAnswer(provisioner, identity, { status: 'revoked' })),
      'required',
      'invalid',
    ],
    [
      'a revoked authority, where the policy does without',
      [forgeAnswer(provisioner, identity, { status: 'revoked' })],
      'optional',
      'invalid',
    ],
    [
      'a revoked signer',
      answers.with(2, forgeAnswer(world.signers[0]!, world.signers[1]!, { status: 'revoked' })),
      'required',
      'invalid',
    ],
    [
      'an authority on hold',
      answers.with(0, forgeAnswer(provisioner, identity, { status: 'revoked', reason: 6 })),
      'required',
      'invalid',
    ],
    [
      'an authority on hold, where that is accepted',
      answers.with(0, forgeAnswer(provisioner, identity, { status: 'revoked', reason: 6 })),
      'hold',
      null,
    ],
    [
      'an answer that is over',
      answers.with(0, forgeAnswer(provisioner, identity, { nextUpdateMs: nowMs - 1 })),
      'required',
      'invalid',
    ],
    [
      'an answer that is over, where the policy does without',
      [forgeAnswer(provisioner, identity, { nextUpdateMs: nowMs - 1 })],
      'optional',
      'invalid',
    ],
    ['an answer that cannot be read', [...answers, new Uint8Array(3)], 'required', 'invalid'],
    ['too many answers', Array.from({ length: 65 }, () => answers[0]!), 'required', 'invalid'],
  ]
  for (const [name, revocation, policy, kind] of cases) {
    test(`${name}: ${kind === null ? 'accepted' : `refused, ${kind}`}`, async () => {
      const report = await verifyGpu(evidence, {
        ...options,
        crypto: rememberingCrypto,
        revocation,
        policy:
          policy === 'hold'
            ? { ...optional, revocation: 'required', acceptsHold: true }
            : { ...optional, revocation: policy },
      })
      assert.equal(report.kind, kind, report.reason ?? '')
      assert.equal(report.verdict, kind === null ? 'accept' : 'reject')
    })
  }
})

test('a request names the certificate and carries the nonce', () => {
  const id = certificateIdOf(
    parseVendorCertificate(certificate.der),
    parseVendorCertificate(issuer.der),
    'SHA-256',
  )
  const spki = issuer.keys.publicKey.export({ type: 'spki', format: 'der' })
  assert.deepEqual(Buffer.from(id.issuerKeyHash), createHash('sha256').update(spki.subarray(-97)).digest())
  const request = Buffer.from(encodeRevocationRequest(id, nonce))
  assert.ok(
    request.includes(Buffer.from(id.issuerKeyHash)) && request.includes(Buffer.from(id.issuerNameHash)),
  )
  assert.ok(request.includes(Buffer.concat([Uint8Array.of(4, 34, 4, 32), nonce])))
})
