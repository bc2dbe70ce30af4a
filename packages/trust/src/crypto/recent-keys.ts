import { bytesKey } from '@cocoon/wire'
import type { Curve, SignatureClaim } from './backend.ts'

/** A vendor's authorities are a handful, and each of a network's platforms has a key or two. */
const maxRecentKeys = 64

/** Keys in the form of a backend, by their bytes: importing one takes as long as verifying with it. */
export function recentKeys<Key>(
  importKey: (curve: Curve, publicKey: SignatureClaim['publicKey']) => Key,
): (claim: SignatureClaim) => Key {
  const recent = new Map<string, Key>()
  return ({ curve, publicKey }) => {
    const name = curve + bytesKey(publicKey)
    const key = recent.get(name) ?? importKey(curve, publicKey)
    // A map keeps the order of insertion, so the first entry is the one that was unused for longest.
    recent.delete(name)
    recent.set(name, key)
    if (recent.size > maxRecentKeys) recent.delete(recent.keys().next().value ?? name)
    return key
  }
}
