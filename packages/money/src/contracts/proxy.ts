import type { Cell as TonCell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { CellWriter, tonCell, type Cell } from '../cell.ts'
import type { ContractTerms } from '../root-config.ts'
import { codeMask, paramsCell, readParams } from './params.ts'
import { CellReader } from './reader.ts'
import { checkPublicKey, readPhase, stateAddress, stateInit, type ContractPhase } from './state.ts'

/** What makes a proxy contract the one it is, besides its terms. */
export interface ProxyParties {
  readonly proxyPublicKey: Uint8Array
  readonly proxyOwner: ContractAddress
  readonly root: ContractAddress
}

/** State of a proxy contract. It holds the deposits of all its clients. */
export interface ProxyContractData extends ProxyParties {
  readonly phase: ContractPhase
  /** What the owner has earned and not taken out yet, in nanotons. */
  readonly balanceNano: bigint
  /** The owner's guarantee, in nanotons. */
  readonly stakeNano: bigint
  /** Unix seconds; 0 where nothing waits. */
  readonly unlockAtS: number
  /** For life: the terms of the root when the contract was made. */
  readonly terms: ContractTerms<'worker' | 'client'>
}

/** Address of the proxy contract of this key, owner and root. A key that is not 32 bytes: `MoneyError('key')`. */
export function proxyContractAddress(
  terms: ContractTerms<'proxy' | 'worker' | 'client'>,
  of: ProxyParties,
): ContractAddress {
  return stateAddress(initialState(terms, of))
}

/** What deploys a proxy contract. Codes known by hash alone: `MoneyError('config')`. */
export function proxyStateInit(
  terms: ContractTerms<'proxy' | 'worker' | 'client'>,
  of: ProxyParties,
): TonCell {
  return tonCell(initialState(terms, of))
}

/**
 * Reads a proxy contract's data:
 *
 *     owner:addr_std public_key:bits256 root:addr_std state:uint2 balance:Coins stake:Coins unlock_ts:uint32
 *     ^params (with the codes of worker and client)
 *
 * A contract may keep more behind. Throws `MoneyError('contract-data')`.
 */
export function readProxyData(data: TonCell): ProxyContractData {
  const reader = new CellReader(data, 'data of a proxy contract')
  const head = {
    proxyOwner: reader.address(),
    proxyPublicKey: reader.bytes(32),
    root: reader.address(),
    phase: readPhase(reader),
    balanceNano: reader.coins(),
    stakeNano: reader.coins(),
    unlockAtS: reader.uint(32),
  }
  const params = readParams(reader.reference())
  const { worker, client } = params.codes
  if (worker === undefined || client === undefined) {
    throw reader.malformed('its parameters lack the code of workers or clients')
  }
  return { ...head, terms: { ...params, codes: { worker, client } } }
}

function initialState(terms: ContractTerms<'proxy' | 'worker' | 'client'>, of: ProxyParties): Cell {
  const data = new CellWriter()
    .address(of.proxyOwner)
    .bytes(checkPublicKey(of.proxyPublicKey))
    .address(of.root)
    .uint(0, 2) // state: open
    .coins(0n) // balance
    .coins(0n) // stake
    .uint(0, 32) // unlock time
    .reference(paramsCell(terms, codeMask.proxy))
    .finish()
  return stateInit(terms.codes.proxy, data)
}
