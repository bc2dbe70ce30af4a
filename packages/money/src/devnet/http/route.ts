import type { IncomingMessage } from 'node:http'
import { MoneyError } from '../../error.ts'
import { normalisedHash, parseExternal } from '../message.ts'
import { View } from '../view.ts'
import { isAuthorised } from './admin.ts'
import type { Call } from './call.ts'
import { Parameters, wrong } from './parameters.ts'
import type { ServerOptions } from './server.ts'
import { v2Methods, v2Senders } from './v2.ts'
import { v3Methods } from './v3.ts'

export interface Reply {
  readonly status: number
  readonly body: unknown
}

interface ErrorReply extends Reply {
  readonly body: { readonly ok: false; readonly error: string; readonly code: number }
}

/** An error as toncenter writes it. */
export function reply(status: number, error: string): ErrorReply {
  return { status, body: { ok: false, error, code: status } }
}

const statuses: Readonly<Record<string, number>> = {
  address: 422,
  devnet: 422,
  limit: 429,
  'chain-history': 404,
  'chain-refused': 500,
  'wallet-balance': 409,
  closed: 503,
}

/** In toncenter's words where it has words for it; a fault of ours says nothing. */
export function failure(error: unknown): ErrorReply {
  if (!(error instanceof MoneyError)) return reply(500, 'internal error')
  const isOfNode = error.code === 'chain-refused' || error.code === 'chain-history'
  return reply(statuses[error.code] ?? 500, `${isOfNode ? 'LITE_SERVER_UNKNOWN: ' : ''}${error.message}`)
}

const self = 'http://localhost'

/** What a request is for; null where that is no path. */
export function targetOf({ url = '/' }: IncomingMessage): URL | null {
  return URL.parse(self + url)
}

/** Answers a request whose body is complete. Rejects with a MoneyError for what does not fit. */
export async function route(request: IncomingMessage, body: Buffer, options: ServerOptions): Promise<Reply> {
  const method = request.method ?? 'GET'
  const target = targetOf(request)
  if (target === null) return reply(404, 'Not Found')
  const { pathname, searchParams } = target
  if (method !== 'GET' && method !== 'POST') return reply(405, 'use GET or POST')
  const path = pathname.replace(/\/$/, '')
  const name = path.slice(path.lastIndexOf('/') + 1)
  const folder = path.slice(0, path.length - name.length - 1)
  if (folder === '/devnet' || path === '/faucet') {
    return adminReply(name, request, new Parameters(searchParams, objectOf(body)), options)
  }
  if (path === '/api/v2/jsonRPC' || path === '/jsonRPC') {
    return method === 'POST' ? rpcReply(objectOf(body), options) : reply(405, 'use POST')
  }
  const parameters = new Parameters(searchParams, objectOf(body))
  if (folder === '/api/v2') return v2Reply(name, method, parameters, options)
  if (folder === '/api/v3') return v3Reply(name, method, parameters, options)
  return reply(404, 'Not Found')
}

async function adminReply(
  name: string,
  request: IncomingMessage,
  parameters: Parameters,
  { admin, token }: ServerOptions,
): Promise<Reply> {
  const action = admin.get(name)
  if (action === undefined) return reply(404, 'Not Found')
  if (action.method !== request.method) return reply(405, `use ${action.method}`)
  if (!action.isOpen && !isAuthorised(request, token)) return reply(401, 'the token of the devnet is missing')
  return { status: 200, body: { ok: true, result: await action.run(parameters) } }
}

async function v2Reply(
  name: string,
  method: string,
  parameters: Parameters,
  options: ServerOptions,
): Promise<Reply> {
  const run = v2Methods.get(name)
  if (run === undefined) return reply(404, 'Not Found')
  if (method === 'GET' && v2Senders.has(name)) return reply(405, 'use POST')
  return { status: 200, body: { ok: true, result: await run(callOf(parameters, options)) } }
}

/** The same methods by JSON-RPC; its errors carry the id too. */
async function rpcReply(body: Record<string, unknown>, options: ServerOptions): Promise<Reply> {
  const { method, params = {}, id = null } = body
  const run = typeof method === 'string' ? v2Methods.get(method) : undefined
  const envelope = { jsonrpc: '2.0', id: isId(id) ? id : null }
  if (run === undefined)
    return { status: 404, body: { ok: false, error: 'Unknown method', code: 404, ...envelope } }
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw wrong('params has to be an object')
  try {
    const parameters = new Parameters(new URLSearchParams(), params as Record<string, unknown>)
    const result = await run(callOf(parameters, options))
    return { status: 200, body: { ok: true, result, ...envelope } }
  } catch (error) {
    const { status, body: told } = failure(error)
    return { status, body: { ...told, ...envelope } }
  }
}

function isId(id: unknown): boolean {
  return typeof id === 'number' || (typeof id === 'string' && id.length <= 256)
}

async function v3Reply(
  name: string,
  method: string,
  parameters: Parameters,
  options: ServerOptions,
): Promise<Reply> {
  const entry = v3Methods.get(name)
  if (entry === undefined) return reply(404, 'Not Found')
  if (entry.method !== method) return reply(405, `use ${entry.method}`)
  return { status: 200, body: await entry.run(callOf(parameters, options)) }
}

function callOf(parameters: Parameters, { chain, faults }: ServerOptions): Call {
  const view = new View(chain, faults.staleBlocks)
  return {
    parameters,
    view,
    shownSeqno: view.head.seqno + faults.seqnoShift,
    async send(boc) {
      if (boc.length === 0) throw wrong('empty boc')
      const { hash, message } = faults.dropsMessages ? parseExternal(boc) : await chain.submit(boc)
      if (faults.failsAfterSending) throw new MoneyError('storage', 'LITE_SERVER_NETWORK: timeout')
      return { hash, normHash: normalisedHash(message, hash) }
    },
  }
}

function objectOf(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {}
  try {
    const value: unknown = JSON.parse(body.toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Told like any other body that is no object.
  }
  throw wrong('the body has to be a JSON object')
}
