import { readRouting, type SealedRouting } from '@cocoon/trust/seal'
import { decode, type SealedQuery, sealedQuery, toHex } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import type { Passing, Query } from '../network.ts'
import type { Exchange } from './exchange.ts'
import { refuse } from './refusal.ts'
import { PassedAnswer } from './sealed-answer.ts'
import { readBody } from './serve-query.ts'

/**
 * `POST` of a query that its caller has sealed: boxed `sealed.query`. What it may cost is bounded by its header, so
 * that keys and budgets hold for what nobody here can read.
 */
export function servePassedQuery(exchange: Exchange): void {
  const { shared, request } = exchange
  exchange.key = shared.keys?.find(request.headers)
  exchange.key?.countRequest()
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    return exchange.refuseUpload(
      refuse(415, 'invalid_request_error', null, 'A request body must not be compressed.'),
    )
  }
  passingOf(exchange)
  exchange.occupy()
  readBody(exchange, body => start(exchange, body))
}

/** Who hands sealed queries on. Throws `unprotected` where nobody does. */
export function passingOf({ shared }: Exchange): Passing {
  const { passing } = shared.network
  if (passing !== undefined) return passing
  throw new ClientError('unprotected', 'This endpoint hands no sealed queries on.')
}

function start(exchange: Exchange, body: Buffer): void {
  const { shared, key, request } = exchange
  const { query, routing } = readSealed(body)
  const { model, maxCoefficient, maxTokens, requestId } = routing
  if (key?.allows(model) === false) {
    throw new ClientError('model-not-found', 'The API key may not use this model, or it does not exist.')
  }
  const { queryTimeoutMs } = shared.limits
  const timeoutMs =
    readTimeout(request.headers['x-cocoon-timeout'], queryTimeoutMs) ?? shared.defaults.timeoutMs
  const proxyKey = readProxyKey(request.headers['x-cocoon-proxy'])
  const bounded: Query = {
    model,
    path: '',
    body: query.body,
    maxCoefficient,
    maxTokens,
    timeoutMs,
    enableDebug: false,
  }
  const boundNano = key === undefined ? 0n : shared.costBound(bounded)
  key?.reserve(boundNano)
  const answer = new PassedAnswer(exchange, boundNano)
  answer.start(events => passingOf(exchange).run(query, { timeoutMs, proxyKey }, events))
  // A request id that is sent once more stays with who sent it first.
  const id = toHex(requestId)
  if (shared.askers.get(id) === undefined) shared.askers.set(id, key?.id ?? '')
}

function readSealed(body: Buffer): { query: SealedQuery; routing: SealedRouting } {
  try {
    const query = decode(sealedQuery, body)
    return { query, routing: readRouting(query.header) }
  } catch (cause) {
    throw new ClientError('invalid-request', 'The body is no boxed sealed.query with a header.', { cause })
  }
}

function readTimeout(text: string | string[] | undefined, longestMs: number): number | undefined {
  if (text === undefined) return undefined
  const seconds = typeof text === 'string' && /^\d{1,7}(?:\.\d{1,6})?$/.test(text) ? Number(text) : 0
  if (seconds > 0) return Math.min(longestMs, Math.ceil(seconds * 1000))
  throw new ClientError('invalid-request', 'x-cocoon-timeout has to be a number of seconds above 0.')
}

function readProxyKey(text: string | string[] | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined
  if (typeof text === 'string' && /^[0-9a-f]{64}$/.test(text))
    return Uint8Array.from(Buffer.from(text, 'hex'))
  throw new ClientError('invalid-request', 'x-cocoon-proxy has to be the proxy_key of offers.')
}

/** Queries of which it is known who asked. */
export const maxAskers = 10_000
