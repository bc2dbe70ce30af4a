import { checkHeaderCount, decode, httpResponse, type Timer, type World, WireError } from '@cocoon/wire'
import type { ProxyAnswer, ProxyFinal } from './answer.ts'
import { ClientError, type ClientErrorCode } from './error.ts'
import type { AnswerEvents, AnswerSummary, Query } from './network.ts'

/** Who started a query. */
export interface PendingOwner {
  /** The proxy says that it charged more than the query reserved. */
  overstated(proxy: string): void
  overdue(pending: PendingQuery): void
  ended(
    outcome: 'succeeded' | 'failed',
    summary: AnswerSummary,
    receivedBytes: number,
    of: PendingQuery,
  ): void
}

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
  session: { cancel(pending: PendingQuery): void } | undefined
  readonly #events: AnswerEvents
  readonly #world: World
  readonly #owner: PendingOwner
  readonly #priceNano: bigint
  /** The most that it can cost. */
  readonly reservedTokens: bigint
  readonly #deadlineAt: number
  readonly #startedAt: number
  #timer: Timer | undefined
  #receivedBytes = 0

  constructor(options: {
    query: Query
    requestBytes: Uint8Array
    events: AnswerEvents
    world: World
    pricePerTokenNano: bigint
    /** Tokens that the query reserves: an honest proxy never charges more. */
    reservedTokens: bigint
    /** Told of the deadline and of the end. */
    owner: PendingOwner
  }) {
    this.query = options.query
    this.requestBytes = options.requestBytes
    this.#events = options.events
    this.#world = options.world
    this.#priceNano = options.pricePerTokenNano
    this.reservedTokens = options.reservedTokens
    this.requestId = options.world.random(32)
    this.#startedAt = options.world.now()
    this.#deadlineAt = options.world.monotonic() + options.query.timeoutMs
    this.#owner = options.owner
    this.#timer = options.world.after(options.query.timeoutMs, () => options.owner.overdue(this))
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
      if (answer.bytes.length > 0) this.#data(answer.bytes)
    }
    if (answer.final === undefined || this.ended) return this.ended
    const summary = this.#summary(answer.final, proxy)
    this.#end('succeeded', summary)
    this.#events.end(summary)
    return true
  }

  fail(error: ClientError, summary: AnswerSummary = { tokens: 0n, costNano: 0n }): void {
    if (this.ended) return
    this.#end('failed', summary)
    this.#events.failed(error, summary)
  }

  #head(response: Uint8Array): void {
    checkHeaderCount(response)
    const head = decode(httpResponse, response)
    if (head.statusCode < 100 || head.statusCode > 599) {
      throw new WireError('malformed', `HTTP status ${head.statusCode}`)
    }
    this.begun = true
    this.#events.head(
      head.statusCode,
      head.headers.map(({ name, value }) => [name.toLowerCase(), value]),
    )
    if (head.payload.length > 0 && !this.ended) this.#data(head.payload)
  }

  #data(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length
    this.#events.data(bytes)
  }

  #end(outcome: 'succeeded' | 'failed', summary: AnswerSummary): void {
    this.ended = true
    this.#timer?.cancel()
    this.#owner.ended(outcome, summary, this.#receivedBytes, this)
  }

  #summary(final: ProxyFinal, proxy: string): AnswerSummary {
    const tokens = final.tokens < this.reservedTokens ? final.tokens : this.reservedTokens
    if (final.tokens > this.reservedTokens) this.#owner.overstated(proxy)
    const summary: AnswerSummary = { tokens, costNano: tokens * this.#priceNano, proxy }
    if (this.query.enableDebug) {
      const client = {
        type: 'client_stats',
        start_time: this.#startedAt / 1000,
        answer_receive_end_at: this.#world.now() / 1000,
      }
      summary.debug = { client: JSON.stringify(client) }
      if (final.proxyDebug) summary.debug.proxy = final.proxyDebug
      if (final.workerDebug) summary.debug.worker = final.workerDebug
    }
    return summary
  }
}

/**
 * What a proxy's error means to a caller. Proxies of other implementations tell some meanings by their words
 * alone. The text comes from a peer: it is cut, and shown as its words.
 */
function failureOf(code: number, message: string): ClientError {
  return new ClientError(meaningOf(code, message), `The network answered ${code}: ${message.slice(0, 300)}`)
}

function meaningOf(code: number, message: string): ClientErrorCode {
  if (code === 652) return 'timeout'
  if (code === 651) return message.startsWith('balance is too low') ? 'insufficient-balance' : 'no-worker'
  if (code === 653) return 'cancelled'
  if (code === 621 && message.startsWith('unknown model')) return 'model-not-found'
  if (code === 602 && message.startsWith('client balance is too low')) return 'insufficient-balance'
  return 'upstream'
}
