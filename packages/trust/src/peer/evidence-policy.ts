import { imageHashOf, type PeerProof, type Timer, type World } from '@cocoon/wire'
import { type Bytes, fromHex } from '../bytes.ts'
import { portableCrypto } from '../crypto/portable.ts'
import { TrustError } from '../error.ts'
import type { Certificate } from '../parse-certificate.ts'
import {
  checkCertificate,
  type CheckContext,
  type PeerPolicy,
  requireQuote,
  type Verdict,
} from '../policy.ts'
import { requireAccepted } from '../policy/judge-quote.ts'
import type { QuoteReport } from '../verify/report.ts'
import {
  type Examination,
  examine,
  type ExamineOptions,
  ownCollateral,
  type PeerEvidence,
} from './examine.ts'
import { type HeldVerdict, VerdictCache, verdictKey } from './verdict-cache.ts'

export interface EvidencePolicyOptions extends Partial<ExamineOptions> {
  /** As configuration and status call it. */
  readonly name: string
  readonly policy: ExamineOptions['policy']
  readonly world: Pick<World, 'now' | 'after'>
}

/** How often the peers that are connected are looked at again. */
const reviewMs = 600_000
/** The longest wait that leaves a review on time, where a proof ends sooner. */
const shortestReviewMs = 1000

/** A peer that is connected, and what it was believed on. */
interface Watched {
  readonly evidence: PeerEvidence
  /** End of its certificate, milliseconds since the Unix epoch. */
  readonly certificateEndsMs: number
  holdsUntilMs: number
  readonly lost: (why: Error) => void
}

/**
 * Asks of a peer that its certificate carries a quote which the verifier finds genuine, made for the certificate's
 * key, and which the policy accepts. Accepted quotes are remembered as long as the weakest proof behind them holds.
 * Peers that stay connected are verified anew as their proofs end and as collateral changes.
 */
export class EvidencePolicy implements PeerPolicy, Disposable {
  readonly name: string
  readonly #world: EvidencePolicyOptions['world']
  readonly #examineOptions: ExamineOptions
  readonly #cache = new VerdictCache()
  readonly #watched = new Set<Watched>()
  #timer: Timer | undefined
  #timerAtMs = Infinity
  #reviewing: Promise<void> | undefined

  constructor(options: EvidencePolicyOptions) {
    const { name, world, crypto = portableCrypto } = options
    this.name = name
    this.#world = world
    this.#examineOptions = { ...options, crypto }
  }

  /** How many peers are watched, and how many verdicts remembered. */
  get counts(): { readonly watched: number; readonly remembered: number } {
    return { watched: this.#watched.size, remembered: this.#cache.size }
  }

  /** Whether it accepts what proves nothing. */
  get allowsSimulated(): boolean {
    return this.#examineOptions.policy.allowSimulated
  }

  async check(certificate: Certificate, context: CheckContext): Promise<Verdict> {
    await checkCertificate(certificate, context)
    const { publicKey, staple, notAfterMs } = certificate
    const held = await this.#believe({ publicKey, quote: requireQuote(certificate), staple }, context.nowMs)
    const { imageHash, simulated } = held
    const proof = this.#proofOf(held, notAfterMs)
    return { publicKey, imageHash, attested: true, simulated, proof }
  }

  /** Everything that is found about a peer's quote, believed or not. Nothing is remembered. */
  examine(evidence: PeerEvidence, nowMs: number): Promise<Examination> {
    return examine(evidence, this.#examineOptions, nowMs)
  }

  /** Verifies all connected peers anew, once for each quote. The lost ones are told before it resolves. */
  review(): Promise<void> {
    this.#reviewing ??= this.#review().finally(() => {
      this.#reviewing = undefined
      this.#reviewLater()
    })
    return this.#reviewing
  }

  [Symbol.dispose](): void {
    this.#watched.clear()
    this.#timer?.cancel()
  }

