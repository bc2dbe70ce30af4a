import { join } from '../bytes.ts'
import { keySchedule, sealSuite } from './hpke.ts'
import { labels } from './labels.ts'
import { Ratchet } from './ratchet.ts'
import type { PublicSealKey, SealCrypto } from './seal-crypto.ts'

/** How the holder of a seal key finds a message key. */
export interface KeyName {
  /** 32 bytes. */
  readonly session: Uint8Array
  /** Of the key in its session; -1 in a session of one query. */
  readonly counter: number
  /** 1120 bytes; absent where the other side knows the session. */
  readonly encapsulation: Uint8Array | undefined
}

/** The key of one query and its answer, 32 bytes, and what the other side finds it by. */
export interface NamedKey {
  readonly name: KeyName
  readonly key: Uint8Array
}

/** Bounds of a sealing session on the side that seals. */
export const senderLimits = {
  /** How long a session is used, milliseconds. */
  lastsMs: 5 * 60_000,
  /** How many keys it gives. */
  keys: 4096,
} as const

/** In a session of one query. */
export const singleCounter = -1

/**
 * The key of 32 bytes that an encapsulated secret leads to for one purpose: the same on both sides. The secret is
 * erased, and all that leads back to it. `identity`: digest, 32 bytes.
 */
export function sessionKey(
  crypto: SealCrypto,
  secret: Uint8Array,
  identity: Uint8Array,
  purpose: Uint8Array,
): Uint8Array {
  const context = keySchedule(crypto, sealSuite, secret, join(labels.session, identity))
  const key = context.export(purpose, 32)
  for (const spent of [secret, context.key, context.baseNonce, context.exporterSecret]) spent.fill(0)
  return key
}

export interface SenderOptions {
  /** Digest, 32 bytes. */
  readonly identity: Uint8Array
  readonly sealKey: PublicSealKey
  readonly random: (sizeBytes: number) => Uint8Array
}

/** Keys for queries to one identity: one encapsulation, then a key a query. */
export class SenderSession {
  readonly #ratchet: Ratchet
  readonly #session: Uint8Array
  readonly #encapsulation: Uint8Array
  readonly #endsAtMs: number
  /** The other side has opened something of this session. */
  isKnown = false

  /** `nowMs`: on a monotonic clock. */
  constructor(crypto: SealCrypto, options: SenderOptions & { readonly nowMs: number }) {
    const { identity, sealKey, random, nowMs } = options
    const { secret, encapsulation } = sealKey.encapsulate(random)
    const chainKey = sessionKey(crypto, secret, identity, labels.sessionChain)
    this.#ratchet = new Ratchet(crypto, chainKey)
    this.#session = crypto.sha256(encapsulation)
    this.#encapsulation = encapsulation
    this.#endsAtMs = nowMs + senderLimits.lastsMs
  }

  /** Whether it still gives keys at this time on its clock. */
  isOpen(nowMs: number): boolean {
    return nowMs < this.#endsAtMs && this.#ratchet.counter < senderLimits.keys
  }

  next(): NamedKey {
    const { counter } = this.#ratchet
    const encapsulation = this.isKnown ? undefined : this.#encapsulation
    return { name: { session: this.#session, counter, encapsulation }, key: this.#ratchet.next() }
  }
}

/** The key of a session that serves one query. */
export function singleKey(crypto: SealCrypto, { identity, sealKey, random }: SenderOptions): NamedKey {
  const { secret, encapsulation } = sealKey.encapsulate(random)
  return {
    name: { session: crypto.sha256(encapsulation), counter: singleCounter, encapsulation },
    key: sessionKey(crypto, secret, identity, labels.singleMessage),
  }
}
