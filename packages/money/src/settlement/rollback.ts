import type { AccountKey, Ledger } from '../ledger.ts'
import type { Store } from '../store/store.ts'
import type { StoreChanges } from '../watch/account-watch.ts'
import type { SettlementReport } from './event.ts'

/**
 * What was found that cannot be of these books, durable: a restart forgets it no more than the chain does. Only a
 * person can tell which copy of the books is the right one.
 */
export class Rollback {
  readonly #store: Store
  readonly #key: string
  readonly #ledger: Ledger
  readonly #report: SettlementReport
  #why: string | undefined

  constructor(options: { store: Store; prefix: string; ledger: Ledger; report: SettlementReport }) {
    const { store, prefix, ledger, report } = options
    this.#store = store
    this.#key = `${prefix}/rolled-back`
    this.#ledger = ledger
    this.#report = report
    this.#why = store.get(this.#key)
  }

  /** In words; undefined while nothing was found. */
  get why(): string | undefined {
    return this.#why
  }

  /** What the chain has charged or paid so far cannot be more than the books know of. Says what to write. */
  async compare(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): Promise<StoreChanges> {
    if (tokens <= this.#ledger[party](owner).max) return new Map()
    // Another process may have charged as much meanwhile.
    await this.#ledger.refresh?.()
    const { max } = this.#ledger[party](owner)
    if (tokens <= max) return new Map()
    const did = party === 'client' ? 'was charged' : 'was paid for'
    return this.found(`${party} ${owner} ${did} ${tokens} tokens, and the books know of ${max}`)
  }

  /** Takes what was found, if it is the first: nothing is served or signed from now on. Says what to write. */
  found(what: string): StoreChanges {
    const isFirst = this.#why === undefined
    this.#why ??=
      `These books are older than what the chain knows, or another copy of them runs: ${what}. ` +
      'Stop other copies, or restore the newest database'
    if (isFirst) this.#report({ event: 'books-rolled-back', why: this.#why })
    return new Map([[this.#key, this.#why]])
  }

  /** A person says that these are the right books, and that no other copy runs. */
  async forget(): Promise<void> {
    await this.#store.write(new Map([[this.#key, undefined]]))
    this.#why = undefined
  }
}
