import type { GbnfJsonSchema } from 'node-llama-cpp'
import { refuse } from '../../error.ts'

/** Schemas inside one another, and all of them together. */
const maxDepth = 24
const maxSchemas = 2000
/** Repetitions that a grammar can count. */
const maxRepetitions = 1000
const maxAlternatives = 1000

/** Any JSON value. */
const anything: GbnfJsonSchema = {
  oneOf: [
    { type: 'object', additionalProperties: true },
    { type: 'array' },
    { type: ['string', 'number', 'boolean', 'null'] },
  ],
}

/**
 * A JSON Schema in the form that llama.cpp makes a grammar of. The grammar holds structure: types, properties
 * (all of which are written, the optional ones too), items, choices, lengths. What it cannot hold (patterns,
 * ranges of numbers) is left to the model. The root must be an object.
 *
 * @throws WorkerError `invalid-request` for what is no schema, or too large to be a grammar
 */
export function toGrammarSchema(schema: unknown, param: string): GbnfJsonSchema {
  const converter = new Converter(param)
  if (!isRecord(schema)) throw converter.refusal('is not an object')
  const definitions = isRecord(schema['$defs']) ? schema['$defs'] : schema['definitions']
  const converted = converter.convert(schema, 0)
  if (!isRecord(definitions)) return converted
  const defs = Object.entries(definitions).map(([name, entry]) => [name, converter.convert(entry, 1)])
  return { ...converted, $defs: Object.fromEntries(defs) } as GbnfJsonSchema
}

class Converter {
  private readonly param: string
  private schemas = 0

  constructor(param: string) {
    this.param = param
  }

  refusal(what: string): Error {
    return refuse(`the schema ${what}`, { param: this.param })
  }

  convert(schema: unknown, depth: number): GbnfJsonSchema {
    if (depth > maxDepth) throw this.refusal(`nests deeper than ${maxDepth} levels`)
    if (++this.schemas > maxSchemas) throw this.refusal(`has more than ${maxSchemas} parts`)
    if (schema === true) return anything
    if (!isRecord(schema)) throw this.refusal('holds something that is no schema')
    const described = typeof schema['description'] === 'string' ? { description: schema['description'] } : {}
    const plain = this.convertPlain(schema, depth)
    if (schema['nullable'] === true) return { oneOf: [plain, { type: 'null' }] }
    return { ...plain, ...described } as GbnfJsonSchema
  }

  private convertPlain(schema: Record<string, unknown>, depth: number): GbnfJsonSchema {
    if (schema['$ref'] !== undefined) return this.reference(schema['$ref'])
    if (schema['const'] !== undefined) return { const: this.literal(schema['const']) }
    if (schema['enum'] !== undefined)
      return { enum: this.list(schema['enum']).map(value => this.literal(value)) }
    const alternatives = schema['anyOf'] ?? schema['oneOf']
    if (alternatives !== undefined)
      return { oneOf: this.list(alternatives).map(entry => this.convert(entry, depth + 1)) }
    if (schema['allOf'] !== undefined) {
      const parts = this.list(schema['allOf'])
      if (parts.length !== 1) throw this.refusal('uses allOf, which cannot be a grammar')
      return this.convert(parts[0], depth + 1)
    }
    return this.convertType(schema['type'], schema, depth)
  }

  private convertType(type: unknown, schema: Record<string, unknown>, depth: number): GbnfJsonSchema {
    if (Array.isArray(type))
      return { oneOf: this.list(type).map(one => this.convertType(one, schema, depth)) }
    switch (type) {
      case 'object':
        return this.object(schema, depth)
      case 'array':
        return this.array(schema, depth)
      case 'string':
        return this.string(schema)
      case 'number':
      case 'integer':
      case 'boolean':
      case 'null':
        return { type }
      case undefined:
        if (schema['properties'] !== undefined) return this.object(schema, depth)
        return schema['items'] === undefined ? anything : this.array(schema, depth)
      default:
        throw this.refusal('names a type that JSON does not have')
    }
  }

  private object(schema: Record<string, unknown>, depth: number): GbnfJsonSchema {
    const properties = schema['properties'] ?? {}
    if (!isRecord(properties)) throw this.refusal('has properties that are no object')
    const fields = Object.entries(properties).map(([name, entry]) => [name, this.convert(entry, depth + 1)])
    const additional = schema['additionalProperties']
    // Without any property of its own, an object is one of any properties.
    const open = additional === true || (additional === undefined && fields.length === 0)
    return {
      type: 'object',
      properties: Object.fromEntries(fields) as Record<string, GbnfJsonSchema>,
      additionalProperties: isRecord(additional) ? this.convert(additional, depth + 1) : open,
      ...this.count(schema, 'minProperties'),
      ...this.count(schema, 'maxProperties'),
    }
  }

  private array(schema: Record<string, unknown>, depth: number): GbnfJsonSchema {
    const { items, prefixItems } = schema
    return {
      type: 'array',
      ...(items === undefined || items === true ? {} : { items: this.convert(items, depth + 1) }),
      ...(prefixItems === undefined
        ? {}
        : { prefixItems: this.list(prefixItems).map(entry => this.convert(entry, depth + 1)) }),
      ...this.count(schema, 'minItems'),
      ...this.count(schema, 'maxItems'),
    } as GbnfJsonSchema
  }

  private string(schema: Record<string, unknown>): GbnfJsonSchema {
    const { format } = schema
    if (format === 'date-time' || format === 'date' || format === 'time') return { type: 'string', format }
    return { type: 'string', ...this.count(schema, 'minLength'), ...this.count(schema, 'maxLength') }
  }

  /** A bound on repetitions. An upper one that no grammar can count is none. */
  private count(schema: Record<string, unknown>, name: string): Record<string, number> {
    const value = schema[name]
    if (value === undefined) return {}
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw this.refusal(`has a ${name} that is no count`)
    if (value <= maxRepetitions) return { [name]: value }
    if (name.startsWith('max')) return {}
    throw this.refusal(`has a ${name} above ${maxRepetitions}`)
  }

  private reference(ref: unknown): GbnfJsonSchema {
    const name = typeof ref === 'string' ? /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(ref)?.[1] : undefined
    if (name === undefined) throw this.refusal('refers to something outside of its own definitions')
    return { $ref: `#/$defs/${name}` } as GbnfJsonSchema
  }

  private literal(value: unknown): string | number | boolean | null {
    const isLiteral = value === null || ['string', 'number', 'boolean'].includes(typeof value)
    if (!isLiteral) throw this.refusal('lists a value that is neither text, number, boolean nor null')
    return value as string | number | boolean | null
  }

  private list(value: unknown): unknown[] {
    if (!Array.isArray(value) || value.length === 0 || value.length > maxAlternatives)
      throw this.refusal(`needs lists of 1 to ${maxAlternatives} entries`)
    return value
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
