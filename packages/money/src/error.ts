/** What went wrong with money, as a program can tell it apart. */
export type MoneyErrorCode =
  /** Text or numbers that are not a TON address; correct the address. */
  | 'address'
  /** A root configuration that does not fit; correct the file. */
  | 'config'
  /** A proxy whose contract is not what this side's root configuration makes of it; both must hold the same one. */
  | 'contract'
  /** A key of the wrong length; correct the key. */
  | 'key'
  /** An amount below zero, with a fraction, or above its limit; the caller or the peer is faulty. */
  | 'amount'
  /** A signed payment that does not have the one allowed layout; the sender is faulty. */
  | 'payment-malformed'
  /** A signed payment of another kind than the one expected; the sender is faulty. */
  | 'payment-kind'
  /** A signed payment that names another contract; it is worth nothing to the receiver. */
  | 'payment-contract'
  /** A signed payment that the expected key did not sign; it is worth nothing to anybody. */
  | 'payment-signature'
  /** The client cannot cover the reservation; it may retry after a top-up or when running queries end. */
  | 'balance'
  /** No account was opened for this owner; open it first. */
  | 'account-unknown'
  /** No reservation carries this request id, or its end was too long ago to remember. */
  | 'request-unknown'
  /** The request id was used before for something else; request ids must be unique. */
  | 'request-conflict'
  /** The reservation was released before the charge came: nothing can be charged any more. */
  | 'request-released'
  /** A note of more than 4 KiB for the end of a request; the caller is faulty. */
  | 'note-size'
  /** A payment for more tokens than the chain has seen committed; commit before signing. */
  | 'uncommitted'
  /** A bound of the ledger was reached; retry later. */
  | 'limit'
  /** The database could not be read or written; what was asked may be there or not. Open it again, then repeat. */
  | 'storage'
  /** The books do not balance: nothing is charged any more until a person has looked. */
  | 'unbalanced'
  /** Another process on the same books acts on the chain; ask that one. */
  | 'not-leading'
  /** The chain knows a later state than the books, or one of another copy of them: an old backup or a second copy runs. */
  | 'rolled-back'
  /** No source of the chain answers; retry later or name another one. */
  | 'chain-unreachable'
  /** Every source asks for fewer calls; retry later. */
  | 'chain-busy'
  /** A source answered what makes no sense; use another one. */
  | 'chain-answer'
  /** A source is behind the others, behind the clock, or behind what it said before; use another one. */
  | 'chain-stale'
  /** The source keeps no transactions that old, or knows no such block; name one with an archive. */
  | 'chain-history'
  /** The account would not execute the message; the message says why. */
  | 'chain-refused'
  /** Data of a contract that do not have the layout of any known version. */
  | 'contract-data'
  /** The wallet cannot pay for it; send coins to the wallet. */
  | 'wallet-balance'
  /** The wallet's owner has blocked it; unblock it first. */
  | 'wallet-blocked'
  /** A transaction was executed and failed; the message gives its exit code in words. */
  | 'transaction-failed'
  /** The local chain cannot do what was asked of it; the message says why. */
  | 'devnet'
  /** Another program listens on the port; stop it or choose another one. */
  | 'port-in-use'
  /** It was closed before it had an answer; open it again and ask. */
  | 'closed'

/** The amounts, in adjusted tokens, that a refused reservation was decided on. */
export interface BalanceFigures {
  readonly requested: bigint
  readonly available: bigint
  readonly paid: bigint
  readonly stake: bigint
  readonly used: bigint
  readonly reserved: bigint
}

/** Every failure that this package reports. */
export class MoneyError extends Error {
  override readonly name = 'MoneyError'
  readonly code: MoneyErrorCode
  /** With code `balance`. */
  readonly figures: BalanceFigures | undefined

  constructor(code: MoneyErrorCode, message: string, options?: ErrorOptions & { figures?: BalanceFigures }) {
    super(message, options)
    this.code = code
    this.figures = options?.figures
  }
}
