import { bytesKey, type SealedWorkerEvidence, toHex } from '@cocoon/wire'
import { type Bytes, join } from '../bytes.ts'
import { TrustError } from '../error.ts'
import type { GpuPolicy } from '../nvidia/gpu-policy.ts'
import { parseEvidenceFile } from '../nvidia/evidence.ts'
import { type GpusReport, verifyGpus, type VerifyGpusOptions } from '../nvidia/verify-gpus.ts'
import { type ExamineOptions, examineQuote } from '../peer/examine.ts'
import { requireAccepted } from '../policy/judge-quote.ts'
import type { QuoteReport } from '../verify/report.ts'
import {
  decodeIdentity,
  identityDigest,
  identityReportData,
  isEvidenceBounded,
  type WorkerIdentity,
} from './identity.ts'
import type { PublicSealKey, SealCrypto } from './seal-crypto.ts'

/** What the network lists: 64 lower-case hexadecimal digits each. */
export interface Registry {
  /** Image hashes of workers. */
  readonly images: ReadonlySet<string>
  /** SHA-256 of model texts. */
  readonly models: ReadonlySet<string>
}

/** What is asked of the GPUs behind an identity. */
export interface GpuRules {
  /** `required`: a machine without GPU evidence is refused. What is shown is verified in either case. */
  readonly gpus: 'required' | 'optional'
  readonly policy?: GpuPolicy
  /** Reference documents and revocation answers for devices that were shown; from files or from NVIDIA. */
  readonly material?: (
    devices: ReturnType<typeof parseEvidenceFile>,
  ) => Promise<Pick<VerifyGpusOptions, 'references' | 'revocation'>>
  readonly anchors?: VerifyGpusOptions['anchors']
}

export interface IdentityVerifierOptions extends ExamineOptions {
  readonly sealCrypto: SealCrypto
  readonly gpu?: GpuRules
  /**
   * Looks a masterchain block up. Rejects where the chain does not answer, undefined where there is no such block.
   * Absent: there is no chain to ask, and the age of identities is known from their own clock alone.
   */
  readonly block?:
    | ((seqno: number) => Promise<{ rootHash: Uint8Array; timeMs: number } | undefined>)
    | undefined
  /** Asks that identities name a block: false where the network has no chain. */
  readonly needsBlock: boolean
}

/** An identity that was found good for what it claims. */
export interface VerifiedIdentity {
  readonly identity: WorkerIdentity
  /** 32 bytes. */
  readonly digest: Uint8Array
  readonly evidence: SealedWorkerEvidence
  readonly sealKey: PublicSealKey
  /** Where the evidence leads to: a root that proves nothing. */
  readonly simulated: boolean
  readonly report: QuoteReport
  /** Absent where the machine shows no GPU. */
  readonly gpus: GpusReport | undefined
  /** How old it is at most was found out from the chain. */
  readonly isBlockChecked: boolean
  /** The end of the weakest proof, Unix milliseconds. */
  readonly holdsUntilMs: number
}

/** Between a block and the document that names it, milliseconds. */
const blockSlackMs = 10 * 60_000
/** Clocks of machines differ. */
const clockSlackMs = 60_000
/** Verdicts that are remembered. */
const maxRemembered = 1_024

/**
 * Verifies workers' identities: genuine, accepted by the policy, listed by the registry. A verdict is remembered by
 * digest until the weakest proof ends; whether the registry lists it is asked each time.
 */
export class IdentityVerifier {
  readonly #options: IdentityVerifierOptions
  /** Least lately used first. */
  readonly #verified = new Map<string, VerifiedIdentity>()

  constructor(options: IdentityVerifierOptions) {
    this.#options = options
  }

  /** What was verified before and still holds; undefined where it is to be verified. `digest`: 32 bytes. */
  known(digest: Uint8Array, nowMs: number): VerifiedIdentity | undefined {
    const key = bytesKey(digest)
    const held = this.#verified.get(key)
    if (held === undefined) return undefined
    if (held.holdsUntilMs > nowMs && held.identity.issuedAtMs - clockSlackMs <= nowMs) return held
    this.#verified.delete(key)
    return undefined
  }

  /**
   * Verifies evidence at this time. Rejects with `identity-invalid` for a document that does not hold,
   * `evidence-invalid`, `policy-refused`, or `evidence-missing` where GPUs are asked for.
   */
  async verify(evidence: SealedWorkerEvidence, nowMs: number): Promise<VerifiedIdentity> {
    if (!isEvidenceBounded(evidence))
      throw new TrustError('identity-invalid', 'The evidence is larger than any is.')
    const { sealCrypto } = this.#options
    const digest = identityDigest(sealCrypto, evidence.document)
    const known = this.known(digest, nowMs)
    if (known !== undefined) return known
    const identity = decodeIdentity(evidence.document)
    checkDates(identity, nowMs)
    const sealKey = sealCrypto.readSealKey(identity.sealKey)
    if (sealKey === undefined) throw new TrustError('identity-invalid', 'The seal key is no key of X-Wing.')
    const report = await this.#examine(evidence, nowMs)
    const gpus = await this.#examineGpus(evidence, identity, nowMs)
    const isBlockChecked = await this.#checkBlock(identity)
    const ends = [report.expiresAt, gpus?.expiresAt].flatMap(end =>
      typeof end === 'string' ? Date.parse(end) : [],
    )
    const verified: VerifiedIdentity = {
      identity,
      digest,
      evidence,
      sealKey,
      simulated: report.simulated,
      report,
      gpus,
      isBlockChecked,
      holdsUntilMs: Math.min(identity.expiresAtMs, ...ends),
    }
    if (!(verified.holdsUntilMs > nowMs))
      throw new TrustError('evidence-invalid', 'A proof behind the identity is over.')
    this.#remember(verified)
    return verified
  }

