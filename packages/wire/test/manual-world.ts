import { systemWorld } from '../src/node.ts'
import type { Timer, World } from '../src/index.ts'

/** The real world, except that timers run when the test says so. */
export class ManualWorld implements World {
  readonly #timers = new Set<() => void>()
  monotonicMs = 0

  now(): number {
    return systemWorld.now()
  }

  monotonic(): number {
    return this.monotonicMs
  }

  random(sizeBytes: number): Uint8Array {
    return systemWorld.random(sizeBytes)
  }

  soon(run: () => void): void {
    systemWorld.soon(run)
  }

  after(_delayMs: number, run: () => void): Timer {
    this.#timers.add(run)
    return { cancel: () => void this.#timers.delete(run) }
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Lets every timer that is set run out. */
  elapse(): void {
    for (const run of this.#timers) {
      this.#timers.delete(run)
      run()
    }
  }
}
