import type { World } from '@cocoon/wire'
import type { Standing } from './standing.ts'

/** A worker's ask as the market sees it: one worker connection offering one model. */
export interface Ask {
  readonly standing: Standing
  /** Price in thousandths: 1000 = 1.0. */
  coefficient: number
  /** Most queries at once. */
  limit: number
  running: number
  disabled: boolean
  /** Its send queue is long: nothing new until it drains. */
  congested: boolean
  /** When something last came from it, on the monotonic clock: a worker asks for its payment status every 20 s. */
  readonly lastHeardAt: number
}

/** Asks that a query does not go to. */
export interface Exclusion<A> {
  has(ask: A): boolean
}

export type Match<A> =
  | { kind: 'matched'; ask: A }
  /** All that are enabled ask more than the cap. */
  | { kind: 'too-expensive'; cheapest: number }
  | { kind: 'busy' }
  | { kind: 'none' }

/** Up to this many asks are all looked at; above, a sample: the choice costs the same with any number of workers. */
const fullScan = 32
const sampleSize = 16
const sampleDraws = 64
/** One query in so many goes to a random eligible worker, so that a standing can recover. */
const explorationPeriod = 50
/** Added to the coefficient: a price of zero must not outweigh speed and success without limit. */
const priceOffset = 100
/** Weighs on a newcomer that has as much to do as its record warrants: it gets more only where nobody else can. */
const unprovenFactor = 8
/** A worker that was not heard of for so long may be gone without anybody knowing: nothing new for it. */
const silentMs = 30_000
/** Latency assumed of a worker that has not answered yet, where nobody has. */
const assumedLatencyMs = 500

/** The asks for one model. */
export class Book<A extends Ask> {
  readonly #asks: A[] = []
  readonly #positions = new Map<A, number>()
  readonly #random: () => number
  #meanLatencyMs = assumedLatencyMs
  #matches = 0

  constructor(world: World) {
    this.#random = sequence(world)
  }

  get asks(): readonly A[] {
    return this.#asks
  }

  get size(): number {
    return this.#asks.length
  }

  add(ask: A): void {
    this.#positions.set(ask, this.#asks.length)
    this.#asks.push(ask)
  }

  remove(ask: A): void {
    const position = this.#positions.get(ask)
    if (position === undefined) return
    this.#positions.delete(ask)
    const last = this.#asks.pop()!
    if (last !== ask) {
      this.#asks[position] = last
      this.#positions.set(last, position)
    }
  }

  recordLatency(durationMs: number): void {
    this.#meanLatencyMs += 0.02 * (durationMs - this.#meanLatencyMs)
  }

  /**
   * Chooses by price x expected latency x (running + 1) / success^4, the least wins. `excluded` are asks
   * that this query has failed on already.
   */
  match(maxCoefficient: number, now: number, excluded?: Exclusion<A>): Match<A> {
    if (this.#asks.length === 0) return { kind: 'none' }
    this.#matches++
    const explore = this.#matches % explorationPeriod === 0
    const choice =
      this.#asks.length <= fullScan
        ? this.#scan(maxCoefficient, now, excluded, explore)
        : (this.#sample(maxCoefficient, now, excluded, explore) ??
          this.#scan(maxCoefficient, now, excluded, explore))
    return choice === undefined ? this.#whyNot(maxCoefficient, excluded) : { kind: 'matched', ask: choice }
  }

  #scan(
    maxCoefficient: number,
    now: number,
    excluded: Exclusion<A> | undefined,
    explore: boolean,
  ): A | undefined {
    const start = Math.floor(this.#random() * this.#asks.length)
    let best: A | undefined
    let bestScore = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#asks.length; i++) {
      const ask = this.#asks[(start + i) % this.#asks.length]!
      if (!eligible(ask, maxCoefficient, now) || excluded?.has(ask)) continue
      if (explore) return ask
      const score = this.#score(ask)
      if (score < bestScore) {
        best = ask
        bestScore = score
      }
    }
    return best
  }

  #sample(
    maxCoefficient: number,
    now: number,
    excluded: Exclusion<A> | undefined,
    explore: boolean,
  ): A | undefined {
    let best: A | undefined
    let bestScore = Number.POSITIVE_INFINITY
    let seen = 0
    for (let draw = 0; draw < sampleDraws && seen < sampleSize; draw++) {
      const ask = this.#asks[Math.floor(this.#random() * this.#asks.length)]!
      if (!eligible(ask, maxCoefficient, now) || excluded?.has(ask)) continue
      if (explore) return ask
      seen++
      const score = this.#score(ask)
      if (score < bestScore) {
        best = ask
        bestScore = score
      }
    }
    return best
  }

  #score(ask: A): number {
    const { latencyMs, success, rampLimit } = ask.standing
    const priced = (ask.coefficient + priceOffset) * (latencyMs ?? this.#meanLatencyMs) * (ask.running + 1)
    const unproven = ask.running >= rampLimit ? unprovenFactor : 1
    return (priced * unproven) / Math.max(1e-6, success ** 4)
  }

  #whyNot(maxCoefficient: number, excluded: Exclusion<A> | undefined): Match<A> {
    let cheapest = Number.POSITIVE_INFINITY
    let affordable = false
    for (const ask of this.#asks) {
      if (ask.disabled || excluded?.has(ask)) continue
      if (ask.coefficient <= maxCoefficient) affordable = true
      else cheapest = Math.min(cheapest, ask.coefficient)
    }
    if (affordable) return { kind: 'busy' }
    return cheapest === Number.POSITIVE_INFINITY ? { kind: 'none' } : { kind: 'too-expensive', cheapest }
  }
}

function eligible(ask: Ask, maxCoefficient: number, now: number): boolean {
  return (
    !ask.disabled &&
    !ask.congested &&
    ask.coefficient <= maxCoefficient &&
    ask.running < ask.limit &&
    now - ask.lastHeardAt <= silentMs &&
    ask.standing.accepts(now)
  )
}

/** Uniform numbers in [0, 1): xorshift32 seeded once, cheap enough to draw many per query. Not for secrets. */
function sequence(world: World): () => number {
  const [a = 1, b = 2, c = 3, d = 4] = world.random(4)
  let state = a | (b << 8) | (c << 16) | (d << 24) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
}
