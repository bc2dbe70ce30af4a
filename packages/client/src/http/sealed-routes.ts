import { disputeReasons } from '@cocoon/trust/seal'
import { toHex } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import type { PassedOffers } from '../network.ts'
import type { Exchange } from './exchange.ts'
import { refuse } from './refusal.ts'
import { passingOf, servePassedQuery } from './sealed-query.ts'
import { readBody } from './serve-query.ts'

/** A path for callers who seal by themselves: what it takes, and who serves it. */
export interface SealedRoute {
  readonly methods: string
  readonly serve: (exchange: Exchange) => void
}

/** Finds what is served for callers who seal by themselves. `query`: what stands behind the question mark. */
export function sealedRoute(path: string, query: string): SealedRoute | undefined {
  if (!path.startsWith(prefix)) return undefined
  const [name = '', id, ...more] = path.slice(prefix.length).split('/')
  if (more.length > 0) return undefined
  const get = 'GET, HEAD'
  if (id === undefined) {
    if (name === 'offers') return { methods: get, serve: exchange => serveOffers(exchange, query) }
    if (name === 'sealed') return { methods: 'POST', serve: servePassedQuery }
    if (name === 'disputes') return { methods: 'POST', serve: serveDispute }
    return undefined
  }
  if (name === 'identities') return { methods: get, serve: exchange => serveIdentity(exchange, id) }
  if (name === 'inclusion') return { methods: get, serve: exchange => serveInclusion(exchange, id) }
  return name === 'receipts' ? { methods: get, serve: exchange => serveReceipt(exchange, id) } : undefined
}

function serveOffers(exchange: Exchange, query: string): void {
  exchange.key = exchange.shared.keys?.find(exchange.request.headers)
  const model = new URLSearchParams(query).get('model') ?? ''
  if (model === '' || model.length > longestName) {
    throw new ClientError(
      'invalid-request',
      `Name the model: ?model=NAME, up to ${longestName} characters.`,
      {
        param: 'model',
      },
    )
  }
  if (exchange.key?.allows(model) === false) {
    throw new ClientError('model-not-found', 'The API key may not use this model, or it does not exist.')
  }
  later(exchange, passingOf(exchange).offers(model), offers =>
    exchange.send(200, ['content-type', 'application/json'], JSON.stringify(offersJson(offers))),
  )
}

function offersJson({ proxyKey, prices, offers }: PassedOffers) {
  const { pricePerTokenNano, paramsVersion, multipliers } = prices
  const { prompt, cached, completion, reasoning } = multipliers
  return {
    proxy_key: toHex(proxyKey),
    prices: {
      price_per_token_nano: String(pricePerTokenNano),
      params_version: paramsVersion,
      multipliers: { prompt, cached, completion, reasoning },
    },
    offers: offers.map(({ identity, coefficient, activeRequests, maxActiveRequests }) => ({
      identity: toHex(identity),
      coefficient,
      active_requests: activeRequests,
      max_active_requests: maxActiveRequests,
    })),
  }
}

/** What a machine shows of itself is found by the digest of its document, and no secret. */
function serveIdentity(exchange: Exchange, id: string): void {
  exchange.key = exchange.shared.keys?.find(exchange.request.headers)
  const identity = digestOf(id, 'identity')
  later(exchange, passingOf(exchange).evidence(identity), evidence => {
    if (evidence === undefined)
      return notFound(exchange, 'unknown_identity', 'No worker has this identity now.')
    exchange.send(200, [...octets, 'cache-control', 'private, max-age=600'], Buffer.from(evidence))
  })
}

function serveInclusion(exchange: Exchange, id: string): void {
  exchange.key = exchange.shared.keys?.find(exchange.request.headers)
  const leaf = digestOf(id, 'leaf hash')
  const asked = passingOf(exchange).inclusion?.(leaf) ?? Promise.resolve(undefined)
  later(exchange, asked, inclusion => {
    if (inclusion === undefined) return notFound(exchange, 'not_logged', 'No log has this entry yet.')
    exchange.send(200, [...octets], Buffer.from(inclusion))
  })
}

function serveReceipt(exchange: Exchange, id: string): void {
  exchange.key = exchange.shared.keys?.find(exchange.request.headers)
  const kept = exchange.shared.receipts.find(id, exchange.key?.id ?? '')
  if (kept === undefined) {
    return notFound(exchange, 'unknown_receipt', 'No receipt of this id is kept here for this caller.')
  }
  exchange.send(200, ['content-type', 'application/json'], JSON.stringify(kept))
}

/** A caller does not accept a receipt: only who asked the query can say so. */
function serveDispute(exchange: Exchange): void {
  const { shared } = exchange
  exchange.key = shared.keys?.find(exchange.request.headers)
  exchange.key?.countRequest()
  exchange.occupy()
  readBody(exchange, body => {
    const { requestId, reason } = readDispute(body)
    const isOwn = shared.askers.get(toHex(requestId)) === (exchange.key?.id ?? '')
    if (!isOwn || !passingOf(exchange).dispute(requestId, reason)) {
      return notFound(exchange, 'unknown_request', 'No query of this id can be disputed by this caller.')
    }
    exchange.send(202, ['content-type', 'application/json'], '{}')
  })
}

function readDispute(body: Buffer): { requestId: Uint8Array; reason: number } {
  const { request_id: id, reason } = parsed(body) as { request_id?: unknown; reason?: unknown }
  const requestId = digestOf(typeof id === 'string' ? id : '', 'request_id')
  const isReason = Object.values<unknown>(disputeReasons).includes(reason)
  if (!isReason)
    throw new ClientError('invalid-request', 'reason has to be a number from 1 to 6.', { param: 'reason' })
  return { requestId, reason: reason as number }
}

function parsed(body: Buffer): object {
  try {
    const value: unknown = body.length <= longestDispute && JSON.parse(body.toString())
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new ClientError('invalid-request', 'The body is no short JSON object.')
}

function digestOf(hex: string, what: string): Uint8Array {
  if (/^[0-9a-f]{64}$/.test(hex)) return Uint8Array.from(Buffer.from(hex, 'hex'))
  throw new ClientError('invalid-request', `The ${what} has to be 64 lower-case hexadecimal digits.`)
}

function later<Value>(exchange: Exchange, asked: Promise<Value>, answer: (value: Value) => void): void {
  exchange.occupy()
  asked.then(
    value => exchange.attempt(() => answer(value)),
    error =>
      exchange.attempt(() => {
        throw error
      }),
  )
}

function notFound(exchange: Exchange, code: string, message: string): void {
  exchange.refuse(refuse(404, 'invalid_request_error', code, message))
}

const prefix = '/v1/cocoon/'
const octets = ['content-type', 'application/octet-stream']
const longestName = 256
const longestDispute = 1_024
