import type { World } from '@cocoon/wire'

/** A clock that stands still, and timers that run as it is moved. */
export class ManualWorld implements World {
  nowMs: number
  readonly #timers = new Set<{ atMs: number; run: () => void }>()
  #draws = 0

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  now = (): number => this.nowMs
  monotonic = (): number => this.nowMs
  random = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill((this.#draws += 1))
  soon = (run: () => void): void => queueMicrotask(run)
  after = (delayMs: number, run: () => void) => {
    const timer = { atMs: this.nowMs + delayMs, run }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  get waiting(): number {
    return this.#timers.size
  }

  /** Moves the clock, timer by timer; `settle` waits for what each one starts. */
  async advance(byMs: number, settle: () => Promise<void>): Promise<void> {
    const untilMs = this.nowMs + byMs
    for (;;) {
      const [next] = [...this.#timers].toSorted((a, b) => a.atMs - b.atMs)
      if (!next || next.atMs > untilMs) break
      this.#timers.delete(next)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
      await settle()
    }
    this.nowMs = untilMs
  }
}
