import type { Bytes } from '../bytes.ts'
import { join } from '../bytes.ts'
import { contextTag, encode, encodeAscii, encodeOid, encodeTime, encodeUnsigned, tag } from '../der.ts'
import { oid } from '../oid.ts'
import type { SigningKey } from './signing-key.ts'

/** What a certificate is made from. Every part can be made wrong. */
export interface CertificatePlan {
  readonly commonName: string
  readonly issuerName: string
  readonly serial: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly isAuthority: boolean
  readonly pathLength?: number
  /** First octet of keyUsage. */
  readonly keyUsage: number
  /** Further extensions, encoded. */
  readonly extensions: readonly Uint8Array[]
}

export interface CrlPlan {
  readonly issuerName: string
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** Serial numbers. */
  readonly revoked: readonly Uint8Array[]
  readonly extensions: readonly Uint8Array[]
}

const ecdsaWithSha256 = encode(tag.sequence, encodeOid('1.2.840.10045.4.3.2'))
const p256Key = encode(tag.sequence, encodeOid('1.2.840.10045.2.1'), encodeOid('1.2.840.10045.3.1.7'))

export function encodeCertificate(
  plan: CertificatePlan,
  subjectKey: SigningKey,
  issuerKey: SigningKey,
): Bytes {
  const body = encode(
    tag.sequence,
    encode(contextTag(0, true), encodeUnsigned(Uint8Array.of(2))),
    encodeUnsigned(plan.serial),
    ecdsaWithSha256,
    encodeName(plan.issuerName),
    encode(tag.sequence, encodeTime(plan.notBeforeMs), encodeTime(plan.notAfterMs)),
    encodeName(plan.commonName),
    encode(tag.sequence, p256Key, encodeBits(0, join(Uint8Array.of(4), subjectKey.publicKey))),
    encode(contextTag(3, true), encode(tag.sequence, ...encodeProfile(plan), ...plan.extensions)),
  )
  return encode(tag.sequence, body, ecdsaWithSha256, encodeBits(0, issuerKey.signDer(body)))
}

/** A version 2 list. */
export function encodeCrl(plan: CrlPlan, issuerKey: SigningKey): Bytes {
  const entries = plan.revoked.map(serial =>
    encode(tag.sequence, encodeUnsigned(serial), encodeTime(plan.thisUpdateMs)),
  )
  const body = encode(
    tag.sequence,
    encodeUnsigned(Uint8Array.of(1)),
    ecdsaWithSha256,
    encodeName(plan.issuerName),
    encodeTime(plan.thisUpdateMs),
    encodeTime(plan.nextUpdateMs),
    entries.length > 0 ? encode(tag.sequence, ...entries) : new Uint8Array(),
    encode(
      contextTag(0, true),
      encode(
        tag.sequence,
        encodeExtension(oid.crlNumber, false, encodeUnsigned(Uint8Array.of(1))),
        ...plan.extensions,
      ),
    ),
  )
  return encode(tag.sequence, body, ecdsaWithSha256, encodeBits(0, issuerKey.signDer(body)))
}

export function encodeExtension(type: string, critical: boolean, content: Uint8Array): Bytes {
  const criticality = critical ? encode(tag.boolean, Uint8Array.of(0xff)) : new Uint8Array()
  return encode(tag.sequence, encodeOid(type), criticality, encode(tag.octetString, content))
}

/** The organisation says what all of this is, wherever a certificate is shown. */
export function encodeName(commonName: string): Bytes {
  const attribute = (type: string, value: string): Bytes =>
    encode(tag.set, encode(tag.sequence, encodeOid(type), encode(tag.utf8String, encodeAscii(value))))
  return encode(
    tag.sequence,
    attribute(oid.commonName, commonName),
    attribute(oid.organization, 'simulated, proves nothing'),
  )
}

function encodeProfile({ isAuthority, pathLength, keyUsage }: CertificatePlan): Bytes[] {
  const constraints = isAuthority
    ? encode(
        tag.sequence,
        encode(tag.boolean, Uint8Array.of(0xff)),
        pathLength === undefined ? new Uint8Array() : encodeUnsigned(Uint8Array.of(pathLength)),
      )
    : encode(tag.sequence)
  // DER drops the zero bits at the end of named bits.
  const unusedBits = keyUsage === 0 ? 0 : 31 - Math.clz32(keyUsage & -keyUsage)
  return [
    encodeExtension(oid.keyUsage, true, encodeBits(unusedBits, Uint8Array.of(keyUsage))),
    encodeExtension(oid.basicConstraints, true, constraints),
  ]
}

function encodeBits(unusedBits: number, bits: Uint8Array): Bytes {
  return encode(tag.bitString, Uint8Array.of(unusedBits), bits)
}
