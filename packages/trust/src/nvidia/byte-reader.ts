import type { Bytes } from '../bytes.ts'
import { TrustError } from '../error.ts'

/** Reads little-endian fields one after the other, never past the end. Throws `gpu-evidence-malformed`. */
export class ByteReader {
  readonly #bytes: Bytes
  #offset = 0

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  get more(): boolean {
    return this.#offset < this.#bytes.length
  }

  /** The next `length` bytes, a view. */
  take(length: number): Bytes {
    const end = this.#offset + length
    if (end > this.#bytes.length) throw malformedReport('a field reaches past the end')
    const field = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return field
  }

  /** An unsigned number of up to 4 bytes. */
  number(length: number): number {
    return this.take(length).reduceRight((value, byte) => value * 0x100 + byte, 0)
  }

  expect(what: string, ...due: readonly number[]): void {
    const found = this.take(due.length)
    if (due.some((byte, index) => found[index] !== byte)) {
      throw malformedReport(`the ${what} does not begin as it must`)
    }
  }

  /** All that has been read so far. */
  before(): Bytes {
    return this.#bytes.subarray(0, this.#offset)
  }

  end(what: string): void {
    if (this.more) throw malformedReport(`bytes are left at the end of the ${what}`)
  }
}

export function malformedReport(what: string): TrustError {
  return new TrustError(
    'gpu-evidence-malformed',
    `The GPU evidence is malformed: ${what}. Ask for it again; if it stays so, the device or its driver is broken.`,
  )
}
