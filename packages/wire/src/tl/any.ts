import { allocate } from './allocate.ts'
import type { Codec } from './codec.ts'
import { Reader } from './reader.ts'
import { type CombinatorTypes, codecs } from './schema.generated.ts'
import { Writer } from './writer.ts'

export type CombinatorName = keyof CombinatorTypes

/** A value of any combinator, told apart by `_`. */
export type AnyCombinator = CombinatorTypes[CombinatorName]

const codecById = new Map<number, Codec<AnyCombinator>>(
  Object.values(codecs).map(codec => [codec.id, codec as Codec<AnyCombinator>]),
)

/** Reads one boxed value of whatever combinator its id names; otherwise as `decode`. */
export function decodeAny(bytes: Uint8Array): AnyCombinator {
  const reader = new Reader(bytes)
  const id = reader.id()
  const codec = codecById.get(id)
  if (codec === undefined) throw reader.unexpectedId('a known combinator', id)
  const value = codec.read(reader)
  reader.finish()
  return value
}

/** Writes a value in its boxed form; the tag says which combinator it is. */
export function encodeAny(value: AnyCombinator): Uint8Array {
  const codec = codecs[value._] as Codec<AnyCombinator>
  const writer = new Writer(allocate(4 + codec.size(value)))
  writer.id(codec.id)
  codec.write(writer, value)
  return writer.finish()
}
