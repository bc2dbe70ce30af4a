import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { WorkerError, refusalBody } from '../src/error.ts'
import { maxRequestBodyBytes, prepareRequest } from '../src/request.ts'
import type { PreparedRequest, RawRequest, RequestRules } from '../src/request.ts'

const rules: RequestRules = { modelName: 'acme/chat@0123abcd:4567' }

function prepare(
  json: unknown,
  request: Partial<RawRequest> = {},
  more: Partial<RequestRules> = {},
): PreparedRequest {
  const body = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json))
  return prepareRequest(
    { method: 'POST', path: '/v1/chat/completions', headers: [], body, ...request },
    { ...rules, ...more },
  )
}

function refusalOf(run: () => unknown): { status: number; param: string | null; code: string | null } {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof WorkerError)
    assert.equal(error.code, 'invalid-request')
    assert.ok(error.refusal !== undefined)
    const { status, error: body } = error.refusal
    assert.deepEqual(JSON.parse(Buffer.from(refusalBody(error.refusal)).toString()), { error: body })
    assert.equal(body.type, 'invalid_request_error')
    return { status, param: body.param, code: body.code }
  }
  return assert.fail('was not refused')
}

const minimal = { model: 'acme/chat', messages: [{ role: 'user', content: 'hi' }] }

describe('what passes', () => {
  test('a complete request keeps its bytes', () => {
    const body = Buffer.from(
      '{ "model":"acme/chat", "max_tokens":5, "seed":12345678901234567890, "x":1e999 }',
    )
    const prepared = prepareRequest(
      { method: 'POST', path: '/v1/chat/completions', headers: [], body },
      rules,
    )
    assert.equal(prepared.body, body)
    assert.deepEqual([prepared.stream, prepared.maxTokens, prepared.choices], [false, 5, 1])
  })

  test('a missing limit is written in front, and the rest of the bytes stays', () => {
    const text = '{"model":"acme/chat","seed":12345678901234567890}'
    const { body, json, maxTokens } = prepare(text)
    assert.equal(Buffer.from(body).toString(), `{"max_tokens":1000,${text.slice(1)}`)
    assert.equal(json['max_tokens'], 1000)
    assert.equal(maxTokens, 1000)
  })

  test('the default limit is a rule of the network, and never above the context', () => {
    assert.equal(prepare(minimal, {}, { defaultMaxTokens: 64 }).maxTokens, 64)
    assert.equal(prepare(minimal, {}, { maxContext: 512 }).maxTokens, 512)
    assert.equal(prepare({ ...minimal, max_tokens: 700 }, {}, { maxContext: 512 }).maxTokens, 700)
    assert.equal(prepare({ ...minimal, max_tokens: null }).maxTokens, 1000)
  })

  test('max_completion_tokens wins and is written under both names', () => {
    for (const max_tokens of [undefined, null, 3, 9]) {
      const prepared = prepare({ ...minimal, max_tokens, max_completion_tokens: 7 })
      assert.equal(prepared.maxTokens, 7)
      const json = JSON.parse(Buffer.from(prepared.body).toString()) as Record<string, unknown>
      assert.deepEqual([json['max_tokens'], json['max_completion_tokens']], [7, 7])
    }
  })

  test('a stream always states its usage', () => {
    const cases: Array<[Record<string, unknown>, boolean, unknown]> = [
      [{ stream: true }, true, { include_usage: true }],
      [{ stream: true, stream_options: null }, true, { include_usage: true }],
      [{ stream: true, stream_options: { include_usage: false, x: 1 } }, true, { include_usage: true, x: 1 }],
      [{ stream_options: {} }, true, { include_usage: true }],
      [{ stream: null, stream_options: { include_usage: true } }, true, { include_usage: true }],
      [{ stream: false, stream_options: { include_usage: true } }, false, { include_usage: true }],
      [{ stream: false }, false, undefined],
    ]
    for (const [fields, stream, options] of cases) {
      const prepared = prepare({ ...minimal, ...fields })
      const json = JSON.parse(Buffer.from(prepared.body).toString()) as Record<string, unknown>
      assert.equal(prepared.stream, stream)
      assert.deepEqual(json['stream_options'], options)
      if (stream) assert.equal(json['stream'], true)
      assert.deepEqual(json, prepared.json)
    }
  })

  test('the model goes by the name that the backend knows', () => {
    assert.equal(prepare(minimal, {}, { backendModel: 'qwen3:8b' }).json['model'], 'qwen3:8b')
    assert.equal(prepare({ ...minimal, model: rules.modelName }).json['model'], 'acme/chat')
    assert.equal(prepare(minimal, {}, { modelName: 'acme/chat' }).json['model'], 'acme/chat')
  })

  test('choices are inputs times answers', () => {
    const completions = { path: '/v1/completions' }
    const choices = (fields: object) => prepare({ model: 'acme/chat', ...fields }, completions).choices
    assert.equal(choices({ prompt: 'a' }), 1)
    assert.equal(choices({ prompt: ['a', 'b'], n: 3 }), 6)
    assert.equal(choices({ prompt: [1, 2, 3], best_of: 4, n: 2 }), 4)
    assert.equal(choices({ prompt: [[1], [2]] }), 2)
    assert.equal(prepare({ ...minimal, n: 128 }).choices, 128)
  })

  test('embeddings get no limit', () => {
    const text = '{"model":"acme/chat","input":["a","b"]}'
    const prepared = prepare(text, { path: '/v1/embeddings' })
    assert.equal(Buffer.from(prepared.body).toString(), text)
    assert.deepEqual([prepared.maxTokens, prepared.choices, prepared.stream], [0, 0, false])
    assert.equal(prepared.promptText(), 'a\nb')
  })

  test('the prompt can be counted', () => {
    const prepared = prepare({
      ...minimal,
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'hi' }, { type: 'image_url' }] },
        { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: '{"a":1}' } }] },
        7,
      ],
      tools: [{ type: 'function' }],
    })
    assert.equal(
      prepared.promptText(),
      'system\nbe brief\nuser\nhi\nassistant\nf\n{"a":1}\n[{"type":"function"}]',
    )
    const tokens = prepare({ model: 'acme/chat', prompt: [[1, 2], [3]] }, { path: '/v1/completions' })
    assert.deepEqual([tokens.promptText(), tokens.promptTokens], ['', 3])
  })
})

