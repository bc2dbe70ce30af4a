import {
  clientQueryAnswer,
  clientQueryAnswerErrorEx,
  clientQueryAnswerEx,
  clientQueryAnswerPart,
  clientQueryAnswerPartError,
  clientQueryAnswerPartEx,
  type ClientQueryFinalInfo,
  type Connection,
  encode,
  type HttpResponse,
  httpResponse,
} from '@cocoon/wire'
import type { AnswerSink, ClientFinal, HeldHead } from './answer-sink.ts'
import { type Refusal, refusalResponse } from './refusal.ts'
import { readHead, type ResponseHead, stampedHead } from './response-head.ts'
import { noTokens, type WorkerHead } from './worker-answer.ts'

/** From this version on a whole answer travels in one message; before, its body comes as a part. */
const wholeAnswerVersion = 3
/** A worker's message may fill a frame, and the proxy's own words would not fit it any more: bodies are cut. */
const pieceBytes = 8 << 20
const nothing = new Uint8Array(0)
const chunked = { _: 'http.header' as const, name: 'Transfer-Encoding', value: 'chunked' }
const isEncoding = (header: { name: string }) => header.name.toLowerCase() === 'transfer-encoding'
const isFraming = (header: { name: string }) =>
  isEncoding(header) || header.name.toLowerCase() === 'content-length'

/** Writes one query's answer in the protocol version of the client's connection. */
export class ClientAnswer implements AnswerSink {
  readonly #connection: Connection
  readonly #version: number
  readonly #requestId: Uint8Array
  /** Bytes of the answer itself, without their framing. */
  sentBytes = 0

  constructor(connection: Connection, version: number, requestId: Uint8Array) {
    this.#connection = connection
    this.#version = version
    this.#requestId = requestId
  }

  readHead({ response, sealed }: WorkerHead): HeldHead | undefined {
    const head = sealed === undefined ? readHead(response) : undefined
    return head && { status: head.status, send: (...told) => this.head(head, ...told) }
  }

  refusal(refusal: Refusal, final: ClientFinal): void {
    this.response(refusalResponse(refusal), final)
  }

  /** A worker's head as it is, or stamped for clients that learn the proxy's times from headers. */
  head(head: ResponseHead, final: ClientFinal | undefined, startS: number, endS: number): void {
    if (this.#version >= wholeAnswerVersion && head.encoded.length <= pieceBytes)
      return this.#head(head.encoded, final)
    this.response(stampedHead(head, startS, endS), final)
  }

  response(response: HttpResponse, final: ClientFinal | undefined): void {
    const { headers, payload } = response
    const fits = payload.length <= pieceBytes && this.#version >= wholeAnswerVersion
    // Clients before version 3 frame the body for their caller as the head says.
    const isFramed = payload.length === 0 && (final !== undefined || headers.some(isEncoding))
    if (fits || isFramed) return this.#head(encode(httpResponse, response), final)
    const parted = {
      ...response,
      headers: [...headers.filter(header => !isFraming(header)), chunked],
      payload: nothing,
    }
    this.#head(encode(httpResponse, parted), undefined)
    if (payload.length > 0) this.part(payload, final)
  }

  #head(response: Uint8Array, final: ClientFinal | undefined): void {
    this.sentBytes += response.length
    const requestId = this.#requestId
    if (this.#version === 0) {
      this.#connection.send(clientQueryAnswer, {
        _: 'client.queryAnswer',
        answer: response,
        isCompleted: final !== undefined,
        requestId,
        requestTokensUsed: final?.tokens ?? noTokens,
      })
      return
    }
    this.#connection.send(clientQueryAnswerEx, {
      _: 'client.queryAnswerEx',
      requestId,
      answer: response,
      ...this.#finalFields(final),
    })
  }

  part(bytes: Uint8Array, final: ClientFinal | undefined): void {
    this.sentBytes += bytes.length
    let rest = bytes
    while (rest.length > pieceBytes) {
      this.#part(rest.subarray(0, pieceBytes), undefined)
      rest = rest.subarray(pieceBytes)
    }
    this.#part(rest, final)
  }

  #part(bytes: Uint8Array, final: ClientFinal | undefined): void {
    const requestId = this.#requestId
    if (this.#version === 0) {
      this.#connection.send(clientQueryAnswerPart, {
        _: 'client.queryAnswerPart',
        answer: bytes,
        isCompleted: final !== undefined,
        requestId,
        requestTokensUsed: final?.tokens ?? noTokens,
      })
      return
    }
    this.#connection.send(clientQueryAnswerPartEx, {
      _: 'client.queryAnswerPartEx',
      requestId,
      answer: bytes,
      ...this.#finalFields(final),
    })
  }

  /** Only after a head: before it a failure is a complete answer with an error status. */
  failure(code: number, message: string, final: ClientFinal): void {
    const requestId = this.#requestId
    if (this.#version === 0) {
      this.#connection.send(clientQueryAnswerPartError, {
        _: 'client.queryAnswerPartError',
        errorCode: code,
        error: message,
        requestId,
        requestTokensUsed: final.tokens,
      })
      return
    }
    this.#connection.send(clientQueryAnswerErrorEx, {
      _: 'client.queryAnswerErrorEx',
      requestId,
      errorCode: code,
      error: message,
      ...this.#finalFields(final),
    })
  }

  #finalFields(final: ClientFinal | undefined): { flags: number; finalInfo?: ClientQueryFinalInfo } {
    if (final === undefined) return { flags: 0 }
    const debug = final.proxyDebug !== undefined
    const times = this.#version >= 2
    const info: ClientQueryFinalInfo = {
      _: 'client.queryFinalInfo',
      flags: (debug ? 1 : 0) | (times ? 2 : 0),
      tokensUsed: final.tokens,
      workerDebug: debug ? jsonOrNone(final.workerDebug) : '',
      proxyDebug: final.proxyDebug ?? '',
      proxyStartTime: final.proxyStart,
      proxyEndTime: final.proxyEnd,
      workerStartTime: final.workerStart ?? final.proxyStart,
      workerEndTime: final.workerEnd ?? final.proxyEnd,
    }
    return { flags: 1, finalInfo: info }
  }
}

/** Some clients parse the text and do not survive what is no JSON: that of a peer, or none. */
function jsonOrNone(text = '{}'): string {
  try {
    JSON.parse(text)
    return text
  } catch {
    return '{}'
  }
}
