import type { Cell as TonCell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { CellWriter, tonCell, type Cell } from '../cell.ts'
import type { ContractParams, ContractTerms } from '../root-config.ts'
import { codeMask, paramsCell, readParams } from './params.ts'
import { CellReader } from './reader.ts'
import { checkPublicKey, readPhase, stateAddress, stateInit } from './state.ts'

/** What makes a worker's contract the one it is, besides its terms. */
export interface WorkerParties {
  readonly workerOwner: ContractAddress
  readonly proxyContract: ContractAddress
  readonly proxyPublicKey: Uint8Array
}

/** State of a worker's contract. */
export interface WorkerContractData extends WorkerParties {
  readonly phase: 'open' | 'closed'
  /** Adjusted tokens paid out since the contract was created. */
  readonly paidTokens: bigint
  readonly params: ContractParams
}

/** Address of a worker's contract at one proxy contract. A key that is not 32 bytes: `MoneyError('key')`. */
export function workerContractAddress(terms: ContractTerms<'worker'>, of: WorkerParties): ContractAddress {
  return stateAddress(initialState(terms, of))
}

/** What deploys a worker's contract. Code known by hash alone: `MoneyError('config')`. */
export function workerStateInit(terms: ContractTerms<'worker'>, of: WorkerParties): TonCell {
  return tonCell(initialState(terms, of))
}

/**
 * Reads the data of a worker's contract:
 *
 *     owner:addr_std proxy:addr_std proxy_public_key:bits256 state:uint2 tokens:uint64 ^params (without codes)
 *
 * A contract may keep more behind. Throws `MoneyError('contract-data')`.
 */
export function readWorkerData(data: TonCell): WorkerContractData {
  const reader = new CellReader(data, "data of a worker's contract")
  return {
    workerOwner: reader.address(),
    proxyContract: reader.address(),
    proxyPublicKey: reader.bytes(32),
    phase: readWorkerPhase(reader),
    paidTokens: reader.big(64),
    params: readParams(reader.reference()),
  }
}

/** A worker's contract closes at once. */
export function readWorkerPhase(reader: CellReader): 'open' | 'closed' {
  const phase = readPhase(reader)
  if (phase === 'closing') throw reader.malformed("a worker's contract is never closing")
  return phase
}

function initialState(terms: ContractTerms<'worker'>, of: WorkerParties): Cell {
  const data = new CellWriter()
    .address(of.workerOwner)
    .address(of.proxyContract)
    .bytes(checkPublicKey(of.proxyPublicKey))
    .uint(0, 2) // state: open
    .uint(0, 64) // tokens
    .reference(paramsCell(terms, codeMask.child))
    .finish()
  return stateInit(terms.codes.worker, data)
}
