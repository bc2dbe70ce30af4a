import fc from 'fast-check'
import {
  type AnyCombinator,
  boxedTypes,
  type CombinatorName,
  combinators,
  type FieldInfo,
} from '../../src/tl/index.ts'

/** Any value of a combinator that survives a round trip: conditional fields agree with the flags. */
export function arbitraryValue(name: CombinatorName): fc.Arbitrary<AnyCombinator> {
  const properties = Object.fromEntries(
    combinators[name].fields.map(field => [field.property, arbitraryField(field)]),
  )
  return fc
    .record({ _: fc.constant(name), ...properties }, { noNullPrototype: true })
    .map(value => withoutAbsent(name, value))
}

function withoutAbsent(name: CombinatorName, value: Record<string, unknown>): AnyCombinator {
  for (const { property, condition } of combinators[name].fields)
    if (condition !== undefined && !((value[condition.flags] as number) & (1 << condition.bit)))
      delete value[property]
  return value as unknown as AnyCombinator
}

function arbitraryField({ type, vector }: FieldInfo): fc.Arbitrary<unknown> {
  return vector === undefined ? arbitraryScalar(type) : fc.array(arbitraryScalar(type), { maxLength: 5 })
}

function arbitraryScalar(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case '#':
      return fc.oneof(fc.nat(3), fc.nat(0x7fff_ffff))
    case 'int':
      return fc.integer()
    case 'long':
      return fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
    case 'double':
      return fc.double()
    case 'Bool':
      return fc.boolean()
    case 'int256':
      return bytes(32, 32)
    case 'bytes':
      return fc.oneof(bytes(0, 8), bytes(250, 258))
    case 'string':
      return fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 20, maxLength: 300 }))
    default: {
      const members = boxedTypes[type] ?? [type as CombinatorName]
      return fc.oneof(...members.map(arbitraryValue))
    }
  }
}

function bytes(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength })
}
