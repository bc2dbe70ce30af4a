import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { SealedKey, SealedQuery } from '@cocoon/wire'
import type { TrustErrorCode } from '../../src/error.ts'
import {
  encodeIdentity,
  type IdentityKeys,
  identityDigest,
  makeIdentityKeys,
  type WorkerIdentity,
} from '../../src/seal/identity.ts'
import { nobleSeal } from '../../src/seal/noble-seal.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import {
  openQuery,
  type OpenedQuery,
  type SealedContent,
  type SealedRouting,
  sealQuery,
} from '../../src/seal/query.ts'
import { ReceiverSessions } from '../../src/seal/receiver-sessions.ts'
import type { PublicSealKey, SealCrypto } from '../../src/seal/seal-crypto.ts'
import { type NamedKey, SenderSession, singleKey } from '../../src/seal/sender-session.ts'

export type Random = (sizeBytes: number) => Uint8Array

export const backEnds: readonly SealCrypto[] = [nodeSeal, nobleSeal]
export const nowMs = Date.UTC(2026, 5, 1, 12)

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

/** SHAKE256 of the seed and of the number of the call: the same seed gives the same bytes in the same order. */
export function seeded(seed: string): Random {
  let calls = 0
  return sizeBytes =>
    Uint8Array.from(createHash('shake256', { outputLength: sizeBytes }).update(`${seed} ${calls++}`).digest())
}

/** The two back-ends hand out arrays of different classes: bytes are compared as text. */
export function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array, what?: string): void {
  assert.equal(actual && hex(actual), hex(expected), what)
}

export function refuses(code: TrustErrorCode, run: () => unknown, what?: string): void {
  assert.throws(run, { name: 'TrustError', code }, what)
}

/** A copy with one bit the other way round. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[(bit >> 3) % copy.length]! ^= 1 << (bit & 7)
  return copy
}

/** Bits spread over all bytes of something. */
export function bitsOf(bytes: Uint8Array, atMost: number): number[] {
  const total = bytes.length * 8
  const count = Math.min(total, atMost)
  return Array.from({ length: count }, (_, index) => Math.floor((index * total) / count) + (index % 8)).map(
    bit => bit % total,
  )
}

export interface TestWorker {
  readonly identity: WorkerIdentity
  readonly keys: IdentityKeys
  readonly document: Uint8Array
  readonly digest: Uint8Array
  readonly sealKey: PublicSealKey
  readonly sessions: ReceiverSessions
}

export function makeWorker(crypto: SealCrypto, seed: string): TestWorker {
  const keys = makeIdentityKeys(crypto, seeded(seed))
  const identity: WorkerIdentity = {
    signingKey: Uint8Array.from(keys.signing.publicKey),
    sealKey: Uint8Array.from(keys.sealing.publicKey),
    model: 'test/model@0123456789abcdef:00ff',
    gpuDigest: new Uint8Array(32),
    blockSeqno: 7,
    blockHash: new Uint8Array(32).fill(8),
    issuedAtMs: nowMs - 60_000,
    expiresAtMs: nowMs + 60 * 60_000,
  }
  const document = encodeIdentity(identity)
  const digest = Uint8Array.from(identityDigest(crypto, document))
  const sealKey = crypto.readSealKey(identity.sealKey)
  assert.ok(sealKey)
  return { identity, keys, document, digest, sealKey, sessions: freshSessions(crypto, { digest, keys }) }
}

/** The state of a worker that has seen nothing yet. */
export function freshSessions(
  crypto: SealCrypto,
  { digest, keys }: Pick<TestWorker, 'digest' | 'keys'>,
): ReceiverSessions {
  return new ReceiverSessions(crypto, digest, keys.sealing)
}

export function beginSession(crypto: SealCrypto, worker: TestWorker, random: Random): SenderSession {
  return new SenderSession(crypto, { identity: worker.digest, sealKey: worker.sealKey, random, nowMs: 0 })
}

export function oneKey(crypto: SealCrypto, worker: TestWorker, random: Random): NamedKey {
  return singleKey(crypto, { identity: worker.digest, sealKey: worker.sealKey, random })
}

export function routingTo(workers: readonly TestWorker[], random: Random): SealedRouting {
  return {
    requestId: random(32),
    model: 'test/model',
    maxCoefficient: 1500,
    maxTokens: 1000,
    expiresAtMs: nowMs + 150_000,
    recipients: workers.map(({ digest }) => digest),
  }
}

export function contentOf(body: string, random: Random): SealedContent {
  return {
    path: '/v1/chat/completions',
    body: new TextEncoder().encode(body),
    requestSalt: random(32),
    answerSalt: random(32),
    chunkBytes: 0,
    cadenceMs: 0,
  }
}

export interface Sealed {
  readonly query: SealedQuery
  readonly routing: SealedRouting
  readonly content: SealedContent
  /** Of each recipient, as its session gave them. */
  readonly keys: readonly NamedKey[]
}

/** Seals a query with a key of a fresh session for each worker, or with those that are given. */
export function sealTo(
  crypto: SealCrypto,
  workers: readonly TestWorker[],
  random: Random,
  given: { body?: string; keys?: readonly NamedKey[]; content?: Partial<SealedContent> } = {},
): Sealed {
  const routing = routingTo(workers, random)
  const content = { ...contentOf(given.body ?? '{"messages":[]}', random), ...given.content }
  const keys = given.keys ?? workers.map(worker => beginSession(crypto, worker, random).next())
  const { query } = sealQuery(crypto, routing, content, keys, random)
  return { query, routing, content, keys }
}

/** What a worker is handed of a query. */
export interface Handed {
  readonly header: Uint8Array
  readonly key: SealedKey
  readonly body: Uint8Array
}

export function handed({ header, keys, body }: SealedQuery, index = 0): Handed {
  return { header, key: keys[index]!, body }
}

export function open(
  crypto: SealCrypto,
  worker: TestWorker,
  sealed: Handed,
  sessions = worker.sessions,
): OpenedQuery {
  return openQuery(crypto, sealed, { identity: worker.digest, sessions, nowMs, monotonicMs: 0 })
}
