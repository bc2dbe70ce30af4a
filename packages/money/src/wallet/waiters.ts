import type { Outcome } from './outcome.ts'

interface Waiter {
  resolve(outcome: Outcome): void
  reject(error: Error): void
}

/** Who waits for the outcome of which message. */
export class Waiters {
  readonly #waiters = new Map<string, Set<Waiter>>()

  /** Rejects with the signal's reason if that aborts first. */
  wait(id: string, signal: AbortSignal | undefined): Promise<Outcome> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(id) ?? new Set()
      this.#waiters.set(id, waiters)
      const end = (): void => {
        signal?.removeEventListener('abort', abort)
        waiters.delete(waiter)
        if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id)
      }
      const waiter: Waiter = {
        resolve: outcome => {
          end()
          resolve(outcome)
        },
        reject: error => {
          end()
          reject(error)
        },
      }
      const abort = (): void => waiter.reject(signal?.reason)
      signal?.addEventListener('abort', abort)
      waiters.add(waiter)
    })
  }

  /** Resolves for those whose message has an outcome by now. */
  tell(outcomeOf: (id: string) => Outcome | undefined): void {
    for (const [id, waiters] of this.#waiters) {
      const outcome = outcomeOf(id)
      if (outcome !== undefined) for (const waiter of waiters) waiter.resolve(outcome)
    }
  }

  fail(error: Error): void {
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.reject(error)
  }
}
