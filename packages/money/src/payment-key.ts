import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { MoneyError } from './error.ts'

/** The Ed25519 key that a proxy signs payments with. The seed stays inside. */
export interface PaymentKey {
  /** 32 bytes, owned by the key. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** DER around a 32-byte seed (RFC 8410, PKCS #8) and around a 32-byte public key (SubjectPublicKeyInfo). */
const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** `seed` is the 32-byte private key, copied. Throws `MoneyError('key')`. */
export function createPaymentKey(seed: Uint8Array): PaymentKey {
  if (seed.length !== 32)
    throw new MoneyError('key', `A payment key has a seed of 32 bytes, not ${seed.length}`)
  const der = Buffer.concat([seedPrefix, seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(publicKeyPrefix.length)),
    sign: message => new Uint8Array(sign(null, message, privateKey)),
  }
}

/** False for a signature of any other key or message, and for bytes that are no signature. */
export function verifySignature(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32)
    throw new MoneyError('key', `A public key has 32 bytes, not ${publicKey.length}`)
  const key = createPublicKey({
    key: Buffer.concat([publicKeyPrefix, publicKey]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, message, key, signature)
}
