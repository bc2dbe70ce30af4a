import { sameBytes } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import { type Chain, isoTime, isSignedBy } from '../verify/chain.ts'
import { keyUsage, type ChainCertificate } from '../x509/certificate.ts'
import { certificateIdOf, isResponder, sameId } from './certificate-id.ts'
import { purposesOf } from './chain.ts'
import type { CertificateId, CertificateStatus, RevocationAnswer } from './revocation-answer.ts'

/** A certificate on whose revocation word is needed, with the one that issued it. */
export interface Subject {
  readonly certificate: ChainCertificate
  readonly issuer: ChainCertificate
}

export interface RevocationRules {
  readonly nowMs: number
  readonly crypto: CryptoBackend
  /** Whether a certificate that is on hold counts as good. */
  readonly acceptsHold: boolean
  /** Content of the nonce extension that was asked with; answers that carry one must carry this. */
  readonly nonce?: Bytes
}

/** What all answers together say about one certificate. */
export type RevocationFinding =
  | { readonly outcome: 'good'; readonly untilMs: number; readonly onHold: boolean }
  | { readonly outcome: 'missing'; readonly why: string }
  | { readonly outcome: 'refused'; readonly why: string }

/**
 * The certificates that have to be asked about: all but the root, which is pinned, and those without a responder,
 * which devices make themselves below a certificate that has one. Leaf first.
 */
export function revocableSubjects(
  chain: Chain,
  hasResponder: (certificate: ChainCertificate) => boolean,
): Subject[] {
  return chain.slice(0, -1).flatMap((certificate, index) => {
    const issuer = chain[index + 1]
    return issuer && hasResponder(certificate) ? [{ certificate, issuer }] : []
  })
}

const certificateHold = 6
const ocspSigning = '1.3.6.1.5.5.7.3.9'

/**
 * Judges one certificate by all answers that name it. One that is sound and says anything but good decides;
 * else one that is sound and says good; else there is no word, with the reason why the first one is not sound.
 */
export async function findRevocation(
  subject: Subject,
  answers: readonly RevocationAnswer[],
  rules: RevocationRules,
): Promise<RevocationFinding> {
  const { commonName } = subject.certificate
  let firstFault: string | undefined
  let good: RevocationFinding | undefined
  for (const answer of answers) {
    const named = statusOf(subject, answer)
    if (!named) continue
    const fault = await answerFault(named, answer, subject.issuer, rules)
    if (fault !== undefined) {
      firstFault ??= fault
      continue
    }
    const onHold = named.status === 'revoked' && named.reason === certificateHold
    if (named.status !== 'good' && !(onHold && rules.acceptsHold)) {
      return { outcome: 'refused', why: `"${commonName}" is ${describe(named)}.` }
    }
    good ??= { outcome: 'good', untilMs: named.nextUpdateMs ?? rules.nowMs, onHold }
  }
  if (good) return good
  return firstFault === undefined
    ? { outcome: 'missing', why: `No answer says whether "${commonName}" is revoked.` }
    : { outcome: 'refused', why: `The answer on "${commonName}" does not hold: ${firstFault}` }
}

function describe({ status, reason }: CertificateStatus): string {
  if (status === 'unknown') return 'not known to its responder'
  return reason === certificateHold
    ? 'on hold'
    : `revoked${reason === undefined ? '' : `, for reason ${reason}`}`
}

function statusOf({ certificate, issuer }: Subject, answer: RevocationAnswer): CertificateStatus | undefined {
  const ids = new Map<CertificateId['hash'], CertificateId>()
  for (const status of answer.statuses) {
    const { hash } = status.id
    const due = ids.get(hash) ?? certificateIdOf(certificate, issuer, hash)
    ids.set(hash, due)
    if (sameId(status.id, due)) return status
  }
  return undefined
}

async function answerFault(
  status: CertificateStatus,
  answer: RevocationAnswer,
  issuer: ChainCertificate,
  { nowMs, crypto, nonce }: RevocationRules,
): Promise<string | undefined> {
  if (nonce && answer.nonce && !sameBytes(nonce, answer.nonce)) return 'it answers another question.'
  const { thisUpdateMs, nextUpdateMs } = status
  if (nextUpdateMs === undefined) return 'it does not say until when it is good.'
  if (!(thisUpdateMs <= nowMs)) return `it is from ${isoTime(thisUpdateMs)}, ahead of now.`
  if (!(nowMs <= nextUpdateMs)) return `it ended at ${isoTime(nextUpdateMs)}.`
  const responder = await responderOf(answer, issuer, nowMs, crypto)
  if (typeof responder === 'string') return responder
  return (await isSignedBy(answer, responder, crypto)) ? undefined : 'its signature is not by its responder.'
}

/** The issuer itself, or whom the issuer has made a responder; else why nobody may answer. */
async function responderOf(
  answer: RevocationAnswer,
  issuer: ChainCertificate,
  nowMs: number,
  crypto: CryptoBackend,
): Promise<ChainCertificate | string> {
  const certificate = [issuer, ...answer.certificates].find(candidate => isResponder(answer, candidate))
  if (!certificate) return 'its responder is not among the certificates that came with it.'
  if (sameBytes(certificate.der, issuer.der)) return issuer
  const usage = certificate.keyUsage ?? keyUsage.digitalSignature
  const isMade = purposesOf(certificate).includes(ocspSigning) && (usage & keyUsage.digitalSignature) !== 0
  const isIssued =
    sameBytes(certificate.issuer, issuer.subject) && (await isSignedBy(certificate, issuer, crypto))
  if (!isMade || !isIssued) return `"${certificate.commonName}" may not answer for "${issuer.commonName}".`
  const { notBeforeMs, notAfterMs } = certificate
  return nowMs >= notBeforeMs && nowMs <= notAfterMs ? certificate : 'its responder is not valid now.'
}
