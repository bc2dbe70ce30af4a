import type { Cell as TonCell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { CellWriter, tonCell, type Cell } from '../cell.ts'
import { codeFromHash, type Code } from '../code.ts'
import { CellReader } from './reader.ts'
import { checkPublicKey, stateAddress, stateInit } from './state.ts'

/** Code of the wallet of a node that the network began with, known by its hash. */
export const firstNodeWalletCode = codeFromHash(
  '7a48f05ceef40f06cabbaa39c1c5a67b24e8bb59d8cf8a74e49988a5f44cf66a',
  6,
)

/** What makes the wallet of a node the one it is. */
export interface NodeWalletParties {
  readonly publicKey: Uint8Array
  readonly owner: ContractAddress
  /** Which wallet; without it the one that the network began with. */
  readonly code?: Code | undefined
}

/** State of the wallet of a node. */
export interface NodeWalletData {
  /** Number of the next external message. */
  readonly seqno: number
  readonly subwallet: number
  readonly publicKey: Uint8Array
  /** Its owner has blocked it: it sends nothing that its key signs. */
  readonly isBlocked: boolean
  readonly owner: ContractAddress
}

/** Address of the hot wallet of a node: its key signs, its owner can block and drain it. */
export function nodeWalletAddress(of: NodeWalletParties): ContractAddress {
  return stateAddress(initialState(of))
}

/** What deploys the wallet of a node. Code known by hash alone: `MoneyError('config')`. */
export function nodeWalletStateInit(of: NodeWalletParties): TonCell {
  return tonCell(initialState(of))
}

/**
 * Reads the data of the wallet of a node, which end where they end:
 *
 *     seqno:uint32 subwallet:uint32 public_key:bits256 status:uint32 owner:addr_std
 *
 * Throws `MoneyError('contract-data')`.
 */
export function readNodeWalletData(data: TonCell): NodeWalletData {
  const reader = new CellReader(data, 'data of a node wallet')
  const wallet = {
    seqno: reader.uint(32),
    subwallet: reader.uint(32),
    publicKey: reader.bytes(32),
    isBlocked: reader.uint(32) % 2 === 1,
    owner: reader.address(),
  }
  reader.end()
  return wallet
}

function initialState(of: NodeWalletParties): Cell {
  const data = new CellWriter()
    .uint(0, 32) // sequence number
    .uint(0, 32) // subwallet
    .bytes(checkPublicKey(of.publicKey))
    .uint(0, 32) // status
    .address(of.owner)
    .finish()
  return stateInit(of.code ?? firstNodeWalletCode, data)
}
