import { ClientError } from '../error.ts'
import { queryPaths } from '../query-fields.ts'
import type { Exchange } from './exchange.ts'
import { refuse } from './refusal.ts'
import { sealedRoute } from './sealed-routes.ts'
import { serveModels } from './serve-models.ts'
import { serveQuery } from './serve-query.ts'

/** Finds who serves a request. What it throws becomes the answer. */
export function route(exchange: Exchange): void {
  const { request, shared } = exchange
  const refusal = shared.guard.check(request)
  if (refusal !== undefined) return exchange.refuse(refusal)
  const target = request.url ?? ''
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const kind = queryPaths.get(path)
  if (kind !== undefined) {
    if (request.method === 'POST' || takes(exchange, 'POST')) serveQuery(exchange, kind, path)
  } else if (path === modelsPath || path.startsWith(modelPrefix)) {
    const name = path === modelsPath ? undefined : path.slice(modelPrefix.length)
    if (takes(exchange, 'GET, HEAD')) serveModels(exchange, name)
  } else if (path === debugPath) {
    if (takes(exchange, 'GET, HEAD')) serveDebug(exchange, target.slice(path.length + 1))
  } else {
    const sealed = sealedRoute(path, target.slice(path.length + 1))
    if (sealed === undefined) serveExtra(exchange, path)
    else if (takes(exchange, sealed.methods)) sealed.serve(exchange)
  }
}

/** True when the request's method is one of `methods`; otherwise the request is answered here. */
function takes(exchange: Exchange, methods: string): boolean {
  const { request, shared } = exchange
  if (methods.split(', ').includes(request.method ?? '')) return true
  if (request.method === 'OPTIONS' && shared.guard.hasCors) {
    exchange.preflight(`${methods}, OPTIONS`)
    return false
  }
  const allow = shared.guard.hasCors ? `${methods}, OPTIONS` : methods
  const message = `This path takes ${allow} alone.`
  exchange.refuse(refuse(405, 'invalid_request_error', 'method_not_allowed', message, ['allow', allow]))
  return false
}

/** The debug record of an earlier request, `{}` if there is none. */
function serveDebug(exchange: Exchange, query: string): void {
  exchange.key = exchange.shared.keys?.find(exchange.request.headers)
  const guid = new URLSearchParams(query).get('request_guid')
  if (guid === null || guid === '') {
    throw new ClientError('invalid-request', 'Name the request: ?request_guid=<its request_guid>.', {
      param: 'request_guid',
    })
  }
  const text = exchange.shared.debugLog.find(exchange.key?.id ?? '', guid)
  exchange.send(200, ['content-type', 'application/json'], text ?? '{}')
}

function serveExtra(exchange: Exchange, path: string): void {
  const { request, response, shared } = exchange
  if (shared.extraRoutes(request, response, path)) {
    response.once('close', () => exchange.over())
    return
  }
  const message = `Nothing is served at ${request.method} ${path.slice(0, 200)}.`
  exchange.refuse(refuse(404, 'invalid_request_error', 'unknown_url', message))
}

const modelsPath = '/v1/models'
const modelPrefix = '/v1/models/'
const debugPath = '/request/debuglogentry'
