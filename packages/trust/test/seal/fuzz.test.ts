import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, encode, sealedKey, type SealedKey, sealedSignedReceipt } from '@cocoon/wire'
import fc from 'fast-check'
import { TrustError } from '../../src/error.ts'
import { AnswerOpener } from '../../src/seal/answer.ts'
import { decodeIdentity } from '../../src/seal/identity.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import { readRouting } from '../../src/seal/query.ts'
import { readReceipt, signReceipt, verifyReceipt } from '../../src/seal/receipt.ts'
import { freshSessions, handed, makeWorker, nowMs, open, seeded, sealTo } from './fixture.ts'

const random = seeded('fuzz')
const worker = makeWorker(nodeSeal, 'fuzzed')
const other = makeWorker(nodeSeal, 'other')

/** Either it is taken, or refused by an error of ours. */
function survives(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch (error) {
    assert.ok(error instanceof TrustError, String(error))
    return false
  }
}

/** Some bytes of a valid message put elsewhere, cut, repeated or replaced. */
function mutated(whole: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: whole.length - 1 })
  const edge = fc.constantFrom(0, 1, 0x7f, 0x80, 0xfd, 0xfe, 0xff)
  const some = fc.uint8Array({ maxLength: 12 })
  return fc.oneof(
    fc.tuple(at, edge).map(([index, value]) => whole.map((octet, i) => (i === index ? value : octet))),
    fc.array(fc.tuple(at, fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }).map(changes => {
      const copy = Uint8Array.from(whole)
      for (const [index, value] of changes) copy[index] = value
      return copy
    }),
    at.map(length => whole.slice(0, length)),
    fc
      .tuple(at, at, some)
      .map(([from, to, put]) =>
        Uint8Array.from([
          ...whole.subarray(0, Math.min(from, to)),
          ...put,
          ...whole.subarray(Math.max(from, to)),
        ]),
      ),
    fc
      .tuple(at, some)
      .map(([index, put]) =>
        Uint8Array.from([...whole.subarray(0, index), ...put, ...whole.subarray(index)]),
      ),
  )
}

const anything = fc.uint8Array({ maxLength: 300 })
const withId = (whole: Uint8Array): fc.Arbitrary<Uint8Array> =>
  anything.map(rest => Uint8Array.from([...whole.subarray(0, 4), ...rest]))

describe('only our own errors come of', () => {
  test('identities', () => {
    const { document } = worker
    fc.assert(
      fc.property(fc.oneof(anything, withId(document), mutated(document)), bytes => {
        survives(() => decodeIdentity(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  test('headers', () => {
    const { header } = sealTo(nodeSeal, [worker, other], random).query
    fc.assert(
      fc.property(fc.oneof(anything, withId(header), mutated(header)), bytes => {
        survives(() => readRouting(bytes))
      }),
      { numRuns: 3000 },
    )
  })

  test('receipts', () => {
    const signed = signReceipt(worker.keys.signing, {
      proxyKey: random(32),
      identity: worker.digest,
      requestId: random(32),
      model: 'm',
      requestCommitment: random(32),
      answerCommitment: random(32),
      outcome: 'complete',
      status: 200,
      coefficient: 1000,
      promptTokens: 1,
      cachedTokens: 0,
      completionTokens: 1,
      reasoningTokens: 0,
      chargedTokens: 2n,
      pricePerTokenNano: 1n,
      paramsVersion: 1,
      startedAtMs: nowMs,
      finishedAtMs: nowMs,
    })
    const signatures = fc.oneof(fc.constant(signed.signature), fc.uint8Array({ maxLength: 70 }))
    const receipts = fc.oneof(anything, withId(signed.receipt), mutated(signed.receipt))
    fc.assert(
      fc.property(receipts, signatures, (receipt, signature) => {
        const given = { _: 'sealed.signedReceipt' as const, receipt, signature }
        survives(() => {
          const read = readReceipt(given)
          const isSigned = verifyReceipt(nodeSeal, read, worker.identity.signingKey)
          const isWhole =
            Buffer.from(receipt).equals(signed.receipt) && Buffer.from(signature).equals(signed.signature)
          assert.equal(isSigned, isWhole)
        })
      }),
      { numRuns: 3000 },
    )
    const boxed = encode(sealedSignedReceipt, signed)
    fc.assert(
      fc.property(mutated(boxed), bytes => {
        const given = attempt(() => decode(sealedSignedReceipt, bytes))
        if (given !== undefined) survives(() => readReceipt(given))
      }),
      { numRuns: 1000 },
    )
  })

  test('queries: header, key and body', () => {
    for (const recipients of [[worker], [worker, other]]) {
      const whole = handed(sealTo(nodeSeal, recipients, random).query)
      const boxedKey = encode(sealedKey, whole.key)
      const sessions = freshSessions(nodeSeal, worker)
      const keys = mutated(boxedKey).map(bytes => attempt(() => decode(sealedKey, bytes)) ?? whole.key)
      const fields: fc.Arbitrary<SealedKey> = fc
        .record({
          session: fc.oneof(fc.constant(whole.key.session), fc.uint8Array({ minLength: 32, maxLength: 32 })),
          counter: fc.oneof(
            fc.constantFrom(-1, 0, 1, 4095, 4096, -(2 ** 31), 2 ** 31 - 1),
            fc.maxSafeInteger(),
          ),
          encapsulation: fc.oneof(fc.constant(whole.key.encapsulation ?? new Uint8Array(0)), anything),
          wrapped: fc.oneof(fc.constant(whole.key.wrapped ?? new Uint8Array(0)), anything),
        })
        .map(changed => ({ ...whole.key, ...changed }))
      const same = <Value>(value: Value, changed: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
        fc.oneof(fc.constant(value), changed)
      fc.assert(
        fc.property(
          same(whole.header, mutated(whole.header)),
          same(whole.key, fc.oneof(keys, fields)),
          same(whole.body, fc.oneof(anything, mutated(whole.body))),
          (header, key, body) => {
            const isWhole =
              Buffer.from(header).equals(whole.header) &&
              Buffer.from(body).equals(whole.body) &&
              Buffer.from(encodeKey(key)).equals(encodeKey(whole.key))
            const target = isWhole ? freshSessions(nodeSeal, worker) : sessions
            const isOpened = survives(() => open(nodeSeal, worker, { header, key, body }, target))
            assert.equal(isOpened, isWhole)
          },
        ),
        { numRuns: 600 },
      )
      // After all that the query is as good as ever.
      open(nodeSeal, worker, whole, sessions)
    }
  })

  test('chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anything, fc.boolean()), { maxLength: 4 }), chunks => {
        const opener = new AnswerOpener(nodeSeal, { key: new Uint8Array(32), nonce: 1n })
        for (const [chunk, isFinal] of chunks)
          assert.equal(
            survives(() => opener.open(chunk, isFinal)),
            false,
          )
      }),
      { numRuns: 500 },
    )
  })
})

/** What tells keys apart: flags that nothing stands for are not authenticated, and mean nothing. */
function encodeKey({ session, counter, encapsulation, wrapped }: SealedKey): Buffer {
  const parts = [encapsulation, wrapped].map(part =>
    part === undefined ? 'none' : Buffer.from(part).toString('hex'),
  )
  return Buffer.from([Buffer.from(session).toString('hex'), counter, ...parts].join(' '))
}

function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
