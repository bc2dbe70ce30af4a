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
  #openUntil = Number.NEGATIVE_INFINITY
  #openForMs = 0
  #probing = false

  /** `now` is of a clock that never goes back. */
  record(outcome: 'success' | 'failure', durationMs: number, now: number): void {
    this.success += averagingWeight * ((outcome === 'success' ? 1 : 0) - this.success)
    if (outcome === 'success') {
      this.succeeded++
      this.#failuresInRow = 0
      this.#openForMs = 0
      this.#openUntil = Number.NEGATIVE_INFINITY
      this.latencyMs =
        this.latencyMs === undefined
          ? durationMs
          : this.latencyMs + averagingWeight * (durationMs - this.latencyMs)
      return
    }
    this.failed++
    this.#failuresInRow++
    // What fails while the breaker is open was under way before: it is one failure, not one more each.
    if (this.#failuresInRow >= breakerFailures && now >= this.#openUntil) {
      this.#openForMs = Math.min(breakerLongestMs, Math.max(breakerShortestMs, 2 * this.#openForMs))
      this.#openUntil = now + this.#openForMs
    }
  }

  /**
   * False while the circuit breaker is open. After its time one query at a time may probe the worker: whoever
   * sends one says so with `probe`.
   */
  accepts(now: number): boolean {
    if (this.#failuresInRow < breakerFailures) return true
    return now >= this.#openUntil && !this.#probing
  }

  /** When an open breaker lets a query through again, in the time that `record` is given. */
  get acceptsAt(): number {
    return this.#openUntil
  }

  /** A query goes to the worker. True if it is a probe: `probed` is due when it ends, whatever its outcome. */
  probe(): boolean {
    if (this.#failuresInRow < breakerFailures) return false
    this.#probing = true
    return true
  }

  probed(): void {
    this.#probing = false
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
  readonly #present = new Map<string, { standing: Standing; connections: number }>()
  /** The longest gone first. */
  readonly #gone = new Map<string, { standing: Standing; goneAt: number }>()
  readonly #maxEntries: number
  readonly #keepMs: number

  constructor(options: { maxEntries?: number; keepMs?: number } = {}) {
    this.#maxEntries = options.maxEntries ?? 10_000
    this.#keepMs = options.keepMs ?? 600_000
  }

  join(identity: string, now: number): Standing {
    this.#evict(now)
    const present = this.#present.get(identity)
    if (present !== undefined) {
      present.connections++
      return present.standing
    }
    const standing = this.#gone.get(identity)?.standing ?? new Standing()
    this.#gone.delete(identity)
    this.#present.set(identity, { standing, connections: 1 })
    return standing
  }

  leave(identity: string, now: number): void {
    const present = this.#present.get(identity)
    if (present === undefined) return
    present.connections--
    if (present.connections > 0) return
    this.#present.delete(identity)
    this.#gone.set(identity, { standing: present.standing, goneAt: now })
  }

  #evict(now: number): void {
    for (const [identity, { goneAt }] of this.#gone) {
      const tooMany = this.#present.size + this.#gone.size > this.#maxEntries
      if (now - goneAt < this.#keepMs && !tooMany) return
      this.#gone.delete(identity)
    }
  }
}
