import {
  type AnyCombinator,
  boxedTypes,
  type CombinatorName,
  combinators,
  encodeAny,
  type FieldInfo,
} from '@cocoon/wire'
import type { Random } from './random.ts'

/** Bytes that may stand in a message: mostly well-formed, of any meaning, now and then damaged. */
export function randomMessage(chance: Random, names: readonly CombinatorName[] = allNames): Uint8Array {
  const message = encodeAny(randomValue(chance, chance.pick(names)))
  return chance.chance(0.3) ? damaged(chance, message) : message
}

/** Any value of a combinator, with a preference for what is at the edge of its range. */
export function randomValue(chance: Random, name: CombinatorName, depth = 0): AnyCombinator {
  const value: Record<string, unknown> = { _: name }
  for (const field of combinators[name].fields) {
    const { condition } = field
    if (condition !== undefined && ((value[condition.flags] as number) & (1 << condition.bit)) === 0) continue
    const count = chance.whole(0, depth > 2 ? 0 : 3)
    value[field.property] = field.vector
      ? Array.from({ length: count }, () => randomField(chance, field, depth + 1))
      : randomField(chance, field, depth + 1)
  }
  return value as unknown as AnyCombinator
}

/** The same bytes with some of them changed, taken away or added. */
export function damaged(chance: Random, message: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(message)
  const how = chance.pick(['flip', 'cut', 'grow', 'number'])
  if (how === 'cut') return bytes.subarray(0, chance.whole(0, bytes.length))
  if (how === 'grow') return Buffer.concat([bytes, chance.bytes(chance.whole(1, 12))])
  if (how === 'number' && bytes.length >= 8) {
    const at = 4 * chance.whole(1, Math.floor(bytes.length / 4) - 1)
    new DataView(bytes.buffer).setInt32(at, edgeInt(chance), true)
    return bytes
  }
  for (let i = chance.whole(1, 4); i > 0; i--)
    bytes[chance.whole(0, bytes.length - 1)]! ^= 1 << chance.whole(0, 7)
  return bytes
}

const allNames = Object.keys(combinators) as CombinatorName[]
const int32Edges = [0, 1, -1, 2, 1_000, 2 ** 31 - 1, -(2 ** 31)]
const int64Edges = [0n, 1n, -1n, 1_000n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n]
const doubleEdges = [0, -0, 1, -1, 0.001, 30, 3_600, 1e308, -1e308, Infinity, -Infinity, NaN]

function randomField(chance: Random, field: FieldInfo, depth: number): unknown {
  switch (field.type) {
    case 'int':
      return edgeInt(chance)
    case '#':
      return chance.whole(0, 3)
    case 'long':
      return chance.pick(int64Edges)
    case 'double':
      return chance.pick(doubleEdges)
    case 'Bool':
      return chance.chance(0.5)
    case 'string':
      return Buffer.from(chance.bytes(chance.whole(0, 40))).toString('latin1')
    case 'bytes':
      return depth < 3 && chance.chance(0.3) ? randomMessage(chance) : chance.bytes(chance.whole(0, 300))
    case 'int128':
      return chance.bytes(16)
    case 'int256':
      return chance.bytes(32)
    default: {
      const names = field.type in combinators ? [field.type as CombinatorName] : boxedTypes[field.type]!
      return randomValue(chance, chance.pick(names), depth + 1)
    }
  }
}

function edgeInt(chance: Random): number {
  return chance.chance(0.7) ? chance.pick(int32Edges) : chance.uint32() | 0
}
