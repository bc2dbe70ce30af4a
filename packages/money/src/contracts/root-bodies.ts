import type { Cell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { tonCell, type CellWriter } from '../cell.ts'
import { formatProxyEndpoints } from '../endpoint.ts'
import type { PaymentKey } from '../payment-key.ts'
import type { ContractCodes, ContractParams, RegisteredProxy } from '../root-config.ts'
import { coins, fitting, hash256, operation, reachable } from './bodies.ts'
import { opcodes } from './opcodes.generated.ts'
import { writeEndpoint } from './root-state.ts'

interface Query {
  readonly queryId: bigint
}

/** Which hashes a root contract admits. */
export type RootList = 'proxy' | 'worker' | 'model'

type Endpoints = Pick<RegisteredProxy, 'workerEndpoint' | 'clientEndpoint'>
type Prices = Pick<ContractParams, 'pricePerTokenNano' | 'workerFeePerTokenNano'>
type ChangeableParams = Prices &
  Pick<
    ContractParams,
    'proxyDelayBeforeCloseS' | 'clientDelayBeforeCloseS' | 'minProxyStakeNano' | 'minClientStakeNano'
  >

const admitting = {
  proxy: opcodes.rootAddProxyType,
  worker: opcodes.rootAddWorkerType,
  model: opcodes.rootAddModelType,
} as const

const expelling = {
  proxy: opcodes.rootDeleteProxyType,
  worker: opcodes.rootDeleteWorkerType,
  model: opcodes.rootDeleteModelType,
} as const

/**
 * Bodies of messages to the root contract, from its owner. Hashes and keys have 32 bytes. A root of this project
 * that was given a delay does what changes prices, parameters, codes and keepers only when the same message comes
 * again after it.
 */
export const rootBody = {
  admit: ({ list, hash, ...query }: Query & { list: RootList; hash: Uint8Array }): Cell =>
    operation(admitting[list], query).bytes(hash256(hash)).build(),
  expel: ({ list, hash, ...query }: Query & { list: RootList; hash: Uint8Array }): Cell =>
    operation(expelling[list], query).bytes(hash256(hash)).build(),
  registerProxy: (proxy: Query & Endpoints): Cell =>
    writeEndpoint(operation(opcodes.rootRegisterProxy, proxy), formatProxyEndpoints(proxy)).build(),
  /** `endpoint` as the registry has it: one or two endpoints. */
  updateProxy: ({ seqno, endpoint, ...query }: Query & { seqno: number; endpoint: string }): Cell =>
    writeEndpoint(uint32(operation(opcodes.rootUpdateProxy, query), seqno), endpoint).build(),
  unregisterProxy: ({ seqno, ...query }: Query & { seqno: number }): Cell =>
    uint32(operation(opcodes.rootUnregisterProxy, query), seqno).build(),
  changePrice: (prices: Query & Prices): Cell =>
    pricesOf(operation(opcodes.rootChangePrice, prices), prices).build(),
  changeParams: (params: Query & ChangeableParams): Cell => {
    const writer = pricesOf(operation(opcodes.rootChangeParams, params), params)
    uint32(uint32(writer, params.proxyDelayBeforeCloseS), params.clientDelayBeforeCloseS)
    return writer.coins(coins(params.minProxyStakeNano)).coins(coins(params.minClientStakeNano)).build()
  },
  upgradeContracts: ({ codes, ...query }: Query & { codes: ContractCodes }): Cell =>
    operation(opcodes.rootUpgradeContracts, query)
      .reference(tonCell(codes.proxy))
      .reference(tonCell(codes.worker))
      .reference(tonCell(codes.client))
      .build(),
  upgradeCode: ({ code, ...query }: Query & { code: Cell }): Cell =>
    operation(opcodes.rootUpgradeCode, query).reference(code).build(),
  /** The way to take a root to another version of its data. */
  upgradeFull: ({ data, code, ...query }: Query & { data: Cell; code: Cell }): Cell =>
    operation(opcodes.rootUpgradeFull, query).reference(data).reference(code).build(),
  /** Empties all four lists. */
  reset: (query: Query): Cell => operation(opcodes.rootReset, query).build(),
  changeOwner: ({ owner, ...query }: Query & { owner: ContractAddress }): Cell =>
    operation(opcodes.rootChangeOwner, query).address(reachable(owner)).build(),
  addPublicKey: (key: Query & AddedKey): Cell =>
    addedKey(operation(opcodes.rootAddPublicKey, key), key).build(),
  /**
   * From anybody, signed by the key keeper. With `once` it is for one root of this project alone, under the number
   * that its governance has come to.
   */
  addPublicKeySigned: ({
    keeper,
    excessesTo,
    once,
    ...key
  }: Query &
    AddedKey & {
      keeper: PaymentKey
      excessesTo: ContractAddress
      once?: { root: ContractAddress; counter: number } | undefined
    }): Cell => {
    const payload = addedKey(operation(opcodes.rootAddPublicKeySigned, key), key)
    if (once !== undefined) uint32(payload.address(once.root), once.counter)
    const signed = payload.finish()
    return operation(opcodes.rootAddPublicKeySigned, key)
      .address(reachable(excessesTo))
      .bytes(keeper.sign(signed.hash))
      .reference(signed)
      .build()
  },
  changeKeyKeeper: (
    keeper: Query & { publicKey: Uint8Array; imageHash: Uint8Array; endpoint: string },
  ): Cell =>
    writeEndpoint(
      operation(opcodes.rootChangeKeyManager, keeper)
        .bytes(hash256(keeper.publicKey))
        .bytes(hash256(keeper.imageHash)),
      keeper.endpoint,
    ).build(),
  /** The rest are for roots of this project alone. */
  removePublicKey: ({ publicKey, ...query }: Query & { publicKey: Uint8Array }): Cell =>
    operation(opcodes.rootRemovePublicKey, query).bytes(hash256(publicKey)).build(),
  changeDelay: ({ delayS, ...query }: Query & { delayS: number }): Cell =>
    uint32(operation(opcodes.rootChangeDelay, query), delayS).build(),
  /** Forgets what a message with this opcode left waiting. */
  cancelPending: ({ pending, ...query }: Query & { pending: number }): Cell =>
    uint32(operation(opcodes.rootCancelPending, query), pending).build(),
  /** From the owner that was proposed. */
  acceptOwner: (query: Query): Cell => operation(opcodes.rootAcceptOwner, query).build(),
} as const

interface AddedKey {
  readonly publicKey: Uint8Array
  readonly type: number
  /** Unix seconds. */
  readonly expiresAtS: number
}

function addedKey(writer: CellWriter, { publicKey, type, expiresAtS }: AddedKey): CellWriter {
  writer.bytes(hash256(publicKey)).uint(fitting('A type of keys', BigInt(type), 8), 8)
  return uint32(writer, expiresAtS)
}

function pricesOf(writer: CellWriter, prices: Prices): CellWriter {
  return writer.coins(coins(prices.pricePerTokenNano)).coins(coins(prices.workerFeePerTokenNano))
}

function uint32(writer: CellWriter, value: number): CellWriter {
  return writer.uint(fitting('A number', BigInt(value), 32), 32)
}
