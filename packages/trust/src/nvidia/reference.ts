import { sameBytes } from '@cocoon/wire'
import { fromBase64, fromHex } from '../bytes.ts'
import type { Bytes } from '../bytes.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import type { ChainCertificate } from '../x509/certificate.ts'
import { canonicalXml } from './canonical-xml.ts'
import { parseVendorCertificate } from './chain.ts'
import { fromBase64Lines } from './encoding.ts'
import { nvidiaLimits } from './limits.ts'
import { malformedXml, parseXml } from './xml.ts'
import type { XmlElement } from './xml.ts'

/** Golden measurements of one driver or VBIOS version: a SWID tag after the TCG's reference manifest. */
export interface ReferenceDocument {
  /** Such as 550.144.03 or 96.00.5E.00.01. */
  readonly version: string
  /** Such as GH100. */
  readonly product: string
  readonly manufacturer: string
  readonly tagId: string
  /** By index of the document, which is one less than the SPDM index. */
  readonly golden: ReadonlyMap<number, GoldenMeasurement>
  /** Of the signer, leaf first. Not verified. */
  readonly chain: readonly ChainCertificate[]
  readonly signature: ReferenceSignature
}

export interface GoldenMeasurement {
  readonly name: string
  readonly isActive: boolean
  /** Any of them is good. */
  readonly alternatives: readonly Bytes[]
}

interface ReferenceSignature {
  /** Canonical form of the document without its signature, of which the digest is signed. */
  readonly documentBytes: Bytes
  /** SHA-384. */
  readonly digest: Bytes
  /** Canonical form of what is signed. */
  readonly signedBytes: Bytes
  /** r and s. */
  readonly value: Bytes
}

const swid = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const rim =
  'https://trustedcomputinggroup.org/resource/tcg-reference-integrity-manifest-rim-information-model/'
const hash = 'http://www.w3.org/2001/04/xmlenc#sha384'
const dsig = 'http://www.w3.org/2000/09/xmldsig#'
const algorithms = {
  canonical: 'http://www.w3.org/2006/12/xml-c14n11',
  signature: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384',
  digest: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
  enveloped: 'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
} as const

/**
 * Reads a reference document. There is one tree: what is returned, what is canonicalised to be verified and what
 * is left out as the signature are parts of it, and the signature always covers the whole of it. Throws
 * `reference-malformed` and `certificate-malformed`.
 */
export function parseReference(bytes: Uint8Array): ReferenceDocument {
  const root = parseXml(bytes)
  if (root.local !== 'SoftwareIdentity' || root.space !== swid) throw malformedXml('it is no SWID tag')
  const signature = lastElement(root)
  if (elements(root).some(part => part !== signature && part.space === dsig)) {
    throw malformedXml('it is signed more than once')
  }
  const meta = child(root, swid, 'Meta')
  return {
    version: attribute(meta, '', 'colloquialVersion'),
    product: attribute(meta, '', 'product'),
    manufacturer: attribute(meta, rim, 'FirmwareManufacturer'),
    tagId: attribute(root, '', 'tagId'),
    golden: parseGolden(child(root, swid, 'Payload')),
    ...parseSignature(root, signature),
  }
}

/** Whether the digest is that of the document, and the signature over it by the first key of its chain. */
export async function isReferenceSigned(
  document: ReferenceDocument,
  crypto: CryptoBackend,
): Promise<boolean> {
  const { documentBytes, digest, signedBytes, value } = document.signature
  const signer = document.chain[0]?.publicKey
  if (signer?.curve !== 'P-384') return false
  if (!sameBytes(await crypto.digest('SHA-384', documentBytes), digest)) return false
  return crypto.verify({ curve: 'P-384', publicKey: signer.point, signature: value, message: signedBytes })
}

function parseGolden(payload: XmlElement): Map<number, GoldenMeasurement> {
  const golden = new Map<number, GoldenMeasurement>()
  for (const resource of elements(payload)) {
    if (resource.local !== 'Resource' || resource.space !== swid)
      throw malformedXml('a payload of another kind')
    if (attribute(resource, '', 'type') !== 'Measurement') throw malformedXml('a resource of another kind')
    const index = natural(attribute(resource, '', 'index'), 254)
    if (golden.has(index)) throw malformedXml(`measurement ${index} is there twice`)
    golden.set(index, parseResource(resource))
  }
  return golden
}

