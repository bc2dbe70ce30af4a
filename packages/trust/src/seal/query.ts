import {
  allocate,
  decode,
  encode,
  sameBytes,
  sealedHeader,
  type SealedKey,
  type SealedQuery,
  sealedRequest,
} from '@cocoon/wire'
import { joinBriefly } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { labels } from './labels.ts'
import { paddedValue, unpadded } from './padding.ts'
import type { ReceiverSessions } from './receiver-sessions.ts'
import { type SealCrypto, sealSizes } from './seal-crypto.ts'
import type { KeyName, NamedKey } from './sender-session.ts'

/** What the proxy routes a query by. */
export interface SealedRouting {
  /** 32 fresh bytes. */
  readonly requestId: Uint8Array
  /** Base name. */
  readonly model: string
  /** Thousandths. */
  readonly maxCoefficient: number
  /** Completion tokens over all choices. */
  readonly maxTokens: number
  /** Unix milliseconds. */
  readonly expiresAtMs: number
  /** Digests of identities, 32 bytes each. */
  readonly recipients: readonly Uint8Array[]
}

/** What is sealed. */
export interface SealedContent {
  readonly path: string
  /** JSON, UTF-8. */
  readonly body: Uint8Array
  readonly requestSalt: Uint8Array
  readonly answerSalt: Uint8Array
  /** Frames of the answer have this size, one each `cadenceMs`; 0 and 0: as it comes, in buckets. */
  readonly chunkBytes: number
  readonly cadenceMs: number
}

/** What both ends have of a query that was sealed. */
export interface OpenedQuery {
  readonly routing: SealedRouting
  readonly content: SealedContent
  /** 32 bytes: what the answer is sealed with, too. */
  readonly key: Uint8Array
  /** What was authenticated: the boxed header. */
  readonly header: Uint8Array
}

export const queryLimits = {
  headerBytes: 4 << 10,
  recipients: 8,
  /** Of `expires_at`, from now on, milliseconds. */
  longestMs: 3 * 3_600_000,
  /** Sizes of chunks of one size. */
  chunkBytes: { least: 128, most: 65_536 },
  cadenceMs: { least: 5, most: 1_000 },
} as const

const zeroNonce = allocate(sealSizes.nonce)

/** Seals a query to its recipients, with the key of each in their order. */
export function sealQuery(
  crypto: SealCrypto,
  routing: SealedRouting,
  content: SealedContent,
  recipients: readonly NamedKey[],
  random: (sizeBytes: number) => Uint8Array,
): { query: SealedQuery; header: Uint8Array } {
  const header = encodeHeader(routing)
  const isDirect = recipients.length === 1
  const contentKey = isDirect ? recipients[0]!.key : random(32)
  const body = contentFrame(content)
  crypto.aead(contentKey).sealInPlace(zeroNonce, joinBriefly(labels.query, header), body)
  const aad = isDirect ? undefined : wrapData(crypto, header, body)
  const keys = recipients.map(({ name, key }) =>
    keyOf(name, aad && crypto.aead(key).seal(zeroNonce, aad, contentKey)),
  )
  if (!isDirect) contentKey.fill(0)
  return { query: { _: 'sealed.query', header, keys, body }, header }
}

/** What a wrapped key is authenticated with: it opens this body, and no other. */
function wrapData(crypto: SealCrypto, header: Uint8Array, body: Uint8Array): Uint8Array {
  return joinBriefly(labels.wrap, crypto.sha256(header), crypto.sha256(body))
}

/** Reads a header; nothing of it is authenticated yet. Throws `query-unreadable`. */
export function readRouting(header: Uint8Array): SealedRouting {
  if (header.length > queryLimits.headerBytes) throw unreadable('its header is too long')
  const fields = attempt(() => decode(sealedHeader, header))
  if (fields === undefined) throw unreadable('its header is no boxed sealed.header')
  const { requestId, model, maxCoefficient, maxTokens, expiresAt, recipients } = fields
  const { length } = recipients
  if (length < 1 || length > queryLimits.recipients) throw unreadable(`it is for ${length} recipients`)
  if (recipients.some((one, index) => recipients.findIndex(other => sameBytes(one, other)) < index))
    throw unreadable('it is for a recipient twice')
  if (maxCoefficient < 0 || maxTokens < 0) throw unreadable('a cap of it is negative')
  if (expiresAt < 0n || expiresAt > 2n ** 52n) throw unreadable('its end is no time')
  return { requestId, model, maxCoefficient, maxTokens, expiresAtMs: Number(expiresAt), recipients }
}

