/**
 * The primitives of sealed queries, one suite: X-Wing, HKDF-SHA256 and ChaCha20-Poly1305 of HPKE, HMAC-SHA512 for keys of
 * one query, SHA-256, Ed25519. All answers come at once: the order of what is sealed is the order of calls. Wrong
 * lengths of keys and nonces are faults of the caller and throw a RangeError; what comes from a peer never throws.
 */
export interface SealCrypto {
  readonly name: string
  /** SHA-256 of all parts after one another. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array
  sha512(...parts: readonly Uint8Array[]): Uint8Array
  /** SHA-256 of what comes piece by piece. */
  startSha256(): RunningHash
  /** HMAC-SHA256, as HKDF of HPKE needs it. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array
  /** HMAC-SHA512: 64 bytes. */
  hmacSha512(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array
  /** ChaCha20-Poly1305 under this key of 32 bytes, which has to stay as it is. */
  aead(key: Uint8Array): Aead
  /** The seal key that a seed of 32 bytes makes. */
  sealKey(seed: Uint8Array): SealKey
  /** Reads a public seal key: undefined where it is none, or its curve's half is of small order. */
  readSealKey(publicKey: Uint8Array): PublicSealKey | undefined
  /** The signing key that a seed of 32 bytes makes. */
  signingKey(seed: Uint8Array): SigningKey
  /** Whether the signature is strictly right: canonical, without the cofactor, no point of small order. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** Authenticated encryption under one key. Nonces have 12 bytes. */
export interface Aead {
  /** Ciphertext, then the tag of 16 bytes. */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** The same in place, of all but the last 16 bytes, where the tag goes. */
  sealInPlace(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): void
  /** The plaintext, or undefined where the tag does not fit. */
  open(nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined
}

export interface RunningHash {
  /** The bytes stay as they are until the end. */
  update(bytes: Uint8Array): void
  /** Once, at the end. */
  digest(): Uint8Array
}

/** An X-Wing key pair. */
export interface SealKey {
  /** 1216 bytes. */
  readonly publicKey: Uint8Array
  /** The shared secret, 32 bytes, of what somebody encapsulated; undefined where it has not 1120 bytes, or a point of small order. */
  decapsulate(encapsulation: Uint8Array): Uint8Array | undefined
}

export interface PublicSealKey {
  /** A fresh shared secret of 32 bytes, and the 1120 bytes that tell the key's owner of it. */
  encapsulate(random: (sizeBytes: number) => Uint8Array): { secret: Uint8Array; encapsulation: Uint8Array }
}

/** An Ed25519 key pair. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

export const sealSizes = {
  seed: 32,
  publicKey: 1216,
  encapsulation: 1120,
  tag: 16,
  nonce: 12,
} as const

/** What X-Wing's hash ends with: `\.//^\`. */
export const xWingLabel = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c)
export const mlKemPublicBytes = 1184
export const mlKemCiphertextBytes = 1088

export function requireSize(what: string, bytes: Uint8Array, sizeBytes: number): void {
  if (bytes.length !== sizeBytes) throw new RangeError(`${what} has ${sizeBytes} bytes, not ${bytes.length}.`)
}
