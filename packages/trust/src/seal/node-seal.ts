import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type Hash,
  hash,
  type KeyObject,
} from 'node:crypto'
import sodium from 'sodium-native'
import { allocate } from '@cocoon/wire'
import { sizeOf, write } from '../bytes.ts'
import { nobleSeal } from './noble-seal.ts'
import {
  type Aead,
  mlKemCiphertextBytes,
  mlKemPublicBytes,
  type PublicSealKey,
  requireSize,
  type RunningHash,
  type SealCrypto,
  type SealKey,
  sealSizes,
  xWingLabel,
} from './seal-crypto.ts'

const { tag: tagBytes } = sealSizes

/**
 * The suite in libsodium, and in OpenSSL where that lacks something: several times faster than the portable one. A
 * cipher of OpenSSL comes with objects of Node that cost six times what sealing a short message does.
 */
export const nodeSeal: SealCrypto = {
  name: 'node',
  sha256: (...parts) => hashOf('sha256', parts),
  sha512: (...parts) => hashOf('sha512', parts),
  startSha256: () => new NodeSha256(),
  hmacSha256: (key, ...parts) => createHmac('sha256', createSecretKey(key)).update(joined(parts)).digest(),
  hmacSha512,
  aead: key => {
    requireSize('A key', key, 32)
    return new SodiumAead(key)
  },
  sealKey: openSealKey,
  readSealKey,
  signingKey: seed => {
    requireSize('A seed', seed, sealSizes.seed)
    const publicKey = new Uint8Array(32)
    const secretKey = new Uint8Array(64)
    sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
    return {
      publicKey,
      sign: message => {
        const signature = new Uint8Array(signatureBytes)
        sodium.crypto_sign_detached(signature, message, secretKey)
        return signature
      },
    }
  },
  verify: (publicKey, message, signature) =>
    publicKey.length === 32 &&
    signature.length === signatureBytes &&
    sodium.crypto_sign_verify_detached(signature, message, publicKey),
}

const signatureBytes = 64
const blockBytes = 128
const hashBytes = 64
/** Where short messages are put together to be hashed; wiped after each use. */
const scratch = Buffer.alloc(2048)

/**
 * In one call where it is short: an object that hashes costs more than what it does then. Digests come as text of a
 * character for each byte, because a buffer of its own takes three times as long to make.
 */
function hashOf(algorithm: 'sha256' | 'sha512', parts: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = sizeOf(parts)
  if (sizeBytes > scratch.length) {
    const running = createHash(algorithm)
    for (const part of parts) running.update(part)
    return bytesOf(running.digest('binary'))
  }
  write(parts, scratch)
  const digest = hash(algorithm, scratch.subarray(0, sizeBytes), 'binary')
  scratch.fill(0, 0, sizeBytes)
  return bytesOf(digest)
}

function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

/** What is short in all is hashed at the end, in one call. */
class NodeSha256 implements RunningHash {
  #held: Uint8Array[] | undefined = []
  #heldBytes = 0
  #running: Hash | undefined

