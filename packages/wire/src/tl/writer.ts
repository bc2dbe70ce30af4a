import { boolFalseId, boolTrueId } from './reader.ts'
import { textSize, writeShortAscii, writeText } from './text.ts'

const scratch = new Uint8Array(8)
const scratchView = new DataView(scratch.buffer)

/**
 * Puts TL primitives into bytes of a size known beforehand, front to back. A value outside its field's range
 * is a mistake of the caller and throws RangeError.
 */
export class Writer {
  readonly #bytes: Uint8Array
  #offset: number

  /** Mutates `bytes` from `offset` on. */
  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.#offset = offset
  }

  /** Where the next byte goes. */
  get offset(): number {
    return this.#offset
  }

  /** A constructor id, unsigned. */
  id(id: number): void {
    this.#word(id)
  }

  int(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`An int field takes a 32-bit integer, not ${value}`)
    this.#word(value)
  }

  /** A field of type `#`: bits 0 to 30. */
  flags(value: number): void {
    if ((value | 0) !== value || value < 0)
      throw new RangeError(`A flags field takes bits 0 to 30, not ${value}`)
    this.#word(value)
  }

  long(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value)
      throw new RangeError(`A long field takes a 64-bit integer, not ${value}`)
    scratchView.setBigInt64(0, value, true)
    this.#eight()
  }

  double(value: number): void {
    scratchView.setFloat64(0, value, true)
    this.#eight()
  }

  bool(value: boolean): void {
    this.#word(value ? boolTrueId : boolFalseId)
  }

  int128(value: Uint8Array): void {
    this.#fixed(value, 16)
  }

  int256(value: Uint8Array): void {
    this.#fixed(value, 32)
  }

  bytes(value: Uint8Array): void {
    this.startBytes(value.length)
    this.#raw(value)
    this.endBytes(value.length)
  }

  string(value: string): void {
    let size = value.length
    if (writeShortAscii(this.#bytes, this.#offset + 1, value)) {
      this.startBytes(size)
    } else {
      size = textSize(value)
      this.startBytes(size)
      writeText(this.#bytes, this.#offset, size, value)
    }
    this.#offset += size
    this.endBytes(size)
  }

  /**
   * Begins a `bytes` field whose content of `size` bytes is written next by other calls, as a nested object
   * is; `endBytes` with the same size must follow it.
   */
  startBytes(size: number): void {
    if (size < 254) {
      this.#bytes[this.#offset++] = size
    } else if (size < 0x100_0000) {
      this.#word(254 | (size << 8))
    } else {
      this.#word(255 | (size << 8))
      this.#word(Math.floor(size / 0x100_0000))
    }
  }

  /** Pads a `bytes` field to a multiple of four bytes. */
  endBytes(size: number): void {
    for (let left = paddingSize(size); left > 0; left--) this.#bytes[this.#offset++] = 0
  }

  /** The bytes, now complete. */
  finish(): Uint8Array {
    if (this.#offset !== this.#bytes.length)
      throw new RangeError(
        `Wrote ${this.#offset} of ${this.#bytes.length} bytes: the value changed meanwhile`,
      )
    return this.#bytes
  }

  #word(value: number): void {
    const at = this.#offset
    const bytes = this.#bytes
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
    this.#offset = at + 4
  }

  #eight(): void {
    for (let i = 0; i < 8; i++) this.#bytes[this.#offset + i] = scratch[i]!
    this.#offset += 8
  }

  #fixed(value: Uint8Array, size: number): void {
    if (value.length !== size)
      throw new RangeError(`A field of ${size} bytes cannot take ${value.length} bytes`)
    this.#raw(value)
  }

  #raw(value: Uint8Array): void {
    this.#bytes.set(value, this.#offset)
    this.#offset += value.length
  }
}

/** Bytes that a `bytes` field with this content takes: length, content, padding. */
export function bytesSize(value: Uint8Array): number {
  return paddedSize(value.length)
}

/** Bytes that a `string` field with this text takes. */
export function stringSize(value: string): number {
  return paddedSize(textSize(value))
}

/** Bytes of a `bytes` field whose content takes `size` bytes. */
export function paddedSize(size: number): number {
  return prefixSize(size) + size + paddingSize(size)
}

/** Bytes of a vector: its count and its elements. */
export function vectorSize<T>(values: readonly T[], elementSize: (value: T) => number): number {
  let size = 4
  for (const value of values) size += elementSize(value)
  return size
}

/** Writes a vector: its count and its elements. */
export function writeVector<T>(
  writer: Writer,
  values: readonly T[],
  write: (writer: Writer, value: T) => void,
): void {
  writer.int(values.length)
  for (const value of values) write(writer, value)
}

const prefixSize = (size: number): number => (size < 254 ? 1 : size < 0x100_0000 ? 4 : 8)
const paddingSize = (size: number): number => -(prefixSize(size) + size) & 3
