import type { Bytes } from './bytes.ts'
import { contextTag, decodeOid, decodeTime, DerReader, malformed, tag } from './der.ts'
import type { DerElement } from './der.ts'
import { TrustError } from './error.ts'
import { oid } from './oid.ts'

/** Room for a certificate with the largest quote that verifiers accept, twice over. */
export const maxCertificateBytes = 65_536

const maxExtensions = 32

/** What a peer's certificate says. Nothing in it is verified yet; byte arrays are views of one private copy. */
export interface Certificate {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Bytes
  /** Raw DER names; a self-issued certificate has the same bytes in both. */
  readonly issuer: Bytes
  readonly subject: Bytes
  /** Milliseconds since the Unix epoch. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Every common name of the subject, in order. */
  readonly commonNames: readonly string[]
  /** The dNSName entries of the subjectAltName; absent and empty mean the same. */
  readonly dnsNames: readonly string[]
  /** Absent where the certificate does not restrict it. */
  readonly digitalSignature?: boolean
  /** Object identifiers of the purposes; absent where the certificate does not restrict them. */
  readonly extendedKeyUsage?: readonly string[]
  /** Content of the quote extension. */
  readonly quote?: Bytes
  /** Content of the extension with stapled collateral, as `decodeStaple` reads it. */
  readonly staple?: Bytes
  /** Critical extensions that are not understood here. */
  readonly unknownCriticalOids: readonly string[]
  /** What the signature covers. */
  readonly signedBytes: Bytes
  readonly signatureOid: string
  readonly signature: Bytes
}

/**
 * Reads an X.509 certificate of at most 64 KiB: version 3, or version 1 that carries extensions nevertheless,
 * which is what the reference makes. Throws `certificate-malformed` and `key-not-ed25519`.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > maxCertificateBytes) throw malformed(`it has ${der.length} bytes`)
  const outer = new DerReader(Uint8Array.from(der))
  const certificate = outer.enter(tag.sequence)
  outer.end()
  const body = certificate.next(tag.sequence)
  const signatureOid = parseAlgorithm(certificate)
  const signature = parseBits(certificate.next(tag.bitString))
  certificate.end()

  const fields = new DerReader(body.content)
  fields.optional(contextTag(0, true)) // Version: the extensions that follow say all that it could.
  fields.next(tag.integer) // Serial number: nothing depends on it.
  if (parseAlgorithm(fields) !== signatureOid) throw malformed('it names two signature algorithms')
  const issuer = fields.next(tag.sequence)
  const validity = fields.enter(tag.sequence)
  const notBeforeMs = decodeTime(validity.next())
  const notAfterMs = decodeTime(validity.next())
  validity.end()
  const subject = fields.next(tag.sequence)
  const publicKey = parsePublicKey(fields.enter(tag.sequence))
  fields.optional(contextTag(1, false))
  fields.optional(contextTag(2, false))
  const extensions = fields.optional(contextTag(3, true))
  fields.end()

  return {
    publicKey,
    issuer: issuer.whole,
    subject: subject.whole,
    notBeforeMs,
    notAfterMs,
    commonNames: parseCommonNames(subject.content),
    ...parseExtensions(extensions),
    signedBytes: body.whole,
    signatureOid,
    signature,
  }
}

function parseAlgorithm(reader: DerReader): string {
  const algorithm = reader.enter(tag.sequence)
  return decodeOid(algorithm.next(tag.objectIdentifier).content)
}

function parsePublicKey(reader: DerReader): Bytes {
  const algorithm = reader.enter(tag.sequence)
  const algorithmOid = decodeOid(algorithm.next(tag.objectIdentifier).content)
  if (algorithmOid !== oid.ed25519) {
    throw new TrustError(
      'key-not-ed25519',
      `The certificate's key is of type ${algorithmOid}; Ed25519 is required.`,
    )
  }
  algorithm.end()
  const key = parseBits(reader.next(tag.bitString))
  reader.end()
  if (key.length !== 32) throw malformed(`an Ed25519 key of ${key.length} bytes`)
  return key
}

/** The bytes of a BIT STRING that is whole bytes long. */
function parseBits(element: DerElement): Bytes {
  if (element.content[0] !== 0) throw malformed('a bit string that is not whole bytes')
  return element.content.subarray(1)
}

function parseCommonNames(name: Bytes): string[] {
  const found: string[] = []
  const relativeNames = new DerReader(name)
  while (relativeNames.more) {
    const attributes = relativeNames.enter(tag.set)
    while (attributes.more) {
      const attribute = attributes.enter(tag.sequence)
      const type = decodeOid(attribute.next(tag.objectIdentifier).content)
      const value = attribute.next()
      if (type === oid.commonName) found.push(decodeText(value.content))
    }
  }
  return found
}

type Extensions = Pick<
  Certificate,
  'dnsNames' | 'digitalSignature' | 'extendedKeyUsage' | 'quote' | 'staple' | 'unknownCriticalOids'
>

function parseExtensions(element: DerElement | undefined): Extensions {
  const known: { -readonly [Field in keyof Extensions]: Extensions[Field] } = {
    dnsNames: [],
    unknownCriticalOids: [],
  }
  if (!element) return known
  const unknownCriticalOids: string[] = []
  const seen = new Set<string>()
  const list = new DerReader(element.content)
  const extensions = list.enter(tag.sequence)
  list.end()
  while (extensions.more) {
    const extension = extensions.enter(tag.sequence)
    const type = decodeOid(extension.next(tag.objectIdentifier).content)
    const critical = parseBoolean(extension.optional(tag.boolean))
    const { content } = extension.next(tag.octetString)
    extension.end()
    if (seen.has(type)) throw malformed(`extension ${type} appears twice`)
    seen.add(type)
    if (seen.size > maxExtensions) throw malformed(`more than ${maxExtensions} extensions`)

    if (type === oid.quote) known.quote = content
    else if (type === oid.collateral) known.staple = content
    else if (type === oid.keyUsage) known.digitalSignature = parseDigitalSignature(content)
    else if (type === oid.extendedKeyUsage) known.extendedKeyUsage = parsePurposes(content)
    else if (type === oid.subjectAltName) known.dnsNames = parseDnsNames(content)
    else if (critical && type !== oid.basicConstraints && type !== oid.userClaims)
      unknownCriticalOids.push(type)
  }
  return { ...known, unknownCriticalOids }
}

function parseBoolean(element: DerElement | undefined): boolean {
  if (!element) return false
  if (element.content.length !== 1) throw malformed('a boolean that is not one byte')
  return element.content[0] !== 0
}

function parseDigitalSignature(content: Bytes): boolean {
  const bits = new DerReader(content).next(tag.bitString).content
  return ((bits[1] ?? 0) & 0x80) !== 0
}

function parsePurposes(content: Bytes): string[] {
  const purposes = new DerReader(content).enter(tag.sequence)
  const found: string[] = []
  while (purposes.more) found.push(decodeOid(purposes.next(tag.objectIdentifier).content))
  return found
}

function parseDnsNames(content: Bytes): string[] {
  const names = new DerReader(content).enter(tag.sequence)
  const found: string[] = []
  while (names.more) {
    const name = names.next()
    if (name.tag === contextTag(2, false)) found.push(decodeText(name.content))
  }
  return found
}

function decodeText(content: Bytes): string {
  return new TextDecoder().decode(content)
}
