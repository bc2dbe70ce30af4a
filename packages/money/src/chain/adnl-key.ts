import { createHash, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { chainError } from './failure.ts'

/** Prefixes of DER that make a raw key one which the runtime reads. */
const ed25519Private = Buffer.from('302e020100300506032b657004220420', 'hex')
const x25519Private = Buffer.from('302e020100300506032b656e04220420', 'hex')
const x25519Public = Buffer.from('302a300506032b656e032100', 'hex')

/** Id of the TL constructor `pub.ed25519 key:int256`. */
const publicKeyTag = Buffer.from('c6b41348', 'hex')

const prime = 2n ** 255n - 19n

/** Our side of a key agreement: an Ed25519 key that is used once. */
export class AdnlKey {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Buffer
  readonly #seed: Uint8Array

  constructor(seed: Uint8Array) {
    this.#seed = seed
    const der = Buffer.concat([ed25519Private, seed])
    const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  }

  /** The secret shared with the owner of an Ed25519 key. Throws `chain-answer` for a key that is no key. */
  agree(peer: Uint8Array): Buffer {
    const scalar = createHash('sha512').update(this.#seed).digest().subarray(0, 32)
    try {
      return diffieHellman({
        privateKey: createPrivateKey({
          key: Buffer.concat([x25519Private, scalar]),
          format: 'der',
          type: 'pkcs8',
        }),
        publicKey: createPublicKey({
          key: Buffer.concat([x25519Public, montgomery(peer)]),
          format: 'der',
          type: 'spki',
        }),
      })
    } catch (cause) {
      throw chainError('chain-answer', 'A liteserver', 'has a key that is no key', cause)
    }
  }
}

/** By which a node knows its own key. */
export function adnlKeyId(publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(publicKeyTag).update(publicKey).digest()
}

/** The X25519 form of an Ed25519 key: `u = (1 + y) / (1 - y)`. RFC 7748, section 4.1. */
function montgomery(edwards: Uint8Array): Buffer {
  const bytes = Buffer.from(edwards.toReversed())
  const y = BigInt(`0x${bytes.toString('hex')}`) & ((1n << 255n) - 1n)
  const u = ((1n + y) * power(1n - y + prime, prime - 2n)) % prime
  return Buffer.from(Buffer.from(u.toString(16).padStart(64, '0'), 'hex').toReversed())
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base % prime
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % prime
    square = (square * square) % prime
  }
  return result
}
