import { p256, p384 } from '@noble/curves/nist.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { type Bytes, join } from '../bytes.ts'
import { hasLengths } from './backend.ts'
import type { CryptoBackend, Hash, SignatureClaim } from './backend.ts'

const curves = { 'P-256': p256, 'P-384': p384 } as const
const hashes = { 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 } as const

/** Plain JavaScript, for pages that browsers do not call secure. About ten times slower than the others. */
export const nobleCrypto: CryptoBackend = {
  name: 'noble',
  digest(hash: Hash, bytes: Bytes): Bytes {
    return Uint8Array.from(hashes[hash](bytes))
  },
  verify(claim: SignatureClaim): boolean {
    if (!hasLengths(claim)) return false
    const point = join(Uint8Array.of(4), claim.publicKey)
    try {
      return curves[claim.curve].verify(claim.signature, claim.message, point, { lowS: false })
    } catch {
      // A point that does not lie on the curve, or an r or s outside of its range.
      return false
    }
  },
}
