import type { World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'

/**
 * From the start of one commit to the next, where several wait for one. Each commit costs the event loop as much
 * as some hundred charges: at many charges a second it is worth a short wait.
 */
const commitEveryMs = 4

/**
 * Makes many changes durable at once. While one commit is under way the next one gathers: however slow the disk,
 * whoever waits does so for two commits at most.
 */
export class GroupCommit {
  readonly #write: () => Promise<void>
  readonly #hold: () => Disposable
  readonly #world: Pick<World, 'after' | 'monotonic'>
  #next: PromiseWithResolvers<void> | undefined
  /** How many wait for the next commit. */
  #waiting = 0
  #isWriting = false
  #failure: unknown

  /** `write` makes durable whatever changed up to its call. `hold` keeps the process alive. */
  constructor(options: {
    world: Pick<World, 'after' | 'monotonic'>
    write: () => Promise<void>
    hold: () => Disposable
  }) {
    this.#world = options.world
    this.#write = options.write
    this.#hold = options.hold
  }

  /** Resolves once all that has changed up to now is durable. After a failure it always rejects with that. */
  commit(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure as Error)
    this.#waiting++
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
      const startedMs = this.#world.monotonic()
      const several = this.#waiting > 1
      this.#next = undefined
      this.#waiting = 0
      try {
        this.requireSound()
        await this.#write()
        next.resolve()
      } catch (error) {
        this.#failure ??= error
        next.reject(error)
      }
      if (several) await this.#pause(startedMs + commitEveryMs - this.#world.monotonic())
    }
    this.#isWriting = false
  }

  async #pause(durationMs: number): Promise<void> {
    if (durationMs <= 0) return
    using _ = this.#hold()
    await new Promise<void>(resolve => void this.#world.after(durationMs, resolve))
  }
}
