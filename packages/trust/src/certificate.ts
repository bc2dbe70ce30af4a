import type { World } from '@cocoon/wire'
import { toBase64 } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { contextTag, encode, encodeAscii, encodeOid, encodeTime, encodeUnsigned, tag } from './der.ts'
import type { Evidence } from './evidence.ts'
import { oid } from './oid.ts'
import { maxCertificateBytes } from './parse-certificate.ts'
import { encodeStaple } from './peer/staple.ts'

/** A certificate lives for a day; peers grant no tolerance beyond it. */
export const certificateLifetimeMs = 86_400_000

/** A key that WebCrypto signs with and does not give away. */
export type PrivateKey = InstanceType<typeof CryptoKey>

/** A self-signed Ed25519 certificate with its key: what a party shows to its peers. */
export interface Identity {
  readonly certificateDer: Bytes
  readonly certificatePem: string
  /** PKCS#8. A secret. */
  readonly privateKeyPem: string
  /** Ed25519, 32 bytes. */
  readonly publicKey: Bytes
  readonly privateKey: PrivateKey
  /** Milliseconds since the Unix epoch, whole seconds. */
  readonly expiresAtMs: number
}

export interface CreateCertificateOptions {
  readonly world: Pick<World, 'now' | 'random'>
  /** The Ed25519 seed, 32 bytes, of a key that exists already. A fresh one is drawn if absent. */
  readonly seed?: Uint8Array
  /** Asked for a quote over the new certificate's public key. Without it the certificate carries none. */
  readonly evidence?: (publicKey: Bytes) => Evidence | Promise<Evidence>
}

/**
 * Makes a certificate in the network's layout: self-issued, 128-bit serial, valid from now for a day, leaf only,
 * for both ends of a connection, named `localhost` and `127.0.0.1` (dialers check the latter, whatever address
 * they dialed), and with the quote in critical extensions if there is evidence. Collateral is stapled to it in an
 * extension of our own, unless it is so large that the certificate would be refused.
 */
export async function createCertificate(options: CreateCertificateOptions): Promise<Identity> {
  const { world, seed = world.random(32), evidence } = options
  const key = await importSeed(seed)
  const notBeforeMs = Math.floor(world.now() / 1000) * 1000
  const expiresAtMs = notBeforeMs + certificateLifetimeMs

  const name = encodeName()
  const body = encode(
    tag.sequence,
    encode(contextTag(0, true), encodeUnsigned(Uint8Array.of(2))),
    encodeUnsigned(world.random(16)),
    ed25519Algorithm,
    name,
    encode(tag.sequence, encodeTime(notBeforeMs), encodeTime(expiresAtMs)),
    name,
    encode(tag.sequence, ed25519Algorithm, encodeBits(0, key.publicKey)),
    await encodeExtensions(key.publicKey, evidence && (await evidence(key.publicKey))),
  )
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, body))
  const certificateDer = encode(tag.sequence, body, ed25519Algorithm, encodeBits(0, signature))

  return {
    certificateDer,
    certificatePem: toPem('CERTIFICATE', certificateDer),
    privateKeyPem: toPem('PRIVATE KEY', key.pkcs8),
    publicKey: key.publicKey,
    privateKey: key.privateKey,
    expiresAtMs,
  }
}

/** When the certificate stops being accepted, milliseconds since the Unix epoch. */
export function identityExpiresAt(identity: Identity): number {
  return identity.expiresAtMs
}

const ed25519Algorithm = encode(tag.sequence, encodeOid(oid.ed25519))

async function importSeed(
  seed: Uint8Array,
): Promise<{ publicKey: Bytes; privateKey: PrivateKey; pkcs8: Bytes }> {
  if (seed.length !== 32) throw new RangeError(`An Ed25519 seed has 32 bytes, not ${seed.length}.`)
  const pkcs8 = encode(
    tag.sequence,
    encodeUnsigned(Uint8Array.of(0)),
    ed25519Algorithm,
    encode(tag.octetString, encode(tag.octetString, seed)),
  )
  // WebCrypto tells the public half of an imported private key only through its JWK.
  const exportable = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign'])
  const { x = '' } = await crypto.subtle.exportKey('jwk', exportable)
  const publicKey = Uint8Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), letter =>
    letter.charCodeAt(0),
  )
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  return { publicKey, privateKey, pkcs8 }
}

function encodeName(): Bytes {
  const attribute = (type: string, stringTag: number, value: string): Bytes =>
    encode(tag.set, encode(tag.sequence, encodeOid(type), encode(stringTag, encodeAscii(value))))
  return encode(
    tag.sequence,
    attribute(oid.country, tag.printableString, 'AE'),
    attribute(oid.state, tag.utf8String, 'DUBAI'),
    attribute(oid.organization, tag.utf8String, 'Cocoon'),
    attribute(oid.commonName, tag.utf8String, 'localhost'),
  )
}

async function encodeExtensions(publicKey: Bytes, evidence: Evidence | undefined): Promise<Bytes> {
  const keyIdentifier = new Uint8Array(await crypto.subtle.digest('SHA-1', publicKey))
  const ipv6Loopback = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
  const dnsName = (name: string): Bytes => encode(contextTag(2, false), encodeAscii(name))
  return encode(
    contextTag(3, true),
    encode(
      tag.sequence,
      ...(evidence
        ? [
            encodeExtension(oid.quote, true, evidence.quote),
            encodeExtension(oid.userClaims, true, publicKey),
            ...stapledExtension(evidence),
          ]
        : []),
      encodeExtension(oid.basicConstraints, true, encode(tag.sequence)),
      encodeExtension(oid.keyUsage, true, encodeBits(7, Uint8Array.of(0x80))),
      encodeExtension(
        oid.extendedKeyUsage,
        true,
        encode(tag.sequence, encodeOid(oid.serverAuth), encodeOid(oid.clientAuth)),
      ),
      encodeExtension(oid.subjectKeyIdentifier, false, encode(tag.octetString, keyIdentifier)),
      encodeExtension(
        oid.subjectAltName,
        false,
        encode(
          tag.sequence,
          dnsName('localhost'),
          dnsName('127.0.0.1'),
          encode(contextTag(7, false), ipv6Loopback),
        ),
      ),
    ),
  )
}

/** Everything else in a certificate. */
const otherBytes = 2048

function stapledExtension({ quote, collateral }: Evidence): Bytes[] {
  if (!collateral) return []
  const extension = encodeExtension(oid.collateral, false, encodeStaple(collateral))
  return quote.length + extension.length + otherBytes <= maxCertificateBytes ? [extension] : []
}

function encodeExtension(type: string, critical: boolean, content: Uint8Array): Bytes {
  const criticality = critical ? encode(tag.boolean, Uint8Array.of(0xff)) : new Uint8Array()
  return encode(tag.sequence, encodeOid(type), criticality, encode(tag.octetString, content))
}

function encodeBits(unusedBits: number, bits: Uint8Array): Bytes {
  return encode(tag.bitString, Uint8Array.of(unusedBits), bits)
}

function toPem(label: string, der: Bytes): string {
  const lines = toBase64(der).replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
