import type { Bytes } from '../bytes.ts'
import type { Curve } from '../crypto/backend.ts'
import { coordinateBytes } from '../crypto/backend.ts'
import { contextTag, decodeTime, DerReader, tag } from '../der.ts'
import { TrustError } from '../error.ts'
import { signatureAlgorithm } from '../x509/algorithm.ts'
import type { ChainCertificate } from '../x509/certificate.ts'
import { parseExtensions } from '../x509/extensions.ts'
import { maxSerialBytes, oidOf, plainSignature, unsigned, wholeBits } from '../x509/values.ts'
import { parseVendorCertificate } from './chain.ts'
import { nvidiaLimits } from './limits.ts'

/** What an OCSP responder said about certificates. Nothing is verified yet. */
export interface RevocationAnswer {
  /** Who says it: a raw DER name, or the SHA-1 of a key. */
  readonly responder: { readonly name: Bytes } | { readonly keyHash: Bytes }
  readonly statuses: readonly CertificateStatus[]
  /** Content of the nonce extension: a DER OCTET STRING. */
  readonly nonce?: Bytes
  /** What the responder sent along to be believed by. */
  readonly certificates: readonly ChainCertificate[]
  readonly signedBytes: Bytes
  readonly signatureCurve: Curve
  readonly signature: Bytes
}

export interface CertificateStatus {
  readonly id: CertificateId
  readonly status: 'good' | 'revoked' | 'unknown'
  /** Why it was revoked, as RFC 5280 numbers it: 6 is certificateHold. */
  readonly reason?: number
  readonly thisUpdateMs: number
  /** Absent where newer word is there all the time, which no answer that travels can be judged by. */
  readonly nextUpdateMs?: number
}

/** How OCSP names a certificate. */
export interface CertificateId {
  readonly hash: 'SHA-1' | 'SHA-256' | 'SHA-384'
  readonly issuerNameHash: Bytes
  readonly issuerKeyHash: Bytes
  /** Without the octet for the sign. */
  readonly serial: Bytes
}

export const certificateIdHashes: Readonly<Record<CertificateId['hash'], string>> = {
  'SHA-1': '1.3.14.3.2.26',
  'SHA-256': '2.16.840.1.101.3.4.2.1',
  'SHA-384': '2.16.840.1.101.3.4.2.2',
}

const basicResponse = '1.3.6.1.5.5.7.48.1.1'
export const nonceExtension = '1.3.6.1.5.5.7.48.1.2'
const enumerated = 0x0a

/** Reads an OCSPResponse of RFC 6960. Throws `revocation-malformed`. */
export function parseRevocationAnswer(bytes: Uint8Array): RevocationAnswer {
  if (bytes.length > nvidiaLimits.maxRevocationBytes) throw malformedAnswer(`it has ${bytes.length} bytes`)
  try {
    return parseResponse(Uint8Array.from(bytes))
  } catch (error) {
    if (error instanceof TrustError && error.code === 'certificate-malformed') {
      throw malformedAnswer('it is not DER in the form that it must have', { cause: error })
    }
    throw error
  }
}

function parseResponse(der: Bytes): RevocationAnswer {
  const outer = new DerReader(der)
  const response = outer.enter(tag.sequence)
  outer.end()
  const [status] = response.next(enumerated).content
  if (status !== 0) throw malformedAnswer(`the responder did not answer, and gave the reason ${status}`)
  const wrapper = response.enter(contextTag(0, true))
  response.end()
  const typed = wrapper.enter(tag.sequence)
  wrapper.end()
  if (oidOf(typed) !== basicResponse) throw malformedAnswer('it is of a type that is not known here')
  const inner = new DerReader(typed.next(tag.octetString).content)
  typed.end()
  const basic = inner.enter(tag.sequence)
  inner.end()

  const body = basic.next(tag.sequence)
  const signatureCurve = signatureAlgorithm(basic)
  const signature = plainSignature(wholeBits(basic.next(tag.bitString)), coordinateBytes[signatureCurve])
  const certificates = parseCertificates(basic.optional(contextTag(0, true))?.content)
  basic.end()
  return {
    ...parseBody(new DerReader(body.content)),
    certificates,
    signedBytes: body.whole,
    signatureCurve,
    signature,
  }
}

