import type { Bytes } from '../bytes.ts'
import { join } from '../bytes.ts'
import { hasLengths, hashOf } from './backend.ts'
import type { CryptoBackend, Hash, SignatureClaim } from './backend.ts'

/** WebCrypto, which browsers offer on secure pages, and Node everywhere. */
export const webCrypto: CryptoBackend = {
  name: 'webcrypto',
  async digest(hash: Hash, bytes: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.digest(hash, bytes))
  },
  async verify(claim: SignatureClaim): Promise<boolean> {
    if (!hasLengths(claim)) return false
    const { curve, publicKey, signature, message } = claim
    const point = join(Uint8Array.of(4), publicKey)
    const parameters = { name: 'ECDSA', namedCurve: curve }
    try {
      const key = await crypto.subtle.importKey('raw', point, parameters, false, ['verify'])
      return await crypto.subtle.verify({ name: 'ECDSA', hash: hashOf[curve] }, key, signature, message)
    } catch {
      // The only thing that is left to fail is a point that does not lie on the curve.
      return false
    }
  },
}
