import { sameBytes } from '@cocoon/wire'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384 } from '@noble/hashes/sha2.js'
import type { Bytes } from '../bytes.ts'
import { contextTag, encode, encodeOid, encodeUnsigned, tag } from '../der.ts'
import type { ChainCertificate } from '../x509/certificate.ts'
import { certificateIdHashes, nonceExtension } from './revocation-answer.ts'
import type { CertificateId, RevocationAnswer } from './revocation-answer.ts'

const hashes = { 'SHA-1': sha1, 'SHA-256': sha256, 'SHA-384': sha384 } as const

/** The name that OCSP has for a certificate. */
export function certificateIdOf(
  { serial }: ChainCertificate,
  issuer: ChainCertificate,
  hash: CertificateId['hash'],
): CertificateId {
  return {
    hash,
    issuerNameHash: Uint8Array.from(hashes[hash](issuer.subject)),
    issuerKeyHash: Uint8Array.from(hashes[hash](keyBits(issuer))),
    serial,
  }
}

export function sameId(a: CertificateId, b: CertificateId): boolean {
  return (
    a.hash === b.hash &&
    sameBytes(a.issuerNameHash, b.issuerNameHash) &&
    sameBytes(a.issuerKeyHash, b.issuerKeyHash) &&
    sameBytes(a.serial, b.serial)
  )
}

/** Whether an answer calls this certificate its responder, by name or by the SHA-1 of its key. */
export function isResponder({ responder }: RevocationAnswer, certificate: ChainCertificate): boolean {
  return 'name' in responder
    ? sameBytes(responder.name, certificate.subject)
    : sameBytes(responder.keyHash, sha1(keyBits(certificate)))
}

function keyBits({ publicKey }: ChainCertificate): Bytes {
  return Uint8Array.of(4, ...publicKey.point)
}

/**
 * An OCSPRequest of RFC 6960 for one certificate: SEQUENCE { SEQUENCE { requestList, [2] extensions } }, with
 * the nonce (1 to 32 bytes) in an OCTET STRING of its own inside that of its extension.
 */
export function encodeRevocationRequest(id: CertificateId, nonce: Uint8Array): Bytes {
  const certificateId = encode(
    tag.sequence,
    encode(tag.sequence, encodeOid(certificateIdHashes[id.hash])),
    encode(tag.octetString, id.issuerNameHash),
    encode(tag.octetString, id.issuerKeyHash),
    encodeUnsigned(id.serial),
  )
  const extension = encode(
    tag.sequence,
    encodeOid(nonceExtension),
    encode(tag.octetString, encodeRevocationNonce(nonce)),
  )
  return encode(
    tag.sequence,
    encode(
      tag.sequence,
      encode(tag.sequence, encode(tag.sequence, certificateId)),
      encode(contextTag(2, true), encode(tag.sequence, extension)),
    ),
  )
}

/** The content of the nonce extension, which answers have to repeat. */
export function encodeRevocationNonce(nonce: Uint8Array): Bytes {
  return encode(tag.octetString, nonce)
}
