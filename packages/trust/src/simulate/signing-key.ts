import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesKey } from '@cocoon/wire'
import { type Bytes, join } from '../bytes.ts'
import { encodeAscii } from '../der.ts'

/** A key on P-256 that signs in the forms that evidence needs. */
export interface SigningKey {
  /** x and y. */
  readonly publicKey: Bytes
  /** r and s, as quotes and collateral have them. */
  sign(message: Uint8Array): Bytes
  /** SEQUENCE { r, s }, as certificates have them. */
  signDer(message: Uint8Array): Bytes
}

/** The key of a simulated TEE that goes by this name: the same for the same seed. */
export function deriveKey(seed: Uint8Array, name: string): SigningKey {
  let secret = sha256(join(seed, encodeAscii(`cocoon simulated tee: ${name}`)))
  // One hash in four thousand million is no key of this curve.
  while (!p256.utils.isValidSecretKey(secret)) secret = sha256(secret)
  const sign = remembered(message => p256.sign(message, secret, { lowS: false }))
  return {
    publicKey: Uint8Array.from(p256.getPublicKey(secret, false).subarray(1)),
    sign,
    signDer: message => Uint8Array.from(p256.Signature.fromBytes(sign(message)).toBytes('der')),
  }
}

/** Most of what one quote comes with comes with the next one too, and signatures of the same are the same. */
const maxRememberedSignatures = 64

function remembered(sign: (message: Uint8Array) => Uint8Array): (message: Uint8Array) => Bytes {
  const signatures = new Map<string, Bytes>()
  return message => {
    const name = bytesKey(sha256(message))
    const signature = signatures.get(name) ?? Uint8Array.from(sign(message))
    signatures.set(name, signature)
    if (signatures.size > maxRememberedSignatures) {
      signatures.delete(signatures.keys().next().value ?? name)
    }
    return signature
  }
}
