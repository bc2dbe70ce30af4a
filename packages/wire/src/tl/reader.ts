import { WireError } from '../error.ts'
import { readText } from './text.ts'

export const boolTrueId = 0x997275b5
export const boolFalseId = 0xbc799737

const nothing = new Uint8Array(0)
const scratch = new Uint8Array(8)
const scratchView = new DataView(scratch.buffer)

/**
 * Takes TL primitives from bytes, front to back. Byte fields are views of the input, which the reader
 * borrows. Whatever the input is, the only failure is `WireError('malformed')`.
 */
export class Reader {
  #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array = nothing) {
    this.#bytes = bytes
  }

  /** Begins anew with other bytes. Without any it lets go of the last ones. */
  reset(bytes: Uint8Array = nothing): void {
    this.#bytes = bytes
    this.#offset = 0
  }

  /** Bytes not taken yet. */
  get left(): number {
    return this.#bytes.length - this.#offset
  }

  /** A constructor id, unsigned. */
  id(): number {
    return this.int() >>> 0
  }

  int(): number {
    const at = this.#take(4)
    const bytes = this.#bytes
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }

  /** A field of type `#`: bits 0 to 30. */
  flags(): number {
    const flags = this.int()
    if (flags < 0) throw malformed(`flags with bit 31 set before byte ${this.#offset}`)
    return flags
  }

  long(): bigint {
    this.#takeEight()
    return scratchView.getBigInt64(0, true)
  }

  double(): number {
    this.#takeEight()
    return scratchView.getFloat64(0, true)
  }

  bool(): boolean {
    const id = this.id()
    if (id === boolTrueId) return true
    if (id === boolFalseId) return false
    throw this.unexpectedId('Bool', id)
  }

  int128(): Uint8Array {
    return this.#view(this.#take(16), 16)
  }

  int256(): Uint8Array {
    return this.#view(this.#take(32), 32)
  }

  /** A view of the field's bytes. */
  bytes(): Uint8Array {
    const size = this.#stringSize()
    return this.#view(this.#takePadded(size), size)
  }

  /** Passes over a `bytes` or `string` field. */
  skipBytes(): void {
    this.#takePadded(this.#stringSize())
  }

  string(): string {
    const size = this.#stringSize()
    const start = this.#takePadded(size)
    return readText(this.#bytes, start, start + size)
  }

  /** A vector's count, refused unless that many elements of at least `minElementSize` bytes can follow. */
  count(minElementSize: number): number {
    const count = this.int()
    if (count < 0 || count * minElementSize > this.left)
      throw malformed(`a vector of ${count} elements in the ${this.left} bytes from byte ${this.#offset}`)
    return count
  }

  /** Refuses bytes left over. */
  finish(): void {
    if (this.left !== 0) throw malformed(`${this.left} bytes left over after byte ${this.#offset}`)
  }

  /** The error for a constructor id that cannot stand where it was just read. */
  unexpectedId(expected: string, id: number): WireError {
    const found = id.toString(16).padStart(8, '0')
    return malformed(`constructor id ${found} before byte ${this.#offset} where ${expected} belongs`)
  }

  /** One length byte below 254; 254 and 3 bytes; 255 and 7 bytes. Longer forms than needed are taken too. */
  #stringSize(): number {
    const at = this.#take(1)
    const first = this.#bytes[at]!
    if (first < 254) return first
    let size = 0
    for (let i = this.#take(first === 254 ? 3 : 7), unit = 1; i < this.#offset; i++, unit *= 0x100)
      size += this.#bytes[i]! * unit
    return size
  }

  /** Takes `size` bytes and what pads them to a multiple of four, whatever the padding holds. */
  #takePadded(size: number): number {
    const start = this.#take(size)
    this.#take(-this.#offset & 3)
    return start
  }

  #takeEight(): void {
    const at = this.#take(8)
    for (let i = 0; i < 8; i++) scratch[i] = this.#bytes[at + i]!
  }

  #take(size: number): number {
    const start = this.#offset
    const end = start + size
    if (end > this.#bytes.length)
      throw malformed(`${size} bytes wanted at byte ${start} of ${this.#bytes.length}`)
    this.#offset = end
    return start
  }

  #view(start: number, size: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, size)
  }
}

/** Reads a vector whose elements take at least `minElementSize` bytes each. */
export function readVector<T>(reader: Reader, minElementSize: number, read: (reader: Reader) => T): T[] {
  const count = reader.count(minElementSize)
  const values: T[] = []
  for (let i = 0; i < count; i++) values.push(read(reader))
  return values
}

function malformed(what: string): WireError {
  return new WireError('malformed', `Not a valid TL object: ${what}`)
}