  async #examine({ document, quote, collateral }: SealedWorkerEvidence, nowMs: number): Promise<QuoteReport> {
    const reportData = Uint8Array.from(identityReportData(this.#options.sealCrypto, document))
    const bound = {
      quote: owned(quote),
      reportData,
      staple: collateral.length > 0 ? owned(collateral) : undefined,
    }
    const { report, cause } = await examineQuote(bound, this.#options, nowMs)
    requireAccepted(report, { cause })
    return report
  }

  async #examineGpus(
    { gpu }: SealedWorkerEvidence,
    identity: WorkerIdentity,
    nowMs: number,
  ): Promise<GpusReport | undefined> {
    const { gpu: rules = { gpus: 'optional' }, crypto } = this.#options
    const isNone = identity.gpuDigest.every(byte => byte === 0)
    if (isNone !== (gpu.length === 0)) {
      throw new TrustError('identity-invalid', 'GPU evidence is there and not named, or named and not there.')
    }
    if (isNone) {
      if (rules.gpus === 'optional') return undefined
      throw new TrustError('evidence-missing', 'The machine shows no GPU, and the policy asks for one.')
    }
    const devices = parseEvidenceFile(new TextDecoder().decode(gpu))
    const report = await verifyGpus(devices, {
      nowMs,
      crypto,
      nonceParts: gpuNonceParts(identity),
      committedDigest: identity.gpuDigest,
      ...(rules.policy && { policy: rules.policy }),
      ...(rules.anchors && { anchors: rules.anchors }),
      ...(await rules.material?.(devices)),
    })
    if (report.verdict === 'accept') return report
    const code = report.kind === 'policy' ? 'policy-refused' : 'evidence-invalid'
    throw new TrustError(code, `The GPUs are not accepted. ${report.reason ?? ''}`.trimEnd())
  }

  /** Whether the chain has the block that the document names, of about its time. */
  async #checkBlock({ blockSeqno, blockHash, issuedAtMs }: WorkerIdentity): Promise<boolean> {
    const { block, needsBlock } = this.#options
    if (blockSeqno === 0) {
      if (!needsBlock) return false
      throw new TrustError('identity-invalid', 'The identity names no block, so that its age is not known.')
    }
    if (block === undefined) return false
    const found = await block(blockSeqno)
    if (found === undefined || bytesKey(found.rootHash) !== bytesKey(blockHash)) {
      throw new TrustError('identity-invalid', `The chain has no block ${blockSeqno} with this hash.`)
    }
    if (Math.abs(found.timeMs - issuedAtMs) > blockSlackMs) {
      throw new TrustError('identity-invalid', 'The identity is not of the time of the block that it names.')
    }
    return true
  }

  #remember(verified: VerifiedIdentity): void {
    this.#verified.set(bytesKey(verified.digest), verified)
    if (this.#verified.size <= maxRemembered) return
    const [oldest] = this.#verified.keys()
    this.#verified.delete(oldest!)
  }
}

/**
 * Whether the registry lists the image of the machine and the model that the identity is for. `model` is the base
 * name or the whole text that was asked for. Throws `policy-refused`.
 */
export function requireListed(
  { identity, report }: Pick<VerifiedIdentity, 'identity' | 'report'>,
  model: string,
  registry: Registry,
  hash: (text: string) => string,
): void {
  const { imageHash = '', mrEnclave } = report.measurements ?? {}
  const image = imageHash || (mrEnclave ?? '')
  if (!registry.images.has(image)) throw refused('The network does not list the image that this machine runs')
  if (!registry.models.has(hash(identity.model)))
    throw refused('The network does not list the model of this machine')
  const [base] = identity.model.split('@')
  if (model !== identity.model && model !== base) throw refused('The machine serves another model')
}

/** What the nonce of the machine's GPUs is made from. */
export function gpuNonceParts(
  identity: Pick<WorkerIdentity, 'signingKey' | 'sealKey' | 'blockHash'>,
): Uint8Array[] {
  return [identity.signingKey, identity.sealKey, identity.blockHash]
}

/** The model's text as the registry lists it. */
export function modelTextHash(crypto: Pick<SealCrypto, 'sha256'>): (text: string) => string {
  return text => toHex(crypto.sha256(new TextEncoder().encode(text)))
}

function checkDates({ issuedAtMs, expiresAtMs }: WorkerIdentity, nowMs: number): void {
  if (issuedAtMs - clockSlackMs > nowMs)
    throw new TrustError('identity-invalid', 'The identity is of the future.')
  if (expiresAtMs <= nowMs) throw new TrustError('identity-invalid', 'The identity is over.')
}

function refused(why: string): TrustError {
  return new TrustError('policy-refused', `${why}.`)
}

function owned(bytes: Uint8Array): Bytes {
  return join(bytes)
}
