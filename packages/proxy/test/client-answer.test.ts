import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  clientQueryAnswer,
  clientQueryAnswerErrorEx,
  clientQueryAnswerEx,
  clientQueryAnswerPart,
  clientQueryAnswerPartError,
  clientQueryAnswerPartEx,
  type Codec,
  type Connection,
  decode,
  encode,
  httpResponse,
} from '@cocoon/wire'
import type { ClientFinal } from '../src/answer-sink.ts'
import { ClientAnswer } from '../src/client-answer.ts'
import { readHead } from '../src/response-head.ts'
import { response, tokensOf } from './network.ts'

const requestId = new Uint8Array(32).fill(4)
const tokens = tokensOf(9n)
const final: ClientFinal = {
  receipt: undefined,
  tokens,
  workerDebug: '{"w":1}',
  proxyDebug: '{"p":1}',
  proxyStart: 1,
  proxyEnd: 2,
  workerStart: undefined,
  workerEnd: undefined,
}

/** An answer and the messages that it sent. */
function recorded(version: number): {
  answer: ClientAnswer
  sent: Array<{ codec: Codec<never>; value: never }>
} {
  const sent: Array<{ codec: Codec<never>; value: never }> = []
  const send = (codec: Codec<never>, value: never): boolean => {
    // What cannot be written would throw here.
    encode(codec, value)
    sent.push({ codec, value })
    return true
  }
  return { answer: new ClientAnswer({ send } as unknown as Connection, version, requestId), sent }
}

const names = (sent: ReturnType<typeof recorded>['sent']): string[] => sent.map(({ codec }) => codec.name)
const headOf = (text = '') => readHead(encode(httpResponse, response(200, text)))!

describe('the messages of a version', () => {
  test('0', () => {
    const { answer, sent } = recorded(0)
    answer.head(headOf(), undefined, 1, 2)
    answer.part(Uint8Array.of(1), undefined)
    answer.part(Uint8Array.of(2), final)
    answer.failure(652, 'late', final)
    assert.deepEqual(names(sent), [
      clientQueryAnswer.name,
      clientQueryAnswerPart.name,
      clientQueryAnswerPart.name,
      clientQueryAnswerPartError.name,
    ])
    assert.deepEqual(sent[1]!.value, {
      _: 'client.queryAnswerPart',
      answer: Uint8Array.of(1),
      isCompleted: false,
      requestId,
      requestTokensUsed: tokensOf(0n),
    })
    assert.deepEqual(sent[2]!.value, {
      _: 'client.queryAnswerPart',
      answer: Uint8Array.of(2),
      isCompleted: true,
      requestId,
      requestTokensUsed: tokens,
    })
    assert.deepEqual(sent[3]!.value, {
      _: 'client.queryAnswerPartError',
      errorCode: 652,
      error: 'late',
      requestId,
      requestTokensUsed: tokens,
    })
  })

  for (const version of [1, 2, 3]) {
    test(`${version}`, () => {
      const { answer, sent } = recorded(version)
      answer.head(headOf(), undefined, 1, 2)
      answer.part(Uint8Array.of(1), undefined)
      answer.part(Uint8Array.of(2), final)
      answer.failure(652, 'late', { ...final, proxyDebug: undefined })
      assert.deepEqual(names(sent), [
        clientQueryAnswerEx.name,
        clientQueryAnswerPartEx.name,
        clientQueryAnswerPartEx.name,
        clientQueryAnswerErrorEx.name,
      ])
      assert.equal((sent[1]!.value as { flags: number }).flags, 0)
      const told = decode(clientQueryAnswerPartEx, encode(sent[2]!.codec, sent[2]!.value))
      assert.equal(told.flags, 1)
      assert.deepEqual(told.finalInfo, {
        _: 'client.queryFinalInfo',
        flags: version >= 2 ? 3 : 1,
        tokensUsed: tokens,
        workerDebug: '{"w":1}',
        proxyDebug: '{"p":1}',
        // Times of a worker that does not tell them are the proxy's.
        ...(version >= 2 ? { proxyStartTime: 1, proxyEndTime: 2, workerStartTime: 1, workerEndTime: 2 } : {}),
      })
      // Nobody asked for debug texts: none are sent, whatever the worker says.
      const quiet = decode(clientQueryAnswerErrorEx, encode(sent[3]!.codec, sent[3]!.value))
      assert.deepEqual(
        [quiet.finalInfo?.flags, quiet.finalInfo?.workerDebug],
        [version >= 2 ? 2 : 0, undefined],
      )
    })
  }
})

