import { createServer, type ServerResponse } from 'node:http'
import { logOrigin, type ProxyLog, serveLog } from '@cocoon/proxy'
import { toHex } from '@cocoon/wire'
import { listen, type Routes, type ServedSurface } from './surface.ts'

/** The public logs of a proxy role, by `addressKey` of the contract that stands behind each. */
export interface PublicLogs {
  /** Of the contract that serves now. */
  readonly current: { readonly contract: string; readonly log: ProxyLog } | undefined
  readonly old: Iterable<{ readonly contract: string; readonly log: ProxyLog }>
}

const prefix = '/log'

/**
 * `/log/checkpoint`, `/log/tile/...` and `/log/anchors` of the contract that serves now, and the same below
 * `/log/<contract>` for each that was. Everybody may read them.
 */
export function logRoutes(logs: () => PublicLogs): Routes {
  return (request, response, path) => {
    if (path !== prefix && !path.startsWith(`${prefix}/`)) return false
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(response, 405, { allow: 'GET, HEAD' }, 'This path takes GET, HEAD alone.\n')
      return true
    }
    void serve(logs(), path.slice(prefix.length), response).catch(() =>
      answer(response, 503, { 'retry-after': '5' }, 'The log cannot be read now. Retry in a few seconds.\n'),
    )
    return true
  }
}

async function serve(logs: PublicLogs, path: string, response: ServerResponse): Promise<void> {
  const { current } = logs
  if (path === '' || path === '/') return list(logs, response)
  const [, name = '', rest = ''] = /^\/(-?\d+:[\da-f]{64})(\/.*)$/.exec(path) ?? []
  const log = name === '' ? current?.log : [current, ...logs.old].find(one => one?.contract === name)?.log
  const inLog = name === '' ? path : rest
  if (log === undefined) return answer(response, 404, {}, 'There is no such log.\n')
  if (inLog === '/anchors') return anchors(log, response)
  const served = await serveLog(log.store, inLog)
  if (served === undefined) return answer(response, 404, {}, 'There is no such part of the log.\n')
  response.writeHead(served.status, { ...served.headers, 'content-length': served.body.length })
  response.end(served.body)
}

function list({ current, old }: PublicLogs, response: ServerResponse): void {
  const logs = [current, ...old].flatMap(one =>
    one === undefined ? [] : [{ origin: logOrigin(one.contract), path: `${prefix}/${one.contract}` }],
  )
  json(response, { logs })
}

/** What opens the states of the books that the chain has, as `cocoon log audit` reads it: the newest last. */
function anchors(log: ProxyLog, response: ServerResponse): void {
  json(
    response,
    log.anchors.map(({ seqno, nonce, size, root, transactionHash, lt, timeS }) => ({
      seqno,
      nonce: toHex(nonce),
      size: String(size),
      root: toHex(root),
      transaction: transactionHash,
      lt: String(lt),
      at: new Date(1000 * timeS).toISOString(),
    })),
  )
}

const open = {
  'access-control-allow-origin': '*',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
}

function json(response: ServerResponse, value: unknown): void {
  answer(response, 200, { 'content-type': 'application/json' }, `${JSON.stringify(value, undefined, 2)}\n`)
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  text: string,
): void {
  if (response.headersSent) return void response.destroy()
  const type = { 'content-type': 'text/plain; charset=utf-8' }
  response.writeHead(status, { ...open, ...type, ...headers, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** Serves the logs alone, to whoever reaches the address. Rejects with a CliError if the port is taken. */
export async function serveLogs(
  routes: Routes,
  { host, port, setting }: { host: string; port: number; setting: string },
): Promise<ServedSurface> {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, requestTimeout: 15_000, headersTimeout: 15_000, keepAliveTimeout: 15_000 },
    (request, response) => {
      request.resume()
      const path = (request.url ?? '').split('?', 1)[0] ?? ''
      if (!routes(request, response, path)) answer(response, 404, {}, 'Nothing but /log is served here.\n')
    },
  )
  server.maxConnections = 1024
  return listen(server, { host, port, setting })
}
