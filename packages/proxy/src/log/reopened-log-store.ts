import type { LogBatch, LogCommit, LogHead, LogStore } from '@cocoon/trust/log'
import type { World } from '@cocoon/wire'
import { ProxyError } from '../error.ts'

/** After a failure, until a store is opened again, milliseconds. */
const reopenMs = 10_000
/** For a disk to let go of the store that has failed: one that hangs is not waited for. */
const closeMs = 10_000

/**
 * A store that is opened again once it has failed: a disk that was full has room by then, and what does not come back
 * fails as before. `open` makes one whose calls reject with `ProxyError('log')` where it cannot be used any more.
 */
export function reopenedLogStore(open: () => LogStore, world: Pick<World, 'monotonic' | 'after'>): LogStore {
  return new ReopenedLogStore(open, world)
}

class ReopenedLogStore implements LogStore {
  readonly #open: () => LogStore
  readonly #world: Pick<World, 'monotonic' | 'after'>
  #store: LogStore
  #failedAt: number | undefined
  #reopening: Promise<void> | undefined

  constructor(open: () => LogStore, world: Pick<World, 'monotonic' | 'after'>) {
    this.#open = open
    this.#world = world
    this.#store = open()
  }

  head(): Promise<LogHead | undefined> {
    return this.#use(store => store.head())
  }

  published(): Promise<LogHead | undefined> {
    return this.#use(store => store.published())
  }

  tile(level: number, index: number): Promise<Uint8Array | undefined> {
    return this.#use(store => store.tile(level, index))
  }

  entries(first: number, count: number): Promise<Uint8Array[]> {
    return this.#use(store => store.entries(first, count))
  }

  find(leaf: Uint8Array): Promise<number | undefined> {
    return this.#use(store => store.find(leaf))
  }

  lastBatch(writer: string): Promise<LogBatch | undefined> {
    return this.#use(store => store.lastBatch(writer))
  }

  commit(commit: LogCommit): Promise<void> {
    return this.#use(store => store.commit(commit))
  }

  publish(head: LogHead): Promise<void> {
    return this.#use(store => store.publish(head))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTime(this.#reopening)
    await this.#inTime(this.#store[Symbol.asyncDispose]())
  }

  async #use<Value>(ask: (store: LogStore) => Promise<Value>): Promise<Value> {
    const isDue = this.#failedAt !== undefined && this.#world.monotonic() - this.#failedAt >= reopenMs
    if (isDue) this.#reopening ??= this.#reopen().finally(() => (this.#reopening = undefined))
    await this.#inTime(this.#reopening)
    const store = this.#store
    try {
      return await ask(store)
    } catch (error) {
      const hasFailed = error instanceof ProxyError && error.code === 'log' && store === this.#store
      if (hasFailed) this.#failedAt ??= this.#world.monotonic()
      throw error
    }
  }

  async #inTime(closing: PromiseLike<void> | undefined): Promise<void> {
    if (closing === undefined) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = this.#world.after(closeMs, resolve)
    await Promise.race([closing, late]).finally(() => timer.cancel())
  }

  /** The old one first: a file has one owner. */
  async #reopen(): Promise<void> {
    await this.#store[Symbol.asyncDispose]()
    this.#store = this.#open()
    this.#failedAt = undefined
  }
}
