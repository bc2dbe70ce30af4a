import { createHash } from 'node:crypto'
import type { Address } from '@ton/core'
import { type AccountBoc, keyOf } from './accounts.ts'
import type { Blockchain } from './blockchain.ts'
import type { BlockRecord, TransactionRange, TransactionRecord } from './records.ts'

/** What one request sees of the chain: all of it up to one block, which is the newest unless a fault says otherwise. */
export class View {
  readonly chain: Blockchain
  readonly head: BlockRecord
  readonly #isNewest: boolean

  constructor(chain: Blockchain, staleBlocks = 0) {
    this.chain = chain
    const newest = chain.head
    this.head =
      staleBlocks === 0 ? newest : (chain.archive.block(Math.max(1, newest.seqno - staleBlocks)) ?? newest)
    this.#isNewest = this.head.seqno === newest.seqno
  }

  account(address: Address): AccountBoc | undefined {
    if (this.#isNewest) return this.chain.account(address)
    const [last] = this.search([keyOf(address)], { most: 1, isNewestFirst: true })
    return last?.accountAfter ?? this.chain.accountAtGenesis(address)
  }

  /** Transactions of these accounts, or of all if there are none. */
  search(
    accounts: readonly string[],
    range: Omit<TransactionRange, 'fromLt'> & { readonly fromLt?: bigint },
  ): TransactionRecord[] {
    const { fromLt = 0n, toLt } = range
    return this.chain.archive.search(accounts, { ...range, fromLt, toLt: this.#lastLt(toLt) })
  }

  isKnown(record: TransactionRecord | undefined): record is TransactionRecord {
    return record !== undefined && record.seqno <= this.head.seqno
  }

  block(seqno: number): BlockRecord | undefined {
    return seqno > this.head.seqno ? undefined : this.chain.archive.block(seqno)
  }

  /** A block never holds what is after the last one that is seen. */
  #lastLt(toLt: bigint | undefined): bigint {
    return toLt === undefined || toLt > this.head.endLt ? this.head.endLt : toLt
  }
}

/** The name of the one shard of either chain: all of it. */
export const shard = '-9223372036854775808'

/** Hashes of one of the two blocks that a record stands for; nothing but names, since no real block is made. */
export function blockHashes({ hash }: BlockRecord, workchain: number): { root: string; file: string } {
  const named = (what: string): string =>
    createHash('sha256').update(`${what} ${workchain} ${hash}`).digest('base64')
  return { root: named('root'), file: named('file') }
}
