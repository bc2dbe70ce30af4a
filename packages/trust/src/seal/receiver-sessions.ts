import { bytesKey, sameBytes } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import { labels } from './labels.ts'
import { Ratchet } from './ratchet.ts'
import { type SealCrypto, type SealKey, sealSizes } from './seal-crypto.ts'
import { type KeyName, senderLimits, sessionKey, singleCounter } from './sender-session.ts'

/** Bounds of sealing sessions on the side that opens. */
export const receiverLimits = {
  /** How long a session is kept from its beginning, milliseconds. */
  lastsMs: 15 * 60_000,
  /** Names of sessions, which an identity keeps to its end; above it begins no more. */
  names: 500_000,
  /** Keys that one query may pass over. */
  skip: 1024,
  /** Keys of a session that were passed over and are kept; the oldest goes first. */
  keptKeys: 1024,
  /** The same over all sessions; above it none is kept that is passed over. */
  allKeptKeys: 200_000,
} as const

interface Session {
  ratchet: Ratchet
  readonly kept: Map<number, Uint8Array>
  readonly endsAtMs: number
}

/** A key that a query may be opened with. */
export interface KeyOffer {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** The query has opened: from now on nobody gets this key again. */
  use(): void
}

/** The sessions of one identity. Every key opens one query, and nothing changes before one has opened. */
export class ReceiverSessions {
  readonly #crypto: SealCrypto
  readonly #identity: Uint8Array
  readonly #sealKey: SealKey
  /** Oldest first. */
  readonly #sessions = new Map<string, Session>()
  /** Of all sessions that were ever begun: the first 16 bytes of each. */
  readonly #names = new Set<string>()
  #keptKeys = 0

  /** `identity`: digest, 32 bytes. */
  constructor(crypto: SealCrypto, identity: Uint8Array, sealKey: SealKey) {
    this.#crypto = crypto
    this.#identity = identity
    this.#sealKey = sealKey
  }

  /** No session can be begun any more. */
  get isFull(): boolean {
    return this.#names.size >= receiverLimits.names
  }

  /**
   * The key of that name. `nowMs` is on a monotonic clock. Throws `session-unknown` where the sender has to begin
   * another session, and `query-unreadable` for a name that none can have.
   */
  find(name: KeyName, nowMs: number): KeyOffer {
    const { session: id, counter, encapsulation } = name
    if (encapsulation !== undefined) this.#checkName(id, encapsulation)
    if (counter === singleCounter) return this.#single(id, encapsulation)
    if (counter < 0 || counter >= senderLimits.keys) throw unreadable('it counts to where no session goes')
    this.#dropOld(nowMs)
    const known = this.#sessions.get(bytesKey(id))
    if (known === undefined) return this.#first(id, encapsulation, counter, nowMs)
    const kept = known.kept.get(counter)
    if (kept !== undefined) {
      return { key: Uint8Array.from(kept), use: () => this.#forget(known, counter) }
    }
    if (counter < known.ratchet.counter) throw unknown('its key was used, or is kept no longer')
    return this.#advance(known, counter)
  }

  #first(id: Uint8Array, encapsulation: Uint8Array | undefined, counter: number, nowMs: number): KeyOffer {
    const ratchet = new Ratchet(this.#crypto, this.#begin(id, encapsulation, labels.sessionChain))
    const session: Session = { ratchet, kept: new Map(), endsAtMs: nowMs + receiverLimits.lastsMs }
    const { key, use } = this.#advance(session, counter)
    return {
      key,
      use: () => {
        this.#names.add(nameOf(id))
        this.#sessions.set(bytesKey(id), session)
        use()
      },
    }
  }

  #single(id: Uint8Array, encapsulation: Uint8Array | undefined): KeyOffer {
    const key = this.#begin(id, encapsulation, labels.singleMessage)
    return { key, use: () => void this.#names.add(nameOf(id)) }
  }

  /** Goes on to a key, on a chain of its own until it is used. */
  #advance(session: Session, counter: number): KeyOffer {
    const ratchet = session.ratchet.copy()
    if (counter - ratchet.counter > receiverLimits.skip)
      throw unknown('too many of its keys were passed over')
    const passed: Array<[counter: number, key: Uint8Array]> = []
    while (ratchet.counter < counter) passed.push([ratchet.counter, ratchet.next()])
    return {
      key: ratchet.next(),
      use: () => {
        session.ratchet.erase()
        session.ratchet = ratchet
        for (const [at, key] of passed) this.#keep(session, at, key)
      },
    }
  }

  #keep(session: Session, counter: number, key: Uint8Array): void {
    if (this.#keptKeys >= receiverLimits.allKeptKeys) return void key.fill(0)
    const { kept } = session
    // What is kept for long is kept compactly.
    kept.set(counter, Uint8Array.from(key))
    key.fill(0)
    this.#keptKeys++
    if (kept.size > receiverLimits.keptKeys) this.#forget(session, kept.keys().next().value!)
  }

  #forget({ kept }: Session, counter: number): void {
    kept.get(counter)?.fill(0)
    if (kept.delete(counter)) this.#keptKeys--
  }

  #begin(id: Uint8Array, encapsulation: Uint8Array | undefined, purpose: Uint8Array): Uint8Array {
    if (encapsulation === undefined) throw unknown('this worker has not seen its beginning')
    if (this.#names.has(nameOf(id))) throw unknown('it is over')
    if (this.isFull) throw unknown('this worker has begun as many as it can')
    const secret = this.#sealKey.decapsulate(encapsulation)
    if (secret === undefined) throw unreadable('its key is not encapsulated as it has to be')
    return sessionKey(this.#crypto, secret, this.#identity, purpose)
  }

  #checkName(id: Uint8Array, encapsulation: Uint8Array): void {
    const isRight =
      encapsulation.length === sealSizes.encapsulation && sameBytes(this.#crypto.sha256(encapsulation), id)
    if (!isRight) throw unreadable('its name is not that of its encapsulated key')
  }

  /** Sessions end in the order in which they began. */
  #dropOld(nowMs: number): void {
    for (const [key, session] of this.#sessions) {
      if (session.endsAtMs > nowMs) return
      for (const counter of session.kept.keys()) this.#forget(session, counter)
      session.ratchet.erase()
      this.#sessions.delete(key)
    }
  }
}

function nameOf(id: Uint8Array): string {
  return bytesKey(id.subarray(0, 16))
}

function unknown(why: string): TrustError {
  return new TrustError('session-unknown', `The sealing session cannot be used: ${why}.`)
}

function unreadable(why: string): TrustError {
  return new TrustError('query-unreadable', `The sealing session is malformed: ${why}.`)
}
