import type { Cell as TonCell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { parseProxyEndpoints } from '../endpoint.ts'
import { MoneyError } from '../error.ts'
import type { RegisteredProxy, RootConfig } from '../root-config.ts'
import { readDictionary } from './dictionary.ts'
import { readParams } from './params.ts'
import { CellReader } from './reader.ts'

/** Entries of each dictionary of the root contract that are read. */
const maxRegistryEntries = 10_000

/** A key that the root vouches for, beside image hashes. */
export interface TrustedKey {
  /** 64 hex digits. */
  readonly publicKey: string
  readonly type: number
  /** Unix seconds. */
  readonly expiresAtS: number
}

/** Who may add keys to the root, and which there are. */
export interface KeyKeeper {
  readonly keys: readonly TrustedKey[]
  /** 64 hex digits each; zeros where nobody was named. */
  readonly publicKey: string
  readonly imageHash: string
  /** As it was registered; "" where nobody was named. */
  readonly endpoint: string
}

/** How a root of this project lets others see what its owner is about to change. */
export interface Governance {
  /** Seconds that a change waits. */
  readonly delayS: number
  /** Number of the next message that the key keeper signs. */
  readonly counter: number
  /** What waits, by the opcode of its message. */
  readonly pending: readonly PendingChange[]
}

export interface PendingChange {
  readonly operation: number
  /** Unix seconds from which on it can be done. */
  readonly readyAtS: number
  /** Hash of the message behind its query id, 64 hex digits. */
  readonly content: string
}

interface RootParts {
  readonly ownerAddress: ContractAddress
  readonly version: number
  readonly registry: TonCell
  readonly params: TonCell
  readonly rest: CellReader
}

/**
 * Reads the root contract's data, of every version of its parameters:
 *
 *     owner:addr_std version:uint32 ^registry ^params (with all codes) [version 4: ^key_manager]
 *     registry: proxy_hashes:(HashmapE 256 nothing) registered:(HashmapE 32 endpoint) last_proxy_seqno:uint32
 *               worker_hashes:(HashmapE 256 nothing) model_hashes:(HashmapE 256 nothing)
 *     endpoint: type:bit(=0) length:uint7 text
 *
 * A root may keep more behind. An endpoint without text is passed over. Throws `MoneyError('contract-data')`.
 */
export function readRootConfig(data: TonCell): RootConfig {
  const { ownerAddress, version, registry, params: paramsCell } = splitRoot(data)
  const params = readParams(paramsCell)
  const { proxy, worker, client } = params.codes
  if (!proxy || !worker || !client) throw refused('its parameters lack the code of a contract')
  if (params.workerFeePerTokenNano > params.pricePerTokenNano) {
    throw refused('a token brings the worker more than it costs the client')
  }
  const { prompt, cached, completion, reasoning } = params.multipliers
  if (Math.max(prompt, cached, completion, reasoning) >= 2 ** 31) throw refused('a multiplier is above 2^31')
  return Object.freeze({
    ...params,
    codes: { proxy, worker, client },
    version,
    ownerAddress,
    ...readRegistry(registry),
  })
}

/** Reads who keeps the keys of a root of version 4. Throws `MoneyError('contract-data')`. */
export function readKeyKeeper(data: TonCell): KeyKeeper {
  const reader = new CellReader(splitRoot(data).rest.reference(), 'key manager of the root contract')
  const keys = readDictionary(reader, {
    what: 'keys of the root contract',
    keyBits: 256,
    most: maxRegistryEntries,
    readValue: (value, key) => {
      const trusted = { publicKey: hex256(key), type: value.uint(8), expiresAtS: value.uint(32) }
      value.end()
      return trusted
    },
  })
  return { keys, publicKey: reader.hex(32), imageHash: reader.hex(32), endpoint: readEndpointText(reader) }
}

/**
 * Reads what waits in a root of this project that was given a delay; undefined for every other root. It lies
 * behind what all roots have:
 *
 *     governance: delay:uint32 counter:uint32 pending:(HashmapE 32 Pending)
 *     Pending: ready_at:uint32 content:bits256
 *
 * Throws `MoneyError('contract-data')`.
 */
export function readGovernance(data: TonCell): Governance | undefined {
  const { rest } = splitRoot(data)
  if (rest.remainingReferences < 2) return undefined
  rest.reference() // the key manager
  const reader = new CellReader(rest.reference(), 'governance of the root contract')
  const [delayS, counter] = [reader.uint(32), reader.uint(32)]
  const pending = readDictionary(reader, {
    what: 'changes that wait at the root contract',
    keyBits: 32,
    most: maxRegistryEntries,
    readValue: (value, operation) => {
      const change = { operation: Number(operation), readyAtS: value.uint(32), content: value.hex(32) }
      value.end()
      return change
    },
  })
  return { delayS, counter, pending }
}

function splitRoot(data: TonCell): RootParts {
  const rest = new CellReader(data, 'data of the root contract')
  const [ownerAddress, version] = [rest.address(), rest.uint(32)]
  return { ownerAddress, version, registry: rest.reference(), params: rest.reference(), rest }
}

function readRegistry(cell: TonCell) {
  const reader = new CellReader(cell, 'registry of the root contract')
  const proxyHashes = readHashes(reader)
  const registered = readDictionary(reader, {
    what: 'proxies of the root contract',
    keyBits: 32,
    most: maxRegistryEntries,
    readValue: (value, seqno) => readProxy(value, Number(seqno)),
  })
  const lastProxySeqno = reader.uint(32)
  const [workerHashes, modelHashes] = [readHashes(reader), readHashes(reader)]
  const proxies = registered.filter(proxy => proxy !== undefined)
  return { proxyHashes, proxies, lastProxySeqno, workerHashes, modelHashes }
}

function readHashes(reader: CellReader): ReadonlySet<string> {
  const hashes = readDictionary(reader, {
    what: 'hashes of the root contract',
    keyBits: 256,
    most: maxRegistryEntries,
    readValue: (value, key) => {
      value.end()
      return hex256(key)
    },
  })
  return new Set(hashes)
}

function readProxy(value: CellReader, seqno: number): RegisteredProxy | undefined {
  const text = readEndpointText(value)
  value.end()
  if (text === '') return undefined
  try {
    return { seqno, ...parseProxyEndpoints(text) }
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause
    throw new MoneyError('contract-data', `Proxy ${seqno} of the root contract: ${cause.message}`, { cause })
  }
}

function readEndpointText(reader: CellReader): string {
  if (reader.bit()) throw reader.malformed('an endpoint is of an unknown type')
  return Buffer.from(reader.bytes(reader.uint(7))).toString('latin1')
}

function hex256(key: bigint): string {
  return key.toString(16).padStart(64, '0')
}

function refused(why: string): MoneyError {
  return new MoneyError('contract-data', `The root contract cannot be used: ${why}`)
}
