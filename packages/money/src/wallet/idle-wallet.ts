import type { ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import type { NodeWallet } from './node-wallet.ts'

/** What of a node wallet its role uses. */
export type RoleWallet = Pick<NodeWallet, 'address' | 'view' | 'send' | 'outcome' | 'openIds'>

/** Stands for a wallet that another process sends from: sends nothing, and rejects with `not-leading`. */
export function idleWallet(address: ContractAddress): RoleWallet {
  return {
    address,
    view: {
      address,
      balanceNano: undefined,
      seqno: undefined,
      waiting: undefined,
      onTheirWay: undefined,
      problem: undefined,
    },
    send: () => Promise.reject(notLeading()),
    outcome: () => Promise.reject(notLeading()),
    openIds: () => [],
  }
}

export function notLeading(): MoneyError {
  return new MoneyError(
    'not-leading',
    'Another process on the same books acts on the chain for all of them. Ask that one',
  )
}
