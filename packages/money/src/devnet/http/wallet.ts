import type { Address, Cell } from '@ton/core'
import { WalletContractV3R1, WalletContractV3R2, WalletContractV4, WalletContractV5R1 } from '@ton/ton'
import { activeState, parseAccount } from '../accounts.ts'
import type { View } from '../view.ts'
import { addressInformation, type Json } from './shapes.ts'

interface WalletKind {
  readonly name: string
  /** Reads number and id out of the wallet's data. */
  read(data: Cell): { seqno: number; walletId: number }
}

const anyKey = Buffer.alloc(32)
const numbered: WalletKind['read'] = data => {
  const slice = data.beginParse()
  return { seqno: slice.loadUint(32), walletId: slice.loadUint(32) }
}
/** Whether signatures are allowed stands before the number. */
const numberedAfterFlag: WalletKind['read'] = data => {
  const slice = data.beginParse().skip(1)
  return { seqno: slice.loadUint(32), walletId: slice.loadInt(32) }
}

/** Wallets by the hash of their code. */
const kinds: ReadonlyMap<string, WalletKind> = new Map(
  [
    {
      contract: WalletContractV3R1.create({ workchain: 0, publicKey: anyKey }),
      name: 'wallet v3 r1',
      read: numbered,
    },
    {
      contract: WalletContractV3R2.create({ workchain: 0, publicKey: anyKey }),
      name: 'wallet v3 r2',
      read: numbered,
    },
    {
      contract: WalletContractV4.create({ workchain: 0, publicKey: anyKey }),
      name: 'wallet v4 r2',
      read: numbered,
    },
    {
      contract: WalletContractV5R1.create({ publicKey: anyKey }),
      name: 'wallet v5 r1',
      read: numberedAfterFlag,
    },
  ].map(({ contract, ...kind }) => [contract.init.code.hash().toString('hex'), kind]),
)

/** What is known of a wallet: its kind, its number and its id. */
export function walletInformation(view: View, address: Address): Json {
  const { balance, state, last_transaction_id } = addressInformation(view, address)
  const boc = view.account(address)
  const { code, data } = activeState(boc === undefined ? undefined : parseAccount(boc).account) ?? {}
  const kind = code ? kinds.get(code.hash().toString('hex')) : undefined
  const known = kind !== undefined && data ? kind.read(data) : undefined
  return {
    '@type': 'ext.accounts.walletInformation',
    wallet: known !== undefined,
    balance,
    account_state: state,
    ...(known && { wallet_type: kind?.name, seqno: known.seqno, wallet_id: known.walletId }),
    last_transaction_id,
  }
}
