/** What is used of it. It throws where a length is wrong. */
declare module 'sodium-native' {
  const sodium: {
    /** ChaCha20-Poly1305 (RFC 8439): the ciphertext, then the tag of 16 bytes. */
    crypto_aead_chacha20poly1305_ietf_encrypt(
      ciphertext: Uint8Array,
      plaintext: Uint8Array,
      aad: Uint8Array,
      none: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    /** Throws, and leaves zeros, where the tag does not fit. */
    crypto_aead_chacha20poly1305_ietf_decrypt(
      plaintext: Uint8Array,
      none: null,
      ciphertext: Uint8Array,
      aad: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    /** 64 bytes. */
    crypto_hash_sha512(digest: Uint8Array, message: Uint8Array): void
    /** 32, 64 and 32 bytes. */
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  }
  export default sodium
}
