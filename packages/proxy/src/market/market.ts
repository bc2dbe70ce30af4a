import type { Timer, World } from '@cocoon/wire'
import { type Ask, Book, type Exclusion, type Match } from './book.ts'

/** A query that waits for a free worker. */
interface Waiter<A> {
  client: object | undefined
  /** How many queries of the same client waited before it: first rounds go first. */
  round: number
  maxCoefficient: number
  excluded: Exclusion<A> | undefined
  matched(ask: A): void
  gaveUp(): void
  timer: Timer
  done: boolean
}

export interface MarketLimits {
  /** Queries that may wait for a free worker, per model. */
  maxWaiting: number
  /** Of these, of one client. */
  maxWaitingPerClient: number
  /** Longest wait for a free worker, milliseconds. */
  maxWaitMs: number
}

export const marketLimits: MarketLimits = { maxWaiting: 2_000, maxWaitingPerClient: 500, maxWaitMs: 5_000 }

/** So many waiting queries with a low price cap are passed over for one behind them. */
const passedOver = 8
/** A model whose last worker left stays known for so long: its absence is an outage, not a wrong name. */
const rememberModelMs = 300_000
const maxEmptyBooks = 1_000

/** All books by model, and the queries that wait because every worker is busy. */
export class Market<A extends Ask> {
  readonly #world: World
  readonly #limits: MarketLimits
  readonly #books = new Map<string, Book<A>>()
  readonly #emptySince = new Map<string, number>()
  readonly #waiting = new Map<string, Array<Waiter<A>>>()

  constructor(world: World, limits: Partial<MarketLimits> = {}) {
    this.#world = world
    this.#limits = { ...marketLimits, ...limits }
  }

  /** Models on offer, and those that were a few minutes ago, whose book is empty. */
  get books(): ReadonlyMap<string, Book<A>> {
    return this.#books
  }

  join(model: string, ask: A): void {
    let book = this.#books.get(model)
    if (book === undefined) {
      this.#evict()
      this.#books.set(model, (book = new Book(this.#world)))
    }
    this.#emptySince.delete(model)
    book.add(ask)
    this.freed(model, ask)
  }

  leave(model: string, ask: A): void {
    const book = this.#books.get(model)
    if (book === undefined) return
    book.remove(ask)
    if (book.size === 0) this.#emptySince.set(model, this.#world.monotonic())
  }

  match(model: string, maxCoefficient: number, excluded?: Exclusion<A>): Match<A> {
    return (
      this.#books.get(model)?.match(maxCoefficient, this.#world.monotonic(), excluded) ?? { kind: 'none' }
    )
  }

  /**
   * Waits for a free worker, in turn with the queries of other clients. Exactly one of the callbacks follows
   * unless the returned function is called before; undefined when too many wait already.
   */
  wait(
    model: string,
    query: {
      client?: object
      maxCoefficient: number
      excluded?: Exclusion<A> | undefined
      timeoutMs: number
    },
    callbacks: { matched(ask: A): void; gaveUp(): void },
  ): (() => void) | undefined {
    let queue = this.#waiting.get(model)
    if (queue === undefined) this.#waiting.set(model, (queue = []))
    const { client } = query
    const round =
      client === undefined ? 0 : queue.reduce((count, other) => count + (other.client === client ? 1 : 0), 0)
    if (queue.length >= this.#limits.maxWaiting || round >= this.#limits.maxWaitingPerClient) return undefined
    const waiter: Waiter<A> = {
      client,
      round,
      maxCoefficient: query.maxCoefficient,
      excluded: query.excluded,
      ...callbacks,
      done: false,
      timer: this.#world.after(Math.min(query.timeoutMs, this.#limits.maxWaitMs), () => {
        this.#forget(model, waiter)
        this.#drop(waiter)
      }),
    }
    queue.splice(queue.findLastIndex(other => other.round <= round) + 1, 0, waiter)
    return () => {
      waiter.done = true
      waiter.timer.cancel()
      this.#forget(model, waiter)
    }
  }

  waitingFor(model: string): number {
    return this.#waiting.get(model)?.length ?? 0
  }

  /**
   * A worker has room again: the queries that wait take it in turn. Who cannot go to it, as a query that was sealed to
   * others, holds nobody up.
   */
  freed(model: string, ask: A): void {
    const queue = this.#waiting.get(model) ?? []
    let passed = 0
    for (let position = 0; position < queue.length && passed < passedOver;) {
      const waiter = queue[position]!
      const isElsewhere = waiter.excluded?.has(ask) === true
      const match = isElsewhere ? undefined : this.match(model, waiter.maxCoefficient, waiter.excluded)
      if (match?.kind !== 'matched') {
        position++
        if (!isElsewhere) passed++
        continue
      }
      queue.splice(position, 1)
      waiter.done = true
      waiter.timer.cancel()
      waiter.matched(match.ask)
    }
  }

  #evict(): void {
    for (const [model, since] of this.#emptySince) {
      if (this.#world.monotonic() - since < rememberModelMs && this.#emptySince.size <= maxEmptyBooks) return
      this.#emptySince.delete(model)
      this.#books.delete(model)
      this.#waiting.delete(model)
    }
  }

  #forget(model: string, waiter: Waiter<A>): void {
    const queue = this.#waiting.get(model)
    const position = queue?.indexOf(waiter) ?? -1
    if (position >= 0) queue!.splice(position, 1)
  }

  #drop(waiter: Waiter<A>): void {
    if (waiter.done) return
    waiter.done = true
    waiter.timer.cancel()
    waiter.gaveUp()
  }
}
