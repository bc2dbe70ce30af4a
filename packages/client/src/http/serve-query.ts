import { ClientError } from '../error.ts'
import { Answer } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { type QueryKind, readLeastProtection } from '../query-fields.ts'
import { readQuery } from './read-query.ts'
import { refusalOf, refuse } from './refusal.ts'

/** `POST` of a query: admits it, reads its body, sends it, and answers. */
export function serveQuery(exchange: Exchange, kind: QueryKind, path: string): void {
  const { shared } = exchange
  exchange.key = shared.keys?.find(exchange.request.headers)
  exchange.key?.countRequest()
  const encoding = exchange.request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    exchange.refuseUpload(
      refuse(415, 'invalid_request_error', null, 'A request body must not be compressed.'),
    )
    return
  }
  exchange.occupy()
  readBody(exchange, body => startQuery(exchange, kind, path, body))
}

function startQuery(exchange: Exchange, kind: QueryKind, path: string, body: Buffer): void {
  const { shared, key } = exchange
  const ask = readQuery(kind, path, body, shared.defaults, shared.limits.queryTimeoutMs)
  const asked = readLeastProtection(exchange.request.headers['x-cocoon-protection'], 'x-cocoon-protection')
  if (asked !== undefined) ask.query.leastProtection ??= asked
  if (key === undefined) {
    new Answer(exchange, kind, ask, 0n).start()
    return
  }
  if (!key.allows(ask.query.model)) {
    throw new ClientError('model-not-found', 'The API key may not use this model, or it does not exist.')
  }
  const boundNano = shared.costBound(ask.query)
  key.reserve(boundNano)
  new Answer(exchange, kind, ask, boundNano).start()
}

/** Collects the body within its bounds; its deadline is the HTTP server's. */
export function readBody(exchange: Exchange, onBody: (body: Buffer) => void): void {
  const { request, response, shared } = exchange
  const { bodyBytes } = shared.limits
  const tooLarge = (): void => exchange.refuseUpload(bodyTooLarge(bodyBytes))
  if (Number(request.headers['content-length'] ?? 0) > bodyBytes) {
    tooLarge()
    return
  }
  if (exchange.expectsContinue) response.writeContinue()
  let first: Buffer | undefined
  let chunks: Buffer[] | undefined
  let sizeBytes = 0
  request.on('data', (chunk: Buffer) => {
    if (exchange.isOver) return
    sizeBytes += chunk.length
    if (sizeBytes > bodyBytes) {
      tooLarge()
    } else if (!exchange.buffer(chunk.length)) {
      exchange.refuseUpload(refusalOf(new ClientError('overloaded', 'The client holds too many requests.')))
    } else if (first === undefined) {
      first = chunk
    } else {
      chunks ??= [first]
      chunks.push(chunk)
    }
  })
  request.on('end', () => {
    if (exchange.isOver) return
    exchange.attempt(() =>
      onBody(chunks === undefined ? (first ?? nothing) : Buffer.concat(chunks, sizeBytes)),
    )
  })
}

function bodyTooLarge(limitBytes: number): ReturnType<typeof refuse> {
  const message = `The body is larger than ${limitBytes} bytes, the most that a query can carry.`
  return refuse(413, 'invalid_request_error', 'too_large', message)
}

const nothing = Buffer.alloc(0)
