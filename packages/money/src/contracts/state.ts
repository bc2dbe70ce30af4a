import { contractAddress, type ContractAddress } from '../address.ts'
import { CellWriter, type Cell, type CellHash } from '../cell.ts'
import { MoneyError } from '../error.ts'
import type { CellReader } from './reader.ts'

/** Where a contract stands. It goes from `open` to `closed`, on the way perhaps `closing`, and never back. */
export type ContractPhase = 'open' | 'closing' | 'closed'

const phases = ['open', 'closing', 'closed'] as const

/** Two bits. */
export function readPhase(reader: CellReader): ContractPhase {
  const phase = phases[reader.uint(2)]
  if (phase === undefined) throw reader.malformed('its state is none of open, closing and closed')
  return phase
}

/** The initial state that deploys a contract: five flags (code and data, nothing else), code, data. */
export function stateInit(code: CellHash, data: CellHash): Cell {
  return new CellWriter().uint(0b00110, 5).reference(code).reference(data).finish()
}

/** A contract's address is the hash of its initial state. */
export function stateAddress(state: CellHash): ContractAddress {
  return contractAddress(0, state.hash)
}

/** Throws `MoneyError('key')` unless the key has 32 bytes. */
export function checkPublicKey(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new MoneyError('key', `A public key has 32 bytes, not ${key.length}`)
  return key
}
