import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { contextTag, encode, encodeAscii, encodeOid, encodeTime, encodeUnsigned, tag } from '../src/der.ts'
import { oid } from '../src/oid.ts'

/** The moment at which the tests' certificates are valid. */
export const nowMs = Date.UTC(2026, 5, 1, 12)

/** A certificate that every rule accepts, with any of its parts made wrong. */
export interface Forgery {
  readonly subjectKey?: KeyPair
  readonly signerKey?: KeyPair
  /** Version 3 unless told; `v1` leaves the field out and keeps the extensions, as the reference does. */
  readonly version?: 'v1' | 'v3'
  readonly issuer?: string
  readonly subject?: string
  readonly notBeforeMs?: number
  readonly notAfterMs?: number
  readonly dnsNames?: readonly string[]
  readonly ipOnly?: boolean
  readonly purposes?: readonly string[]
  readonly keyUsageBits?: number
  readonly extensions?: readonly Uint8Array[]
  /** Applied to what is signed, after it was signed. */
  readonly tamper?: (body: Uint8Array) => void
}

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function ed25519(): KeyPair {
  return generateKeyPairSync('ed25519')
}

export function p256(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

export function rawPublicKey({ publicKey }: KeyPair): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))
}

export function forgeCertificate(forgery: Forgery = {}): Uint8Array<ArrayBuffer> {
  const { subjectKey = ed25519(), signerKey = subjectKey, version = 'v3', subject = 'localhost' } = forgery
  const { notBeforeMs = nowMs - 1000, notAfterMs = nowMs + 1000, issuer = subject, tamper } = forgery
  const algorithm = encode(
    tag.sequence,
    encodeOid(signerKey.privateKey.asymmetricKeyType === 'ec' ? '1.2.840.10045.4.3.2' : oid.ed25519),
  )
  const body = encode(
    tag.sequence,
    version === 'v3' ? encode(contextTag(0, true), encodeUnsigned(Uint8Array.of(2))) : new Uint8Array(),
    encodeUnsigned(Uint8Array.of(0xff, 1)),
    algorithm,
    name(issuer),
    encode(tag.sequence, encodeTime(notBeforeMs), encodeTime(notAfterMs)),
    name(subject),
    Uint8Array.from(subjectKey.publicKey.export({ type: 'spki', format: 'der' })),
    encode(
      contextTag(3, true),
      encode(tag.sequence, ...standardExtensions(forgery), ...(forgery.extensions ?? [])),
    ),
  )
  const digest = signerKey.privateKey.asymmetricKeyType === 'ec' ? 'sha256' : null
  const signature = sign(digest, body, signerKey.privateKey)
  tamper?.(body)
  return encode(tag.sequence, body, algorithm, encode(tag.bitString, Uint8Array.of(0), signature))
}

export function extension(type: string, critical: boolean, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const criticality = critical ? encode(tag.boolean, Uint8Array.of(0xff)) : new Uint8Array()
  return encode(tag.sequence, encodeOid(type), criticality, encode(tag.octetString, content))
}

function standardExtensions(forgery: Forgery): Uint8Array[] {
  const { dnsNames = ['localhost', '127.0.0.1'], purposes = [oid.serverAuth, oid.clientAuth] } = forgery
  const { keyUsageBits = 0x80, ipOnly = false } = forgery
  const names = [
    ...(ipOnly ? [] : dnsNames.map(dnsName => encode(contextTag(2, false), encodeAscii(dnsName)))),
    encode(contextTag(7, false), Uint8Array.of(127, 0, 0, 1)),
  ]
  return [
    extension(oid.basicConstraints, true, encode(tag.sequence)),
    extension(oid.keyUsage, true, encode(tag.bitString, Uint8Array.of(0, keyUsageBits))),
    extension(oid.extendedKeyUsage, true, encode(tag.sequence, ...purposes.map(encodeOid))),
    extension(oid.subjectAltName, false, encode(tag.sequence, ...names)),
  ]
}

function name(commonName: string): Uint8Array {
  const attribute = encode(
    tag.sequence,
    encodeOid(oid.commonName),
    encode(tag.utf8String, encodeAscii(commonName)),
  )
  return encode(tag.sequence, encode(tag.set, attribute))
}
