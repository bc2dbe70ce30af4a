import type { Timer, World } from '@cocoon/wire'

/** A worker's record, which outlives its connections, as far as it is followed here. */
interface Standing {
  readonly succeeded: number
  readonly failed: number
  readonly latencyMs: number | undefined
}

interface Recorded {
  readonly standing: Standing
}

/** What a worker did in about the last ten minutes. */
export interface Recent {
  queries: number
  succeeded: number
  seconds: number
}

interface Entry extends Recent {
  seenSucceeded: number
  seenFailed: number
}

const windowS = 600
const sampleEveryMs = 5_000

/** Counts of the last ten minutes for each worker: older queries fade out of them. */
export class RecentWork implements Disposable {
  readonly #world: World
  readonly #workers: () => Iterable<Recorded>
  readonly #entries = new WeakMap<Standing, Entry>()
  #sampledAtMs: number
  #timer: Timer | undefined

  constructor(world: World, workers: () => Iterable<Recorded>) {
    this.#world = world
    this.#workers = workers
    this.#sampledAtMs = world.monotonic()
    this.#sampleLater()
  }

  of(worker: Recorded): Recent {
    this.#sample()
    const { queries, succeeded, seconds } = this.#entryOf(worker.standing)
    return { queries: Math.round(queries), succeeded: Math.round(succeeded), seconds }
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #sampleLater(): void {
    this.#timer = this.#world.after(sampleEveryMs, () => {
      this.#sample()
      this.#sampleLater()
    })
  }

  #sample(): void {
    const nowMs = this.#world.monotonic()
    const kept = Math.exp(-(nowMs - this.#sampledAtMs) / 1000 / windowS)
    this.#sampledAtMs = nowMs
    for (const standing of new Set(Array.from(this.#workers(), worker => worker.standing))) {
      const entry = this.#entryOf(standing)
      const { succeeded, failed, latencyMs = 0 } = standing
      const newSucceeded = succeeded - entry.seenSucceeded
      const newQueries = newSucceeded + failed - entry.seenFailed
      entry.queries = entry.queries * kept + newQueries
      entry.succeeded = entry.succeeded * kept + newSucceeded
      entry.seconds = entry.seconds * kept + (newSucceeded * latencyMs) / 1000
      entry.seenSucceeded = succeeded
      entry.seenFailed = failed
    }
  }

  #entryOf(standing: Standing): Entry {
    let entry = this.#entries.get(standing)
    if (entry === undefined) {
      entry = { queries: 0, succeeded: 0, seconds: 0, seenSucceeded: 0, seenFailed: 0 }
      this.#entries.set(standing, entry)
    }
    return entry
  }
}
