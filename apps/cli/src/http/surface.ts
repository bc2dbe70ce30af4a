import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Tally } from '@cocoon/money'
import type { Registry } from 'prom-client'
import type { Report } from '../event.ts'
import { listenError } from '../roles/port.ts'
import type { RoleName } from '../roles/role.ts'
import type { Access } from './access.ts'
import { tallyAnswer } from './tally-json.ts'
import { pageHeaders, renderPage, type Section } from './page.ts'

/** What a role shows of itself, and what can be done to it. */
export interface Faces {
  readonly role: RoleName
  /** No sealed hardware is behind it, which every page and answer says. */
  readonly isSimulated: boolean
  /** What keeps the role from serving, in words; empty while it serves. */
  problems(): string[]
  /** The first line of the status page. */
  lead(): string
  sections(): Section[]
  /** Object for `/jsonstats`, with the keys of the reference. */
  json(): Record<string, unknown>
  readonly metrics: Registry
  /** By path: changes that are made by POST. */
  readonly actions: ReadonlyMap<string, Action>
  /** What was earned or spent by hour; absent without a chain. */
  readonly tally?: Pick<Tally, 'rows'> | undefined
}

/** Carries out a change, or says why not. */
export type Action = (parameters: URLSearchParams) => ActionOutcome | Promise<ActionOutcome>

export interface ActionOutcome {
  status: number
  body: Record<string, unknown>
}

/** Serves a path; false when it is not known. */
export type Routes = (request: IncomingMessage, response: ServerResponse, path: string) => boolean

/** `/health`, `/stats`, `/jsonstats`, `/metrics` and the role's actions. */
export function routesOf(faces: Faces, access: Access, report: Report): Routes {
  const { tally } = faces
  const reads = new Map<string, (response: ServerResponse, request: IncomingMessage) => void>([
    ['/health', response => sendHealth(response, faces)],
    ['/stats', response => send(response, 200, pageHeaders, renderStats(faces))],
    ['/jsonstats', response => sendJson(response, 200, faces.json())],
    ['/metrics', response => void sendMetrics(response, faces.metrics)],
    ...(tally === undefined ? [] : [['/tally', tallyRead(tally)] as const]),
  ])
  return (request, response, path) => {
    const read = reads.get(path)
    const action = faces.actions.get(path)
    if (read !== undefined) {
      if (request.method !== 'GET' && request.method !== 'HEAD') refuseMethod(response, 'GET, HEAD')
      else if (path !== '/health' && !access.mayRead(request)) refuseAccess(response)
      else read(response, request)
    } else if (action !== undefined) {
      if (request.method !== 'POST') refuseMethod(response, 'POST')
      else if (!access.mayControl(request)) refuseAccess(response)
      else void carryOut(path, () => action(parametersOf(request)), response, report)
    } else return false
    return true
  }
}

/** `GET /tally?from=SECONDS&to=SECONDS`. */
function tallyRead(tally: Pick<Tally, 'rows'>) {
  return (response: ServerResponse, request: IncomingMessage): void => {
    void tallyAnswer(tally, parametersOf(request)).then(({ status, body }) =>
      sendJson(response, status, body),
    )
  }
}

async function carryOut(
  path: string,
  action: () => ActionOutcome | Promise<ActionOutcome>,
  response: ServerResponse,
  report: Report,
): Promise<void> {
  try {
    const { status, body } = await action()
    if (status === 200) report({ event: 'control', action: path.slice('/request/'.length) })
    sendJson(response, status, body)
  } catch {
    sendJson(response, 500, errorBody('internal', 'The action failed. The log says why.'))
  }
}

/** What this version cannot do: actions on the chain, which its networks lack. */
export const needsChain: Action = () => ({
  status: 501,
  body: errorBody(
    'needs-chain',
    'This network runs without a chain, so there is nothing to pay, charge or close. The action exists on networks with one.',
  ),
})

export function errorBody(code: string, message: string): Record<string, unknown> {
  return { error: { code, message } }
}

export interface ServedSurface extends AsyncDisposable {
  readonly address: string
}

const host = '127.0.0.1'

/** Serves nothing but these routes, on loopback. Rejects with a CliError that names `setting` if the port is taken. */
export async function serveSurface(routes: Routes, port: number, setting: string): Promise<ServedSurface> {
  const server = createServer(
    { maxHeaderSize: 16 * 1024, requestTimeout: 15_000, headersTimeout: 15_000 },
    (request, response) => {
      request.resume()
      const path = (request.url ?? '').split('?', 1)[0] ?? ''
      if (!namesLoopback(request.headers.host)) {
        sendJson(response, 403, errorBody('host-not-allowed', 'Call this address as 127.0.0.1 or localhost.'))
      } else if (!routes(request, response, path)) {
        sendJson(response, 404, errorBody('not-found', 'Known paths: /health, /stats, /jsonstats, /metrics.'))
      }
    },
  )
  server.maxConnections = 256
  return listen(server, { host, port, setting })
}

/** Rejects with a CliError that names `setting` if the port is taken. */
export async function listen(
  server: Server,
  { host, port, setting }: { host: string; port: number; setting: string },
): Promise<ServedSurface> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause => reject(listenError(cause, host, port, setting)))
    server.listen({ port, host }, resolve)
  })
  const address = server.address()
  return {
    address: `${host}:${typeof address === 'object' && address !== null ? address.port : port}`,
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function renderStats(faces: Faces): string {
  return renderPage({
    title: `Cocoon ${faces.role}`,
    isSimulated: faces.isSimulated,
    lead: faces.lead(),
    sections: faces.sections(),
  })
}

function sendHealth(response: ServerResponse, faces: Faces): void {
  const reasons = faces.problems()
  const ready = reasons.length === 0
  sendJson(response, ready ? 200 : 503, {
    role: faces.role,
    status: ready ? 'ready' : 'not ready',
    reasons,
    simulated: faces.isSimulated,
  })
}

async function sendMetrics(response: ServerResponse, metrics: Registry): Promise<void> {
  try {
    send(response, 200, { 'content-type': metrics.contentType }, await metrics.metrics())
  } catch {
    sendJson(response, 500, errorBody('metrics-failed', 'The metrics could not be collected.'))
  }
}

function refuseMethod(response: ServerResponse, allow: string): void {
  response.setHeader('allow', allow)
  sendJson(response, 405, errorBody('method-not-allowed', `This path takes ${allow} alone.`))
}

function refuseAccess(response: ServerResponse): void {
  response.setHeader('www-authenticate', 'Bearer')
  const message =
    'A token is needed: send "Authorization: Bearer TOKEN". The token is http_access_hash of the configuration, ' +
    'or else stands in the file that the log names at the start.'
  sendJson(response, 401, errorBody('unauthorized', message))
}

function sendJson(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  send(response, status, headers, `${JSON.stringify(body, jsonValue, 2)}\n`)
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, text: string): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** Counters are 64-bit; what a double does not hold exactly becomes a decimal string. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

function parametersOf(request: IncomingMessage): URLSearchParams {
  const { url = '' } = request
  const mark = url.indexOf('?')
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
}

/** A page on the internet that had its name pointed at this machine calls it by that name. */
function namesLoopback(authority: string | undefined): boolean {
  if (authority === undefined) return true
  const name = authority.replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}
