import type { Timer, World } from '@cocoon/wire'
import type { Random } from './random.ts'
import type { SimWorld } from './world.ts'

/** Calls of `soon` run within so much, each after the one before: other processes get in between. */
const turnMs = 0.05

/**
 * The world of one program: it can be killed, after which nothing of it runs any more, and frozen for a
 * while. Its wall clock may be wrong, as that of any machine.
 */
export class SimProcess implements World {
  readonly name: string
  readonly chance: Random
  readonly #world: SimWorld
  readonly #bytes: Random
  readonly #whenKilled: Array<() => void> = []
  #clockOffsetMs: number
  #alive = true
  #frozenUntilMs = 0
  #soonAtMs = 0
  #waiting = 0

  constructor(world: SimWorld, name: string, options: { clockOffsetMs?: number } = {}) {
    this.#world = world
    this.name = name
    this.chance = world.chance.fork(name)
    this.#bytes = world.chance.fork(`${name}/bytes`)
    this.#clockOffsetMs = options.clockOffsetMs ?? 0
  }

  get isAlive(): boolean {
    return this.#alive
  }

  /** Timers and turns that are due some time. */
  get waiting(): number {
    return this.#alive ? this.#waiting : 0
  }

  now(): number {
    return this.#world.now() + this.#clockOffsetMs
  }

  monotonic(): number {
    return this.#world.monotonic()
  }

  random(sizeBytes: number): Uint8Array {
    return this.#bytes.bytes(sizeBytes)
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#schedule((due: () => void) => this.#world.after(delayMs, due), run)
  }

  readonly soon = (run: () => void): void => {
    const now = this.#world.monotonic()
    this.#soonAtMs = Math.max(this.#soonAtMs, now + turnMs * this.chance.unit())
    this.event(this.#soonAtMs - now, run)
  }

  /** Something from outside, for this program to handle, unless it is dead by then. */
  event(delayMs: number, run: () => void): Timer {
    return this.#schedule((due: () => void) => this.#world.schedule(delayMs, due), run)
  }

  write(what: string): void {
    this.#world.write(this.name, what)
  }

  /** Nothing of it runs from now on. */
  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    for (const tell of this.#whenKilled) tell()
  }

  whenKilled(tell: () => void): void {
    this.#whenKilled.push(tell)
  }

  /** Somebody sets the wall clock. */
  turnClock(byMs: number): void {
    this.#clockOffsetMs += byMs
  }

  /** It stands still, and handles what is due in the meantime afterwards. */
  freeze(durationMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#world.monotonic() + durationMs)
  }

  #schedule(schedule: (due: () => void) => Timer, run: () => void): Timer {
    let waits = true
    let timer: Timer
    const due = (): void => {
      if (!waits || !this.#alive) return
      const frozenMs = this.#frozenUntilMs - this.#world.monotonic()
      if (frozenMs > 0) {
        timer = this.#world.schedule(frozenMs, due)
        return
      }
      waits = false
      this.#waiting--
      run()
    }
    timer = schedule(due)
    this.#waiting++
    return {
      cancel: () => {
        if (!waits) return
        waits = false
        this.#waiting--
        timer.cancel()
      },
    }
  }
}
