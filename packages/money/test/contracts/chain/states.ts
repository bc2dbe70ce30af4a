// Initial data of the contracts, cell by cell; vectors.test.ts holds them against the vectors.

import { beginCell, Cell, contractAddress, type Address, type StateInit } from '@ton/core'
import { contractCodes } from '../../../src/contracts/codes.generated.ts'

export type Contract = keyof typeof contractCodes

export const codes = Object.fromEntries(
  Object.entries(contractCodes).map(([name, { boc }]) => [name, Cell.fromBase64(boc)]),
) as Record<Contract, Cell>

export interface Params {
  readonly structVersion: number
  readonly paramsVersion: number
  readonly uniqueId: number
  readonly isTest: boolean
  readonly price: bigint
  readonly workerFee: bigint
  readonly proxyDelay: number
  readonly clientDelay: number
  readonly minProxyStake: bigint
  readonly minClientStake: bigint
  readonly codes: { readonly proxy: Cell; readonly worker: Cell; readonly client: Cell }
}

/** Those of the network in April 2026, with the codes under test. */
export const networkParams: Params = {
  structVersion: 4,
  paramsVersion: 17,
  uniqueId: 239,
  isTest: false,
  price: 20n,
  workerFee: 19n,
  proxyDelay: 86_400,
  clientDelay: 43_200,
  minProxyStake: 15_000_000_000n,
  minClientStake: 15_000_000_000n,
  codes,
}

export function paramsCell(params: Params, mask: number): Cell {
  const { proxy, worker, client } = params.codes
  return beginCell()
    .storeUint(params.structVersion, 8)
    .storeUint(params.paramsVersion, 32)
    .storeUint(params.uniqueId, 32)
    .storeBit(params.isTest)
    .storeCoins(params.price)
    .storeCoins(params.workerFee)
    .storeUint(10_000, 32)
    .storeUint(1000, 32)
    .storeUint(80_000, 32)
    .storeUint(80_000, 32)
    .storeUint(params.proxyDelay, 32)
    .storeUint(params.clientDelay, 32)
    .storeCoins(params.minProxyStake)
    .storeCoins(params.minClientStake)
    .storeMaybeRef(mask & 1 ? proxy : null)
    .storeMaybeRef(mask & 2 ? worker : null)
    .storeMaybeRef(mask & 4 ? client : null)
    .endCell()
}

export interface ProxyState {
  readonly owner: Address
  readonly publicKey: Buffer
  readonly root: Address
  readonly params?: Params | undefined
  readonly state?: number
  readonly balance?: bigint
  readonly stake?: bigint
  readonly unlockTime?: number
}

export function proxyData(of: ProxyState): Cell {
  return beginCell()
    .storeAddress(of.owner)
    .storeBuffer(of.publicKey)
    .storeAddress(of.root)
    .storeUint(of.state ?? 0, 2)
    .storeCoins(of.balance ?? 0n)
    .storeCoins(of.stake ?? 0n)
    .storeUint(of.unlockTime ?? 0, 32)
    .storeRef(paramsCell(of.params ?? networkParams, 6))
    .endCell()
}

export interface ChildState {
  readonly owner: Address
  readonly proxy: Address
  readonly publicKey: Buffer
  readonly params?: Params | undefined
  readonly state?: number
  readonly tokens?: bigint
}

export function workerData(of: ChildState): Cell {
  return beginCell()
    .storeAddress(of.owner)
    .storeAddress(of.proxy)
    .storeBuffer(of.publicKey)
    .storeUint(of.state ?? 0, 2)
    .storeUint(of.tokens ?? 0n, 64)
    .storeRef(paramsCell(of.params ?? networkParams, 0))
    .endCell()
}

export interface ClientState extends ChildState {
  readonly balance?: bigint
  readonly stake?: bigint
  readonly unlockTime?: number
  readonly secretHash?: bigint
}

export function clientData(of: ClientState): Cell {
  const params = of.params ?? networkParams
  return beginCell()
    .storeUint(of.state ?? 0, 2)
    .storeCoins(of.balance ?? 0n)
    .storeCoins(of.stake ?? params.minClientStake)
    .storeUint(of.tokens ?? 0n, 64)
    .storeUint(of.unlockTime ?? 0, 32)
    .storeUint(of.secretHash ?? 0n, 256)
    .storeRef(beginCell().storeAddress(of.owner).storeAddress(of.proxy).storeBuffer(of.publicKey).endCell())
    .storeRef(paramsCell(params, 0))
    .endCell()
}

export function walletData(of: { publicKey: Buffer; owner: Address; seqno?: number; status?: number }): Cell {
  return beginCell()
    .storeUint(of.seqno ?? 0, 32)
    .storeUint(0, 32)
    .storeBuffer(of.publicKey)
    .storeUint(of.status ?? 0, 32)
    .storeAddress(of.owner)
    .endCell()
}

export interface RootState {
  readonly owner: Address
  readonly version?: number
  readonly registry?: Cell
  readonly params?: Params | undefined
  readonly managerKey?: Buffer
  readonly keyManager?: Cell
  readonly governance?: Cell
}

export function rootData(of: RootState): Cell {
  const data = beginCell()
    .storeAddress(of.owner)
    .storeUint(of.version ?? 1, 32)
    .storeRef(of.registry ?? beginCell().storeUint(0, 36).endCell())
    .storeRef(paramsCell(of.params ?? networkParams, 7))
    .storeRef(of.keyManager ?? keyManagerCell(of.managerKey ?? Buffer.alloc(32)))
  if (of.governance !== undefined) data.storeRef(of.governance)
  return data.endCell()
}

export function keyManagerCell(managerKey: Buffer): Cell {
  return beginCell().storeBit(false).storeBuffer(managerKey).storeUint(0, 256).storeUint(0, 8).endCell()
}

export function stateOf(
  contract: Contract,
  data: Cell,
  code = codes[contract],
): StateInit & { address: Address } {
  return { code, data, address: contractAddress(0, { code, data }) }
}
