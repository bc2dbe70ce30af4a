import type { SealedRouting } from '@cocoon/trust/seal'
import { type SealedQuery, type Timer, WireError, type World } from '@cocoon/wire'
import type { ProxyAnswer } from './answer.ts'
import type { ClientError } from './error.ts'
import type { AnswerSummary, PassedEvents } from './network.ts'

export interface PassedQueryOptions {
  readonly query: SealedQuery
  readonly routing: SealedRouting
  readonly timeoutMs: number
  readonly events: PassedEvents
  readonly world: World
  readonly pricePerTokenNano: bigint
  /** The most that it can cost. */
  readonly reservedTokens: bigint
  readonly overdue: (passed: PassedQuery) => void
  /** The proxy says that it charged more than the query reserved. */
  readonly overstated: (proxy: string) => void
  readonly ended: (
    outcome: 'succeeded' | 'failed',
    summary: AnswerSummary,
    receivedBytes: number,
    of: PassedQuery,
  ) => void
}

/**
 * A query that its caller has sealed, on its way: its answer is handed on unopened, in the order in which it comes.
 * It is sent once. Whoever sealed it sends it again, sealed anew.
 */
export class PassedQuery {
  readonly #options: PassedQueryOptions
  readonly #deadlineAt: number
  readonly #timer: Timer
  #begun = false
  #receivedBytes = 0
  ended = false

  constructor(options: PassedQueryOptions) {
    const { world, timeoutMs } = options
    this.#options = options
    this.#deadlineAt = world.monotonic() + timeoutMs
    this.#timer = world.after(timeoutMs, () => options.overdue(this))
  }

  get query(): SealedQuery {
    return this.#options.query
  }

  get model(): string {
    return this.#options.routing.model
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs
  }

  get requestId(): Uint8Array {
    return this.#options.routing.requestId
  }

  get reservedTokens(): bigint {
    return this.#options.reservedTokens
  }

  /** Zero when overdue. */
  timeLeftMs(): number {
    return Math.max(0, this.#deadlineAt - this.#options.world.monotonic())
  }

  /** Hands a piece on, which is `data`. Throws a WireError on what cannot be part of its answer; true at its end. */
  take(answer: ProxyAnswer, proxy: string, data: Uint8Array): boolean {
    if (this.ended) return true
    const { events } = this.#options
    const end = this.#endOf(answer)
    this.#receivedBytes += data.length
    events.piece(data)
    if (end === undefined || this.ended) return this.ended
    const summary = this.#summary(end.tokens, proxy)
    this.#end(end.outcome, summary)
    events.end(summary)
    return true
  }

  fail(error: ClientError): void {
    if (this.ended) return
    const summary: AnswerSummary = { tokens: 0n, costNano: 0n }
    this.#end('failed', summary)
    this.#options.events.failed(error, summary)
  }

  #endOf(answer: ProxyAnswer): { outcome: 'succeeded' | 'failed'; tokens: bigint } | undefined {
    if (answer.kind === 'sealed-failure')
      return { outcome: 'failed', tokens: answer.end?.chargedTokens ?? 0n }
    if (answer.kind !== 'sealed-head' && answer.kind !== 'sealed-part') {
      throw new WireError('malformed', 'an open answer to a sealed query')
    }
    if ((answer.kind === 'sealed-head') === this.#begun) {
      throw new WireError('malformed', 'a sealed answer out of its order')
    }
    this.#begun = true
    return answer.end && { outcome: 'succeeded', tokens: answer.end.chargedTokens }
  }

  #summary(stated: bigint, proxy: string): AnswerSummary {
    const { reservedTokens, pricePerTokenNano, overstated } = this.#options
    if (stated > reservedTokens) overstated(proxy)
    const tokens = stated < reservedTokens ? stated : reservedTokens
    return { tokens, costNano: tokens * pricePerTokenNano, proxy }
  }

  #end(outcome: 'succeeded' | 'failed', summary: AnswerSummary): void {
    this.ended = true
    this.#timer.cancel()
    this.#options.ended(outcome, summary, this.#receivedBytes, this)
  }
}
