import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  clientQueryAnswerEx,
  encode,
  peekId,
  proxyQueryAnswer,
  proxyQueryAnswerError,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPart,
  proxyQueryAnswerPartError,
  proxyQueryAnswerPartEx,
  WireError,
} from '@cocoon/wire'
import { isWorkerAnswer, readWorkerAnswer } from '../src/worker-answer.ts'
import { tokensOf } from './network.ts'

const requestId = new Uint8Array(32).fill(3)
const bytes = Uint8Array.of(1, 2, 3, 4)
const tokens = tokensOf(10n)
const info = {
  _: 'proxy.queryFinalInfo' as const,
  flags: 3,
  tokensUsed: tokens,
  workerDebug: '{}',
  workerStartTime: 1.5,
  workerEndTime: 2.5,
}
const known = { tokens, debug: '{}', startTime: 1.5, endTime: 2.5 }
const older = { tokens, debug: undefined, startTime: undefined, endTime: undefined }

describe('answers of workers', () => {
  test('of version 1 and later', () => {
    const ex = { requestId, answer: bytes }
    const failed = { requestId, errorCode: 602, error: 'no' }
    const cases: Array<[Uint8Array, object]> = [
      [
        encode(proxyQueryAnswerEx, { _: 'proxy.queryAnswerEx', ...ex, flags: 0 }),
        { kind: 'head', isSealed: false, response: bytes, final: undefined },
      ],
      [
        encode(proxyQueryAnswerEx, { _: 'proxy.queryAnswerEx', ...ex, flags: 1, finalInfo: info }),
        { kind: 'head', isSealed: false, response: bytes, final: known },
      ],
      [
        encode(proxyQueryAnswerPartEx, { _: 'proxy.queryAnswerPartEx', ...ex, flags: 0 }),
        { kind: 'part', isSealed: false, bytes, final: undefined },
      ],
      [
        encode(proxyQueryAnswerPartEx, { _: 'proxy.queryAnswerPartEx', ...ex, flags: 1, finalInfo: info }),
        { kind: 'part', isSealed: false, bytes, final: known },
      ],
      [
        encode(proxyQueryAnswerErrorEx, {
          _: 'proxy.queryAnswerErrorEx',
          ...failed,
          flags: 1,
          finalInfo: info,
        }),
        { kind: 'failure', isSealed: false, code: 602, message: 'no', final: known },
      ],
      // An error without a tally is an end all the same.
      [
        encode(proxyQueryAnswerErrorEx, { _: 'proxy.queryAnswerErrorEx', ...failed, flags: 0 }),
        {
          kind: 'failure',
          isSealed: false,
          code: 602,
          message: 'no',
          final: { ...older, tokens: tokensOf(0n) },
        },
      ],
    ]
    for (const [message, answer] of cases) {
      assert.ok(isWorkerAnswer(peekId(message)))
      assert.deepEqual(readWorkerAnswer(message), { requestId, ...answer })
    }
  })

  test('of version 0', () => {
    const part = { requestId, answer: bytes, tokensUsed: tokens }
    const failed = { requestId, errorCode: 602, error: 'no', tokensUsed: tokens }
    const cases: Array<[Uint8Array, object]> = [
      [
        encode(proxyQueryAnswer, { _: 'proxy.queryAnswer', ...part, isCompleted: false }),
        { kind: 'head', isSealed: false, response: bytes, final: undefined },
      ],
      [
        encode(proxyQueryAnswer, { _: 'proxy.queryAnswer', ...part, isCompleted: true }),
        { kind: 'head', isSealed: false, response: bytes, final: older },
      ],
      [
        encode(proxyQueryAnswerPart, { _: 'proxy.queryAnswerPart', ...part, isCompleted: false }),
        { kind: 'part', isSealed: false, bytes, final: undefined },
      ],
      [
        encode(proxyQueryAnswerPart, { _: 'proxy.queryAnswerPart', ...part, isCompleted: true }),
        { kind: 'part', isSealed: false, bytes, final: older },
      ],
      [
        encode(proxyQueryAnswerError, { _: 'proxy.queryAnswerError', ...failed }),
        { kind: 'failure', isSealed: false, code: 602, message: 'no', final: older },
      ],
      [
        encode(proxyQueryAnswerPartError, { _: 'proxy.queryAnswerPartError', ...failed }),
        { kind: 'failure', isSealed: false, code: 602, message: 'no', final: older },
      ],
    ]
    for (const [message, answer] of cases) {
      assert.ok(isWorkerAnswer(peekId(message)))
      assert.deepEqual(readWorkerAnswer(message), { requestId, ...answer })
    }
  })

  test('a tally below zero anywhere is refused', () => {
    for (const part of [
      'promptTokensUsed',
      'cachedTokensUsed',
      'completionTokensUsed',
      'reasoningTokensUsed',
      'totalTokensUsed',
    ]) {
      const tokensUsed = { ...tokens, [part]: -1n }
      const messages = [
        encode(proxyQueryAnswer, {
          _: 'proxy.queryAnswer',
          requestId,
          answer: bytes,
          isCompleted: true,
          tokensUsed,
        }),
        encode(proxyQueryAnswerPart, {
          _: 'proxy.queryAnswerPart',
          requestId,
          answer: bytes,
          isCompleted: true,
          tokensUsed,
        }),
        encode(proxyQueryAnswerPartError, {
          _: 'proxy.queryAnswerPartError',
          requestId,
          errorCode: 1,
          error: '',
          tokensUsed,
        }),
        encode(proxyQueryAnswerPartEx, {
          _: 'proxy.queryAnswerPartEx',
          requestId,
          answer: bytes,
          flags: 1,
          finalInfo: { ...info, tokensUsed },
        }),
      ]
      for (const message of messages) {
        assert.throws(
          () => readWorkerAnswer(message),
          error => error instanceof WireError && error.code === 'malformed',
        )
      }
    }
  })

  test('a debug text that would not fit the message to the client is left out', () => {
    const final = (workerDebug: string) => {
      const answer = readWorkerAnswer(
        encode(proxyQueryAnswerPartEx, {
          _: 'proxy.queryAnswerPartEx',
          requestId,
          answer: bytes,
          flags: 1,
          finalInfo: { ...info, workerDebug },
        }),
      )
      return answer.final?.debug
    }
    assert.equal(final('x'.repeat(10_000))?.length, 10_000)
    assert.equal(final('x'.repeat(1 << 20)), undefined)
  })

  test('other messages are none, and any bytes are an answer or malformed', () => {
    assert.equal(isWorkerAnswer(clientQueryAnswerEx.id), false)
    const ids = [
      proxyQueryAnswer,
      proxyQueryAnswerPart,
      proxyQueryAnswerEx,
      proxyQueryAnswerPartEx,
      proxyQueryAnswerErrorEx,
    ]
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.uint8Array({ maxLength: 120 }), ({ id }, rest) => {
        const message = new Uint8Array(4 + rest.length)
        new DataView(message.buffer).setUint32(0, id, true)
        message.set(rest, 4)
        try {
          readWorkerAnswer(message)
        } catch (error) {
          assert.ok(error instanceof WireError && error.code === 'malformed')
        }
      }),
    )
  })
})
