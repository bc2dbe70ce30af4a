import type { Cell } from '@ton/core'
import { addressKey, type ContractAddress } from '../address.ts'
import type { ChainTransaction } from './chain.ts'
import { chainError, isOversized, reading } from './failure.ts'
import { readTransaction, type LinkedTransaction, type TransactionId } from './transaction.ts'

/** Transactions that one call returns unless it asks for fewer. */
const defaultTransactions = 100
/** As many as one call returns at most. */
export const maxTransactions = 1_000
/** Accounts of which places in the history are remembered. */
const maxRememberedAccounts = 256
/** Places that are remembered of one account. */
const maxPlaces = 1_024

/** Transactions of one answer; fewer where these are too large for one. Liteservers give no more. */
const maxPage = 16

/** How a source tells an account's history: backwards. */
export interface HistorySource {
  /** Undefined where there is no transaction yet. */
  newest(): Promise<TransactionId | undefined>
  /** Up to `most` transactions from `from` on backwards, newest first; none where the source keeps them no longer. */
  page(from: TransactionId, most: number): Promise<readonly Cell[]>
}

/**
 * Turns histories told backwards into ones told forwards. Each transaction is the cell whose hash the next one, or
 * the account, names: a source can withhold what is newest, and nothing in between.
 *
 * Places that a long walk has come by are remembered, so that the next call goes on from there, and a history that
 * one call has no time for is read by several.
 */
export class History {
  readonly #source: string
  /** By account, newest first. */
  readonly #places = new Map<string, TransactionId[]>()

  constructor(source: string) {
    this.#source = source
  }

  /**
   * The transactions after `afterLt`, oldest first and without a gap; at most `most`, and fewer may be returned
   * while there are more, but never none. Rejects with `chain-history` and `chain-answer`.
   */
  async after(
    account: ContractAddress,
    range: { afterLt: bigint; most?: number | undefined },
    told: HistorySource,
  ): Promise<ChainTransaction[]> {
    const { afterLt } = range
    const most = Math.max(1, Math.min(range.most ?? defaultTransactions, maxTransactions))
    const key = addressKey(account)
    let at = this.#placeAfter(key, afterLt) ?? (await told.newest())
    let kept: LinkedTransaction[] = []
    try {
      while (at !== undefined && at.lt > afterLt) {
        const page = this.#read(account, at, afterLt, await pageOf(told, at))
        kept = [...kept, ...page].slice(-most)
        at = page.at(-1)?.previous
        this.#remember(key, at, afterLt)
      }
    } catch (cause) {
      // A place that the source denies now must not stand in the way of the next call.
      if (kept.length === 0) this.#places.delete(key)
      throw cause
    }
    return kept.map(({ transaction }) => transaction).toReversed()
  }

  /** The transactions of a page that come after `afterLt`, each held against the one that named it. */
  #read(
    account: ContractAddress,
    from: TransactionId,
    afterLt: bigint,
    cells: readonly Cell[],
  ): LinkedTransaction[] {
    const page: LinkedTransaction[] = []
    let due = from
    for (const cell of cells) {
      if (due.lt <= afterLt) break
      const linked = reading(this.#source, 'transaction', () => readTransaction(cell, account.workchain))
      const { lt, hash } = linked.transaction
      if (lt !== due.lt || hash !== due.hash || linked.transaction.account.hash !== account.hash) {
        throw chainError('chain-answer', this.#source, `answers with another transaction than ${due.lt}`)
      }
      page.push(linked)
      due = linked.previous
    }
    if (page.length > 0) return page
    throw chainError(
      'chain-history',
      this.#source,
      `keeps no transaction ${from.lt} of ${addressKey(account)}. Name a source with an archive`,
    )
  }

  #placeAfter(key: string, afterLt: bigint): TransactionId | undefined {
    return this.#places.get(key)?.findLast(({ lt }) => lt > afterLt)
  }

  #remember(key: string, place: TransactionId | undefined, afterLt: bigint): void {
    const places = (this.#places.get(key) ?? []).filter(({ lt }) => lt > afterLt)
    this.#places.delete(key)
    if (place !== undefined && place.lt > afterLt) {
      places.push(place)
      places.sort((a, b) => (a.lt < b.lt ? 1 : -1))
    }
    if (places.length === 0) return
    this.#places.set(key, places.slice(-maxPlaces))
    const [oldest] = this.#places.keys()
    if (this.#places.size > maxRememberedAccounts && oldest !== undefined) this.#places.delete(oldest)
  }
}

/** A page that is too large for one answer is asked for in smaller ones. */
async function pageOf(told: HistorySource, from: TransactionId): Promise<readonly Cell[]> {
  for (let most = maxPage; most > 1; most >>= 2) {
    try {
      return await told.page(from, most)
    } catch (cause) {
      if (!isOversized(cause)) throw cause
    }
  }
  return told.page(from, 1)
}