  update(bytes: Uint8Array): void {
    if (this.#running !== undefined) return void this.#running.update(bytes)
    this.#held!.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes <= scratch.length) return
    this.#running = createHash('sha256')
    for (const held of this.#held!) this.#running.update(held)
    this.#held = undefined
  }

  digest(): Uint8Array {
    if (this.#running === undefined) return hashOf('sha256', this.#held!)
    return bytesOf(this.#running.digest('binary'))
  }
}

/** Half-way through an HMAC; wiped after each use. */
const innerHash = Buffer.alloc(hashBytes)

/**
 * RFC 2104 over the hash in one call, into memory that can be wiped. Node's own HMAC makes three objects for each key,
 * and here each key is used once: that would cost more than the hashing.
 */
function hmacSha512(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = blockBytes + sizeOf(parts)
  if (key.length > blockBytes || sizeBytes > scratch.length)
    return createHmac('sha512', createSecretKey(key)).update(joined(parts)).digest()
  pad(key, 0x36)
  write(parts, scratch, blockBytes)
  sodium.crypto_hash_sha512(innerHash, scratch.subarray(0, sizeBytes))
  pad(key, 0x5c)
  scratch.set(innerHash, blockBytes)
  const outer = allocate(hashBytes)
  sodium.crypto_hash_sha512(outer, scratch.subarray(0, blockBytes + hashBytes))
  scratch.fill(0, 0, Math.max(sizeBytes, blockBytes + hashBytes))
  innerHash.fill(0)
  return outer
}

function pad(key: Uint8Array, mask: number): void {
  for (let at = 0; at < key.length; at++) scratch[at] = key[at]! ^ mask
  scratch.fill(mask, key.length, blockBytes)
}

class SodiumAead implements Aead {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = key
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const text = allocate(plaintext.length + tagBytes)
    text.set(plaintext)
    this.sealInPlace(nonce, aad, text)
    return text
  }

  sealInPlace(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): void {
    requireSize('A nonce', nonce, sealSizes.nonce)
    const plaintext = text.subarray(0, -tagBytes)
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(text, plaintext, aad, null, nonce, this.#key)
  }

  open(nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
    requireSize('A nonce', nonce, sealSizes.nonce)
    if (ciphertext.length < tagBytes) return undefined
    const plaintext = allocate(ciphertext.length - tagBytes)
    try {
      const openedBytes = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
        plaintext,
        null,
        ciphertext,
        aad,
        nonce,
        this.#key,
      )
      return openedBytes === plaintext.length ? plaintext : undefined
    } catch {
      return undefined
    }
  }
}

const x25519Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex')
const x25519PublicPrefix = Buffer.from('302a300506032b656e032100', 'hex')

/** Any key: one that it agrees with on zeros is of small order, and agrees with everybody on them. */
const probe = x25519Private(new Uint8Array(32).fill(1))

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

function openSealKey(seed: Uint8Array): SealKey {
  requireSize('A seed', seed, sealSizes.seed)
  const expanded = createHash('shake256', { outputLength: 96 }).update(seed).digest()
  const x25519 = x25519Private(expanded.subarray(64))
  const x25519Public = rawPublic(x25519)
  const { publicKey } = nobleSeal.sealKey(seed)
  const mlKem = createPrivateKey({
    key: {
      kty: 'AKP',
      alg: 'ML-KEM-768',
      pub: Buffer.from(publicKey.subarray(0, mlKemPublicBytes)).toString('base64url'),
      priv: expanded.subarray(0, 64).toString('base64url'),
    },
    format: 'jwk',
  })
  return {
    publicKey,
    decapsulate: encapsulation => {
      if (encapsulation.length !== sealSizes.encapsulation) return undefined
      const theirs = encapsulation.subarray(mlKemCiphertextBytes)
      const lattice = decapsulate(mlKem, encapsulation.subarray(0, mlKemCiphertextBytes))
      const curve = agree(x25519, theirs)
      return curve && combine(lattice, curve, theirs, x25519Public)
    },
  }
}

function readSealKey(publicKey: Uint8Array): PublicSealKey | undefined {
  if (publicKey.length !== sealSizes.publicKey) return undefined
  const x25519Public = publicKey.subarray(mlKemPublicBytes)
  const mlKem = mlKemPublic(publicKey.subarray(0, mlKemPublicBytes))
  if (mlKem === undefined || agree(probe, x25519Public) === undefined) return undefined
  return {
    // OpenSSL has its own source of randomness, and takes no other for a KEM.
    encapsulate: () => {
      const { sharedKey: lattice, ciphertext } = encapsulate(mlKem)
      const { privateKey } = generateKeyPairSync('x25519')
      const ours = rawPublic(privateKey)
      const secret = combine(lattice, agree(privateKey, x25519Public)!, ours, x25519Public)
      return { secret, encapsulation: Buffer.concat([ciphertext, ours]) }
    },
  }
}

function mlKemPublic(raw: Uint8Array): KeyObject | undefined {
  const pub = Buffer.from(raw).toString('base64url')
  try {
    return createPublicKey({ key: { kty: 'AKP', alg: 'ML-KEM-768', pub }, format: 'jwk' })
  } catch {
    return undefined
  }
}

function combine(
  lattice: Uint8Array,
  curve: Uint8Array,
  encapsulated: Uint8Array,
  owner: Uint8Array,
): Buffer {
  return hash('sha3-256', Buffer.concat([lattice, curve, encapsulated, owner, xWingLabel]), 'buffer')
}

/** Undefined where the other key is of small order, which OpenSSL refuses. */
function agree(privateKey: KeyObject, raw: Uint8Array): Buffer | undefined {
  const der = Buffer.concat([x25519PublicPrefix, raw])
  try {
    return diffieHellman({
      privateKey,
      publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }),
    })
  } catch {
    return undefined
  }
}

function x25519Private(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([x25519Prefix, raw]), format: 'der', type: 'pkcs8' })
}

function rawPublic(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
}
