import type { Bytes } from '../bytes.ts'
import { join } from '../bytes.ts'
import { hasLengths, hashOf } from './backend.ts'
import type { CryptoBackend, Hash, SignatureClaim } from './backend.ts'
import { recentKeys } from './recent-keys.ts'

const keyOf = recentKeys((curve, publicKey) => {
  const point = join(Uint8Array.of(4), publicKey)
  return crypto.subtle
    .importKey('raw', point, { name: 'ECDSA', namedCurve: curve }, false, ['verify'])
    .catch(() => undefined)
})

/** WebCrypto, which browsers offer on secure pages, and Node everywhere. */
export const webCrypto: CryptoBackend = {
  name: 'webcrypto',
  async digest(hash: Hash, bytes: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.digest(hash, bytes))
  },
  async verify(claim: SignatureClaim): Promise<boolean> {
    if (!hasLengths(claim)) return false
    const { curve, signature, message } = claim
    // There is no key where the point does not lie on the curve.
    const key = await keyOf(claim)
    return key ? crypto.subtle.verify({ name: 'ECDSA', hash: hashOf[curve] }, key, signature, message) : false
  },
}
