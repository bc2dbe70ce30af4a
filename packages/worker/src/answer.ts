import {
  type Connection,
  encode,
  httpResponse,
  proxyQueryAnswer,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPart,
  proxyQueryAnswerPartError,
  proxyQueryAnswerPartEx,
  type ProxyQueryFinalInfo,
  type TokensUsed,
} from '@cocoon/wire'

import { type AnswerHead, type AnswerWriter, congestedBytes, type WorkerFinal } from './answer-writer.ts'

/** From this version on a whole answer may travel in one message. */
const wholeAnswerVersion = 3
const partBytes = 1 << 20

/** Writes one query's answer in the protocol version of the proxy's connection. */
export class WorkerAnswer implements AnswerWriter {
  readonly #connection: Connection
  readonly #version: number
  readonly #requestId: Uint8Array
  readonly #soon: (run: () => void) => void
  /** Bytes of a stream that came in this turn: they leave together. */
  #waiting: Uint8Array[] = []
  #inTurn = false
  /** Bytes of bodies, without their framing. */
  sentBytes = 0
  /** The end of a body, as far as the proxy has not made room for it yet. */
  #rest: { bytes: Uint8Array; final: WorkerFinal } | undefined

  constructor(
    connection: Connection,
    version: number,
    requestId: Uint8Array,
    soon: (run: () => void) => void,
  ) {
    this.#connection = connection
    this.#version = version
    this.#requestId = requestId
    this.#soon = soon
  }

  /** The proxy reads slowly: producing more would only fill memory. */
  get isCongested(): boolean {
    return this.#connection.queuedBytes > congestedBytes
  }

  head(head: AnswerHead, startTime: number): void {
    const response = this.#encodeHead(head, nothing, startTime)
    if (this.#version === 0) {
      const requestId = this.#requestId
      this.#connection.send(proxyQueryAnswer, {
        _: 'proxy.queryAnswer',
        answer: response,
        isCompleted: false,
        requestId,
        tokensUsed: noTokens,
      })
      return
    }
    this.#connection.send(proxyQueryAnswerEx, {
      _: 'proxy.queryAnswerEx',
      requestId: this.#requestId,
      answer: response,
      flags: 0,
    })
  }

  /** More of the body: what comes first in a turn goes at once, the rest of the turn together at its end. */
  more(bytes: Uint8Array): void {
    if (this.#inTurn) {
      this.#waiting.push(bytes)
      return
    }
    this.#inTurn = true
    // Before the transport asks for its own end of the turn, so that both leave in one write.
    this.#soon(this.#flush)
    this.#send(bytes)
  }

  /** The last of the body. False when some of it waits for the proxy to read: `proceed` is due then. */
  last(bytes: Uint8Array, final: WorkerFinal): boolean {
    this.#waiting.push(bytes)
    this.#rest = { bytes: this.#takeWaiting(), final }
    return this.proceed()
  }

  /** Sends what waits, as far as there is room. True once all of the answer is sent. */
  proceed(): boolean {
    const rest = this.#rest
    if (rest === undefined) return true
    while (rest.bytes.length > partBytes) {
      if (this.isCongested) return false
      this.#part(rest.bytes.subarray(0, partBytes), undefined)
      rest.bytes = rest.bytes.subarray(partBytes)
    }
    this.#rest = undefined
    this.#part(rest.bytes, rest.final)
    return true
  }

  abandon(): void {
    this.#waiting = []
    this.#rest = undefined
  }

  readonly #flush = (): void => {
    this.#inTurn = false
    if (this.#waiting.length > 0) this.#send(this.#takeWaiting())
  }

  #send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += partBytes)
      this.#part(bytes.subarray(at, at + partBytes), undefined)
  }

  #takeWaiting(): Uint8Array {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)
  }

  /** A whole answer at once. False as from `last`. */
  whole(head: AnswerHead, body: Uint8Array, final: WorkerFinal): boolean {
    if (this.#version < wholeAnswerVersion || body.length > partBytes) {
      this.head(head, final.startTime)
      return this.last(body, final)
    }
    this.sentBytes += body.length
    this.#connection.send(proxyQueryAnswerEx, {
      _: 'proxy.queryAnswerEx',
      requestId: this.#requestId,
      answer: this.#encodeHead(head, body, final.startTime),
      ...this.#finalFields(final),
    })
    return true
  }

  /** After a head only: before it a failure is a whole answer with an error status, which every peer understands. */
  failure(code: number, message: string, final: WorkerFinal): void {
    this.#flush()
    this.#rest = undefined
    const requestId = this.#requestId
    if (this.#version === 0) {
      this.#connection.send(proxyQueryAnswerPartError, {
        _: 'proxy.queryAnswerPartError',
        errorCode: code,
        error: message,
        requestId,
        tokensUsed: final.tokens,
      })
      return
    }
    this.#connection.send(proxyQueryAnswerErrorEx, {
      _: 'proxy.queryAnswerErrorEx',
      requestId,
      errorCode: code,
      error: message,
      ...this.#finalFields(final),
    })
  }

  #part(answer: Uint8Array, final: WorkerFinal | undefined): void {
    this.sentBytes += answer.length
    const requestId = this.#requestId
    if (this.#version === 0) {
      this.#connection.send(proxyQueryAnswerPart, {
        _: 'proxy.queryAnswerPart',
        answer,
        isCompleted: final !== undefined,
        requestId,
        tokensUsed: final?.tokens ?? noTokens,
      })
      return
    }
    const fields = final === undefined ? { flags: 0 } : this.#finalFields(final)
    this.#connection.send(proxyQueryAnswerPartEx, {
      _: 'proxy.queryAnswerPartEx',
      requestId,
      answer,
      ...fields,
    })
  }

  /** Before version 3 the times and the framing of the body stand among the headers. */
  #encodeHead(head: AnswerHead, payload: Uint8Array, startTime: number): Uint8Array {
    const headers = head.headers.map(([name, value]) => ({ _: 'http.header' as const, name, value }))
    if (this.#version < wholeAnswerVersion) {
      const time = startTime.toFixed(6)
      headers.push(
        { _: 'http.header', name: 'X-Cocoon-Worker-Start', value: time },
        { _: 'http.header', name: 'X-Cocoon-Worker-End', value: time },
        { _: 'http.header', name: 'Transfer-Encoding', value: 'chunked' },
      )
    }
    return encode(httpResponse, {
      _: 'http.response',
      httpVersion: 'HTTP/1.1',
      statusCode: head.status,
      reason: reasonPhrases[head.status] ?? (head.status < 400 ? 'OK' : 'Error'),
      headers,
      payload,
    })
  }

  #finalFields(final: WorkerFinal): { flags: number; finalInfo: ProxyQueryFinalInfo } {
    return {
      flags: 1,
      finalInfo: {
        _: 'proxy.queryFinalInfo',
        flags: (final.debug === undefined ? 0 : 1) | (this.#version >= 2 ? 2 : 0),
        tokensUsed: final.tokens,
        workerDebug: final.debug,
        workerStartTime: final.startTime,
        workerEndTime: final.endTime,
      },
    }
  }
}

export const noTokens: TokensUsed = {
  _: 'tokensUsed',
  promptTokensUsed: 0n,
  cachedTokensUsed: 0n,
  completionTokensUsed: 0n,
  reasoningTokensUsed: 0n,
  totalTokensUsed: 0n,
}

const nothing = new Uint8Array(0)

const reasonPhrases: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
