import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ClientError } from '../../src/error.ts'
import { queryDefaults } from '../../src/http/limits.ts'
import { type Ask, readQuery } from '../../src/http/read-query.ts'
import type { QueryKind } from '../../src/query-fields.ts'

function read(body: unknown, kind: QueryKind = 'chat'): Ask {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return readQuery(kind, '/v1/x', bytes, queryDefaults, 3_600_000)
}

function forwarded(ask: Ask): string {
  return Buffer.from(ask.query.body).toString()
}

function refused(body: unknown, message: RegExp, param?: string, kind: QueryKind = 'chat'): void {
  assert.throws(
    () => read(body, kind),
    (error: ClientError) => {
      assert.equal(error.code, 'invalid-request')
      assert.match(error.message, message)
      assert.equal(error.param, param)
      return true
    },
  )
}

test('a body that needs no change is the same buffer', () => {
  const bytes = Buffer.from('{ "model":"m","max_tokens" : 5, "seed":18446744073709551615, "x":1.0 }')
  const { query } = read(bytes)
  assert.equal(query.body, bytes)
  assert.deepEqual(
    { ...query, body: 0 },
    {
      model: 'm',
      path: '/v1/x',
      body: 0,
      maxCoefficient: 4000,
      maxTokens: 5,
      timeoutMs: 120_000,
      enableDebug: false,
    },
  )
})

test("the network's fields leave the body, the rest stays as it was written", () => {
  const ask = read(
    '{"timeout":1.5, "model":"m", "max_coefficient":1500 ,"seed":18446744073709551615,"enable_debug":true,"max_tokens":5,"x": 1.0,"request_guid":"g"}',
  )
  assert.equal(forwarded(ask), '{"model":"m","seed":18446744073709551615,"max_tokens":5,"x": 1.0}')
  assert.equal(ask.query.timeoutMs, 1500)
  assert.equal(ask.query.maxCoefficient, 1500)
  assert.equal(ask.query.enableDebug, true)
  assert.equal(ask.requestGuid, 'g')
})

test('escaped names of fields are known too', () => {
  const ask = read('{"model":"m","max_tokens":1,"\\u0074imeout":2}')
  assert.equal(forwarded(ask), '{"model":"m","max_tokens":1}')
  assert.equal(ask.query.timeoutMs, 2000)
})

test('where no limit was given, the default is written into the body', () => {
  for (const body of [
    '{"model":"m"}',
    '{"model":"m","max_tokens":null}',
    '{"max_completion_tokens":null,"model":"m"}',
  ]) {
    const ask = read(body)
    assert.equal(forwarded(ask), '{"max_tokens":1000,"model":"m"}')
    assert.equal(ask.query.maxTokens, 1000)
  }
  const embedding = read('{"model":"m","input":"x"}', 'embedding')
  assert.equal(forwarded(embedding), '{"model":"m","input":"x"}')
  assert.equal(embedding.query.maxTokens, 1)
})

test('max_completion_tokens wins, and contradicting limits become one', () => {
  const both = read('{"model":"m","max_tokens":9,"max_completion_tokens":5}')
  assert.equal(both.query.maxTokens, 5)
  assert.equal(forwarded(both), '{"model":"m","max_completion_tokens":5}')
  const newer = '{"model":"m","max_completion_tokens":7}'
  assert.equal(forwarded(read(newer)), newer)
  assert.equal(read(newer).query.maxTokens, 7)
  const equal = '{"model":"m","max_tokens":5,"max_completion_tokens":5}'
  assert.equal(forwarded(read(equal)), equal)
})

test('all texts that a backend may generate are reserved for', () => {
  assert.equal(read({ model: 'm', max_tokens: 10, n: 3 }).query.maxTokens, 30)
  assert.equal(read({ model: 'm', n: 3 }).query.maxTokens, 3000)
  assert.equal(
    read({ model: 'm', max_tokens: 10, best_of: 3, prompt: 'x' }, 'completion').query.maxTokens,
    30,
  )
  assert.equal(
    read({ model: 'm', max_tokens: 10, prompt: ['a', 'b'], n: 2 }, 'completion').query.maxTokens,
    40,
  )
  assert.equal(read({ model: 'm', max_tokens: 10, prompt: [1, 2, 3] }, 'completion').query.maxTokens, 10)
  assert.equal(read({ model: 'm', max_tokens: 10, prompt: [[1], [2]] }, 'completion').query.maxTokens, 20)
  assert.equal(read({ model: 'm', max_tokens: 0 }).query.maxTokens, 1)
  refused({ model: 'm', max_tokens: 2 ** 31 - 1, n: 2 }, /more than a query can reserve/, 'n')
})

