import type { Timer, World } from '../src/index.ts'

interface Due {
  atMs: number
  order: number
  run: () => void
}

/** Time that stands still until a test moves it. Random bytes are the same in every run. */
export class VirtualWorld implements World {
  #timeMs: number
  #order = 0
  #random = 0x2545f491
  #waiting: Array<() => void> = []
  readonly #timers = new Set<Due>()

  constructor(startMs = 0) {
    this.#timeMs = startMs
  }

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#timeMs
  }

  monotonic(): number {
    return this.#timeMs
  }

  random(sizeBytes: number): Uint8Array {
    return Uint8Array.from({ length: sizeBytes }, () => {
      this.#random ^= this.#random << 13
      this.#random ^= this.#random >>> 17
      this.#random ^= this.#random << 5
      return this.#random >>> 11
    })
  }

  after(delayMs: number, run: () => void): Timer {
    const due = { atMs: this.#timeMs + Math.max(0, delayMs), order: this.#order++, run }
    this.#timers.add(due)
    return { cancel: () => void this.#timers.delete(due) }
  }

  soon(run: () => void): void {
    this.#waiting.push(run)
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size
  }

  /** Runs what waits, and what follows from it, until nothing more does: promises first, as in the runtime. */
  async settle(): Promise<void> {
    for (let quietTurns = 0; quietTurns < 3; quietTurns++) {
      await new Promise(resolve => setImmediate(resolve))
      for (const run of this.#waiting.splice(0)) {
        run()
        await undefined
        quietTurns = -1
      }
    }
  }

  /** Lets so much time pass: timers run at their time, in order. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#timeMs + durationMs
    await this.settle()
    for (let due = this.#next(untilMs); due !== undefined; due = this.#next(untilMs)) {
      this.#timers.delete(due)
      this.#timeMs = Math.max(this.#timeMs, due.atMs)
      due.run()
      await this.settle()
    }
    this.#timeMs = untilMs
  }

  /** Settles until the condition holds, for what threads of the runtime do in their own time. */
  async until(condition: () => boolean): Promise<void> {
    for (let turns = 0; !condition(); turns++) {
      if (turns > 20_000) throw new Error(`It never came about that ${condition.toString()}`)
      await this.settle()
    }
  }

  #next(untilMs: number): Due | undefined {
    let next: Due | undefined
    for (const due of this.#timers) {
      if (due.atMs > untilMs) continue
      if (next === undefined || due.atMs < next.atMs || (due.atMs === next.atMs && due.order < next.order))
        next = due
    }
    return next
  }
}
