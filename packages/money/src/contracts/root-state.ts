import { beginCell, Dictionary, type Cell as TonCell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { CellWriter, tonCell, type Cell } from '../cell.ts'
import type { Code } from '../code.ts'
import { formatProxyEndpoints } from '../endpoint.ts'
import { MoneyError } from '../error.ts'
import type { RootConfig } from '../root-config.ts'
import { codeMask, paramsCell } from './params.ts'
import type { KeyKeeper } from './root-data.ts'
import { stateAddress, stateInit } from './state.ts'

/** The first struct version whose root keeps keys. */
const keysSince = 4

const nobody: KeyKeeper = {
  keys: [],
  publicKey: '00'.repeat(32),
  imageHash: '00'.repeat(32),
  endpoint: '',
}

/** What a root contract begins with besides its configuration. */
export interface RootExtras {
  /** Without it nobody can add keys but the owner. */
  readonly keeper?: KeyKeeper | undefined
  /** Seconds that changes wait; only in roots of this project, and without it they are done at once. */
  readonly delayS?: number | undefined
}

/**
 * The data that `readRootConfig` reads, to deploy or to replace a root contract. Codes known by hash alone are
 * `MoneyError('config')`, as is an endpoint above 127 bytes.
 */
export function writeRootData(config: RootConfig, extras: RootExtras = {}): TonCell {
  return tonCell(rootData(config, extras))
}

/** What deploys a root contract with this code and what `writeRootData` writes. */
export function rootStateInit(code: Code, config: RootConfig, extras: RootExtras = {}): TonCell {
  return tonCell(stateInit(code, rootData(config, extras)))
}

export function rootContractAddress(
  code: Code,
  config: RootConfig,
  extras: RootExtras = {},
): ContractAddress {
  return stateAddress(stateInit(code, rootData(config, extras)))
}

/** `type:bit(=0) length:uint7 text`, written into a cell or behind a message. */
export function writeEndpoint(writer: CellWriter, text: string): CellWriter {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length > 127 || bytes.toString('latin1') !== text) {
    throw new MoneyError('config', `The root contract takes endpoints of at most 127 characters, not ${text}`)
  }
  return writer.bit(false).uint(bytes.length, 7).bytes(bytes)
}

function rootData(config: RootConfig, { keeper = nobody, delayS }: RootExtras): Cell {
  const writer = new CellWriter()
    .address(config.ownerAddress)
    .uint(config.version, 32)
    .reference(writeRegistry(config))
    .reference(paramsCell(config, codeMask.root))
  if (config.structVersion >= keysSince) writer.reference(writeKeyKeeper(keeper))
  if (delayS !== undefined)
    writer.reference(
      new CellWriter()
        .uint(delayS, 32)
        .uint(0, 32 + 1)
        .finish(),
    )
  return writer.finish()
}

function writeRegistry(config: RootConfig): Cell {
  const proxies = config.proxies.map(
    proxy =>
      [BigInt(proxy.seqno), writeEndpoint(new CellWriter(), formatProxyEndpoints(proxy)).build()] as const,
  )
  return new CellWriter()
    .maybeReference(dictionary(256, hashEntries(config.proxyHashes)))
    .maybeReference(dictionary(32, proxies))
    .uint(config.lastProxySeqno, 32)
    .maybeReference(dictionary(256, hashEntries(config.workerHashes)))
    .maybeReference(dictionary(256, hashEntries(config.modelHashes)))
    .finish()
}

function writeKeyKeeper(keeper: KeyKeeper): Cell {
  const keys = keeper.keys.map(
    ({ publicKey, type, expiresAtS }) =>
      [BigInt(`0x${publicKey}`), new CellWriter().uint(type, 8).uint(expiresAtS, 32).build()] as const,
  )
  const writer = new CellWriter()
    .maybeReference(dictionary(256, keys))
    .uint(BigInt(`0x${keeper.publicKey}`), 256)
    .uint(BigInt(`0x${keeper.imageHash}`), 256)
  return writeEndpoint(writer, keeper.endpoint).finish()
}

function hashEntries(hashes: ReadonlySet<string>) {
  const nothing = new CellWriter().build()
  return Array.from(hashes, hash => [BigInt(`0x${hash}`), nothing] as const)
}

/** The root of a dictionary whose values are the contents of these cells. */
function dictionary(
  keyBits: number,
  entries: ReadonlyArray<readonly [key: bigint, value: TonCell]>,
): TonCell | undefined {
  const map = Dictionary.empty(Dictionary.Keys.BigUint(keyBits), {
    serialize: (value: TonCell, builder) => void builder.storeSlice(value.beginParse()),
    parse: slice => slice.asCell(),
  })
  for (const [key, value] of entries) map.set(key, value)
  return map.size === 0 ? undefined : beginCell().storeDictDirect(map).endCell()
}
