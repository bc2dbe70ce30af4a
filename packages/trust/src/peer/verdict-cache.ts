import { toHex } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import type { Collateral } from '../collateral/collateral.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import type { PeerEvidence } from './examine.ts'

/** Verdicts that are remembered, whoever they are about. */
const maxCachedVerdicts = 512
/** Newer collateral is looked for at least this often, however long the older one holds. */
const maxVerdictAgeMs = 3_600_000

/** A quote that was accepted, and what it was accepted on. */
export interface HeldVerdict {
  /** As it was shown first: one copy, however many connections stand on it. */
  readonly evidence: PeerEvidence
  readonly imageHash: Bytes
  readonly simulated: boolean
  readonly collateral: Collateral
  /** Milliseconds since the Unix epoch. */
  readonly verifiedAtMs: number
  /** The end of the weakest proof behind it. */
  readonly holdsUntilMs: number
}

/**
 * Quotes that were accepted, by what they are and whose key they vouch for. None outlives the weakest of the proofs
 * behind it, and none is given out at a time before it was made: a clock that was set back begins anew. Belongs to
 * one policy, and knows nothing of others. When there are too many, the one that was used least lately goes.
 */
export class VerdictCache {
  readonly #held = new Map<string, HeldVerdict>()

  get(key: string, nowMs: number): HeldVerdict | undefined {
    const held = this.#held.get(key)
    if (!held) return undefined
    const ageMs = nowMs - held.verifiedAtMs
    this.#held.delete(key)
    if (ageMs < 0 || ageMs >= maxVerdictAgeMs || nowMs >= held.holdsUntilMs) return undefined
    this.#held.set(key, held)
    return held
  }

  set(key: string, held: HeldVerdict): void {
    this.#held.delete(key)
    this.#held.set(key, held)
    if (this.#held.size <= maxCachedVerdicts) return
    const [oldest] = this.#held.keys()
    if (oldest !== undefined) this.#held.delete(oldest)
  }

  delete(key: string): void {
    this.#held.delete(key)
  }

  get size(): number {
    return this.#held.size
  }
}

/** The name of a quote with the key that shows it. */
export async function verdictKey(crypto: CryptoBackend, quote: Bytes, publicKey: Bytes): Promise<string> {
  return `${toHex(await crypto.digest('SHA-256', quote))} ${toHex(publicKey)}`
}
