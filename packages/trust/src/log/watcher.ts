import { sameBytes } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import { type KnownLog, type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { type LogCrypto, nobleLogCrypto } from './crypto.ts'
import { compareCheckpoints, type Equivocation } from './equivocation.ts'
import { emptyRoot, toPrefixProof } from './merkle.ts'

/** What became of a checkpoint: it continues what is trusted, is part of it, or contradicts it. */
export type Observation =
  | { readonly kind: 'accepted'; readonly checkpoint: VerifiedCheckpoint }
  | { readonly kind: 'older'; readonly checkpoint: VerifiedCheckpoint }
  | { readonly kind: 'equivocation'; readonly evidence: Equivocation }

/**
 * Where a watcher gets its proofs. The proof of a prefix, which `LogReader` makes of tiles, also shows equivocation to
 * others in every case; one of RFC 6962 does not where the older size is a power of two.
 */
export type ProofSource =
  | { readonly prefix: (newer: VerifiedCheckpoint, oldSize: number) => Promise<readonly Uint8Array[]> }
  | { readonly consistency: (newer: VerifiedCheckpoint, oldSize: number) => Promise<readonly Uint8Array[]> }

/**
 * Remembers the largest checkpoint of a log that was accepted, and accepts only what continues it. Who keeps
 * `trusted.note` and begins with it again is never shown another history without noticing.
 */
export class LogWatcher {
  readonly #log: KnownLog
  readonly #crypto: LogCrypto
  #trusted: VerifiedCheckpoint | undefined

  /** `trusted` is a signed checkpoint from before. Throws `log-malformed` and `log-unverified` for one that is none. */
  constructor({ log, trusted, crypto }: { log: KnownLog; trusted?: string; crypto?: LogCrypto }) {
    this.#log = log
    this.#crypto = crypto ?? nobleLogCrypto
    this.#trusted = trusted === undefined ? undefined : verifyCheckpoint(this.#crypto, log, trusted)
  }

  get trusted(): VerifiedCheckpoint | undefined {
    return this.#trusted
  }

  /**
   * Takes a signed checkpoint. The first one is believed. Rejects with `log-malformed`, and with `log-unverified` where
   * it is not signed, or no proof decides whether it continues what is trusted; nothing is accepted then.
   */
  async observe(note: string | Uint8Array, proofs: ProofSource): Promise<Observation> {
    const checkpoint = verifyCheckpoint(this.#crypto, this.#log, note)
    const { size, root } = checkpoint
    if (size === 0 && !sameBytes(root, emptyRoot(this.#crypto.sha256))) {
      throw new TrustError('log-unverified', 'The checkpoint has entries below the size of 0.')
    }
    for (;;) {
      const trusted = this.#trusted
      const evidence = trusted && (await this.#compare(trusted, checkpoint, proofs))
      if (evidence !== undefined) return { kind: 'equivocation', evidence }
      // Another one may have been accepted meanwhile: what was compared is compared with that.
      if (this.#trusted !== trusted) continue
      if (trusted !== undefined && size < trusted.size) return { kind: 'older', checkpoint }
      this.#trusted = checkpoint
      return { kind: 'accepted', checkpoint }
    }
  }

  async #compare(
    trusted: VerifiedCheckpoint,
    observed: VerifiedCheckpoint,
    proofs: ProofSource,
  ): Promise<Equivocation | undefined> {
    const [older, newer] = trusted.size <= observed.size ? [trusted, observed] : [observed, trusted]
    // Everything continues the empty log.
    if (older.size === 0) return undefined
    const proof = older.size === newer.size ? [] : await prefixProofOf(proofs, older, newer)
    const compared = compareCheckpoints(this.#crypto, older, newer, proof)
    if (compared === undefined) {
      const sizes = `${older.size} and ${newer.size}`
      throw new TrustError(
        'log-unverified',
        `Nothing proves that the log of ${sizes} entries is one and the same.`,
      )
    }
    return compared === 'consistent' ? undefined : compared
  }
}

async function prefixProofOf(
  proofs: ProofSource,
  older: VerifiedCheckpoint,
  newer: VerifiedCheckpoint,
): Promise<readonly Uint8Array[]> {
  if ('prefix' in proofs) return proofs.prefix(newer, older.size)
  const proof = await proofs.consistency(newer, older.size)
  return toPrefixProof({ oldSize: older.size, oldRoot: older.root, proof })
}
