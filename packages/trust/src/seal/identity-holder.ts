import { sameBytes, type SealedWorkerEvidence, type Timer, type World } from '@cocoon/wire'
import { earliestNextUpdate } from '../collateral/collateral-cache.ts'
import type { Evidence } from '../evidence.ts'
import { gpuEvidenceDigest, gpuNonce } from '../nvidia/binding.ts'
import { parseEvidenceFile } from '../nvidia/evidence.ts'
import { encodeStaple } from '../peer/staple.ts'
import {
  encodeIdentity,
  identityDigest,
  type IdentityKeys,
  identityReportData,
  longestIdentityMs,
  makeIdentityKeys,
  type WorkerIdentity,
} from './identity.ts'
import { gpuNonceParts } from './identity-verifier.ts'
import { ReceiverSessions } from './receiver-sessions.ts'
import type { SealCrypto } from './seal-crypto.ts'

/** An identity that this machine has, with all that it takes to act as it. */
export interface HeldIdentity {
  readonly identity: WorkerIdentity
  /** 32 bytes. */
  readonly digest: Uint8Array
  readonly evidence: SealedWorkerEvidence
  readonly keys: IdentityKeys
  readonly sessions: ReceiverSessions
  /** When the first part of its evidence ends, milliseconds since the Unix epoch. */
  readonly provenUntilMs: number
}

export interface IdentityHolderOptions {
  readonly world: Pick<World, 'now' | 'monotonic' | 'random' | 'after'>
  readonly crypto: SealCrypto
  /** `name@commit:weights-hash`. */
  readonly model: string
  /** A quote of this machine over these report data of 64 bytes, with its collateral. */
  readonly quote: (reportData: Uint8Array) => Promise<Evidence>
  /** Evidence of the machine's GPUs for a nonce, as NVIDIA's tools write it. Absent: it has none. */
  readonly gpus?: ((nonce: Uint8Array) => Promise<string>) | undefined
  /** The newest masterchain block. Absent in a network without a chain. */
  readonly block?: (() => Promise<{ seqno: number; rootHash: Uint8Array }>) | undefined
  /** Hears of identities that could not be made. The one before stays in use until it ends. */
  readonly onFailure: (cause: unknown) => void
}

/** How old an identity gets before the next one replaces it, milliseconds. */
const renewAfterMs = 60 * 60_000
/** After a failure, and before another one because the sessions are used up. */
const retryAfterMs = 60_000
const noHash = new Uint8Array(32)

/**
 * The identities of one worker: the newest one is announced, and what was sealed to the one before is opened until
 * that ends. Keys are in memory only.
 */
export class IdentityHolder implements Disposable {
  readonly #options: IdentityHolderOptions
  /** Newest first: two at most. */
  #held: readonly HeldIdentity[] = []
  readonly #listeners = new Set<(identity: HeldIdentity) => void>()
  #timer: Timer | undefined
  #ending: Timer | undefined
  #isDisposed = false
  #madeAt = 0

  constructor(options: IdentityHolderOptions) {
    this.#options = options
  }

  /** Makes the first identity. Resolves when it is there, or has failed: it goes on trying. */
  start(): Promise<void> {
    return this.#renew()
  }

  /** The newest one that holds. */
  get current(): HeldIdentity | undefined {
    this.#dropEnded()
    return this.#held[0]
  }

  /** That of this digest, while it holds. */
  find(digest: Uint8Array): HeldIdentity | undefined {
    this.#dropEnded()
    return this.#held.find(held => sameBytes(held.digest, digest))
  }

  /** Calls with each new identity, until it is disposed. */
  onNew(listener: (identity: HeldIdentity) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Has another identity made where this one's sessions are used up. */
  checkRoom(): void {
    if (this.#held[0]?.sessions.isFull === true) this.#renewEarly()
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer?.cancel()
    this.#ending?.cancel()
    this.#held = []
    this.#listeners.clear()
  }

  #renewEarly(): void {
    if (this.#options.world.monotonic() - this.#madeAt > retryAfterMs) void this.#renew()
  }

  async #renew(): Promise<void> {
    this.#timer?.cancel()
    const { world, onFailure } = this.#options
    this.#madeAt = world.monotonic()
    let nextMs = renewAfterMs
    try {
      const made = await this.#make()
      if (this.#isDisposed) return
      this.#held = [made, ...this.#held.slice(0, 1)]
      this.#awaitEnd()
      nextMs = Math.min(nextMs, Math.max(retryAfterMs, (made.provenUntilMs - world.now()) * 0.8))
      for (const listener of this.#listeners) listener(made)
    } catch (cause) {
      nextMs = retryAfterMs
      onFailure(cause)
    }
    if (!this.#isDisposed) this.#timer = world.after(nextMs, () => void this.#renew())
  }

  async #make(): Promise<HeldIdentity> {
    const { world, crypto, model, quote: quoteOf, gpus, block } = this.#options
    const keys = makeIdentityKeys(crypto, size => world.random(size))
    const { seqno, rootHash } = (await block?.()) ?? { seqno: 0, rootHash: noHash }
    const named = {
      signingKey: keys.signing.publicKey,
      sealKey: keys.sealing.publicKey,
      model,
      blockSeqno: seqno,
      blockHash: rootHash,
    }
    const gpuText = (await gpus?.(gpuNonce(gpuNonceParts(named)))) ?? ''
    const issuedAtMs = Math.floor(world.now())
    const identity: WorkerIdentity = {
      ...named,
      gpuDigest: gpuText === '' ? noHash : gpuEvidenceDigest(parseEvidenceFile(gpuText)),
      issuedAtMs,
      expiresAtMs: issuedAtMs + longestIdentityMs,
    }
    const document = encodeIdentity(identity)
    const digest = identityDigest(crypto, document)
    const { quote, collateral } = await quoteOf(identityReportData(crypto, document))
    const evidence: SealedWorkerEvidence = {
      _: 'sealed.workerEvidence',
      document,
      quote,
      collateral: collateral === undefined ? new Uint8Array(0) : encodeStaple(collateral),
      gpu: new TextEncoder().encode(gpuText),
    }
    const sessions = new ReceiverSessions(crypto, digest, keys.sealing)
    const judgedUntilMs = (collateral && earliestNextUpdate(collateral)) || Infinity
    const provenUntilMs = Math.min(identity.expiresAtMs, judgedUntilMs)
    return { identity, digest, evidence, keys, sessions, provenUntilMs }
  }

  /** Keys are not to stay in the memory of a worker that nobody asks anything. */
  #awaitEnd(): void {
    const { world } = this.#options
    this.#ending?.cancel()
    const oldest = this.#held.at(-1)
    if (oldest === undefined) return
    this.#ending = world.after(Math.max(1, oldest.identity.expiresAtMs - world.now()), () => {
      this.#dropEnded()
      this.#awaitEnd()
    })
  }

  #dropEnded(): void {
    const nowMs = this.#options.world.now()
    if (this.#held.every(({ identity }) => identity.expiresAtMs > nowMs)) return
    this.#held = this.#held.filter(({ identity }) => identity.expiresAtMs > nowMs)
    // The clock was set, or the machine slept: the timer would come too late.
    if (this.#held.length === 0) this.#renewEarly()
  }
}
