import { TrustError } from '@cocoon/trust'
import {
  decodeIdentity,
  identityDigest,
  isEvidenceBounded,
  type SealCrypto,
  verifyAnnouncement,
  type WorkerIdentity,
} from '@cocoon/trust/seal'
import {
  bytesKey,
  sameBytes,
  type SealedWorkerEvidence,
  type WorkerIdentity as Announcement,
} from '@cocoon/wire'

/** An identity that a connected worker has announced as its own. */
export interface AnnouncedIdentity {
  readonly identity: WorkerIdentity
  /** 32 bytes. */
  readonly digest: Uint8Array
  /** The digest as a key of maps. */
  readonly key: string
  readonly evidence: SealedWorkerEvidence
}

/** Whom a worker announces its identity to, as far as is known here. */
export interface AnnouncedHere {
  /** Of this proxy. */
  readonly proxyKey: Uint8Array
  /** What this proxy has shown in TLS; undefined where somebody else did. */
  readonly tlsKey: Uint8Array | undefined
  /** `name@commit:hash` of the session. */
  readonly model: string
  readonly nowMs: number
}

/** Identities that a connection keeps: queries may be on their way to the one before. */
const keptIdentities = 2

/** Evidence of all identities together, bytes: with GPUs that of one has up to 4 MiB, and usually below 100 KiB. */
const maxEvidenceBytes = 512 << 20

/** Identities that are not believed any more; they end by themselves, so that the oldest may be forgotten. */
const maxDistrusted = 10_000

/** The identities that connected workers have announced, for clients who ask for the evidence behind them. */
export class IdentityBook {
  readonly #crypto: SealCrypto
  readonly #mostBytes: number
  readonly #announced = new Map<string, { announced: AnnouncedIdentity; connections: number }>()
  #evidenceBytes = 0
  /** Whose receipts are worth nothing, the longest known first. */
  readonly #distrusted = new Set<string>()

  /** `mostBytes`: of the evidence of all identities together. */
  constructor(crypto: SealCrypto, mostBytes = maxEvidenceBytes) {
    this.#crypto = crypto
    this.#mostBytes = mostBytes
  }

  /** Judges an announcement: the identity, or why it is refused, in words. */
  judge({ evidence, tlsKey, signature }: Announcement, here: AnnouncedHere): AnnouncedIdentity | string {
    if (!isEvidenceBounded(evidence)) return 'its evidence is larger than any is'
    const identity = readOrWhy(evidence.document)
    if (typeof identity === 'string') return identity
    const digest = identityDigest(this.#crypto, evidence.document)
    if (identity.model !== here.model) return 'its identity is for another model than the session'
    if (identity.expiresAtMs <= here.nowMs) return 'its identity is over'
    if (here.tlsKey !== undefined && !sameBytes(tlsKey, here.tlsKey))
      return 'it was announced to somebody else'
    const to = { proxyKey: here.proxyKey, tlsKey }
    if (!verifyAnnouncement(this.#crypto, identity, digest, to, signature))
      return 'its announcement is not signed'
    const key = bytesKey(digest)
    const isNew = !this.#announced.has(key)
    if (isNew && this.#evidenceBytes + evidenceSize(evidence) > this.#mostBytes)
      return 'this proxy has no room for the evidence of more workers'
    return { identity, digest, key, evidence }
  }

  /** Its receipts are worth nothing: whoever announces it leaves. */
  distrust({ key }: AnnouncedIdentity): void {
    this.#distrusted.delete(key)
    this.#distrusted.add(key)
    if (this.#distrusted.size > maxDistrusted)
      this.#distrusted.delete(this.#distrusted.values().next().value!)
  }

  isDistrusted({ key }: AnnouncedIdentity): boolean {
    return this.#distrusted.has(key)
  }

  /** Takes a connection's newest identity beside those that it has; gives those that it has then. */
  add(held: readonly AnnouncedIdentity[], newest: AnnouncedIdentity): readonly AnnouncedIdentity[] {
    if (held.some(({ key }) => key === newest.key)) return held
    const entry = this.#announced.get(newest.key)
    const announced = entry?.announced ?? { ...newest, evidence: copyOf(newest.evidence) }
    if (entry === undefined) {
      this.#announced.set(newest.key, { announced, connections: 1 })
      this.#evidenceBytes += evidenceSize(announced.evidence)
    } else entry.connections++
    const kept = [announced, ...held]
    this.remove(kept.slice(keptIdentities))
    return kept.slice(0, keptIdentities)
  }

  /** A connection no longer has these. */
  remove(held: readonly AnnouncedIdentity[]): void {
    for (const { key } of held) {
      const entry = this.#announced.get(key)
      if (entry === undefined || --entry.connections > 0) continue
      this.#announced.delete(key)
      this.#evidenceBytes -= evidenceSize(entry.announced.evidence)
    }
  }

  /** What a worker that is connected now has announced. `digest`: 32 bytes. */
  find(digest: Uint8Array): AnnouncedIdentity | undefined {
    return this.#announced.get(bytesKey(digest))?.announced
  }
}

/** What was read is a view of the message that it came in, and of all that came with that. */
function copyOf({ document, quote, collateral, gpu }: SealedWorkerEvidence): SealedWorkerEvidence {
  return {
    _: 'sealed.workerEvidence',
    document: Uint8Array.from(document),
    quote: Uint8Array.from(quote),
    collateral: Uint8Array.from(collateral),
    gpu: Uint8Array.from(gpu),
  }
}

function evidenceSize({ document, quote, collateral, gpu }: SealedWorkerEvidence): number {
  return document.length + quote.length + collateral.length + gpu.length
}

function readOrWhy(document: Uint8Array): WorkerIdentity | string {
  try {
    return decodeIdentity(document)
  } catch (error) {
    if (error instanceof TrustError) return error.message
    throw error
  }
}
