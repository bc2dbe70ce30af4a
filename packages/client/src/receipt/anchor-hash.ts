import type { SealCrypto } from '@cocoon/trust/seal'

const label = new TextEncoder().encode('cocoon anchor v1\0')

/** What an anchor on the chain is to be: docs/PROTOCOL.md, "The log". `nonce` and `root` have 32 bytes. */
export function anchorHashOf(
  { sha256 }: Pick<SealCrypto, 'sha256'>,
  { nonce, size, root }: { readonly nonce: Uint8Array; readonly size: bigint; readonly root: Uint8Array },
): Uint8Array {
  const sizeBytes = new Uint8Array(8)
  new DataView(sizeBytes.buffer).setBigUint64(0, size, true)
  return sha256(label, nonce, sizeBytes, root)
}
