import type { Cell } from '@ton/core'
import { addressKey, type ContractAddress } from '../address.ts'
import { CellReader } from '../contracts/reader.ts'
import type { AccountState } from './chain.ts'
import { readStateInit } from './message.ts'
import { readCurrencies } from './transaction.ts'

/** What an account's own cell says; the logical time of its newest transaction stands beside it in the shard. */
export type AccountContent = Pick<AccountState, 'status' | 'balanceNano' | 'code' | 'data'>

/** Of an account that the shard has no record of. */
export const absentAccount: AccountContent = Object.freeze({
  status: 'absent',
  balanceNano: 0n,
  code: undefined,
  data: undefined,
})

/**
 * Reads an `Account`, and holds it against the address that was asked for. Throws where the cells are none.
 *
 *     account_none$0
 *     account$1 addr:MsgAddressInt StorageInfo last_trans_lt:uint64 balance:CurrencyCollection state
 *     state: uninit$00 | frozen$01 state_hash:bits256 | active$1 StateInit
 */
export function readAccount(cell: Cell, address: ContractAddress): AccountContent {
  const reader = new CellReader(cell, 'account')
  if (!reader.bit()) return absentAccount
  const found = addressKey(reader.address())
  if (found !== addressKey(address)) throw reader.malformed(`it is the account ${found}`)
  skipStorageInfo(reader)
  reader.big(64)
  const balanceNano = readCurrencies(reader)
  if (reader.bit()) return { status: 'active', balanceNano, ...readStateInit(reader) }
  const status = reader.bit() ? 'frozen' : 'uninitialised'
  return { status, balanceNano, code: undefined, data: undefined }
}

/** `cells:(VarUInteger 7) bits:(VarUInteger 7) extra:StorageExtraInfo last_paid:uint32 due_payment:(Maybe Grams)` */
function skipStorageInfo(reader: CellReader): void {
  reader.big(reader.uint(3) * 8)
  reader.big(reader.uint(3) * 8)
  const extra = reader.uint(3)
  if (extra === 0b001) reader.hex(32)
  // What older accounts have here is a count of public cells, in as many bytes.
  else reader.big(extra * 8)
  reader.uint(32)
  if (reader.bit()) reader.coins()
}
