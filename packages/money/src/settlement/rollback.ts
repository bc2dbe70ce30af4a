import type { Store } from '../store/store.ts'
import type { StoreChanges } from '../watch/account-watch.ts'

/**
 * What was found that cannot be of these books, durable: a restart forgets it no more than the chain does. Only a
 * person can tell which copy of the books is the right one.
 */
export class Rollback {
  readonly #store: Store
  readonly #key: string
  #why: string | undefined

  constructor(store: Store, prefix: string) {
    this.#store = store
    this.#key = `${prefix}/rolled-back`
    this.#why = store.get(this.#key)
  }

  /** In words; undefined while nothing was found. */
  get why(): string | undefined {
    return this.#why
  }

  /** Takes what was found, if it is the first, and says what to write. */
  found(what: string): StoreChanges {
    this.#why ??=
      `These books are older than what the chain knows, or another copy of them runs: ${what}. ` +
      'Stop other copies, or restore the newest database'
    return new Map([[this.#key, this.#why]])
  }

  /** A person says that these are the right books, and that no other copy runs. */
  async forget(): Promise<void> {
    await this.#store.write(new Map([[this.#key, undefined]]))
    this.#why = undefined
  }
}
