import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { World } from '@cocoon/wire'
import { MoneyError } from '../../error.ts'
import type { Blockchain } from '../blockchain.ts'
import type { DevnetFaults } from '../faults.ts'
import { devnetLimits } from '../limits.ts'
import { type AdminAction, isAdminPath } from './admin.ts'
import { allowedOrigin, isLoopbackHost } from './origin.ts'
import { failure, type Reply, reply, route, targetOf } from './route.ts'

export interface ServerOptions {
  readonly chain: Blockchain
  readonly world: World
  /** 0 for a free one. */
  readonly port: number
  /** What admin calls have to carry; without one there are none. */
  readonly token: string | undefined
  readonly faults: DevnetFaults
  /** What `/devnet/...` does, by its last part. */
  readonly admin: ReadonlyMap<string, AdminAction>
}

export interface DevnetServer {
  readonly port: number
  /** Ends connections and listening. */
  close(): Promise<void>
}

/** Serves toncenter's HTTP interface on loopback. Rejects with `MoneyError`: `port-in-use`, or `devnet`. */
export async function startServer(options: ServerOptions): Promise<DevnetServer> {
  const server = createServer({
    maxHeaderSize: devnetLimits.headBytes,
    headersTimeout: devnetLimits.headTimeoutMs,
    requestTimeout: devnetLimits.bodyTimeoutMs,
  })
  server.maxConnections = devnetLimits.connections
  let running = 0
  server.on('request', (request, response) => {
    running++
    serve(request, response, options, running)
      .catch(() => response.destroy())
      .finally(() => running--)
  })
  const port = await listen(server, options.port)
  return {
    port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE'
      const message = isTaken
        ? `Port ${port} is in use: stop the program that listens there, or choose another port`
        : `The devnet cannot listen on port ${port} (${cause.code}): choose another port`
      reject(new MoneyError(isTaken ? 'port-in-use' : 'devnet', message, { cause }))
    })
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error')
      server.on('error', () => {})
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
  running: number,
): Promise<void> {
  const { faults, world } = options
  if (faults.isDown) {
    request.socket.destroy()
    return
  }
  if (faults.delayMs > 0) await new Promise<void>(resolve => world.after(faults.delayMs, resolve))
  const origin = request.headers.origin
  const answer = await answerTo(request, options, running)
  const text = faults.garbles ? '<html>' : JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(answer.status >= 400 && !request.complete && { connection: 'close' }),
    ...(origin !== undefined && allowedOrigin(origin) && corsHeaders(origin)),
  })
  response.end(text)
}

async function answerTo(request: IncomingMessage, options: ServerOptions, running: number): Promise<Reply> {
  const { faults, world } = options
  if (!isLoopbackHost(request.headers.host)) return reply(403, 'call the devnet as localhost or 127.0.0.1')
  if (running > devnetLimits.running) return reply(503, 'too many requests at once')
  const { origin } = request.headers
  const isOwn = isAdminPath(targetOf(request)?.pathname ?? '')
  if (origin !== undefined && (isOwn || !allowedOrigin(origin))) {
    return reply(403, 'web pages of other machines may not call, and none may change the devnet')
  }
  if (request.method === 'OPTIONS') return { status: 200, body: {} }
  if (faults.isBusy && !isOwn) return reply(429, 'Ratelimit exceeded')
  try {
    const body = await readBody(request)
    if (body === undefined) return reply(413, `the body is larger than ${devnetLimits.bodyBytes} bytes`)
    return await withDeadline(world, route(request, body, options))
  } catch (error) {
    return failure(error)
  }
}

/** Undefined for a body that is too large; the rest of it is left unread. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= devnetLimits.bodyBytes) return
      request.pause()
      resolve(undefined)
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('close', () => reject(new MoneyError('closed', 'the caller left')))
  })
}

async function withDeadline(world: World, answer: Promise<Reply>): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>()
  const timer = world.after(devnetLimits.answerTimeoutMs, () => resolve(reply(504, 'timeout')))
  try {
    return await Promise.race([answer, promise])
  } finally {
    timer.cancel()
  }
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'content-type, x-api-key, x-ton-client-version',
    vary: 'origin',
  }
}
