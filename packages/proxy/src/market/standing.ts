/**
 * What the proxy has learned of one worker: how fast it answers and how often it succeeds. It outlives a
 * reconnect, so that dropping the connection cleans nobody's record.
 */
export class Standing {
  /** Moving average of the time of an answer, milliseconds; undefined until the first one. */
  latencyMs: number | undefined
  /** Moving average of outcomes, 1 = success. */
  success = 1
  succeeded = 0
  failed = 0
  #failuresInRow = 0
  #openUntil = 0
  #openForMs = 0
  #probing = false

  record(outcome: 'success' | 'failure', durationMs: number, now: number): void {
    this.#probing = false
    this.success += averagingWeight * ((outcome === 'success' ? 1 : 0) - this.success)
    if (outcome === 'success') {
      this.succeeded++
      this.#failuresInRow = 0
      this.#openForMs = 0
      this.#openUntil = 0
      this.latencyMs =
        this.latencyMs === undefined ? durationMs : this.latencyMs + averagingWeight * (durationMs - this.latencyMs)
      return
    }
    this.failed++
    this.#failuresInRow++
    if (this.#failuresInRow >= breakerFailures) {
      this.#openForMs = Math.min(breakerLongestMs, Math.max(breakerShortestMs, 2 * this.#openForMs))
      this.#openUntil = now + this.#openForMs
    }
  }

  /** The query was taken back before its outcome said anything of the worker. */
  forget(): void {
    this.#probing = false
  }

  /**
   * False while the circuit breaker is open. After its time one query at a time may probe the worker: the
   * caller that sends one says so with `probe`.
   */
  accepts(now: number): boolean {
    if (this.#failuresInRow < breakerFailures) return true
    return now >= this.#openUntil && !this.#probing
  }

  probe(): void {
    if (this.#failuresInRow >= breakerFailures) this.#probing = true
  }

  /** Queries at once that the record of a newcomer warrants: it grows with each success. */
  get rampLimit(): number {
    return this.succeeded >= rampSuccesses ? Number.POSITIVE_INFINITY : rampStart + 2 * this.succeeded
  }
}

const averagingWeight = 0.1
const breakerFailures = 5
const breakerShortestMs = 1_000
const breakerLongestMs = 60_000
const rampStart = 4
const rampSuccesses = 16

/** Standings by worker identity, kept for a while after the last connection of the worker has gone. */
export class Standings {
  readonly #standings = new Map<string, { standing: Standing; connections: number; goneAt: number }>()
  readonly #maxEntries: number
  readonly #keepMs: number

  constructor(options: { maxEntries?: number; keepMs?: number } = {}) {
    this.#maxEntries = options.maxEntries ?? 10_000
    this.#keepMs = options.keepMs ?? 600_000
  }

  join(identity: string, now: number): Standing {
    this.#evict(now)
    const known = this.#standings.get(identity)
    if (known !== undefined) {
      known.connections++
      return known.standing
    }
    const standing = new Standing()
    this.#standings.set(identity, { standing, connections: 1, goneAt: 0 })
    return standing
  }

  leave(identity: string, now: number): void {
    const known = this.#standings.get(identity)
    if (known === undefined) return
    known.connections--
    known.goneAt = now
    // Most recently gone last: eviction takes from the front.
    this.#standings.delete(identity)
    this.#standings.set(identity, known)
  }

  #evict(now: number): void {
    for (const [identity, { connections, goneAt }] of this.#standings) {
      if (connections > 0) {
        if (this.#standings.size <= this.#maxEntries) return
        continue
      }
      if (now - goneAt < this.#keepMs && this.#standings.size <= this.#maxEntries) return
      this.#standings.delete(identity)
    }
  }
}
