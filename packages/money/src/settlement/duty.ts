import type { AccountKey } from '../ledger.ts'

/** What the process that leads says of a proxy contract to the others on its books. */
export interface Word {
  /** Why nothing may be served, in words; undefined while it may. */
  readonly obstacle: string | undefined
  /** The newest transaction of the contract that it has handled. */
  readonly lastLt: bigint
}

/** The part of a process in settlement. Of several on the same books one leads: it alone acts on the chain. */
export interface Duty {
  /** Whether this process leads; looked at right before each order. */
  mayAct(): boolean
  /** The newest word of the process that leads, for one that does not. */
  word(contract: AccountKey): Word
  /** So long after the leader has learnt something every other process knows it, or serves nothing. */
  readonly hearingMs: number
}

/** Nobody else is on these books. */
export const alone: Duty = {
  mayAct: () => true,
  word: () => ({ obstacle: undefined, lastLt: 0n }),
  hearingMs: 0,
}
