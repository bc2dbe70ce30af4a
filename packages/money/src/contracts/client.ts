import type { Cell as TonCell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { CellWriter, tonCell, type Cell } from '../cell.ts'
import type { ContractParams, ContractTerms } from '../root-config.ts'
import { codeMask, paramsCell, readParams } from './params.ts'
import { CellReader } from './reader.ts'
import { checkPublicKey, readPhase, stateAddress, stateInit, type ContractPhase } from './state.ts'

/** What makes a client's contract the one it is, besides its terms. */
export interface ClientParties {
  readonly clientOwner: ContractAddress
  readonly proxyContract: ContractAddress
  readonly proxyPublicKey: Uint8Array
}

/** What a client's contract keeps account of. The coins themselves are in the proxy's contract. */
export interface ClientAccount {
  readonly phase: ContractPhase
  /** Paid in and neither charged nor paid back, in nanotons. */
  readonly balanceNano: bigint
  /** What stays until the contract closes, in nanotons. Any amount of 120 bits: the client sets it. */
  readonly stakeNano: bigint
  /** Adjusted tokens charged since the contract was created. */
  readonly chargedTokens: bigint
  /** SHA-256 of the secret by which the client proves itself, 64 hex digits; zeros before the first. */
  readonly secretHash: string
}

/** State of a client's contract. */
export interface ClientContractData extends ClientParties, ClientAccount {
  /** Unix seconds from which a closing contract can be closed without the proxy. */
  readonly unlockAtS: number
  readonly params: ContractParams
}

/** Address of a client's contract at one proxy contract. A key that is not 32 bytes: `MoneyError('key')`. */
export function clientContractAddress(terms: ContractTerms<'client'>, of: ClientParties): ContractAddress {
  return stateAddress(initialState(terms, of))
}

/** What deploys a client's contract. Code known by hash alone: `MoneyError('config')`. */
export function clientStateInit(terms: ContractTerms<'client'>, of: ClientParties): TonCell {
  return tonCell(initialState(terms, of))
}

/**
 * Reads the data of a client's contract:
 *
 *     state:uint2 balance:Coins stake:Coins tokens_used:uint64 unlock_ts:uint32 secret_hash:bits256
 *     ^parties ^params (without codes)
 *     parties: owner:addr_std proxy:addr_std proxy_public_key:bits256
 *
 * A contract may keep more behind. Throws `MoneyError('contract-data')`.
 */
export function readClientData(data: TonCell): ClientContractData {
  const reader = new CellReader(data, "data of a client's contract")
  const head = {
    phase: readPhase(reader),
    balanceNano: reader.coins(),
    stakeNano: reader.coins(),
    chargedTokens: reader.big(64),
    unlockAtS: reader.uint(32),
    secretHash: reader.hex(32),
  }
  const parties = new CellReader(reader.reference(), "parties of a client's contract")
  return {
    ...head,
    clientOwner: parties.address(),
    proxyContract: parties.address(),
    proxyPublicKey: parties.bytes(32),
    params: readParams(reader.reference()),
  }
}

/** Reads what a client's contract says of itself in its messages to the proxy's; see `ClientAccount`. */
export function readClientAccount(state: TonCell): ClientAccount {
  const reader = new CellReader(state, 'state of a client in a message')
  const account = {
    phase: readPhase(reader),
    balanceNano: reader.coins(),
    stakeNano: reader.coins(),
    chargedTokens: reader.big(64),
    secretHash: reader.hex(32),
  }
  reader.end()
  return account
}

function initialState(terms: ContractTerms<'client'>, of: ClientParties): Cell {
  const parties = new CellWriter()
    .address(of.clientOwner)
    .address(of.proxyContract)
    .bytes(checkPublicKey(of.proxyPublicKey))
    .finish()
  const data = new CellWriter()
    .uint(0, 2) // state: open
    .coins(0n) // balance
    .coins(terms.minClientStakeNano)
    .uint(0, 64) // tokens used
    .uint(0, 32) // unlock time
    .uint(0, 256) // secret hash
    .reference(parties)
    .reference(paramsCell(terms, codeMask.child))
    .finish()
  return stateInit(terms.codes.client, data)
}
