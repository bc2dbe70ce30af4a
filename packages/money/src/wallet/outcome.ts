import { addressKey, sameAddress, type ContractAddress } from '../address.ts'
import type { ChainTransaction } from '../chain/chain.ts'
import { describeFailure } from '../contracts/exit.ts'
import { MoneyError } from '../error.ts'

/** What became of a message, for good. `words` are for people. */
export type Outcome =
  /**
   * The destination has it. `isSkipped`: without running, as where the message brought no gas (such a one tells what
   * it tells by being there), or where no code is.
   */
  | { readonly kind: 'delivered'; readonly transaction: TransactionId; readonly isSkipped: boolean }
  /** The destination refused it or could not do what it wanted to. `isReturned`: the coins came back. */
  | {
      readonly kind: 'failed'
      readonly transaction: TransactionId
      readonly exitCode: number | undefined
      readonly actionCode: number | undefined
      readonly isReturned: boolean
      readonly words: string
    }
  /** Nothing ran at the destination and the coins came back: it has no code. */
  | { readonly kind: 'bounced'; readonly transaction: TransactionId; readonly words: string }
  /** It never left the wallet, and never will. */
  | { readonly kind: 'not-sent'; readonly words: string }
  /** It left the wallet, and the chain's source does not show what it caused. */
  | { readonly kind: 'unknown'; readonly words: string }

/** A transaction at the destination. */
export interface TransactionId {
  /** Logical time, decimal. */
  readonly lt: string
  /** 64 hex digits. */
  readonly hash: string
}

/** What a destination's transaction made of the message that caused it. */
export function judge(transaction: ChainTransaction, wallet: ContractAddress): Outcome {
  const { exitCode, actionCode, account } = transaction
  const id = { lt: String(transaction.lt), hash: transaction.hash }
  if (transaction.isSuccess) return { kind: 'delivered', transaction: id, isSkipped: false }
  const isReturned = transaction.outMessages.some(
    ({ isBounced, destination }) =>
      isBounced && destination !== undefined && sameAddress(destination, wallet),
  )
  if (exitCode !== undefined) {
    const words = describeFailure(transaction)!
    return { kind: 'failed', transaction: id, exitCode, actionCode, isReturned, words }
  }
  if (!isReturned) return { kind: 'delivered', transaction: id, isSkipped: true }
  return {
    kind: 'bounced',
    transaction: id,
    words: `There is no contract at ${addressKey(account)}, and the coins came back`,
  }
}

/** The failure in an outcome as `MoneyError('transaction-failed')`; undefined for what was delivered. */
export function outcomeError(outcome: Outcome): MoneyError | undefined {
  if (outcome.kind === 'delivered') return undefined
  return new MoneyError('transaction-failed', outcome.words)
}
