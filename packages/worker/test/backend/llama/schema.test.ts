import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { toGrammarSchema } from '../../../src/backend/llama/schema.ts'
import { WorkerError } from '../../../src/error.ts'

const convert = (schema: unknown) => toGrammarSchema(schema, 'response_format')
const property = (schema: unknown) => {
  const converted = convert({ type: 'object', properties: { x: schema } })
  return 'properties' in converted ? converted.properties?.['x'] : assert.fail()
}

describe('what a grammar can hold', () => {
  test('objects, open and closed', () => {
    const closed = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }
    assert.deepEqual(convert(closed), {
      type: 'object',
      properties: { a: { type: 'integer' } },
      additionalProperties: false,
    })
    assert.deepEqual(convert({ type: 'object' }), {
      type: 'object',
      properties: {},
      additionalProperties: true,
    })
    assert.deepEqual(property({ properties: {}, additionalProperties: { type: 'null' }, maxProperties: 3 }), {
      type: 'object',
      properties: {},
      additionalProperties: { type: 'null' },
      maxProperties: 3,
    })
  })

  test('choices', () => {
    assert.deepEqual(property({ const: null }), { const: null })
    assert.deepEqual(property({ enum: ['a', 1, false, null] }), { enum: ['a', 1, false, null] })
    const either = { oneOf: [{ type: 'string' }, { type: 'null' }] }
    assert.deepEqual(property({ type: ['string', 'null'] }), either)
    assert.deepEqual(property({ anyOf: [{ type: 'string' }, { type: 'null' }] }), either)
    assert.deepEqual(property({ type: 'string', nullable: true }), either)
    assert.deepEqual(property({ allOf: [{ type: 'boolean' }] }), { type: 'boolean' })
  })

  test('lengths, as far as a grammar counts', () => {
    assert.deepEqual(property({ type: 'string', minLength: 1, maxLength: 9 }), {
      type: 'string',
      minLength: 1,
      maxLength: 9,
    })
    assert.deepEqual(property({ type: 'string', maxLength: 1e6 }), { type: 'string' })
    assert.deepEqual(property({ type: 'string', format: 'date', minLength: 1 }), {
      type: 'string',
      format: 'date',
    })
    assert.deepEqual(property({ type: 'array', items: { type: 'number' }, minItems: 2 }), {
      type: 'array',
      items: { type: 'number' },
      minItems: 2,
    })
    assert.deepEqual(property({ items: true }), { type: 'array' })
  })

  test('definitions', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/definitions/node' } } }
    const converted = convert({ ...node, definitions: { node } })
    const reference = { $ref: '#/$defs/node' }
    const expected = { type: 'object', properties: { next: reference }, additionalProperties: false }
    assert.deepEqual(converted, { ...expected, $defs: { node: expected } })
  })

  test('descriptions stay, for the model to read', () => {
    const described = { type: 'object', properties: { a: { type: 'string', description: 'a city' } } }
    assert.deepEqual(property(described), {
      type: 'object',
      properties: { a: { type: 'string', description: 'a city' } },
      additionalProperties: false,
    })
  })
})

test('what it cannot hold is refused', () => {
  let deep: unknown = { type: 'string' }
  for (let i = 0; i < 30; i++) deep = { type: 'array', items: deep }
  const wide = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [index, { type: 'null' }]))
  const cases: unknown[] = [
    null,
    [],
    'object',
    { type: 'object', properties: [] },
    { type: 'object', properties: { a: 7 } },
    { type: 'nothing' },
    { type: 'object', properties: { a: { allOf: [{}, {}] } } },
    { type: 'object', properties: { a: { enum: [] } } },
    { type: 'object', properties: { a: { enum: [{}] } } },
    { type: 'object', properties: { a: { $ref: '#' } } },
    { type: 'object', properties: { a: { type: 'string', minLength: 1e9 } } },
    { type: 'object', properties: { a: { type: 'string', minLength: -1 } } },
    { type: 'object', properties: { a: deep } },
    { type: 'object', properties: wide },
  ]
  for (const schema of cases) assert.throws(() => convert(schema), { code: 'invalid-request' })
})

test('whatever is given as a schema, the worst outcome is a refusal', () => {
  const names = fc.constantFrom(
    'type',
    'properties',
    'items',
    'anyOf',
    '$ref',
    'enum',
    '$defs',
    'minItems',
    'nullable',
  )
  const leaves = fc.oneof(fc.constantFrom('object', 'array', 'string', 'null', '#/$defs/type'), fc.anything())
  const { schema } = fc.letrec(tie => ({
    schema: fc.oneof({ maxDepth: 4 }, leaves, fc.dictionary(names, tie('schema')), fc.array(tie('schema'))),
  }))
  fc.assert(
    fc.property(schema, value => {
      try {
        convert(value)
      } catch (error) {
        assert.ok(error instanceof WorkerError, String(error))
      }
    }),
  )
})