  /** Throws where the evidence is not accepted. */
  async #believe(evidence: PeerEvidence, nowMs: number): Promise<HeldVerdict> {
    const key = await verdictKey(this.#examineOptions.crypto, evidence.quote, evidence.publicKey)
    const known = this.#cache.get(key, nowMs)
    if (known) return known
    const { report, collateral, cause } = await examine(evidence, this.#examineOptions, nowMs)
    requireAccepted(report, { cause })
    const held = {
      evidence,
      imageHash: await imageOf(report),
      simulated: report.simulated,
      collateral,
      verifiedAtMs: nowMs,
      holdsUntilMs: Date.parse(report.expiresAt ?? ''),
    }
    if (!(held.holdsUntilMs > nowMs)) {
      throw new TrustError(
        'evidence-invalid',
        `The evidence expired at ${report.expiresAt ?? 'an unknown time'}.`,
      )
    }
    this.#cache.set(key, held)
    return held
  }

  #proofOf({ evidence, simulated, holdsUntilMs }: HeldVerdict, certificateEndsMs: number): PeerProof {
    return {
      isSimulated: simulated,
      watch: lost => {
        const watched = { evidence, holdsUntilMs, certificateEndsMs, lost }
        this.#watched.add(watched)
        this.#reviewLater()
        return { [Symbol.dispose]: () => void this.#watched.delete(watched) }
      },
    }
  }

  async #review(): Promise<void> {
    const verdicts = new Map<string, Promise<HeldVerdict>>()
    for (const watched of Array.from(this.#watched)) {
      const why = await this.#reviewOne(watched, verdicts)
      if (why && this.#watched.delete(watched)) watched.lost(why)
    }
  }

  /** Why a peer is no longer believed. */
  async #reviewOne(
    watched: Watched,
    verdicts: Map<string, Promise<HeldVerdict>>,
  ): Promise<TrustError | undefined> {
    const { evidence, certificateEndsMs } = watched
    const nowMs = this.#world.now()
    if (nowMs >= certificateEndsMs) {
      return new TrustError(
        'certificate-expired',
        'The certificate that the peer connected with has expired.',
      )
    }
    const key = await verdictKey(this.#examineOptions.crypto, evidence.quote, evidence.publicKey)
    const verdict = verdicts.get(key) ?? this.#believeAnew(key, evidence, nowMs)
    verdicts.set(key, verdict)
    try {
      watched.holdsUntilMs = (await verdict).holdsUntilMs
      return undefined
    } catch (error) {
      const isOutage = error instanceof TrustError && error.code === 'fetch-failed'
      // Who cannot be asked says nothing against a proof that still holds.
      if (isOutage && nowMs < watched.holdsUntilMs) return undefined
      return error instanceof TrustError
        ? error
        : new TrustError('evidence-invalid', 'The evidence could not be verified again.', { cause: error })
    }
  }

  /** As `#believe`, but what is remembered does not count where there is other collateral by now. */
  async #believeAnew(key: string, evidence: PeerEvidence, nowMs: number): Promise<HeldVerdict> {
    const known = this.#cache.get(key, nowMs)
    const own = await ownCollateral(evidence.quote, this.#examineOptions).catch((cause: unknown) => {
      if (known ?? evidence.staple) return undefined
      throw new TrustError('fetch-failed', 'There is no newer collateral to verify with.', { cause })
    })
    if (known && own !== undefined && own !== known.collateral) this.#cache.delete(key)
    return this.#believe(evidence, nowMs)
  }

  #reviewLater(): void {
    if (this.#watched.size === 0) {
      this.#timer?.cancel()
      this.#timerAtMs = Infinity
      return
    }
    const nowMs = this.#world.now()
    let atMs = nowMs + reviewMs
    for (const { holdsUntilMs, certificateEndsMs } of this.#watched) {
      atMs = Math.min(atMs, holdsUntilMs, certificateEndsMs)
    }
    if (this.#reviewing || (this.#timerAtMs > nowMs && this.#timerAtMs <= atMs)) return
    this.#timer?.cancel()
    this.#timerAtMs = Math.max(atMs, nowMs + shortestReviewMs)
    this.#timer = this.#world.after(this.#timerAtMs - nowMs, () => {
      this.#timerAtMs = Infinity
      void this.review()
    })
  }
}

/** What the registry may list; 32 bytes. Zeros, which it never lists, where the report names no image. */
async function imageOf({ measurements }: QuoteReport): Promise<Bytes> {
  const { imageHash = '', mrEnclave = '' } = measurements ?? {}
  const [hash, enclave] = [fromHex(imageHash), fromHex(mrEnclave)]
  if (hash?.length === 32) return hash
  return enclave?.length === 32 ? imageHashOf(enclave) : new Uint8Array(32)
}