describe('what is refused', () => {
  test('targets', () => {
    for (const path of [
      '/',
      '/v1/chat/completions?a=b',
      '/v1/models',
      '/v1/chat/completions/',
      'v1/completions',
    ])
      assert.equal(refusalOf(() => prepare(minimal, { path })).status, 404)
    assert.equal(refusalOf(() => prepare(minimal, { method: 'GET' })).status, 405)
    assert.equal(
      refusalOf(() => prepare(minimal, { headers: [{ name: 'Content-Encoding', value: 'gzip' }] })).status,
      415,
    )
    prepare(minimal, { headers: [{ name: 'content-encoding', value: 'identity' }] })
  })

  test('bodies', () => {
    for (const body of [
      '',
      'null',
      '[]',
      '"a"',
      '{',
      '{"model":"acme/chat"}x',
      '\ufeff{"model":"acme/chat"}',
    ])
      assert.equal(refusalOf(() => prepare(body)).status, 400)
    const invalid = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    assert.equal(refusalOf(() => prepare('', { body: invalid })).status, 400)
    assert.equal(refusalOf(() => prepare('', { body: Buffer.alloc(maxRequestBodyBytes + 1) })).status, 413)
    const deep = `{"model":"acme/chat","a":${'['.repeat(100_000)}`
    assert.equal(refusalOf(() => prepare(deep)).status, 400)
    prepare(`{"model":"acme/chat","a":"${'['.repeat(1000)}"}`)
  })

  test('bodies that take many times their size once they are parsed', () => {
    const arrays = `{"model":"acme/chat","a":[${'[],'.repeat(200_000)}[]]}`
    const members = `{"model":"acme/chat",${Array.from({ length: 200_001 }, (_, i) => `"${i}":0`).join()}}`
    for (const body of [arrays, members]) assert.equal(refusalOf(() => prepare(body)).status, 400)
    prepare(`{"model":"acme/chat","a":"${'[{:'.repeat(100_000)}","b":[${'1,'.repeat(300_000)}1]}`)
  })

  test('models', () => {
    for (const model of [undefined, 7, 'acme', 'acme/chat@other', 'Acme/chat', ''])
      assert.equal(refusalOf(() => prepare({ ...minimal, model })).param, 'model')
    assert.deepEqual(
      refusalOf(() => prepare({ ...minimal, model: 'x' })),
      {
        status: 404,
        param: 'model',
        code: 'model_not_found',
      },
    )
  })

  test('fields out of range', () => {
    const cases: Array<[string, unknown]> = [
      ['max_tokens', -1],
      ['max_tokens', 1.5],
      ['max_tokens', '10'],
      ['max_tokens', 2 ** 53],
      ['max_completion_tokens', -1],
      ['n', 0],
      ['n', 129],
      ['n', true],
      ['stream', 'yes'],
      ['stream_options', 'x'],
      ['stream_options', []],
    ]
    for (const [param, value] of cases)
      assert.equal(refusalOf(() => prepare({ ...minimal, [param]: value })).param, param)
    const path = '/v1/completions'
    assert.equal(refusalOf(() => prepare({ model: 'acme/chat', best_of: 129 }, { path })).param, 'best_of')
    const prompt = Array.from({ length: 2049 }, () => 'a')
    assert.equal(refusalOf(() => prepare({ model: 'acme/chat', prompt }, { path })).param, 'prompt')
  })

  test('twins of checked fields in another case', () => {
    assert.equal(refusalOf(() => prepare({ ...minimal, MAX_TOKENS: 9 })).param, 'max_tokens')
    assert.equal(refusalOf(() => prepare({ ...minimal, Model: 'x' })).param, 'model')
  })
})

test('whatever arrives, the worst outcome is a refusal', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(Buffer.from),
        fc.object().map(o => Buffer.from(JSON.stringify({ ...minimal, ...o }))),
      ),
      fc.constantFrom('/v1/chat/completions', '/v1/completions', '/v1/embeddings'),
      (body, path) => {
        try {
          const prepared = prepareRequest({ method: 'POST', path, headers: [], body }, rules)
          assert.deepEqual(JSON.parse(Buffer.from(prepared.body).toString()), prepared.json)
          prepared.promptText()
        } catch (error) {
          assert.ok(error instanceof WorkerError, String(error))
        }
      },
    ),
  )
})
