import {
  type Account,
  Address,
  beginCell,
  Cell,
  loadShardAccount,
  type ShardAccount,
  type StateInit,
  storeShardAccount,
} from '@ton/core'
import { createEmptyShardAccount, createShardAccount } from '@ton/sandbox'
import { addressKey, type ContractAddress, contractAddress } from '../address.ts'
import type { AccountState, ChainBlock } from '../chain/chain.ts'

/** A `ShardAccount` as the chain keeps it: a bag of cells in base64. */
export type AccountBoc = string

export function parseAccount(boc: AccountBoc): ShardAccount {
  return loadShardAccount(Cell.fromBase64(boc).beginParse())
}

/** The account before anything was sent to it. */
export function emptyAccount(address: Address): AccountBoc {
  return accountBoc(createEmptyShardAccount(address))
}

export function activeAccount(address: Address, init: StateInit, balanceNano: bigint): AccountBoc {
  const { code, data } = init
  return accountBoc(
    createShardAccount({ address, code: code ?? new Cell(), data: data ?? new Cell(), balance: balanceNano }),
  )
}

function accountBoc(account: ShardAccount): AccountBoc {
  return beginCell().store(storeShardAccount(account)).endCell().toBoc().toString('base64')
}

export function tonAddress({ workchain, hash }: ContractAddress): Address {
  return new Address(workchain, Buffer.from(hash, 'hex'))
}

export function ownAddress({ workChain, hash }: Address): ContractAddress {
  return contractAddress(workChain, hash)
}

/** `0:<64 hex digits>`, the key under which the chain keeps an account. */
export function keyOf(address: Address): string {
  return addressKey(ownAddress(address))
}

/** The state as the seam tells it. */
export function accountState(boc: AccountBoc | undefined, at: ChainBlock): AccountState {
  const shard = boc === undefined ? undefined : parseAccount(boc)
  const account = shard?.account ?? undefined
  const active = activeState(account)
  return {
    status: statusOf(account),
    balanceNano: account?.storage.balance.coins ?? 0n,
    code: active?.code ?? undefined,
    data: active?.data ?? undefined,
    lastLt: shard?.lastTransactionLt ?? 0n,
    at,
  }
}

export function statusOf(account: Account | null | undefined): AccountState['status'] {
  const type = account?.storage.state.type
  if (type === undefined) return 'absent'
  return type === 'uninit' ? 'uninitialised' : type
}

export function activeState(account: Account | null | undefined): StateInit | undefined {
  const state = account?.storage.state
  return state?.type === 'active' ? state.state : undefined
}

/** Hash of the account's own cell, base64. */
export function accountHash(boc: AccountBoc): string {
  return Cell.fromBase64(boc).refs[0]!.hash().toString('base64')
}
