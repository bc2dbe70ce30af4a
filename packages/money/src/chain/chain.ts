import type { Cell } from '@ton/core'
import type { ContractAddress } from '../address.ts'

/**
 * What the network needs of TON. Every answer is about final blocks: such as a masterchain block refers to.
 * Every call has a deadline and rejects with a `chain-` MoneyError when it cannot be answered; none of them
 * changes anything but `send`, which may be called again with the same message.
 */
export interface Chain extends AsyncDisposable {
  /** The newest final masterchain block. Never goes back; a source that does is `chain-stale`. */
  head(): Promise<ChainHead>
  /**
   * Hash and time of the masterchain block of that number. Rejects with `chain-history` for one that the source does
   * not know: it is not made yet, or too old for it.
   */
  blockHash(seqno: number): Promise<BlockHash>
  /**
   * The account at the newest final block of the source that answers: `at` says which one it is. It can be some
   * blocks behind `head`, and behind an earlier answer of another source.
   */
  account(address: ContractAddress): Promise<AccountState>
  /**
   * The account's transactions after `afterLt`, oldest first, without a gap: `afterLt` 0 begins with the first.
   * At most `most` of them; ask again from the last one's `lt`. Rejects with `chain-history` where the source no
   * longer has what comes after `afterLt`.
   */
  transactions(
    address: ContractAddress,
    range: { afterLt: bigint; most?: number },
  ): Promise<ChainTransaction[]>
  /**
   * Hands in an external message, a bag of cells. Resolves when a source has taken it, which does not say that
   * it will be executed; `chain-refused` when the account would refuse it now. That can be because it was executed
   * already: where an answer was lost the message is handed in again, so look at the account before giving it up.
   */
  send(message: Uint8Array): Promise<void>
  /** What gas, messages and storage cost, from the chain's configuration. */
  fees(): Promise<ChainFees>
}

/** A block of the masterchain. */
export interface ChainBlock {
  readonly seqno: number
  /** Unix seconds at which the block was made. */
  readonly timeS: number
}

export interface BlockHash {
  /** Of the block's root cell, 64 hex digits. */
  readonly rootHash: string
  /** Unix seconds at which the block was made. */
  readonly timeS: number
}

export interface ChainHead extends ChainBlock, BlockHash {}

export interface AccountState {
  /** `absent` has no record at all; `uninitialised` has coins and no code. */
  readonly status: 'active' | 'uninitialised' | 'frozen' | 'absent'
  readonly balanceNano: bigint
  /** Of an active account. */
  readonly code: Cell | undefined
  /** Of an active account. */
  readonly data: Cell | undefined
  /** Logical time of its newest transaction; 0 before the first. */
  readonly lastLt: bigint
  /** The block that it is the state at. */
  readonly at: ChainBlock
}

export interface ChainTransaction {
  readonly account: ContractAddress
  readonly lt: bigint
  /** 64 hex digits. */
  readonly hash: string
  /** Unix seconds. */
  readonly timeS: number
  readonly inMessage: ChainMessage | undefined
  readonly outMessages: readonly ChainMessage[]
  /** Computed and acted without failure. A transaction whose computation was skipped did not succeed. */
  readonly isSuccess: boolean
  /** Of the computation; absent where it was skipped, as it is for a message that brings no gas. */
  readonly exitCode: number | undefined
  /** Of the actions; absent where there were none. */
  readonly actionCode: number | undefined
  /** All that the account paid for it. */
  readonly feesNano: bigint
}

export interface ChainMessage {
  readonly kind: 'internal' | 'external-in' | 'external-out'
  /** Absent where it came from outside. */
  readonly source: ContractAddress | undefined
  /** Absent where it goes outside. */
  readonly destination: ContractAddress | undefined
  readonly valueNano: bigint
  readonly isBounced: boolean
  readonly body: Cell
}

/** Prices of the base workchain. */
export interface ChainFees {
  /** Nanotons per unit of gas, times 65536. */
  readonly gasPrice: bigint
  readonly flatGasLimit: bigint
  readonly flatGasPriceNano: bigint
  readonly messageLumpNano: bigint
  /** Nanotons times 65536. */
  readonly messageBitPrice: bigint
  /** Nanotons times 65536. */
  readonly messageCellPrice: bigint
  /** Nanotons times 65536 for a bit and a second. */
  readonly storageBitPrice: bigint
  /** Nanotons times 65536 for a cell and a second. */
  readonly storageCellPrice: bigint
}