export interface Recipient {
  /** Digest, 32 bytes. */
  readonly identity: Uint8Array
  readonly sessions: ReceiverSessions
  /** Unix milliseconds. */
  readonly nowMs: number
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: number
}

/**
 * Opens a query as the recipient with this identity. Throws `session-unknown` where the sender has to begin another
 * session, and `query-unreadable` where it is not for this recipient, expired, altered or malformed. A query that
 * has opened does not open again.
 */
export function openQuery(
  crypto: SealCrypto,
  sealed: { readonly header: Uint8Array; readonly key: SealedKey; readonly body: Uint8Array },
  { identity, sessions, nowMs, monotonicMs }: Recipient,
): OpenedQuery {
  const { header, key: named, body } = sealed
  const routing = readRouting(header)
  if (!routing.recipients.some(one => sameBytes(one, identity)))
    throw unreadable('it is for other recipients')
  if (routing.expiresAtMs <= nowMs) throw unreadable('its time is over')
  if (routing.expiresAtMs > nowMs + queryLimits.longestMs) throw unreadable('its end is too far ahead')
  const isDirect = routing.recipients.length === 1
  if (isDirect !== (named.wrapped === undefined))
    throw unreadable('its key is wrapped and should not be, or not')
  const { session, counter, encapsulation } = named
  const { key, use } = sessions.find({ session, counter, encapsulation }, monotonicMs)
  const contentKey = isDirect
    ? key
    : crypto.aead(key).open(zeroNonce, wrapData(crypto, header, body), named.wrapped!)
  if (contentKey?.length !== 32) throw unreadable('its key was altered')
  const frame = crypto.aead(contentKey).open(zeroNonce, joinBriefly(labels.query, header), body)
  if (!isDirect) contentKey.fill(0)
  if (frame === undefined) throw unreadable('it was altered')
  use()
  try {
    return { routing, content: readContent(frame), key, header }
  } catch (error) {
    key.fill(0)
    throw error
  }
}

function encodeHeader(routing: SealedRouting): Uint8Array {
  const { requestId, model, maxCoefficient, maxTokens, expiresAtMs, recipients } = routing
  return encode(sealedHeader, {
    _: 'sealed.header',
    requestId,
    model,
    maxCoefficient,
    maxTokens,
    expiresAt: BigInt(expiresAtMs),
    recipients: [...recipients],
  })
}

function keyOf(name: KeyName, wrapped: Uint8Array | undefined): SealedKey {
  const { session, counter, encapsulation } = name
  const key: SealedKey = { _: 'sealed.key', session, counter, flags: 0 }
  if (encapsulation !== undefined) {
    key.flags |= 1
    key.encapsulation = encapsulation
  }
  if (wrapped !== undefined) {
    key.flags |= 2
    key.wrapped = wrapped
  }
  return key
}

function contentFrame(content: SealedContent): Uint8Array {
  const { path, body, requestSalt, answerSalt, chunkBytes, cadenceMs } = content
  const request = { _: 'sealed.request', path, body, requestSalt, answerSalt, chunkBytes, cadenceMs } as const
  return paddedValue(sealedRequest, request, sealSizes.tag)
}

function readContent(frame: Uint8Array): SealedContent {
  const bytes = unpadded(frame)
  const content = bytes && attempt(() => decode(sealedRequest, bytes))
  if (content === undefined) throw unreadable('what is inside is no boxed sealed.request')
  const { chunkBytes, cadenceMs } = content
  const isShaped = chunkBytes !== 0 || cadenceMs !== 0
  if (
    isShaped &&
    !(isWithin(chunkBytes, queryLimits.chunkBytes) && isWithin(cadenceMs, queryLimits.cadenceMs))
  ) {
    throw unreadable('it asks for chunks of a size or pace that is not allowed')
  }
  return content
}

function isWithin(value: number, { least, most }: { least: number; most: number }): boolean {
  return value >= least && value <= most
}

function unreadable(why: string): TrustError {
  return new TrustError('query-unreadable', `The sealed query cannot be read: ${why}.`)
}

function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
