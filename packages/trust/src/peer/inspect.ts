import { toHex } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import { type Certificate, parseCertificate } from '../parse-certificate.ts'
import { certificateRules, type CheckContext, type PeerPolicy, requireQuote } from '../policy.ts'
import { isoTime } from '../verify/chain.ts'
import type { NamedCheck } from '../verify/named-checks.ts'
import { type QuoteReport, verdictOf } from '../verify/report.ts'
import { EvidencePolicy } from './evidence-policy.ts'

export interface InspectOptions extends CheckContext {
  readonly policy: PeerPolicy
}

/** A peer's whole chain of trust. Plain JSON, as a report of a quote is. */
export interface PeerReport extends Pick<QuoteReport, 'verdict' | 'kind' | 'reason' | 'simulated'> {
  readonly policy: string
  /** Of the peer, in hexadecimal; null where there is no reading of it. */
  readonly publicKey: string | null
  /** As quotes and policies have it; null where nothing was attested. */
  readonly imageHash: string | null
  readonly certificate: CertificateSection | null
  /** Everything that was looked at, from the certificate to the policy. */
  readonly checks: readonly NamedCheck[]
  /** Null where there is no quote, or where the policy looks at none. */
  readonly quote: QuoteReport | null
}

export interface CertificateSection {
  readonly sizeBytes: number
  readonly validFrom: string
  readonly validUntil: string
  readonly quoteBytes: number | null
  readonly isCollateralStapled: boolean
}

/**
 * Judges the DER certificate of a peer as its policy does, and tells of everything that is wrong instead of only the
 * first: accepted is who would be accepted in a connection, and nobody else. Never rejects.
 */
export async function inspectPeer(
  certificateDer: Uint8Array,
  { policy, ...context }: InspectOptions,
): Promise<PeerReport> {
  const checks: NamedCheck[] = []
  let certificate: Certificate
  try {
    certificate = parseCertificate(certificateDer)
    checks.push(passed('certificate-format'))
  } catch (cause) {
    checks.push(failure('certificate-format', cause))
    return { ...nothing(policy), ...verdictOf(checks), checks }
  }
  for (const { name, judge } of certificateRules) {
    checks.push(await outcomeOf(name, async () => judge(certificate, context)))
  }
  const found =
    policy instanceof EvidencePolicy
      ? await inspectQuote(certificate, policy, context)
      : await inspectOther(certificate, policy, context)
  checks.push(...found.checks)
  const { publicKey, notBeforeMs, notAfterMs, quote, staple } = certificate
  return {
    ...nothing(policy),
    ...found,
    ...verdictOf(checks),
    checks,
    publicKey: toHex(publicKey),
    certificate: {
      sizeBytes: certificateDer.length,
      validFrom: isoTime(notBeforeMs),
      validUntil: isoTime(notAfterMs),
      quoteBytes: quote?.length ?? null,
      isCollateralStapled: staple !== undefined,
    },
  }
}

type Found = Pick<PeerReport, 'checks' | 'simulated' | 'imageHash' | 'quote'>

async function inspectQuote(
  certificate: Certificate,
  policy: EvidencePolicy,
  { nowMs }: CheckContext,
): Promise<Found> {
  const { publicKey, staple } = certificate
  try {
    const quote = requireQuote(certificate)
    const { report, cause } = await policy.examine({ publicKey, quote, staple }, nowMs)
    const { simulated, measurements, checks } = report
    const imageHash = measurements?.imageHash ?? null
    return {
      simulated,
      imageHash,
      quote: report,
      checks: [passed('evidence'), collateralCheck(staple, cause), ...checks],
    }
  } catch (cause) {
    return { simulated: false, imageHash: null, quote: null, checks: [failure('evidence', cause)] }
  }
}

/** Where collateral should have been asked for, whether it was. What is stapled may do all the same. */
function collateralCheck(staple: Uint8Array | undefined, cause: unknown): NamedCheck {
  if (cause === undefined) return passed('collateral')
  const why = `There is none of one's own: ${cause instanceof Error ? cause.message : String(cause)}`
  return { name: 'collateral', outcome: staple ? 'skipped' : 'failed', kind: 'invalid', why }
}

/** Policies that do not look at quotes. What is wrong with the certificate itself is told already. */
async function inspectOther(
  certificate: Certificate,
  policy: PeerPolicy,
  context: CheckContext,
): Promise<Found> {
  try {
    const { attested, simulated, imageHash } = await policy.check(certificate, context)
    const why = `The policy ${policy.name} asks for none.`
    return {
      simulated,
      imageHash: attested ? toHex(imageHash) : null,
      quote: null,
      checks: [attested ? passed('evidence') : { ...passed('evidence'), outcome: 'skipped', why }],
    }
  } catch (cause) {
    return { simulated: false, imageHash: null, quote: null, checks: [failure('evidence', cause)] }
  }
}

function nothing({ name }: PeerPolicy): Omit<PeerReport, 'verdict' | 'kind' | 'reason' | 'checks'> {
  return {
    policy: name,
    simulated: false,
    publicKey: null,
    imageHash: null,
    certificate: null,
    quote: null,
  }
}

async function outcomeOf(name: string, look: () => Promise<void>): Promise<NamedCheck> {
  try {
    await look()
    return passed(name)
  } catch (cause) {
    return failure(name, cause)
  }
}

function passed(name: string): NamedCheck {
  return { name, outcome: 'passed', kind: 'invalid' }
}

function failure(name: string, cause: unknown): NamedCheck {
  const isTrust = cause instanceof TrustError
  const kind =
    isTrust && (cause.code === 'policy-refused' || cause.code === 'evidence-missing') ? 'policy' : 'invalid'
  return {
    name,
    outcome: 'failed',
    kind,
    why: isTrust ? cause.message : 'It could not be looked at.',
  }
}