function parseResource(resource: XmlElement): GoldenMeasurement {
  const active = attribute(resource, '', 'active')
  if (active !== 'True' && active !== 'False')
    throw malformedXml('it is not said whether a measurement counts')
  const count = natural(attribute(resource, '', 'alternatives'), nvidiaLimits.maxAlternatives)
  const size = natural(attribute(resource, '', 'size'), 64)
  const hashes = resource.attributes.filter(({ space }) => space !== '')
  if (count === 0 || hashes.length !== count) throw malformedXml('not as many hashes as it says')
  const alternatives = hashes.map((_, index) => {
    const value = fromHex(attribute(resource, hash, `Hash${index}`))
    if (value?.length !== size) throw malformedXml('a hash of another length than it says')
    return value
  })
  return { name: attribute(resource, '', 'name'), isActive: active === 'True', alternatives }
}

function parseSignature(
  root: XmlElement,
  element: XmlElement,
): Pick<ReferenceDocument, 'chain' | 'signature'> {
  if (element.local !== 'Signature' || element.space !== dsig)
    throw malformedXml('it does not end in a signature')
  const [signedInfo, signatureValue, keyInfo] = exactly(element, 'SignedInfo', 'SignatureValue', 'KeyInfo')
  const [canonicalization, method, reference] = exactly(
    signedInfo!,
    'CanonicalizationMethod',
    'SignatureMethod',
    'Reference',
  )
  requireAlgorithm(canonicalization!, algorithms.canonical)
  requireAlgorithm(method!, algorithms.signature)
  if (attribute(reference!, '', 'URI') !== '' || reference!.attributes.length !== 1) {
    throw malformedXml('its signature does not cover the whole of it')
  }
  const [transforms, digestMethod, digestValue] = exactly(
    reference!,
    'Transforms',
    'DigestMethod',
    'DigestValue',
  )
  const [enveloped, canonical] = exactly(transforms!, 'Transform', 'Transform')
  requireAlgorithm(enveloped!, algorithms.enveloped)
  requireAlgorithm(canonical!, algorithms.canonical)
  requireAlgorithm(digestMethod!, algorithms.digest)

  const [x509] = exactly(keyInfo!, 'X509Data')
  const certificates = elements(x509!)
  if (certificates.some(({ local, space }) => local !== 'X509Certificate' || space !== dsig)) {
    throw malformedXml('something else among its certificates')
  }
  return {
    chain: certificates
      .slice(0, nvidiaLimits.maxChainLength + 1)
      .map(certificate => parseVendorCertificate(decoded(fromBase64Lines(textOf(certificate))))),
    signature: {
      documentBytes: canonicalXml(root, element),
      digest: decoded(fromBase64(textOf(digestValue!))),
      signedBytes: canonicalXml(signedInfo!),
      value: decoded(fromBase64(textOf(signatureValue!))),
    },
  }
}

function decoded(bytes: Bytes | undefined): Bytes {
  if (!bytes) throw malformedXml('base64 that is none')
  return bytes
}

function requireAlgorithm(element: XmlElement, algorithm: string): void {
  if (element.attributes.length !== 1 || element.children.length > 0) throw malformedXml('an odd algorithm')
  if (attribute(element, '', 'Algorithm') !== algorithm) {
    throw malformedXml(`${element.local} is another one than documents are signed with`)
  }
}

/** The children, which are these elements of the signature in this order and nothing else. */
function exactly(element: XmlElement, ...locals: readonly string[]): XmlElement[] {
  const children = elements(element)
  const isAsDue =
    children.length === locals.length &&
    children.every(({ local, space }, index) => local === locals[index] && space === dsig)
  if (!isAsDue) throw malformedXml(`${element.local} does not hold ${locals.join(', ')}`)
  return children
}

/** The element children of an element that holds no text besides white space. */
function elements(element: XmlElement): XmlElement[] {
  return element.children.flatMap(child => {
    if (typeof child !== 'string') return child
    if (/[^\n ]/.test(child)) throw malformedXml(`text in ${element.local}`)
    return []
  })
}

function lastElement(element: XmlElement): XmlElement {
  const last = elements(element).at(-1)
  if (!last) throw malformedXml('it is empty')
  return last
}

function child(element: XmlElement, space: string, local: string): XmlElement {
  const [found, ...more] = elements(element).filter(child => child.local === local && child.space === space)
  if (!found || more.length > 0) throw malformedXml(`${local} is missing, or there more than once`)
  return found
}

function attribute(element: XmlElement, space: string, local: string): string {
  const found = element.attributes.find(candidate => candidate.local === local && candidate.space === space)
  if (!found) throw malformedXml(`${element.local} without ${local}`)
  return found.value
}

function textOf(element: XmlElement): string {
  const [text = '', ...more] = element.children
  if (typeof text !== 'string' || more.length > 0 || element.attributes.length > 0) {
    throw malformedXml(`${element.local} holds more than text`)
  }
  return text
}

function natural(text: string, most: number): number {
  const value = /^(?:0|[1-9]\d{0,5})$/.test(text) ? Number(text) : most + 1
  if (value > most) throw malformedXml('a number that is none, or too large')
  return value
}