type Body = Pick<RevocationAnswer, 'responder' | 'statuses' | 'nonce'>

function parseBody(fields: DerReader): Body {
  const version = fields.optional(contextTag(0, true))
  if (version) throw malformedAnswer('it is of a version that is not known here')
  const byName = fields.optional(contextTag(1, true))
  const responder = byName
    ? { name: new DerReader(byName.content).next(tag.sequence).whole }
    : { keyHash: fields.enter(contextTag(2, true)).next(tag.octetString).content }
  decodeTime(fields.next(tag.generalizedTime)) // When it was signed: each status has dates of its own.
  const list = fields.enter(tag.sequence)
  const statuses: CertificateStatus[] = []
  while (list.more) {
    if (statuses.length === nvidiaLimits.maxStatuses) throw malformedAnswer('too many statuses')
    statuses.push(parseStatus(list.enter(tag.sequence)))
  }
  const wrapper = fields.optional(contextTag(1, true))
  fields.end()
  const nonce = wrapper && parseExtensions(wrapper.content, new Set([nonceExtension])).get(nonceExtension)
  return { responder, statuses, ...(nonce && { nonce: nonce.content }) }
}

function parseStatus(fields: DerReader): CertificateStatus {
  const id = parseId(fields.enter(tag.sequence))
  const status = fields.next()
  const thisUpdateMs = decodeTime(fields.next(tag.generalizedTime))
  const next = fields.optional(contextTag(0, true))
  const extensions = fields.optional(contextTag(1, true))
  fields.end()
  if (extensions) parseExtensions(extensions.content, new Set())
  return {
    id,
    ...parseOutcome(status.tag, status.content),
    thisUpdateMs,
    ...(next && { nextUpdateMs: decodeTime(new DerReader(next.content).next(tag.generalizedTime)) }),
  }
}

function parseOutcome(outcome: number, content: Bytes): Pick<CertificateStatus, 'status' | 'reason'> {
  const isGood = outcome === contextTag(0, false)
  if (isGood || outcome === contextTag(2, false)) {
    if (content.length > 0) throw malformedAnswer('a status with content')
    return { status: isGood ? 'good' : 'unknown' }
  }
  if (outcome !== contextTag(1, true)) throw malformedAnswer('a status that is not known here')
  const fields = new DerReader(content)
  fields.next(tag.generalizedTime) // When: it counts from the first word of it on.
  const reason = fields.optional(contextTag(0, true))
  fields.end()
  if (!reason) return { status: 'revoked' }
  return { status: 'revoked', reason: new DerReader(reason.content).next(enumerated).content[0] ?? 0 }
}

function parseId(fields: DerReader): CertificateId {
  const algorithm = fields.enter(tag.sequence)
  const type = oidOf(algorithm)
  const parameters = algorithm.optional(0x05)
  algorithm.end()
  const hashes = Object.entries(certificateIdHashes) as [CertificateId['hash'], string][]
  const hash = hashes.find(([, oid]) => oid === type)?.[0]
  if (!hash || (parameters && parameters.content.length > 0)) {
    throw malformedAnswer('certificates named by a hash that is not known here')
  }
  const issuerNameHash = fields.next(tag.octetString).content
  const issuerKeyHash = fields.next(tag.octetString).content
  const serial = unsigned(fields.next(tag.integer), maxSerialBytes)
  fields.end()
  return { hash, issuerNameHash, issuerKeyHash, serial }
}

function parseCertificates(content: Bytes | undefined): ChainCertificate[] {
  if (!content) return []
  const outer = new DerReader(content)
  const list = outer.enter(tag.sequence)
  outer.end()
  const found: ChainCertificate[] = []
  while (list.more) {
    if (found.length === nvidiaLimits.maxChainLength) throw malformedAnswer('too many certificates')
    found.push(parseVendorCertificate(list.next(tag.sequence).whole))
  }
  return found
}

export function malformedAnswer(what: string, options?: ErrorOptions): TrustError {
  return new TrustError(
    'revocation-malformed',
    `The answer on revocation is malformed: ${what}. Ask the responder again.`,
    options,
  )
}
