import type { Bytes } from '../bytes.ts'
import { coordinateBytes } from '../crypto/backend.ts'
import type { Curve } from '../crypto/backend.ts'
import { contextTag, decodeTime, DerReader, malformed, tag } from '../der.ts'
import { oid } from '../oid.ts'
import { type PublicKey, signatureAlgorithm, subjectPublicKey } from './algorithm.ts'
import { type Extension, parseExtensions } from './extensions.ts'
import {
  booleanOrFalse,
  maxSerialBytes,
  namedBits,
  oidOf,
  plainSignature,
  smallNumber,
  unsigned,
  wholeBits,
} from './values.ts'

/** A vendor's certificates have about 1.2 KiB. */
export const maxChainCertificateBytes = 16_384

/** The bits of keyUsage that chains use, as `namedBits` gives them. */
export const keyUsage = { digitalSignature: 0x80, certificateSign: 0x04, crlSign: 0x02 } as const

/** A certificate of a vendor's chain. Nothing is verified yet; byte arrays are views of what was parsed. */
export interface ChainCertificate {
  readonly der: Bytes
  /** Without the octet for the sign. */
  readonly serial: Bytes
  /** Raw DER names, which are compared byte by byte. */
  readonly issuer: Bytes
  readonly subject: Bytes
  /** The one common name of the subject. */
  readonly commonName: string
  /** Milliseconds since the Unix epoch; both moments belong to the time of validity. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly publicKey: PublicKey
  readonly isAuthority: boolean
  /** How many authorities may follow below; absent where there is no bound. */
  readonly pathLength?: number
  /** Absent where the certificate does not restrict it. */
  readonly keyUsage?: number
  readonly extensions: ReadonlyMap<string, Extension>
  readonly signedBytes: Bytes
  readonly signatureCurve: Curve
  /** r and s, as `CryptoBackend` takes them. */
  readonly signature: Bytes
}

const understood: ReadonlySet<string> = new Set([oid.basicConstraints, oid.keyUsage])

/**
 * Reads a certificate of a chain as its vendor's authority writes it, and not a byte more generously: version 3,
 * an elliptic key, an ECDSA signature, DER in its one form. Throws `certificate-malformed`.
 */
export function parseChainCertificate(der: Bytes): ChainCertificate {
  return parseUnderstanding(der, understood)
}

/** The same where the caller goes by further extensions, which may therefore be critical. */
export function parseUnderstanding(der: Bytes, understood: ReadonlySet<string>): ChainCertificate {
  if (der.length > maxChainCertificateBytes) throw malformed(`it has ${der.length} bytes`)
  const outer = new DerReader(der)
  const certificate = outer.enter(tag.sequence)
  outer.end()
  const body = certificate.next(tag.sequence)
  const signatureCurve = signatureAlgorithm(certificate)
  const signature = plainSignature(
    wholeBits(certificate.next(tag.bitString)),
    coordinateBytes[signatureCurve],
  )
  certificate.end()
  return {
    der,
    ...parseBody(new DerReader(body.content), signatureCurve, understood),
    signedBytes: body.whole,
    signature,
  }
}

type Body = Omit<ChainCertificate, 'der' | 'signedBytes' | 'signature'>

function parseBody(fields: DerReader, signatureCurve: Curve, understood: ReadonlySet<string>): Body {
  const version = fields.enter(contextTag(0, true))
  if (smallNumber(version.next(tag.integer), 2) !== 2) throw malformed('it is not of version 3')
  version.end()
  const serial = unsigned(fields.next(tag.integer), maxSerialBytes)
  if (signatureAlgorithm(fields) !== signatureCurve) throw malformed('it names two signature algorithms')
  const issuer = fields.next(tag.sequence)
  const validity = fields.enter(tag.sequence)
  const notBeforeMs = decodeTime(validity.next())
  const notAfterMs = decodeTime(validity.next())
  validity.end()
  const subject = fields.next(tag.sequence)
  const publicKey = subjectPublicKey(fields)
  const extensions = parseExtensions(fields.next(contextTag(3, true)).content, understood)
  fields.end()
  return {
    serial,
    issuer: issuer.whole,
    subject: subject.whole,
    commonName: parseCommonName(subject.content),
    notBeforeMs,
    notAfterMs,
    publicKey,
    ...parseBasicConstraints(extensions.get(oid.basicConstraints)),
    ...parseKeyUsage(extensions.get(oid.keyUsage)),
    extensions,
    signatureCurve,
  }
}

/** RDNSequence of single attributes; exactly one of them is the common name. */
function parseCommonName(name: Bytes): string {
  const relativeNames = new DerReader(name)
  const found: string[] = []
  while (relativeNames.more) {
    const attributes = relativeNames.enter(tag.set)
    const attribute = attributes.enter(tag.sequence)
    attributes.end()
    const isCommonName = oidOf(attribute) === oid.commonName
    const value = attribute.next()
    attribute.end()
    if (!isCommonName) continue
    if (value.tag !== tag.utf8String && value.tag !== tag.printableString)
      throw malformed('an odd common name')
    found.push(new TextDecoder().decode(value.content))
  }
  const [commonName] = found
  if (commonName === undefined || found.length > 1) throw malformed('it has no common name, or several')
  return commonName
}

function parseBasicConstraints(
  extension: Extension | undefined,
): Pick<ChainCertificate, 'isAuthority' | 'pathLength'> {
  if (!extension) return { isAuthority: false }
  const outer = new DerReader(extension.content)
  const constraints = outer.enter(tag.sequence)
  outer.end()
  const isAuthority = booleanOrFalse(constraints)
  const pathLength = constraints.optional(tag.integer)
  constraints.end()
  if (!pathLength) return { isAuthority }
  if (!isAuthority) throw malformed('a path length of no authority')
  return { isAuthority, pathLength: smallNumber(pathLength, 255) }
}

function parseKeyUsage(extension: Extension | undefined): Pick<ChainCertificate, 'keyUsage'> {
  if (!extension) return {}
  const outer = new DerReader(extension.content)
  const bits = outer.next(tag.bitString)
  outer.end()
  return { keyUsage: namedBits(bits) }
}
