import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { contextTag, encode, encodeAscii, encodeOid, encodeTime, encodeUnsigned, tag } from '../../src/der.ts'
import { oid } from '../../src/oid.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** The moment at which everything forged is valid. */
export const nowMs = Date.UTC(2026, 5, 1, 12)
const dayMs = 86_400_000

export interface Keys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function p384(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-384' })
}

/** x and y. */
export function pointOf({ publicKey }: Keys): Bytes {
  return Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }).subarray(-96))
}

export interface CertificateForgery {
  readonly name: string
  readonly keys: Keys
  readonly serial?: number
  readonly isAuthority?: boolean
  readonly pathLength?: number
  readonly keyUsage?: number
  readonly notBeforeMs?: number
  readonly notAfterMs?: number
  readonly responder?: string
  readonly purposes?: readonly string[]
  readonly firmwareId?: Uint8Array
  readonly extensions?: readonly Uint8Array[]
}

export interface Issued {
  readonly der: Bytes
  readonly name: string
  readonly keys: Keys
  readonly serial: number
}

let serials = 1000

/** A certificate by `issuer`, or by itself. */
export function forge(forgery: CertificateForgery, issuer?: Issued): Issued {
  const { name, keys, isAuthority = false, pathLength } = forgery
  const { serial = serials++, keyUsage = isAuthority ? 0x06 : 0x80 } = forgery
  const { notBeforeMs = nowMs - 30 * dayMs, notAfterMs = nowMs + 30 * dayMs } = forgery
  const constraints = encode(
    tag.sequence,
    ...(isAuthority ? [encode(tag.boolean, Uint8Array.of(0xff))] : []),
    ...(pathLength === undefined ? [] : [encodeUnsigned(Uint8Array.of(pathLength))]),
  )
  const unused = Math.clz32(keyUsage & -keyUsage) ^ 31
  const extensions = [
    extension(oid.basicConstraints, true, constraints),
    extension(oid.keyUsage, true, encode(tag.bitString, Uint8Array.of(unused, keyUsage))),
    ...(forgery.responder === undefined ? [] : [responderExtension(forgery.responder)]),
    ...(forgery.purposes
      ? [extension(oid.extendedKeyUsage, true, encode(tag.sequence, ...forgery.purposes.map(encodeOid)))]
      : []),
    ...(forgery.firmwareId ? [diceExtension(keys, forgery.firmwareId)] : []),
    ...(forgery.extensions ?? []),
  ]
  const body = encode(
    tag.sequence,
    encode(contextTag(0, true), encodeUnsigned(Uint8Array.of(2))),
    encodeUnsigned(bigEndian(serial)),
    ecdsaWithSha384,
    encodeName(issuer?.name ?? name),
    encode(tag.sequence, encodeTime(notBeforeMs), encodeTime(notAfterMs)),
    encodeName(name),
    Uint8Array.from(keys.publicKey.export({ type: 'spki', format: 'der' })),
    encode(contextTag(3, true), encode(tag.sequence, ...extensions)),
  )
  return { der: signed(body, issuer?.keys ?? keys), name, keys, serial }
}

export const ecdsaWithSha384 = encode(tag.sequence, encodeOid('1.2.840.10045.4.3.3'))

/** SEQUENCE { body, algorithm, signature, … }. */
export function signed(body: Bytes, { privateKey }: Keys, ...more: readonly Uint8Array[]): Bytes {
  const signature = sign('sha384', body, privateKey)
  return encode(
    tag.sequence,
    body,
    ecdsaWithSha384,
    encode(tag.bitString, Uint8Array.of(0), signature),
    ...more,
  )
}

export function encodeName(commonName: string): Bytes {
  const value = encode(tag.utf8String, encodeAscii(commonName))
  return encode(tag.sequence, encode(tag.set, encode(tag.sequence, encodeOid(oid.commonName), value)))
}

export function extension(type: string, critical: boolean, content: Uint8Array): Bytes {
  const criticality = critical ? encode(tag.boolean, Uint8Array.of(0xff)) : new Uint8Array()
  return encode(tag.sequence, encodeOid(type), criticality, encode(tag.octetString, content))
}

export function bigEndian(value: number): Bytes {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

function responderExtension(address: string): Bytes {
  const location = encode(contextTag(6, false), encodeAscii(address))
  const description = encode(tag.sequence, encodeOid('1.3.6.1.5.5.7.48.1'), location)
  return extension('1.3.6.1.5.5.7.1.1', false, encode(tag.sequence, description))
}

/** A CompositeDeviceID: version, key, firmware id. */
function diceExtension({ publicKey }: Keys, firmwareId: Uint8Array): Bytes {
  return extension(
    '2.23.133.5.4.1',
    false,
    encode(
      tag.sequence,
      encodeUnsigned(Uint8Array.of(1)),
      Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
      encodeFirmwareId(firmwareId),
    ),
  )
}

export function encodeFirmwareId(firmwareId: Uint8Array): Bytes {
  return encode(tag.sequence, encodeOid('2.16.840.1.101.3.4.2.2'), encode(tag.octetString, firmwareId))
}
