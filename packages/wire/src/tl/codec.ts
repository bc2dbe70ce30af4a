import { allocate } from './allocate.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

/** Size, writing and reading of one combinator's fields, without its constructor id (the bare form). */
export interface Codec<T> {
  /** Name in the schema: `client.runQueryEx`. */
  readonly name: string
  /** Constructor id, unsigned 32 bits. */
  readonly id: number
  /** Bytes that `write` writes for this value. */
  size(value: T): number
  write(writer: Writer, value: T): void
  read(reader: Reader): T
}

/** A function of the schema, with the boxed type of its answer. */
export interface FunctionCodec<T, R> extends Codec<T> {
  readonly result: BoxedCodec<R>
}

/** Size, writing and reading of a boxed type: the constructor id tells which combinator follows. */
export interface BoxedCodec<T> {
  /** Name in the schema: `proxy.SignedPayment`. */
  readonly name: string
  size(value: T): number
  write(writer: Writer, value: T): void
  read(reader: Reader): T
}

/** Bytes of the boxed form: a 4-byte id and the fields. */
export function encodedSize<T>(codec: Codec<T>, value: T): number {
  return 4 + codec.size(value)
}

/** The boxed form in a fresh array. A number outside its field's range is a RangeError of the caller. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer(allocate(4 + codec.size(value)))
  writer.id(codec.id)
  codec.write(writer, value)
  return writer.finish()
}

export function writeBoxed<T>(writer: Writer, codec: Codec<T>, value: T): void {
  writer.id(codec.id)
  codec.write(writer, value)
}

/**
 * Reads exactly one value of this combinator in its boxed form. Byte fields of the result are views of
 * `bytes`. Throws `WireError('malformed')` on another id, a value cut short, and bytes left over.
 */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = takeReader(bytes)
  const id = reader.id()
  if (id !== codec.id) throw reader.unexpectedId(codec.name, id)
  const value = codec.read(reader)
  reader.finish()
  giveBack(reader)
  return value
}

/** One reader serves one message after the other: making one costs as much as reading a small message. */
let spareReader: Reader | undefined

function takeReader(bytes: Uint8Array): Reader {
  const reader = spareReader ?? new Reader()
  spareReader = undefined
  reader.reset(bytes)
  return reader
}

function giveBack(reader: Reader): void {
  reader.reset()
  spareReader = reader
}

/** `encode` for a boxed type: the constructor is the one that the value's tag names. */
export function encodeBoxed<T>(codec: BoxedCodec<T>, value: T): Uint8Array {
  const writer = new Writer(allocate(codec.size(value)))
  codec.write(writer, value)
  return writer.finish()
}

/** `decode` for a boxed type: any of its constructors. */
export function decodeBoxed<T>(codec: BoxedCodec<T>, bytes: Uint8Array): T {
  const reader = takeReader(bytes)
  const value = codec.read(reader)
  reader.finish()
  giveBack(reader)
  return value
}

/** The constructor id that boxed bytes begin with, unsigned. Throws `WireError('malformed')` under 4 bytes. */
export function peekId(bytes: Uint8Array): number {
  if (bytes.length < 4) return new Reader(bytes).id()
  return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0
}
