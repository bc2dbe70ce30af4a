import { labels } from './labels.ts'
import type { SealCrypto } from './seal-crypto.ts'

type Hmac = Pick<SealCrypto, 'hmacSha512'>

/** The chain of keys of one sealing session: each step gives the key of one message, and nothing leads back. */
export class Ratchet {
  readonly #crypto: Hmac
  #chainKey: Uint8Array
  #counter: number

  constructor(crypto: Hmac, chainKey: Uint8Array, counter = 0) {
    this.#crypto = crypto
    this.#chainKey = chainKey
    this.#counter = counter
  }

  /** Of the key that the next step gives. */
  get counter(): number {
    return this.#counter
  }

  /** Another chain from here on, which goes its own way. */
  copy(): Ratchet {
    return new Ratchet(this.#crypto, Uint8Array.from(this.#chainKey), this.#counter)
  }

  /** Nothing comes of this chain any more. */
  erase(): void {
    this.#chainKey.fill(0)
  }

  /** The next message key, 32 bytes; the chain key before it is gone afterwards. */
  next(): Uint8Array {
    const output = this.#crypto.hmacSha512(this.#chainKey, labels.ratchet)
    this.#chainKey.fill(0)
    // A copy: both halves are erased at different times.
    this.#chainKey = Uint8Array.from(output.subarray(0, 32))
    output.fill(0, 0, 32)
    this.#counter++
    return output.subarray(32)
  }
}
