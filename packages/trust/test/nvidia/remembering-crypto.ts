import { bytesKey } from '@cocoon/wire'
import type { CryptoBackend } from '../../src/index.ts'
import { nodeCrypto } from '../../src/node.ts'

const good = new Set<string>()

/** Does not judge again what was good once: between two cases of a test most signatures stay the same. */
export const rememberingCrypto: CryptoBackend = {
  ...nodeCrypto,
  name: 'remembering',
  verify(claim) {
    const key = [claim.publicKey, claim.signature, claim.message].map(bytesKey).join('|')
    if (good.has(key)) return true
    const verdict = nodeCrypto.verify(claim) as boolean
    if (verdict) good.add(key)
    return verdict
  },
}
