import type { ContractAddress } from './address.ts'
import type { Code } from './code.ts'

/** What every contract of the network carries a copy of, for as long as it lives. */
export interface ContractParams {
  /** Grows with every change of prices, parameters or codes: all contracts get new addresses. */
  readonly paramsVersion: number
  /** Layout of the parameters cell, 0 to 4. */
  readonly structVersion: number
  /** Keeps networks with equal parameters apart. */
  readonly uniqueId: number
  readonly isTest: boolean
  /** Nanotons that a client pays for an adjusted token. */
  readonly pricePerTokenNano: bigint
  /** The part of the price that the worker gets; the proxy keeps the rest. */
  readonly workerFeePerTokenNano: bigint
  readonly multipliers: TokenMultipliers
  readonly proxyDelayBeforeCloseS: number
  readonly clientDelayBeforeCloseS: number
  readonly minProxyStakeNano: bigint
  readonly minClientStakeNano: bigint
}

export interface ContractCodes {
  readonly proxy: Code
  readonly worker: Code
  readonly client: Code
}

/** What contracts of some roles are derived from. */
export type ContractTerms<Role extends keyof ContractCodes> = ContractParams & {
  readonly codes: Pick<ContractCodes, Role>
}

/**
 * What the root contract says: who may take part, at what prices, and what the contracts are derived from.
 * Never changed once made: a new state of the root is a new object, and what is derived from one is cached
 * by its identity.
 */
export interface RootConfig extends ContractParams {
  /** Grows with every change of the root. */
  readonly version: number
  readonly ownerAddress: ContractAddress
  readonly lastProxySeqno: number
  readonly proxies: readonly RegisteredProxy[]
  /** Image hashes and SHA-256 of model texts, 64 lower-case hex digits each. */
  readonly proxyHashes: ReadonlySet<string>
  readonly workerHashes: ReadonlySet<string>
  readonly modelHashes: ReadonlySet<string>
  readonly codes: ContractCodes
}

/** Weights of the four kinds of tokens, in 1/10000. */
export interface TokenMultipliers {
  readonly prompt: number
  readonly cached: number
  readonly completion: number
  readonly reasoning: number
}

export interface RegisteredProxy {
  readonly seqno: number
  /** Where workers dial. */
  readonly workerEndpoint: Endpoint
  /** Where clients dial. */
  readonly clientEndpoint: Endpoint
}

export interface Endpoint {
  /** IPv4 in dotted form. */
  readonly host: string
  readonly port: number
}
