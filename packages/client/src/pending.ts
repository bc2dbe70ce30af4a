import { decode, httpResponse, type Timer, type World, WireError } from '@cocoon/wire'
import type { ProxyAnswer, ProxyFinal } from './answer.ts'
import { ClientError, type ClientErrorCode } from './error.ts'
import type { AnswerEvents, AnswerSummary, Query } from './network.ts'
import type { ClientSession } from './session.ts'

/**
 * One query on its way: checks the order of what comes, keeps the deadline, and ends exactly once. A retry
 * gives it to another session under a new request id as long as nothing has come.
 */
export class PendingQuery {
  readonly query: Query
  readonly requestBytes: Uint8Array
  requestId: Uint8Array
  /** Something of the answer has come: too late for another proxy. */
  begun = false
  ended = false
  attempts = 0
  /** Who has it now. */
  session: ClientSession | undefined
  readonly #events: AnswerEvents
  readonly #world: World
  readonly #priceNano: bigint
  readonly #deadlineAt: number
  readonly #startedAt: number
  #timer: Timer | undefined

  constructor(options: {
    query: Query
    requestBytes: Uint8Array
    events: AnswerEvents
    world: World
    pricePerTokenNano: bigint
    overdue: (pending: PendingQuery) => void
  }) {
    this.query = options.query
    this.requestBytes = options.requestBytes
    this.#events = options.events
    this.#world = options.world
    this.#priceNano = options.pricePerTokenNano
    this.requestId = options.world.random(32)
    this.#startedAt = options.world.now()
    this.#deadlineAt = options.world.monotonic() + options.query.timeoutMs
    this.#timer = options.world.after(options.query.timeoutMs, () => options.overdue(this))
  }

  /** Zero when overdue. */
  timeLeftMs(): number {
    return Math.max(0, this.#deadlineAt - this.#world.monotonic())
  }

  /** Hands a piece on. Throws a WireError on what cannot be part of an answer; true once the query has ended. */
  take(answer: ProxyAnswer, proxy: string): boolean {
    if (this.ended) return true
    if (answer.kind === 'failure') {
      this.fail(failureOf(answer.code, answer.message), this.#summary(answer.final, proxy))
      return true
    }
    if (answer.kind === 'head') {
      if (this.begun) throw new WireError('malformed', 'a second response head')
      this.#head(answer.response)
    } else {
      if (!this.begun) throw new WireError('malformed', 'a part before the response head')
      if (answer.bytes.length > 0) this.#events.data(answer.bytes)
    }
    if (answer.final === undefined || this.ended) return this.ended
    this.#end()
    this.#events.end(this.#summary(answer.final, proxy))
    return true
  }

  fail(error: ClientError, summary: AnswerSummary = { tokens: 0n, costNano: 0n }): void {
    if (this.ended) return
    this.#end()
    this.#events.failed(error, summary)
  }

  #head(response: Uint8Array): void {
    const head = decode(httpResponse, response)
    if (head.statusCode < 100 || head.statusCode > 599) {
      throw new WireError('malformed', `HTTP status ${head.statusCode}`)
    }
    this.begun = true
    this.#events.head(
      head.statusCode,
      head.headers.map(({ name, value }) => [name.toLowerCase(), value]),
    )
    if (head.payload.length > 0 && !this.ended) this.#events.data(head.payload)
  }

  #end(): void {
    this.ended = true
    this.#timer?.cancel()
  }

  #summary(final: ProxyFinal, proxy: string): AnswerSummary {
    const summary: AnswerSummary = { tokens: final.tokens, costNano: final.tokens * this.#priceNano, proxy }
    if (this.query.enableDebug) {
      const client = { type: 'client_stats', start_time: this.#startedAt / 1000, answer_receive_end_at: this.#world.now() / 1000 }
      summary.debug = { client: JSON.stringify(client) }
      if (final.proxyDebug) summary.debug.proxy = final.proxyDebug
      if (final.workerDebug) summary.debug.worker = final.workerDebug
    }
    return summary
  }
}

/** What the network's error numbers mean to a caller. The text comes from a peer: it is cut, never interpreted. */
function failureOf(code: number, message: string): ClientError {
  const meaning: ClientErrorCode =
    code === 652 ? 'timeout' : code === 651 ? 'no-worker' : code === 653 ? 'cancelled' : 'upstream'
  return new ClientError(meaning, `The network answered ${code}: ${message.slice(0, 300)}`)
}
