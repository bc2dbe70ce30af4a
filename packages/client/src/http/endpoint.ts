import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { NewestMap, type World } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import type { Network, Query } from '../network.ts'
import { ReceiptBook } from '../receipt/receipt-book.ts'
import { DebugLog } from './debug-log.ts'
import { Connection, type EndpointLog, Exchange, type ExtraRoutes, type Shared } from './exchange.ts'
import { Guard } from './guard.ts'
import type { KeyBook } from './key-book.ts'
import { queryDefaults, endpointLimits, type EndpointLimits, type QueryDefaults } from './limits.ts'
import { route } from './route.ts'
import { type Refusal, refusalText, refuse, traceOf } from './refusal.ts'
import { maxAskers } from './sealed-query.ts'

export interface EndpointOptions {
  network: Network
  world: World
  /** Address to listen on, `127.0.0.1` if absent. Elsewhere than on loopback, use keys. */
  host?: string
  /** 0 for a free one. */
  port: number
  /** Without it every caller that reaches the port is served. */
  keys?: KeyBook
  /** Origins whose web pages may call, `*` for all; none if absent. */
  cors?: string[] | false
  /** Names besides loopback ones that callers may use for this machine; false takes any Host header. */
  hostNames?: string[] | false
  limits?: Partial<EndpointLimits>
  defaults?: Partial<QueryDefaults>
  /** How answers are protected on their way now; goes into `x-cocoon-protection`. */
  protection?: () => string
  /** Most nanotons that a query can cost. With it a key's queries at once cannot overdraw its budget. */
  costBound?: (query: Query) => bigint
  /** Keeps the receipts of sealed answers; one of its own if absent. */
  receipts?: ReceiptBook
  extraRoutes?: ExtraRoutes
  log?: EndpointLog
}

export interface Endpoint {
  readonly port: number
  /** Queries that are being received or answered now. */
  readonly running: number
  /** Stops listening, lets running requests end within `graceMs`, then cancels them. Idempotent. */
  close(graceMs: number): Promise<void>
}

type Socket = IncomingMessage['socket']

/**
 * Serves OpenAI's HTTP API in front of a network. Rejects with a ClientError: `port-in-use`, or
 * `configuration` if it cannot listen for another reason.
 */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const shared = shareOf(options)
  const { limits } = shared
  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: Math.min(limits.headTimeoutMs, limits.bodyTimeoutMs),
    requestTimeout: limits.bodyTimeoutMs,
    connectionsCheckingInterval: Math.min(5000, Math.ceil(limits.headTimeoutMs / 4)),
    keepAliveTimeout: limits.keepAliveMs,
  })
  server.maxConnections = limits.connections
  const connections = new Map<Socket, Connection>()
  server.on('connection', socket => watch(socket, connections, limits))
  const serve = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    const connection = connections.get(request.socket)
    if (connection === undefined) return
    const exchange = new Exchange(request, response, shared, connection, expectsContinue)
    exchange.attempt(() => route(exchange))
  }
  server.on('request', (request, response) => serve(request, response, false))
  server.on('checkContinue', (request, response) => serve(request, response, true))
  server.on('clientError', (error, socket) => refuseBytes(error, socket as Socket, connections))
  const host = options.host ?? '127.0.0.1'
  const port = await listen(server, host, options.port)
  server.on('error', error => shared.log('endpoint-error', traceOf(error)))
  let closed: Promise<void> | undefined
  return {
    port,
    get running() {
      return shared.running
    },
    close: graceMs => (closed ??= close(server, connections, shared, graceMs)),
  }
}

function shareOf(options: EndpointOptions): Shared {
  const { world, network, keys } = options
  const limits = { ...endpointLimits, ...options.limits }
  const { host = '127.0.0.1', cors = false, hostNames = [] } = options
  let waiting: Array<{ flush(): void }> = []
  const flushAll = (): void => {
    const answers = waiting
    waiting = []
    for (const answer of answers) answer.flush()
  }
  return {
    network,
    world,
    limits,
    defaults: { ...queryDefaults, ...options.defaults },
    guard: new Guard({ host, cors, hostNames }),
    keys,
    debugLog: new DebugLog(limits.debugEntries),
    receipts: options.receipts ?? new ReceiptBook(world),
    askers: new NewestMap(maxAskers),
    protection: options.protection ?? (() => 'unknown'),
    costBound: options.costBound ?? (() => 0n),
    extraRoutes: options.extraRoutes ?? (() => false),
    log: options.log ?? (() => {}),
    flushSoon: answer => {
      if (waiting.push(answer) === 1) world.soon(flushAll)
    },
    running: 0,
    bufferedBytes: 0,
    isClosing: false,
  }
}

/** Learns at once when a caller goes away, for all requests of its connection. */
function watch(socket: Socket, connections: Map<Socket, Connection>, limits: EndpointLimits): void {
  const connection = new Connection()
  connections.set(socket, connection)
  const left = (): void => {
    for (const exchange of connection.exchanges.slice()) exchange.callerLeft()
  }
  socket.on('end', () => {
    left()
    // The server ends its side too once the caller has read what was sent, which it may never do.
    socket.setTimeout(limits.drainTimeoutMs)
  })
  socket.on('close', () => {
    connections.delete(socket)
    left()
  })
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ClientError {
  if (cause.code === 'EADDRINUSE') {
    const message = `Port ${port} of ${host} is in use: stop the program that listens there, or choose another port.`
    return new ClientError('port-in-use', message, { cause })
  }
  const message = `Cannot listen on ${host} port ${port} (${cause.code}): choose another address or port.`
  return new ClientError('configuration', message, { cause })
}

/** Bytes that are no request, or came too slowly. */
function refuseBytes(
  error: NodeJS.ErrnoException,
  socket: Socket,
  connections: Map<Socket, Connection>,
): void {
  const exchanges = connections.get(socket)?.exchanges ?? []
  // The bytes of a refusal must not come before or into the answers that are still owed.
  const owesAnswers = exchanges.some(({ request, response }) => request.complete || response.headersSent)
  if (error.code === 'ECONNRESET' || !socket.writable || owesAnswers) {
    for (const exchange of exchanges.slice()) exchange.callerLeft()
    socket.destroy()
    return
  }
  const refusal = byteRefusals.get(error.code ?? '') ?? notHttp
  const body = refusalText(refusal)
  socket.write(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
  socket.destroySoon()
}

async function close(
  server: Server,
  connections: Map<Socket, Connection>,
  shared: Shared,
  graceMs: number,
): Promise<void> {
  shared.isClosing = true
  // Node would cut off every answer that is written but not read to its end yet.
  server.closeIdleConnections = () => {}
  const ended = new Promise<void>(resolve => server.close(() => resolve()))
  for (const [socket, { exchanges }] of connections) {
    if (exchanges.length === 0) socket.destroySoon()
  }
  const timer = shared.world.after(graceMs, () => {
    for (const { exchanges } of connections.values()) {
      for (const exchange of exchanges.slice()) exchange.shutDown()
    }
    shared.world.soon(() => server.closeAllConnections())
  })
  await ended
  timer.cancel()
  shared.keys?.flush()
}

const notHttp = refuse(400, 'invalid_request_error', 'bad_request', 'The bytes sent are not an HTTP request.')
const byteRefusals = new Map<string, Refusal>([
  [
    'HPE_HEADER_OVERFLOW',
    refuse(431, 'invalid_request_error', 'headers_too_large', 'The request headers are too large.'),
  ],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    refuse(408, 'invalid_request_error', 'request_timeout', 'The request did not arrive in time.'),
  ],
])
