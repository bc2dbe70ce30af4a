import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NewestMap, World } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import type { Network, Query } from '../network.ts'
import type { ReceiptBook } from '../receipt/receipt-book.ts'
import type { DebugLog } from './debug-log.ts'
import type { Guard } from './guard.ts'
import type { Key, KeyBook } from './key-book.ts'
import type { EndpointLimits, QueryDefaults } from './limits.ts'
import { type Refusal, refusalOf, refusalText, shuttingDown, traceOf } from './refusal.ts'

/** A business event for the log: names and numbers, never a prompt, an answer or a key. */
export type EndpointLog = (event: string, details: Record<string, string | number>) => void

/** Serves paths that are not the endpoint's own; false when the path is not known to it either. */
export type ExtraRoutes = (request: IncomingMessage, response: ServerResponse, path: string) => boolean

/** What all requests of one endpoint share. */
export interface Shared {
  readonly network: Network
  readonly world: World
  readonly limits: EndpointLimits
  readonly defaults: QueryDefaults
  readonly guard: Guard
  readonly keys: KeyBook | undefined
  readonly debugLog: DebugLog
  readonly receipts: ReceiptBook
  /** By the request ids of sealed queries that were handed on: the key that asked, empty where there are no keys. */
  readonly askers: NewestMap<string>
  readonly protection: () => string
  readonly costBound: (query: Query) => bigint
  readonly extraRoutes: ExtraRoutes
  readonly log: EndpointLog
  /** Calls `flush` of all that were given in this turn, together, at its end. */
  readonly flushSoon: (answer: { flush(): void }) => void
  /** Requests to the network that are being received or answered. */
  running: number
  /** Bytes that those hold. */
  bufferedBytes: number
  isClosing: boolean
}

/** The exchanges of one connection that are not over. More than one only if the caller pipelines. */
export class Connection {
  readonly exchanges: Exchange[] = []
}

/** Who has to know that the caller went away, or that the endpoint shuts down, before the answer was given. */
export interface Work {
  callerLeft(): void
  shutDown(): void
}

