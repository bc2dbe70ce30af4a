import type { AccountKey } from '../ledger.ts'

/** What settlement tells a role's log. Nothing in it is a key or a secret. */
export type SettlementEvent =
  /** A transaction was ordered from the wallet, for the first time or once more. */
  | { readonly event: 'chain-order'; readonly order: string; readonly valueNano: bigint }
  | { readonly event: 'chain-order-done'; readonly order: string }
  | { readonly event: 'chain-order-failed'; readonly order: string; readonly why: string }
  /** A state of the books was confirmed: payments up to it are signed. */
  | { readonly event: 'books-confirmed'; readonly seqno: number }
  /** What the chain says cannot be of these books: nothing is served any more. */
  | { readonly event: 'books-rolled-back'; readonly why: string }
  | {
      readonly event: 'client-contract'
      readonly client: AccountKey
      readonly phase: string
      readonly balanceNano: bigint
    }
  | { readonly event: 'worker-paid'; readonly worker: AccountKey; readonly tokens: bigint }
  /** Nothing is paid in, although it should be. */
  | { readonly event: 'deposit-held-back'; readonly why: string }
  /** One look at the chain, or one step, failed; it is tried again. */
  | { readonly event: 'settlement-failed'; readonly why: string }

export type SettlementReport = (event: SettlementEvent) => void