test('a body in parts is framed by its head before version 3, once', () => {
  for (const version of [0, 1, 2, 3]) {
    for (const framed of [false, true]) {
      const { answer, sent } = recorded(version)
      const head = response(200)
      if (framed) head.headers.push({ _: 'http.header', name: 'transfer-encoding', value: 'chunked' })
      answer.head(readHead(encode(httpResponse, head))!, undefined, 1, 2)
      const told = decode(httpResponse, (sent[0]!.value as { answer: Uint8Array }).answer)
      const framings = told.headers.filter(({ name }) => name.toLowerCase() === 'transfer-encoding')
      assert.equal(framings.length, framed || version < 3 ? 1 : 0)
      assert.equal(sent.length, 1)
    }
  }
})

test('a debug text of a worker that is no JSON is not handed on', () => {
  for (const workerDebug of [undefined, '', 'not {json']) {
    const { answer, sent } = recorded(2)
    answer.part(new Uint8Array(0), { ...final, workerDebug })
    const { finalInfo } = decode(clientQueryAnswerPartEx, encode(sent[0]!.codec, sent[0]!.value))
    assert.equal(finalInfo?.workerDebug, '{}')
  }
})

describe('a whole answer', () => {
  test('is one message from version 3 on, as the worker sent it', () => {
    const { answer, sent } = recorded(3)
    const head = headOf('body')
    answer.head(head, final, 1, 2)
    assert.deepEqual(names(sent), [clientQueryAnswerEx.name])
    assert.equal((sent[0]!.value as { answer: Uint8Array }).answer, head.encoded)
  })

  test('is a head and a part before, without a length that the head no longer has', () => {
    for (const version of [0, 1, 2]) {
      const { answer, sent } = recorded(version)
      const whole = response(200, 'body')
      whole.headers.push({ _: 'http.header', name: 'CONTENT-length', value: '4' })
      answer.head(readHead(encode(httpResponse, whole))!, final, 1, 2)
      assert.equal(sent.length, 2)
      const head = decode(httpResponse, (sent[0]!.value as { answer: Uint8Array }).answer)
      assert.equal(head.payload.length, 0)
      assert.deepEqual(
        head.headers.map(({ name }) => name.toLowerCase()),
        ['content-type', 'x-cocoon-proxy-start', 'x-cocoon-proxy-end', 'transfer-encoding'],
      )
      assert.equal(Buffer.from((sent[1]!.value as { answer: Uint8Array }).answer).toString(), 'body')
    }
  })

  test('without a body is one message in every version', () => {
    for (const version of [0, 1, 2, 3]) {
      const { answer, sent } = recorded(version)
      answer.head(headOf(), final, 1, 2)
      assert.equal(sent.length, 1)
    }
  })

  test('made by the proxy keeps its length where it is one message', () => {
    const { answer, sent } = recorded(3)
    const refusal = response(503, 'sorry')
    refusal.headers.push({ _: 'http.header', name: 'Content-Length', value: '5' })
    answer.response(refusal, final)
    assert.equal(sent.length, 1)
    const told = decode(httpResponse, (sent[0]!.value as { answer: Uint8Array }).answer)
    assert.deepEqual(told.headers, refusal.headers)
    assert.equal(Buffer.from(told.payload).toString(), 'sorry')
  })
})

test('bodies are cut into pieces that leave room in a frame, and only the last one ends', () => {
  for (const version of [0, 3]) {
    const { answer, sent } = recorded(version)
    const bytes = new Uint8Array(20 << 20)
    bytes[bytes.length - 1] = 1
    answer.part(bytes, final)
    const pieces = sent.map(({ value }) => (value as { answer: Uint8Array }).answer)
    assert.ok(pieces.length > 1 && pieces.every(piece => piece.length < (1 << 24) - 100_000))
    assert.equal(Buffer.compare(Buffer.concat(pieces), bytes), 0)
    const ends = sent.map(({ value }) => value as { flags?: number; isCompleted?: boolean })
    assert.deepEqual(
      ends.map(({ flags, isCompleted }) => flags === 1 || isCompleted === true),
      [...pieces.slice(1).map(() => false), true],
    )
  }
})
