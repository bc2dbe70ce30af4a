import { fromHex } from '@cocoon/trust'
import {
  decode,
  encode,
  type SealedQuery,
  sealedQuery,
  type SealedWorkerEvidence,
  sealedWorkerEvidence,
  toHex,
} from '@cocoon/wire'
import { ClientError } from '../error.ts'
import type { PassedOffers } from '../network.ts'
import { errorOf, errorOfResponse, unreadable } from './endpoint-error.ts'
import { readFrames } from './frames.ts'
import type { Fetch } from './options.ts'

export interface RelayOptions {
  /** With `/v1`, without a slash at its end. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  readonly fetch: Fetch
}

/** Answers of the endpoint that are read as a whole, bytes. */
const maxOffersBytes = 256 << 10
const maxEvidenceBytes = 5 << 20

/** For the endpoint to take a dispute, of which nobody waits for the end. */
const disputeTimeoutMs = 10_000

/** The endpoint that pays and hands on. Whatever it says is a claim, and whatever it hands on may be altered. */
export class Relay {
  /** What every request shows, as the header of this name. */
  authorization: string | undefined
  readonly #options: RelayOptions

  constructor(options: RelayOptions) {
    this.#options = options
    this.authorization = options.apiKey === undefined ? undefined : `Bearer ${options.apiKey}`
  }

  get baseUrl(): string {
    return this.#options.baseUrl
  }

  async offers(model: string, signal: AbortSignal): Promise<PassedOffers> {
    const response = await this.request(`/cocoon/offers?model=${encodeURIComponent(model)}`, {}, signal)
    const text = new TextDecoder().decode(await readBounded(response, maxOffersBytes))
    return readOffers(text)
  }

  async evidence(identity: Uint8Array, signal: AbortSignal): Promise<SealedWorkerEvidence> {
    const response = await this.request(`/cocoon/identities/${toHex(identity)}`, {}, signal)
    const bytes = await readBounded(response, maxEvidenceBytes)
    try {
      return decode(sealedWorkerEvidence, bytes)
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  /** Sends a sealed query; the frames of its answer, as they come. Rejects where it is not taken. */
  async send(
    query: SealedQuery,
    { timeoutMs, proxyKey }: { readonly timeoutMs: number; readonly proxyKey: Uint8Array },
    signal: AbortSignal,
  ): Promise<AsyncGenerator<Uint8Array, void>> {
    const response = await this.request(
      '/cocoon/sealed',
      {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          'x-cocoon-timeout': String(timeoutMs / 1000),
          'x-cocoon-proxy': toHex(proxyKey),
        },
        body: owned(encode(sealedQuery, query)),
      },
      signal,
    )
    return readFrames(bodyOf(response, signal))
  }

  /** Has the proxy told that a receipt is not accepted. Says nothing of whether that worked. */
  dispute(requestId: Uint8Array, reason: number): void {
    const body = JSON.stringify({ request_id: toHex(requestId), reason })
    const headers = { 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(disputeTimeoutMs)
    this.request('/cocoon/disputes', { method: 'POST', headers, body }, signal).catch(() => {})
  }

  /** Rejects with a ClientError where the endpoint cannot be reached, or refuses. */
  async request(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    const response = await this.requestAnyway(path, init, signal)
    if (!response.ok) throw await errorOfResponse(response)
    return response
  }

  /** The same, whatever the status. */
  async requestAnyway(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    const { baseUrl, fetch } = this.#options
    const headers = new Headers(init.headers)
    if (this.authorization !== undefined) headers.set('authorization', this.authorization)
    try {
      return await fetch(`${baseUrl}${path}`, { ...init, headers, signal })
    } catch (error) {
      throw errorOf(error, signal)
    }
  }
}

/** The pieces of a body. A connection that breaks is a ClientError. */
export async function* bodyOf(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let isDone = false
  try {
    while (!isDone) {
      const { done, value } = await reader.read()
      isDone = done
      if (value !== undefined) yield value
    }
  } catch (error) {
    isDone = true
    throw errorOf(error, signal)
  } finally {
    // Whoever stops reading wants no more of it: the endpoint frees the machine.
    if (!isDone) reader.cancel().catch(() => {})
  }
}

/** A whole body of at most `maxBytes`. */
export async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of bodyOf(response)) {
    sizeBytes += piece.length
    if (sizeBytes > maxBytes) throw new ClientError('answer-invalid', 'The endpoint says more than it may.')
    pieces.push(piece)
  }
  return joinPieces(pieces, sizeBytes)
}

export function joinPieces(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(sizeBytes)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

interface OffersJson {
  proxy_key: unknown
  prices: {
    price_per_token_nano: unknown
    params_version: unknown
    multipliers: Record<'prompt' | 'cached' | 'completion' | 'reasoning', unknown>
  }
  offers: Array<Record<'identity' | 'coefficient' | 'active_requests' | 'max_active_requests', unknown>>
}

function readOffers(text: string): PassedOffers {
  try {
    const { proxy_key, prices, offers } = JSON.parse(text) as OffersJson
    const { prompt, cached, completion, reasoning } = prices.multipliers
    const read = offers.slice(0, maxOffers).map(offer => ({
      identity: hash(offer.identity),
      coefficient: count(offer.coefficient),
      activeRequests: count(offer.active_requests),
      maxActiveRequests: count(offer.max_active_requests),
    }))
    return {
      proxyKey: hash(proxy_key),
      prices: {
        pricePerTokenNano: BigInt(String(prices.price_per_token_nano)),
        paramsVersion: count(prices.params_version),
        multipliers: {
          prompt: count(prompt),
          cached: count(cached),
          completion: count(completion),
          reasoning: count(reasoning),
        },
      },
      // A query is sealed to each machine once, however often it is offered.
      offers: [...new Map(read.map(offer => [toHex(offer.identity), offer])).values()],
    }
  } catch (cause) {
    throw unreadable(cause)
  }
}

function hash(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' && value.length === 64 ? fromHex(value) : undefined
  if (bytes === undefined) throw new RangeError('no hash')
  return bytes
}

function count(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31) return value as number
  throw new RangeError('no count')
}

/** `fetch` takes no bytes over memory that others could share. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : Uint8Array.from(bytes)
}

/** Offers that are looked at. */
const maxOffers = 64
