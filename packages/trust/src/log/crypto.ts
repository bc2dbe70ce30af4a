import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'

/** SHA-256. What it is given is borrowed; what it gives belongs to the caller. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** The primitives that a log stands on. */
export interface LogCrypto {
  readonly sha256: Sha256
  /** Ed25519 of RFC 8032. False, and never an error, for a key or signature that is none. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** Plain JavaScript, for browsers. */
export const nobleLogCrypto: LogCrypto = {
  sha256,
  verify(publicKey, message, signature) {
    if (publicKey.length !== 32 || signature.length !== 64) return false
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false })
    } catch {
      return false
    }
  },
}
