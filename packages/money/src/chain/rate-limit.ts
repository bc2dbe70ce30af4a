import type { World } from '@cocoon/wire'
import { pause, type Deadline } from './deadline.ts'
import { chainError } from './failure.ts'

/** Calls that wait for their turn at one source; further ones are refused. */
const maxWaitingCalls = 1_000

/** Lets calls through at a rate, in order. What was not used is kept for up to a second, at least for one call. */
export class RateLimit {
  readonly #world: World
  readonly #intervalMs: number
  readonly #burstMs: number
  /** When the next call may go, by the monotonic clock; in the past where calls were not used. */
  #nextMs = -Infinity
  #waiting = 0

  /** `perSecond` may be a fraction, or Infinity. */
  constructor(world: World, perSecond: number) {
    this.#world = world
    this.#intervalMs = 1000 / perSecond
    this.#burstMs = Math.max(0, 1000 - this.#intervalMs)
  }

  /** Resolves when a call may go. Rejects with `chain-busy` at once where that is after the deadline. */
  async take(source: string, deadline: Deadline): Promise<void> {
    const nowMs = this.#world.monotonic()
    const turnMs = Math.max(this.#nextMs, nowMs - this.#burstMs)
    const waitMs = turnMs - nowMs
    if (waitMs > deadline.leftMs || this.#waiting === maxWaitingCalls) {
      throw chainError(
        'chain-busy',
        source,
        'is asked more than its rate allows. Retry later, or raise the rate',
      )
    }
    this.#nextMs = turnMs + this.#intervalMs
    if (waitMs <= 0) return
    this.#waiting++
    try {
      await pause(this.#world, waitMs, deadline.signal)
    } finally {
      this.#waiting--
    }
  }

  /** Holds all calls back for a time that the source asked for. */
  hold(delayMs: number): void {
    this.#nextMs = Math.max(this.#nextMs, this.#world.monotonic() + delayMs)
  }
}
