import type { Bytes } from '../bytes.ts'
import { TrustError } from '../error.ts'

/** Takes fields off the front of a quote, little-endian. What is not there is `evidence-invalid`. */
export class ByteReader {
  readonly #bytes: Bytes
  #offset = 0

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  get offset(): number {
    return this.#offset
  }

  get left(): number {
    return this.#bytes.length - this.#offset
  }

  /** A view of the next bytes. */
  take(sizeBytes: number, what: string): Bytes {
    if (sizeBytes > this.left) {
      throw invalidQuote(`${what} needs ${sizeBytes} bytes, and ${this.left} are left`)
    }
    const start = this.#offset
    this.#offset += sizeBytes
    return this.#bytes.subarray(start, this.#offset)
  }

  u16(what: string): number {
    const [low = 0, high = 0] = this.take(2, what)
    return low | (high << 8)
  }

  u32(what: string): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.take(4, what)
    return a + b * 0x100 + c * 0x1_0000 + d * 0x100_0000
  }

  /** Throws where bytes are left. */
  end(what: string): void {
    if (this.left > 0) throw invalidQuote(`${this.left} bytes follow ${what}`)
  }
}

export function invalidQuote(what: string): TrustError {
  return new TrustError('evidence-invalid', `The quote is malformed: ${what}.`)
}