/** One request and the response to it. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly shared: Shared
  /** The caller waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean
  /** Answered in full, or abandoned: nothing may be written any more. */
  isOver = false
  key: Key | undefined
  work: Work | undefined
  /** How this answer was protected, where that is not what the role says of all. */
  protection: string | undefined
  readonly #connection: Connection
  #isOccupying = false
  #bufferedBytes = 0

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    shared: Shared,
    connection: Connection,
    expectsContinue: boolean,
  ) {
    this.request = request
    this.response = response
    this.shared = shared
    this.expectsContinue = expectsContinue
    this.#connection = connection
    connection.exchanges.push(this)
  }

  /** Runs a step of serving; what it throws is told to the caller. */
  attempt(step: () => void): void {
    try {
      step()
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.status === 500) this.shared.log('internal-error', traceOf(error))
      if (this.response.headersSent) this.abort()
      else this.refuse(refusal)
    }
  }

  callerLeft(): void {
    this.over()
    this.work?.callerLeft()
  }

  shutDown(): void {
    if (this.work !== undefined) this.work.shutDown()
    else if (!this.response.headersSent) this.refuse(refusalOf(shuttingDown()))
  }

  /** Takes one of the places for running requests until the exchange is over. Throws `overloaded`. */
  occupy(): void {
    const { shared } = this
    if (shared.isClosing) throw shuttingDown()
    if (shared.running >= shared.limits.running) {
      throw new ClientError('overloaded', `The client already works on ${shared.limits.running} requests.`)
    }
    this.#isOccupying = true
    shared.running++
  }

  /** Counts a piece of bytes that is held until the exchange is over; false when all hold too many. */
  buffer(sizeBytes: number): boolean {
    this.#bufferedBytes += sizeBytes + pieceBytes
    this.shared.bufferedBytes += sizeBytes + pieceBytes
    return this.shared.bufferedBytes <= this.shared.limits.totalBufferBytes
  }

  /** The whole response at once. `headers` is flat and becomes this exchange's own. */
  send(status: number, headers: string[], body: Buffer | string): void {
    if (this.isOver) return
    headers.push('content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length))
    this.#addHeaders(headers)
    this.response.writeHead(status, headers)
    this.response.end(body)
    this.#drain()
  }

  /** The head of a response whose length is not known yet. */
  begin(status: number, headers: string[]): void {
    if (this.isOver) return
    this.#addHeaders(headers)
    this.response.writeHead(status, headers)
    this.response.flushHeaders()
  }

  /** More of the body; false when the caller reads so slowly that too much waits. */
  write(bytes: Buffer): boolean {
    return this.response.write(bytes) || this.response.writableLength <= this.shared.limits.bufferBytes
  }

  /** The end of a response that `begin` began. */
  finish(last: Buffer | string): void {
    if (this.isOver) return
    if (last.length > 0) this.response.end(last)
    else this.response.end()
    this.#drain()
  }

  /** Answers the question that a browser asks before a page may call. */
  preflight(methods: string): void {
    this.over()
    this.response.writeHead(204, this.shared.guard.preflightHeaders(this.request, methods))
    this.response.end()
  }

  refuse(refusal: Refusal): void {
    const headers = ['content-type', 'application/json', ...refusal.headers]
    if (this.expectsContinue && !this.request.complete) headers.push('connection', 'close')
    this.send(refusal.status, headers, refusalText(refusal))
  }

  /**
   * Refuses a request whose body is still coming. The rest of it is read and thrown away for a moment: a
   * connection that is closed over unread bytes is reset, and the caller would never see why.
   */
  refuseUpload(refusal: Refusal): void {
    if (this.isOver) return
    if (this.expectsContinue || this.request.complete) return this.refuse(refusal)
    const { request, response } = this
    const text = refusalText(refusal)
    const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))]
    headers.push('connection', 'close', ...refusal.headers)
    this.#addHeaders(headers)
    response.writeHead(refusal.status, headers)
    response.write(text)
    this.over()
    const timer = this.shared.world.after(lingerMs, () => response.end())
    const stop = (): void => {
      timer.cancel()
      response.end()
    }
    request.removeAllListeners('data').removeAllListeners('end')
    request.on('end', stop).on('close', stop).resume()
  }

  /** Breaks the connection, so that the caller knows that what it got is not all. */
  abort(): void {
    this.over()
    this.request.socket.destroy()
  }

  /** Nothing more is written here. Idempotent. */
  over(): void {
    if (this.isOver) return
    this.isOver = true
    const { exchanges } = this.#connection
    exchanges.splice(exchanges.indexOf(this), 1)
    this.shared.bufferedBytes -= this.#bufferedBytes
    if (this.#isOccupying) this.shared.running--
  }

  #addHeaders(headers: string[]): void {
    const { shared, request, key } = this
    const protection = this.protection ?? shared.protection()
    headers.push('x-cocoon-protection', protection, 'x-content-type-options', 'nosniff')
    if (shared.guard.hasCors) headers.push(...shared.guard.answerHeaders(request.headers.origin))
    if (key !== undefined) headers.push(...key.rateHeaders())
    if (shared.isClosing) headers.push('connection', 'close')
  }

  /** After the last byte was written: a caller who does not read it must not hold it for ever. */
  #drain(): void {
    this.over()
    const { socket } = this.request
    if (this.response.writableLength > 0) {
      socket.setTimeout(this.shared.limits.drainTimeoutMs)
      // Before node's own listener, which may start the wait for the next request.
      this.response.prependOnceListener('finish', () => socket.setTimeout(0))
    }
    if (this.shared.isClosing) this.response.once('finish', () => socket.destroySoon())
  }
}

/** Memory that a held piece takes besides its bytes: a peer may send them one by one. */
export const pieceBytes = 200
const lingerMs = 1000
