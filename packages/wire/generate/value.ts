import { camelCase } from './names.ts'
import type { Primitive, Schema, Type } from './schema.ts'

/** Bytes of a primitive; strings have no fixed size. */
const primitiveSizes: Record<Primitive, number | undefined> = {
  '#': 4,
  int: 4,
  long: 8,
  double: 8,
  int128: 16,
  int256: 32,
  string: undefined,
  bytes: undefined,
  Bool: 4,
}

/** Bytes that every value of the type takes, or undefined where values differ. */
export function fixedSize(schema: Schema, type: Type): number | undefined {
  if (type.kind === 'primitive') return primitiveSizes[type.name]
  if (type.kind !== 'bare') return undefined
  let size = 0
  for (const field of fieldsOf(schema, type.name)) {
    const fieldSize = fixedSize(schema, field.type)
    if (field.condition !== undefined || fieldSize === undefined) return undefined
    size += fieldSize
  }
  return size
}

/** The least number of bytes that a value of the type takes. */
export function minimumSize(schema: Schema, type: Type): number {
  switch (type.kind) {
    case 'primitive':
      return primitiveSizes[type.name] ?? 4
    case 'vector':
      return 4
    case 'bare':
      return fieldsOf(schema, type.name)
        .filter(field => field.condition === undefined)
        .reduce((size, field) => size + minimumSize(schema, field.type), 0)
    case 'boxed': {
      const members = schema.boxedTypes.get(type.name) ?? []
      return 4 + Math.min(...members.map(({ name }) => minimumSize(schema, { kind: 'bare', name })))
    }
  }
}

/** An expression for what stands on the wire where a conditional field is due and the value has none. */
export function zeroValue(schema: Schema, type: Type): string {
  switch (type.kind) {
    case 'vector':
      return '[]'
    case 'boxed':
      throw new Error(`a conditional field of boxed type ${type.name} has no zero value`)
    case 'bare': {
      const properties = fieldsOf(schema, type.name)
        .filter(field => field.condition === undefined)
        .map(field => `, ${camelCase(field.name)}: ${zeroValue(schema, field.type)}`)
      return `{ _: '${type.name}'${properties.join('')} }`
    }
    case 'primitive':
      return {
        '#': '0',
        int: '0',
        long: '0n',
        double: '0',
        int128: 'new Uint8Array(16)',
        int256: 'new Uint8Array(32)',
        string: "''",
        bytes: 'new Uint8Array(0)',
        Bool: 'false',
      }[type.name]
  }
}

function fieldsOf(schema: Schema, name: string) {
  return schema.combinators.find(combinator => combinator.name === name)?.fields ?? []
}