test('wrong values are refused by name', () => {
  refused({}, /model is missing/, 'model')
  for (const model of [1, null, '', 'a\nb', 'x'.repeat(257), '\ud800']) refused({ model }, /model/, 'model')
  for (const value of [-1, 1.5, '5', 2 ** 31, true, [], 1e300]) {
    for (const name of ['max_tokens', 'max_completion_tokens', 'max_coefficient', 'n']) {
      refused({ model: 'm', [name]: value }, new RegExp(`^${name} has to be`), name)
    }
  }
  refused({ model: 'm', n: 0 }, /1 or more/, 'n')
  for (const timeout of [0, -1, '5', true]) refused({ model: 'm', timeout }, /timeout has to be/, 'timeout')
  refused({ model: 'm', enable_debug: 1 }, /true or false/, 'enable_debug')
  for (const guid of [1, '', 'x'.repeat(257)])
    refused({ model: 'm', request_guid: guid }, /string/, 'request_guid')
})

test('a timeout has bounds', () => {
  assert.equal(read({ model: 'm', timeout: 100_000 }).query.timeoutMs, 3_600_000)
  assert.equal(read('{"model":"m","timeout":1e999}').query.timeoutMs, 3_600_000)
  assert.equal(read({ model: 'm', timeout: 0.0001 }).query.timeoutMs, 1)
})

test('a body that is no JSON object is refused with the place', () => {
  refused('', /no body/)
  refused('[1]', /at byte 0 \(line 1, byte 1 of it\): a JSON object has to begin here/)
  refused('{"model":"m",\n "a": tru}', /at byte 20 \(line 2, byte 7 of it\): a value is expected/)
  refused('{"model":"m"} x', /at byte 14 .*more text follows/)
  refused('\ufeff{"model":"m"}', /at byte 0/)
  refused(Buffer.from([...Buffer.from('{"model":"'), 0xff, 0x22, 0x7d]), /not valid UTF-8 at byte 10/)
  refused(`{"model":"m","a":${'['.repeat(100_000)}`, /at byte 17 .*nested deeper/)
  refused(`{"model":"m","a":${'[{"b":'.repeat(100_000)}`, /nested deeper/)
})

test('a member that is there twice is refused', () => {
  refused('{"model":"m","max_tokens":1,"max_tokens":100000}', /twice at byte 28/, 'max_tokens')
  refused('{"model":"m","max_tokens":1,"max\\u005ftokens":100000}', /twice/, 'max_tokens')
  assert.doesNotThrow(() => read('{"model":"m","__proto__":{"n":"x"},"a":{"model":1}}'))
})

test('asking for the usage event is seen', () => {
  assert.equal(read({ model: 'm', stream_options: { include_usage: true } }).wantsUsageEvent, true)
  for (const options of [undefined, null, 1, {}, { include_usage: false }]) {
    assert.equal(read({ model: 'm', stream_options: options }).wantsUsageEvent, false)
  }
})

test('any bytes are read or refused', () => {
  const fields = fc.record(
    {
      model: fc.oneof(fc.constant('m'), fc.jsonValue()),
      max_tokens: fc.jsonValue(),
      n: fc.jsonValue(),
      timeout: fc.jsonValue(),
      prompt: fc.jsonValue(),
      stream_options: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const bytes = fc.oneof(
    fc.uint8Array().map(Buffer.from),
    fields.map(value => Buffer.from(JSON.stringify(value))),
  )
  fc.assert(
    fc.property(bytes, fc.constantFrom<QueryKind>('chat', 'completion', 'embedding'), (body, kind) => {
      try {
        const { query } = read(body, kind)
        assert.ok(query.maxTokens >= 1 && query.maxTokens < 2 ** 31)
        assert.equal((JSON.parse(Buffer.from(query.body).toString()) as { model: string }).model, query.model)
      } catch (error) {
        assert.ok(error instanceof ClientError && error.code === 'invalid-request', String(error))
      }
    }),
    { numRuns: 500 },
  )
})
