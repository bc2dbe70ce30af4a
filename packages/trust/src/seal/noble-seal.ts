import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToNumberLE } from '@noble/curves/utils.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { ml_kem768_x25519 as XWing } from '@noble/post-quantum/hybrid.js'
import { sameBytes } from '@cocoon/wire'
import { join } from '../bytes.ts'
import { requireSize, type SealCrypto, sealSizes } from './seal-crypto.ts'

/** The suite in portable code: for browsers, and to hold the faster one against. */
export const nobleSeal: SealCrypto = {
  name: 'noble',
  sha256: (...parts) => sha256(join(...parts)),
  sha512: (...parts) => sha512(join(...parts)),
  startSha256: () => {
    const hash = sha256.create()
    return { update: bytes => void hash.update(bytes), digest: () => hash.digest() }
  },
  hmacSha256: (key, ...parts) => hmac(sha256, key, join(...parts)),
  hmacSha512: (key, ...parts) => hmac(sha512, key, join(...parts)),
  aead: key => {
    requireSize('A key', key, 32)
    // A cipher of this library takes one message.
    const cipher = (nonce: Uint8Array, aad: Uint8Array): ReturnType<typeof chacha20poly1305> => {
      requireSize('A nonce', nonce, sealSizes.nonce)
      return chacha20poly1305(key, nonce, aad)
    }
    return {
      seal: (nonce, aad, plaintext) => cipher(nonce, aad).encrypt(plaintext),
      sealInPlace: (nonce, aad, text) =>
        text.set(cipher(nonce, aad).encrypt(text.subarray(0, -sealSizes.tag))),
      open: (nonce, aad, ciphertext) => {
        const opening = cipher(nonce, aad)
        return ciphertext.length < sealSizes.tag ? undefined : attempt(() => opening.decrypt(ciphertext))
      },
    }
  },
  sealKey: seed => {
    requireSize('A seed', seed, sealSizes.seed)
    const { secretKey, publicKey } = XWing.keygen(seed)
    return {
      publicKey,
      decapsulate: encapsulation =>
        encapsulation.length === sealSizes.encapsulation
          ? attempt(() => XWing.decapsulate(encapsulation, secretKey))
          : undefined,
    }
  },
  readSealKey: publicKey => {
    if (publicKey.length !== sealSizes.publicKey) return undefined
    // Encapsulating to a key that is none fails at once, and says so before anything is sealed to it.
    if (attempt(() => XWing.encapsulate(publicKey, new Uint8Array(64))) === undefined) return undefined
    return {
      encapsulate: random => {
        const { sharedSecret, cipherText } = XWing.encapsulate(publicKey, random(64))
        return { secret: sharedSecret, encapsulation: cipherText }
      },
    }
  },
  signingKey: seed => {
    requireSize('A seed', seed, sealSizes.seed)
    return { publicKey: ed25519.getPublicKey(seed), sign: message => ed25519.sign(message, seed) }
  },
  verify: (publicKey, message, signature) =>
    publicKey.length === 32 &&
    signature.length === 64 &&
    !isSmallOrder(publicKey) &&
    !isSmallOrder(signature.subarray(0, 32)) &&
    (attempt(() => isSigned(publicKey, message, signature)) ?? false),
}

/**
 * RFC 8032, section 5.1.7, without the cofactor: the library multiplies by it, and so takes signatures that
 * others refuse. That the point is compared as it is written leaves one encoding of it.
 */
function isSigned(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { BASE, Fn } = ed25519.Point
  const point = signature.subarray(0, 32)
  const scalar = bytesToNumberLE(signature.subarray(32))
  if (scalar >= Fn.ORDER) return false
  const challenge = Fn.create(bytesToNumberLE(sha512(join(point, publicKey, message))))
  const key = ed25519.Point.fromBytes(publicKey)
  const due = BASE.multiplyUnsafe(scalar).subtract(key.multiplyUnsafe(challenge))
  return sameBytes(due.toBytes(), point)
}

/** Whether the encoding is of one of the eight points that every signature would seem to fit. */
function isSmallOrder(encoded: Uint8Array): boolean {
  return attempt(() => ed25519.Point.fromBytes(Uint8Array.from(encoded)).isSmallOrder()) ?? true
}

/** Undefined where a peer's bytes are refused. */
function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
