/** A block of the devnet. Masterchain block and basechain block of a number are made at once. */
export interface BlockRecord {
  /** Of the masterchain and of the basechain. */
  readonly seqno: number
  /** Unix seconds. */
  readonly timeS: number
  readonly startLt: bigint
  readonly endLt: bigint
  /** 64 hex digits, a hash over what it holds and the block before it. */
  readonly hash: string
  readonly transactionCount: number
}

export interface TransactionRecord {
  /** `0:<64 hex digits>`. */
  readonly account: string
  readonly lt: bigint
  /** 64 hex digits. */
  readonly hash: string
  readonly seqno: number
  /** Bag of cells of the transaction. */
  readonly boc: Uint8Array
  /** The account after it: a `ShardAccount`, a bag of cells in base64. */
  readonly accountAfter: string
  /** Hash of the message that it executed, 64 hex digits; empty where there is none. */
  readonly inMessageHash: string
  /** Hash of the same without what signing leaves open; the message's own for internal ones. */
  readonly inMessageNormHash: string
}

/** An external message that waits for a block. */
export interface WaitingMessage {
  readonly hash: string
  readonly boc: Uint8Array
}

/** What a block changes, written at once or not at all. */
export interface BlockChange {
  readonly block: BlockRecord
  readonly transactions: readonly TransactionRecord[]
  /** Externals that it executed or threw away. */
  readonly taken: readonly string[]
  /** Internal messages that wait for the next block, in order. */
  readonly carried: readonly Uint8Array[]
}

/** Which transactions are asked for: those with `fromLt <= lt <= toLt`. */
export interface TransactionRange {
  readonly fromLt: bigint
  /** Up to the newest if absent. */
  readonly toLt?: bigint
  readonly most: number
  readonly skip?: number
  readonly isNewestFirst: boolean
}
