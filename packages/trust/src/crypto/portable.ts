import type { CryptoBackend } from './backend.ts'
import { webCrypto } from './web.ts'

let withoutWebCrypto: Promise<CryptoBackend> | undefined

/** WebCrypto where there is one; plain JavaScript, loaded when it is first needed, where not. */
export const portableCrypto: CryptoBackend = {
  name: 'portable',
  async digest(hash, bytes) {
    return (await backend()).digest(hash, bytes)
  },
  async verify(claim) {
    return (await backend()).verify(claim)
  },
}

function backend(): CryptoBackend | Promise<CryptoBackend> {
  // Browsers leave `subtle` out on pages that were not loaded securely, whatever its type says.
  if ((globalThis.crypto as Partial<typeof crypto> | undefined)?.subtle) return webCrypto
  withoutWebCrypto ??= import('./noble.ts').then(({ nobleCrypto }) => nobleCrypto)
  return withoutWebCrypto
}
