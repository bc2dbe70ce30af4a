import { fromJson, WireError, type RootConfigPseudo } from '@cocoon/wire'
import { formatAddress, parseAddress } from './address.ts'
import { codeFromHex } from './code.ts'
import { formatProxyEndpoints, parseProxyEndpoints } from './endpoint.ts'
import { MoneyError } from './error.ts'
import { modelBaseName, modelHash } from './registry.ts'
import type { RegisteredProxy, RootConfig } from './root-config.ts'

/** What a root configuration without a chain always says; the file has no keys for these. */
const fixed = {
  structVersion: 1,
  uniqueId: 13,
  isTest: true,
  multipliers: { prompt: 10_000, cached: 10_000, completion: 10_000, reasoning: 10_000 },
  proxyDelayBeforeCloseS: 600,
  clientDelayBeforeCloseS: 300,
  minProxyStakeNano: 1_000_000_000n,
  minClientStakeNano: 1_000_000_000n,
} as const

/**
 * Reads the file that stands for the root contract in a network without a chain: JSON in the form of
 * `rootConfig.pseudo`, hashes in base64, codes as hex bags of cells, "" for the empty cell. Keys that the
 * schema does not have are ignored, missing ones are 0, "" or empty; the owner's address is required.
 * Throws `MoneyError('config')` that names the key.
 */
export function parsePseudoConfig(json: unknown): RootConfig {
  const pseudo = parsePseudo(json)
  for (const key of [
    'version',
    'paramsVersion',
    'lastProxySeqno',
    'pricePerToken',
    'workerFeePerToken',
  ] as const) {
    if (pseudo[key] < 0) throw new MoneyError('config', `${key} is ${pseudo[key]}. It cannot be below zero`)
  }
  if (pseudo.workerFeePerToken > pseudo.pricePerToken) {
    throw new MoneyError(
      'config',
      'worker_fee_per_token is above price_per_token: the proxy would pay for each query',
    )
  }
  return Object.freeze({
    ...fixed,
    version: pseudo.version,
    paramsVersion: pseudo.paramsVersion,
    pricePerTokenNano: BigInt(pseudo.pricePerToken),
    workerFeePerTokenNano: BigInt(pseudo.workerFeePerToken),
    ownerAddress: named('root_owner_address', () => parseAddress(pseudo.rootOwnerAddress)),
    lastProxySeqno: pseudo.lastProxySeqno,
    proxies: pseudo.registeredProxies.map(parseProxy),
    proxyHashes: new Set(pseudo.proxyHashes.map(toHex)),
    workerHashes: new Set(pseudo.workerHashes.map(toHex)),
    modelHashes: new Set([
      ...pseudo.modelHashes.map(toHex),
      ...pseudo.modelTypes.map(type => modelHash(modelBaseName(type))),
    ]),
    codes: {
      proxy: named('proxy_sc_code', () => codeFromHex(pseudo.proxyScCode)),
      worker: named('worker_sc_code', () => codeFromHex(pseudo.workerScCode)),
      client: named('client_sc_code', () => codeFromHex(pseudo.clientScCode)),
    },
  })
}

/** What `writePseudoConfig` takes; everything but the owner has a default. */
export type PseudoConfigInput = Pick<RootConfig, 'ownerAddress'> &
  Partial<
    Pick<
      RootConfig,
      | 'version'
      | 'paramsVersion'
      | 'pricePerTokenNano'
      | 'workerFeePerTokenNano'
      | 'lastProxySeqno'
      | 'proxies'
    >
  > & {
    /** 64 hex digits each. */
    proxyHashes?: Iterable<string>
    workerHashes?: Iterable<string>
    modelHashes?: Iterable<string>
    /** Bags of cells as hex; without them all contracts have the empty cell for code. */
    codesHex?: { proxy: string; worker: string; client: string }
  }

/**
 * The configuration of a local network as JSON, which `parsePseudoConfig` and other implementations read.
 * Without prices a token costs 2 nanotons, of which the worker gets 1.
 */
export function writePseudoConfig(input: PseudoConfigInput): Record<string, unknown> {
  const proxies = input.proxies ?? []
  return {
    proxy_hashes: Array.from(input.proxyHashes ?? [], toBase64),
    worker_hashes: Array.from(input.workerHashes ?? [], toBase64),
    model_hashes: Array.from(input.modelHashes ?? [], toBase64),
    model_types: [],
    registered_proxies: proxies.map(proxy => ({ seqno: proxy.seqno, address: formatProxyEndpoints(proxy) })),
    price_per_token: Number(input.pricePerTokenNano ?? 2n),
    worker_fee_per_token: Number(input.workerFeePerTokenNano ?? 1n),
    last_proxy_seqno: input.lastProxySeqno ?? Math.max(0, ...proxies.map(proxy => proxy.seqno)),
    version: input.version ?? 1,
    params_version: input.paramsVersion ?? 1,
    proxy_sc_code: input.codesHex?.proxy ?? '',
    worker_sc_code: input.codesHex?.worker ?? '',
    client_sc_code: input.codesHex?.client ?? '',
    root_owner_address: formatAddress(input.ownerAddress),
  }
}

function parsePseudo(json: unknown): RootConfigPseudo {
  try {
    return fromJson('rootConfig.pseudo', json)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new MoneyError('config', `The root configuration does not fit: ${cause.message}`, { cause })
  }
}

function parseProxy({ seqno, address }: { seqno: number; address: string }): RegisteredProxy {
  return { seqno, ...parseProxyEndpoints(address) }
}

function named<T>(key: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause
    throw new MoneyError('config', `${key}: ${cause.message}`, { cause })
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}
