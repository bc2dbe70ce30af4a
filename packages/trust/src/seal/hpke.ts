import { join } from '../bytes.ts'
import type { SealCrypto } from './seal-crypto.ts'

/** RFC 9180, section 7: which KEM, KDF and AEAD. */
export interface HpkeSuite {
  readonly kem: number
  readonly kdf: number
  readonly aead: number
  /** Bytes of the AEAD's key. */
  readonly keyBytes: number
}

/** X-Wing, HKDF-SHA256, ChaCha20-Poly1305. */
export const sealSuite: HpkeSuite = { kem: 0x647a, kdf: 0x0001, aead: 0x0003, keyBytes: 32 }

/** What both sides have once they share a secret. */
export interface HpkeContext {
  /** Of the AEAD. */
  readonly key: Uint8Array
  /** 12 bytes. */
  readonly baseNonce: Uint8Array
  /** 32 bytes. */
  readonly exporterSecret: Uint8Array
  /** A secret of its own for a purpose: section 5.3. At most 8160 bytes. */
  export(purpose: Uint8Array, sizeBytes: number): Uint8Array
}

type Kdf = Pick<SealCrypto, 'hmacSha256'>

const encoder = new TextEncoder()
const version = encoder.encode('HPKE-v1')
const none = new Uint8Array(0)
const zeroSalt = new Uint8Array(32)
const baseMode = Uint8Array.of(0)
const hashBytes = 32

/** The key schedule of RFC 9180, section 5.1, in base mode, with HKDF-SHA256. */
export function keySchedule(
  crypto: Kdf,
  suite: HpkeSuite,
  sharedSecret: Uint8Array,
  info: Uint8Array,
): HpkeContext {
  const { kem, kdf, aead, keyBytes } = suite
  const id = join(encoder.encode('HPKE'), u16(kem), u16(kdf), u16(aead))
  const extract = (salt: Uint8Array, label: string, secret: Uint8Array): Uint8Array =>
    crypto.hmacSha256(salt.length === 0 ? zeroSalt : salt, version, id, encoder.encode(label), secret)
  const expand = (key: Uint8Array, label: string, purpose: Uint8Array, sizeBytes: number): Uint8Array =>
    hkdfExpand(crypto, key, join(u16(sizeBytes), version, id, encoder.encode(label), purpose), sizeBytes)

  const context = join(baseMode, extract(none, 'psk_id_hash', none), extract(none, 'info_hash', info))
  const secret = extract(sharedSecret, 'secret', none)
  const exporterSecret = expand(secret, 'exp', context, hashBytes)
  const key = expand(secret, 'key', context, keyBytes)
  const baseNonce = expand(secret, 'base_nonce', context, 12)
  secret.fill(0)
  return {
    key,
    baseNonce,
    exporterSecret,
    export: (purpose, sizeBytes) => expand(exporterSecret, 'sec', purpose, sizeBytes),
  }
}

/** RFC 5869, section 2.3. */
function hkdfExpand(crypto: Kdf, key: Uint8Array, info: Uint8Array, sizeBytes: number): Uint8Array {
  if (sizeBytes > 255 * hashBytes) throw new RangeError('HKDF-SHA256 gives at most 8160 bytes.')
  const output = new Uint8Array(sizeBytes)
  let block: Uint8Array = none
  for (let done = 0, count = 1; done < sizeBytes; done += hashBytes, count++) {
    block = crypto.hmacSha256(key, block, info, Uint8Array.of(count))
    output.set(block.subarray(0, sizeBytes - done), done)
  }
  return output
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}
