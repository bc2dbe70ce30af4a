import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Bytes } from '../bytes.ts'
import { coordinateBytes, hasLengths } from './backend.ts'
import type { CryptoBackend, Hash, SignatureClaim } from './backend.ts'
import { encode, encodeUnsigned, tag } from '../der.ts'
import { recentKeys } from './recent-keys.ts'

const names = { 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' } as const
const digests = { 'P-256': 'sha256', 'P-384': 'sha384' } as const

const keyOf = recentKeys((curve, publicKey): KeyObject | undefined => {
  const size = coordinateBytes[curve]
  const coordinate = (start: number): string =>
    Buffer.from(publicKey.buffer, publicKey.byteOffset + start, size).toString('base64url')
  try {
    const jwk = { kty: 'EC', crv: curve, x: coordinate(0), y: coordinate(size) }
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    // A point that does not lie on the curve.
    return undefined
  }
})

/** OpenSSL by way of `node:crypto`: no hop to another thread, so the fastest for short inputs. */
export const nodeCrypto: CryptoBackend = {
  name: 'node',
  digest(hash: Hash, bytes: Bytes): Bytes {
    return Uint8Array.from(createHash(names[hash]).update(bytes).digest())
  },
  verify(claim: SignatureClaim): boolean {
    if (!hasLengths(claim)) return false
    const key = keyOf(claim)
    if (!key) return false
    return verify(digests[claim.curve], claim.message, key, encodeSignature(claim))
  },
}

/** SEQUENCE { r, s }, the form that OpenSSL has by itself: asking it for the plain one doubles the time. */
function encodeSignature({ curve, signature }: SignatureClaim): Bytes {
  const size = coordinateBytes[curve]
  return encode(
    tag.sequence,
    encodeUnsigned(signature.subarray(0, size)),
    encodeUnsigned(signature.subarray(size)),
  )
}
