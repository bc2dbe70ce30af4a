import { MoneyError } from '../error.ts'

/**
 * Makes many changes durable at once. While one commit is under way the next one gathers: however slow the disk,
 * whoever waits does so for two commits at most.
 */
export class GroupCommit {
  readonly #write: () => Promise<void>
  #next: PromiseWithResolvers<void> | undefined
  #isWriting = false
  #failure: unknown

  /** `write` makes durable whatever changed up to its call. */
  constructor(write: () => Promise<void>) {
    this.#write = write
  }

  /** Resolves once all that has changed up to now is durable. After a failure it always rejects with that. */
  commit(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure as Error)
    if (this.#next === undefined) {
      this.#next = Promise.withResolvers()
      if (!this.#isWriting) {
        this.#isWriting = true
        queueMicrotask(() => void this.#run())
      }
    }
    return this.#next.promise
  }

  /** Throws what the commit that failed rejected with. */
  requireSound(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Nothing more is taken. */
  close(): void {
    this.#failure ??= new MoneyError('storage', 'The database is closed. Open it again')
  }

  async #run(): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined
      try {
        this.requireSound()
        await this.#write()
        next.resolve()
      } catch (error) {
        this.#failure ??= error
        next.reject(error)
      }
    }
    this.#isWriting = false
  }
}
