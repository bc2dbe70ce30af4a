import type { Address, Cell } from '@ton/core'
import { type AccountBoc, accountHash, activeState, keyOf, parseAccount } from '../accounts.ts'
import type { View } from '../view.ts'
import { base64, bocOf, friendly, type Json } from './shapes.ts'

/** `0:<64 HEX DIGITS>`: so the third version writes addresses. */
export function rawAddress(address: Address): string {
  return keyOf(address).toUpperCase()
}

/** A number of 256 bits, as base64. */
export function hashOf(number: bigint): string {
  return base64(number.toString(16).padStart(64, '0'))
}

export function addressBook(addresses: Iterable<Address>): Json {
  return Object.fromEntries(
    [...addresses].map(address => [
      rawAddress(address),
      { user_friendly: friendly(address), domain: null, interfaces: [] },
    ]),
  )
}

/** An account as `/accountStates` tells it. */
export function accountStateFull(view: View, address: Address, withBoc: boolean): Json {
  const boc = view.account(address)
  const shard = boc === undefined ? undefined : parseAccount(boc)
  const { account_status, hash, code_hash, data_hash, frozen_hash, ...rest } = accountState(boc)
  const { code, data } = activeState(shard?.account) ?? {}
  return {
    address: rawAddress(address),
    account_state_hash: hash,
    ...rest,
    status: account_status,
    ...(frozen_hash !== null && { frozen_hash }),
    last_transaction_hash: hashOf(shard?.lastTransactionHash ?? 0n),
    last_transaction_lt: String(shard?.lastTransactionLt ?? 0n),
    ...(data_hash !== null && { data_hash }),
    ...(code_hash !== null && { code_hash }),
    ...(withBoc && code && { code_boc: bocOf(code) }),
    ...(withBoc && data && { data_boc: bocOf(data) }),
    contract_methods: null,
  }
}

/** An account as it stands beside a transaction. */
export function accountState(boc: AccountBoc | undefined): Json {
  const account = boc === undefined ? undefined : parseAccount(boc).account
  const state = account?.storage.state
  const { code, data } = activeState(account) ?? {}
  return {
    hash: boc === undefined ? hashOf(0n) : accountHash(boc),
    balance: String(account?.storage.balance.coins ?? 0n),
    extra_currencies: {},
    account_status: state === undefined ? 'nonexist' : state.type,
    frozen_hash: state?.type === 'frozen' ? hashOf(state.stateHash) : null,
    data_hash: cellHash(data),
    code_hash: cellHash(code),
  }
}

/** `/addressInformation`: what the second version tells, in other words. */
export function plainInformation(view: View, address: Address): Json {
  const full = accountStateFull(view, address, true)
  const { balance, status, last_transaction_lt, last_transaction_hash } = full
  return {
    balance,
    code: full['code_boc'] ?? null,
    data: full['data_boc'] ?? null,
    last_transaction_lt,
    last_transaction_hash,
    frozen_hash: full['frozen_hash'] ?? null,
    status: status === 'nonexist' ? 'uninit' : status,
  }
}

function cellHash(cell: Cell | null | undefined): string | null {
  return cell ? cell.hash().toString('base64') : null
}
