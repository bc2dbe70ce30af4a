import type { World } from '@cocoon/wire'
import { Codecs, Functions } from 'ton-lite-client/dist/schema.js'
import { TLReadBuffer, TLWriteBuffer, type TLFunction } from 'ton-tl'
import { MoneyError } from '../error.ts'
import { AdnlConnection, type AdnlPeer } from './adnl-connection.ts'
import { isBusy } from './complaint.ts'
import { Deadline, late, retrying } from './deadline.ts'
import { chainError, quoted, reading, Retry } from './failure.ts'
import type { RateLimit } from './rate-limit.ts'

/** One attempt of a call, connecting included. */
const defaultAttemptMs = 5_000
/** Questions that wait for an answer of one liteserver. */
const maxPending = 256

interface Pending {
  resolve(answer: Buffer): void
  reject(error: Error): void
}

export interface LiteHandling<RES, T> {
  readonly read: (response: RES) => T
  /** Makes an error of what the liteserver says instead; undefined for what every question treats alike. */
  readonly judge?: (text: string, attempt: number) => MoneyError | { readonly value: T } | undefined
}

/** Questions to one liteserver, on one connection that is opened when it is needed. */
export class LiteCalls {
  readonly #peer: AdnlPeer
  readonly #world: World
  readonly #rate: RateLimit
  readonly #pending = new Map<string, Pending>()
  #connection: Promise<AdnlConnection> | undefined

  constructor(peer: AdnlPeer, world: World, rate: RateLimit) {
    this.#peer = peer
    this.#world = world
    this.#rate = rate
  }

  /** What `read` makes of the response. Failures of the connection, and what is behind, are attempted again. */
  call<REQ, RES, T>(
    method: TLFunction<REQ, RES>,
    request: REQ,
    deadline: Deadline,
    handling: LiteHandling<RES, T>,
  ): Promise<T> {
    const query = encodeQuery(method, request)
    return retrying(this.#world, deadline, async number => {
      await this.#rate.take(this.#peer.source, deadline)
      const answer = await this.#attempt(query, deadline)
      return this.#judged(method, answer, number, handling)
    })
  }

  close(): void {
    const closed = chainError('chain-unreachable', this.#peer.source, 'is not asked any more')
    this.#connection?.then(
      connection => connection.close(closed),
      () => {},
    )
  }

  #judged<REQ, RES, T>(
    method: TLFunction<REQ, RES>,
    answer: Buffer,
    number: number,
    handling: LiteHandling<RES, T>,
  ): T {
    const { source } = this.#peer
    const error = reading(source, 'error', () => readError(answer))
    if (error !== undefined) {
      const judged = handling.judge?.(error.text, number)
      if (judged !== undefined && 'value' in judged) return judged.value
      throw judged ?? this.#complaint(error)
    }
    return reading(source, 'response', () => handling.read(method.decodeResponse(new TLReadBuffer(answer))))
  }

  #complaint({ text, code }: { text: string; code: number }): Retry {
    const { source } = this.#peer
    return new Retry(
      isBusy(text)
        ? chainError('chain-busy', source, `asks for fewer questions: ${text}. Retry later, or name another`)
        : chainError('chain-unreachable', source, `fails (${code}): ${text}. Retry later, or name another`),
    )
  }

  async #attempt(query: Uint8Array, deadline: Deadline): Promise<Buffer> {
    using attempt = new Deadline(this.#world, Math.min(defaultAttemptMs, deadline.leftMs), deadline.signal)
    try {
      const connection = await this.#connected(attempt)
      return await this.#ask(connection, query, attempt)
    } catch (cause) {
      throw retryable(cause, 'chain-unreachable')
    }
  }

  async #ask(connection: AdnlConnection, query: Uint8Array, attempt: Deadline): Promise<Buffer> {
    const { source } = this.#peer
    if (this.#pending.size >= maxPending)
      throw chainError('chain-busy', source, 'has too many questions to answer')
    const queryId = Buffer.from(this.#world.random(32))
    const id = queryId.toString('hex')
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const end = (): void => reject(late(source))
    this.#pending.set(id, { resolve, reject })
    attempt.signal.addEventListener('abort', end, { once: true })
    if (attempt.signal.aborted) end()
    try {
      connection.send(encodeMessage(queryId, query))
      return await promise
    } finally {
      this.#pending.delete(id)
      attempt.signal.removeEventListener('abort', end)
    }
  }

  /** Whoever asks while it is being opened waits for the same connection. */
  #connected(attempt: Deadline): Promise<AdnlConnection> {
    if (this.#connection !== undefined) return this.#connection
    const opened = AdnlConnection.open(this.#peer, this.#world, attempt, {
      packet: payload => this.#receive(payload),
      closed: error => {
        if (this.#connection === opened) this.#connection = undefined
        for (const { reject } of this.#pending.values()) reject(error)
      },
    })
    this.#connection = opened
    opened.catch(() => {
      if (this.#connection === opened) this.#connection = undefined
    })
    return opened
  }

  /** Answers to nothing that is waited for, and messages of other kinds, are passed over. */
  #receive(payload: Buffer): void {
    if (payload.length < 36 || payload.readInt32LE() !== answerTag) return
    const { answer, queryId } = reading(this.#peer.source, 'message', () => {
      const message = Codecs.adnl_Message.decode(new TLReadBuffer(payload))
      if (message.kind === 'adnl.message.answer') return message
      throw new MoneyError('chain-answer', 'It is no answer')
    })
    this.#pending.get(queryId.toString('hex'))?.resolve(answer)
  }
}

/** First four bytes of `adnl.message.answer` and of `liteServer.error`. */
const answerTag = 262_964_246
const errorTag = -1_146_494_648

function readError(answer: Buffer): { code: number; text: string } | undefined {
  if (answer.length < 4 || answer.readInt32LE() !== errorTag) return undefined
  const { code, message } = Codecs.liteServer_Error.decode(new TLReadBuffer(answer))
  return { code, text: quoted(message) }
}

function retryable(cause: unknown, code: MoneyError['code']): unknown {
  return cause instanceof MoneyError && cause.code === code ? new Retry(cause) : cause
}

function encodeQuery<REQ, RES>(method: TLFunction<REQ, RES>, request: REQ): Uint8Array {
  const inner = new TLWriteBuffer()
  method.encodeRequest(request, inner)
  const outer = new TLWriteBuffer()
  Functions.liteServer_query.encodeRequest({ kind: 'liteServer.query', data: inner.build() }, outer)
  return outer.build()
}

function encodeMessage(queryId: Buffer, query: Uint8Array): Uint8Array {
  const message = new TLWriteBuffer()
  Codecs.adnl_Message.encode({ kind: 'adnl.message.query', queryId, query: Buffer.from(query) }, message)
  return message.build()
}
