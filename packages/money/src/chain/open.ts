import type { World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'
import type { Chain } from './chain.ts'
import { FailoverChain, type SourceStatus } from './failover.ts'
import { liteserversOf } from './global-config.ts'
import { headLimits, type HeadLimits } from './head-watch.ts'
import { LiteServerChain } from './liteserver.ts'
import type { TonCenterEndpoint } from './toncenter-call.ts'
import { TonCenterChain } from './toncenter.ts'

/** A call of a chain ends within this time. */
const defaultTimeoutMs = 20_000
/** One source gets a part of it, so that there is time for another one. */
const sourceTimeoutMs = 12_000
/** Sources that may be configured. */
const maxSources = 16
/** Calls in a second at a public endpoint without a key, with one, and at a liteserver. */
const keylessPerSecond = 1
const keyedPerSecond = 10

/** An HTTP API like TON Center's, or the parsed JSON of a global configuration with liteservers. */
export type ChainSource =
  | { readonly url: string; readonly apiKey?: string; readonly perSecond?: number }
  | { readonly liteservers: unknown; readonly perSecond?: number }

export interface OpenChainOptions {
  readonly world: World
  readonly timeoutMs?: number
  /** For chains that are not the real one: a devnet whose clock is moved needs another skew. */
  readonly heads?: Partial<HeadLimits>
}

/** A chain, and how its sources stand. */
export interface OpenedChain extends Chain {
  sources(): SourceStatus[]
}

/**
 * Access to TON through all of the sources, in order of preference. Nothing is asked before the first call. Throws
 * `MoneyError('config')`, which never shows a key.
 */
export function openChain(sources: readonly ChainSource[], options: OpenChainOptions): OpenedChain {
  const { world, timeoutMs = defaultTimeoutMs } = options
  if (sources.length === 0 || sources.length > maxSources) {
    throw new MoneyError(
      'config',
      `A chain needs 1 to ${maxSources} sources, and ${sources.length} are named`,
    )
  }
  const heads = { ...headLimits, ...options.heads }
  const shared = { world, heads, timeoutMs: Math.min(timeoutMs, sourceTimeoutMs) }
  return new FailoverChain({
    sources: sources.flatMap(source =>
      'url' in source ? [httpSource(source, shared)] : liteSources(source, shared),
    ),
    world,
    timeoutMs,
    heads,
  })
}

interface Shared {
  readonly world: World
  readonly heads: HeadLimits
  readonly timeoutMs: number
}

interface NamedChain {
  readonly name: string
  readonly chain: Chain
}

function httpSource(
  source: { url: string; apiKey?: string; perSecond?: number },
  shared: Shared,
): NamedChain {
  const endpoint = endpointOf(source.url, source.apiKey)
  const isLocal = isLoopback(new URL(endpoint.url).hostname)
  const usual = isLocal ? Infinity : source.apiKey === undefined ? keylessPerSecond : keyedPerSecond
  const perSecond = rateOf(source.perSecond ?? usual)
  return { name: endpoint.source, chain: new TonCenterChain({ ...shared, endpoint, perSecond }) }
}

function liteSources(source: { liteservers: unknown; perSecond?: number }, shared: Shared): NamedChain[] {
  const perSecond = rateOf(source.perSecond ?? keyedPerSecond)
  return liteserversOf(source.liteservers, shared.world).map(peer => ({
    name: peer.source,
    chain: new LiteServerChain({ ...shared, peer, perSecond }),
  }))
}

/** Checks an address and a key. Errors name the address without what could be a secret. */
function endpointOf(text: string, apiKey: string | undefined): TonCenterEndpoint {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new MoneyError(
      'config',
      'A source of the chain is no address like http://127.0.0.1:10800/api/v2/jsonRPC',
    )
  }
  const source = url.origin + url.pathname
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new MoneyError('config', `The address ${source} must carry nothing besides: give the key by itself`)
  }
  if (apiKey !== undefined && !/^[\x21-\x7e]{1,512}$/.test(apiKey)) {
    throw new MoneyError(
      'config',
      `The key for ${source} is empty, too long, or has characters that no header takes`,
    )
  }
  if (apiKey !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new MoneyError('config', `The key for ${source} would be sent in the clear: use https`)
  }
  if (url.pathname === '/') url.pathname = '/api/v2/jsonRPC'
  return { url: url.href, apiKey, source }
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host)
}

function rateOf(perSecond: number): number {
  if (perSecond > 0) return perSecond
  throw new MoneyError('config', `A rate of ${perSecond} calls in a second is none`)
}
