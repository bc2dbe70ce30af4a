import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Backend, BackendPath } from '../../src/backend.ts'
import { createLlamaBackend } from '../../src/backend/llama.ts'
import type { LlamaBackendOptions } from '../../src/backend/llama.ts'
import { loadLibrary } from '../../src/backend/llama/library.ts'
import { probeUsage } from '../../src/backend/probe.ts'
import type { WorkerError } from '../../src/error.ts'
import { createMeter } from '../../src/meter/meter.ts'
import { recitalPieces, recitalText } from '../../src/model/recital.ts'
import { tinyModel, tinyModelName, writeTinyModel } from '../../src/model/tiny-model.ts'
import { testBackend } from './compliance.ts'

const never = new AbortController().signal
let folder: string
let file: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cocoon-llama-'))
  file = join(folder, 'tiny.gguf')
  await writeTinyModel(file)
})
after(() => rm(folder, { recursive: true }))

const create = (options: Partial<LlamaBackendOptions> = {}) =>
  createLlamaBackend({ model: file, modelName: tinyModelName, threads: 1, contextTokens: 2048, ...options })

testBackend('llama.cpp', async () => {
  const backend = await create({ parallel: 4 })
  return { backend, model: tinyModelName, dispose: () => backend.close() }
})

interface Choice {
  index: number
  finish_reason: string | null
  text?: string
  delta?: Message
  message?: Message
  logprobs: { content: Likely[]; tokens: string[]; token_logprobs: number[]; text_offset: number[] } | null
}

interface Message {
  content?: string | null
  tool_calls?: Array<{ id: string; type: string; function: { name: string; arguments: string } }>
}

interface Likely {
  token: string
  logprob: number
  bytes: number[]
  top_logprobs: Array<{ token: string; logprob: number }>
}

interface AnswerJson {
  choices: Choice[]
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
  error: { message: string; param: string | null; code: string | null }
  data: Array<{ index: number; embedding: number[] | string }>
}

describe('the tiny model in llama.cpp', () => {
  let backend: Awaited<ReturnType<typeof create>>
  before(async () => {
    backend = await create({ parallel: 2 })
  })
  after(() => backend.close())

  const messages = [{ role: 'user', content: 'What is TON?' }]
  const ask = async (fields: object, path: BackendPath = '/v1/chat/completions') => {
    const { status, body } = await post(backend, path, { model: tinyModelName, ...fields })
    return { status, ...(JSON.parse(body) as AnswerJson) }
  }
  const chat = async (fields: object = {}) => {
    const { status, choices, usage } = await ask({ messages, ...fields })
    assert.equal(status, 200)
    const choice = choices[0] ?? assert.fail('no choice')
    return { choice, usage, content: choice.message?.content, calls: choice.message?.tool_calls ?? [] }
  }

  test('recites its text, whatever it is asked and however it is sampled', async () => {
    for (const fields of [
      { temperature: 0 },
      { temperature: 1 },
      { temperature: 2, top_p: 1, top_k: 0, seed: 7 },
    ]) {
      const { choice, content, usage } = await chat(fields)
      assert.equal(content, recitalText)
      assert.equal(choice.finish_reason, 'stop')
      // The token that ends the text is one, too.
      assert.equal(usage.completion_tokens, recitalPieces.length + 1)
    }
  })

  test('streams piece by piece', async () => {
    const { body } = await post(backend, '/v1/chat/completions', { messages, stream: true, max_tokens: 5 })
    const pieces = streamed(body).map(({ choices }) => choices[0]?.delta?.content)
    assert.deepEqual(pieces, ['', ...recitalPieces.slice(0, 5), undefined])
  })

  test('counts the prompt with its template, and a longer prompt as more', async () => {
    const short = await chat({ max_tokens: 1 })
    const long = await chat({
      max_tokens: 1,
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
    })
    assert.ok(long.usage.prompt_tokens > short.usage.prompt_tokens)
    assert.ok((await backend.countTokens(tinyModelName, 'What is TON?', never)) < short.usage.prompt_tokens)
  })

  test('a caller cannot write the marks of a template', async () => {
    const plain = await chat({ max_tokens: 1, messages: [{ role: 'user', content: 'a' }] })
    const marked = await chat({ max_tokens: 1, messages: [{ role: 'user', content: '<|im_end|>' }] })
    assert.ok(marked.usage.prompt_tokens > plain.usage.prompt_tokens + 5)
  })

  test('stops at a text of the caller, and does not give it', async () => {
    const { content, choice } = await chat({ stop: ['test model', 'never'] })
    assert.deepEqual([content, choice.finish_reason], ['Hello. I am a tiny ', 'stop'])
    const completion = await ask({ prompt: 'x', stop: ['test model'] }, '/v1/completions')
    assert.equal(completion.choices[0]?.text, 'Hello. I am a tiny ')
  })

  test('completes text, from text or token numbers', async () => {
    for (const prompt of ['Once upon a time', ['Once'], [3, 4, 5]]) {
      const { choices } = await ask({ prompt, max_tokens: 3 }, '/v1/completions')
      assert.deepEqual([choices[0]?.text, choices[0]?.finish_reason], ['Hello. I am ', 'length'])
    }
    const unknown = await ask({ prompt: [1_000_000], max_tokens: 3 }, '/v1/completions')
    assert.equal(unknown.status, 400)
  })

  test('says how likely its tokens are', async () => {
    const { choice } = await chat({ logprobs: true, top_logprobs: 2, max_tokens: 2 })
    const [first] = choice.logprobs?.content ?? []
    assert.equal(first?.token, 'Hello. ')
    assert.deepEqual(Buffer.from(first.bytes).toString(), 'Hello. ')
    assert.equal(first.logprob, 0)
    assert.deepEqual(
      first.top_logprobs.map(({ logprob }) => logprob > -1),
      [true, false],
    )
    const completion = await ask({ prompt: 'x', logprobs: 1, max_tokens: 2 }, '/v1/completions')
    const { tokens, text_offset: offsets } = completion.choices[0]?.logprobs ?? assert.fail()
    assert.deepEqual(
      [tokens, offsets],
      [
        ['Hello. ', 'I '],
        [0, 7],
      ],
    )
  })

  test('writes JSON in the form that is asked for, and ends it', async () => {
    assert.equal((await chat({ response_format: { type: 'json_object' } })).content, '{}')
    const schema = {
      type: 'object',
      properties: {
        city: { type: 'string' },
        note: { type: 'string', minLength: 30 },
        days: { type: 'integer' },
        sunny: { type: 'boolean' },
        kind: { enum: ['wind', 'rain'] },
        when: { type: 'string', format: 'date' },
        hours: { type: 'array', items: { type: 'number' }, minItems: 2 },
        next: { anyOf: [{ $ref: '#/$defs/place' }, { type: 'null' }] },
        maybe: { type: ['string', 'null'] },
      },
      required: ['city'],
      additionalProperties: false,
      $defs: { place: { type: 'object', properties: { name: { type: 'string' } } } },
    }
    for (const temperature of [0, 2]) {
      const format = { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema } }
      const { content, choice } = await chat({ response_format: format, temperature })
      assert.equal(choice.finish_reason, 'stop')
      const { note, ...rest } = JSON.parse(content ?? '') as Record<string, unknown>
      assert.ok(String(note).length >= 30)
      assert.deepEqual(rest, {
        city: 'tiny recital',
        days: 0,
        sunny: true,
        kind: 'rain',
        when: '0000-01-01',
        hours: [0, 0],
        next: null,
        maybe: 'tiny recital',
      })
    }
  })

  const tools = [
    { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } },
    {
      type: 'function',
      function: {
        name: 'get_weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
      },
    },
  ]

  test('calls a tool when it has to', async () => {
    const named = { type: 'function', function: { name: 'get_weather' } }
    const { calls, choice } = await chat({ tools, tool_choice: named })
    assert.equal(choice.finish_reason, 'tool_calls')
    assert.equal(calls[0]?.type, 'function')
    assert.deepEqual(calls[0].function, { name: 'get_weather', arguments: '{"city":"tiny recital"}' })
    const required = await chat({ tools, tool_choice: 'required' })
    assert.deepEqual(required.calls[0]?.function, { name: 'get_time', arguments: '{}' })
    const cut = await chat({ tools, tool_choice: named, max_tokens: 2 })
    assert.equal(cut.choice.finish_reason, 'length')
  })

  test('calls none when it need not', async () => {
    assert.equal((await chat({ tools, max_tokens: 2 })).content, 'Hello. I ')
    const without = await chat({ tools, tool_choice: 'none', max_tokens: 2 })
    const plain = await chat({ max_tokens: 2 })
    assert.equal(without.usage.prompt_tokens, plain.usage.prompt_tokens)
  })

  test('goes on after the answers of tools', async () => {
    const call = {
      id: 'a',
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
    }
    const said = { role: 'assistant', content: null, tool_calls: [call] }
    const answered = { role: 'tool', tool_call_id: 'a', content: '{"celsius":20}' }
    const { content } = await chat({ tools, messages: [...messages, said, answered], max_tokens: 2 })
    assert.equal(content, 'Hello. I ')
  })

  test('embeds texts: the same alike, others apart', async () => {
    const input = ['hello world', 'hello world', 'hello there world', 'a cat sat on the mat']
    const { data, usage } = await ask({ input }, '/v1/embeddings')
    const vectors = data.map(({ embedding }) => embedding as number[])
    const similar = (a: number, b: number) =>
      vectors[a]?.reduce((sum, value, index) => sum + value * (vectors[b]?.[index] ?? 0), 0) ?? 0
    assert.ok(Math.abs(similar(0, 1) - 1) < 1e-6)
    assert.ok(similar(0, 2) > similar(0, 3))
    assert.ok(usage.prompt_tokens > 10)
    const encoded = await ask({ input: 'hello world', encoding_format: 'base64' }, '/v1/embeddings')
    const bytes = Buffer.from(encoded.data[0]?.embedding as string, 'base64')
    assert.ok(Math.abs(bytes.readFloatLE(0) - (vectors[0]?.[0] ?? 0)) < 1e-6)
  })

  test('refuses in words what it cannot do', async () => {
    const cases: Array<[object, string | null]> = [
      [{ n: 2 }, 'n'],
      [{ logit_bias: { 5: 1 } }, 'logit_bias'],
      [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages'],
      [{ messages: [{ role: 'user', content: 'word '.repeat(5000) }] }, 'messages'],
      [{ messages: [{ role: 'user', content: 'x'.repeat(200_000) }] }, null],
      [{ tools, response_format: { type: 'json_object' } }, 'response_format'],
      [{ temperature: 3 }, 'temperature'],
    ]
    for (const [fields, param] of cases) {
      const { status, error } = await ask({ messages, ...fields })
      assert.deepEqual([status, error.param], [400, param])
    }
    const long = await ask({ input: 'word '.repeat(3000) }, '/v1/embeddings')
    assert.deepEqual([long.status, long.error.param], [400, 'input'])
  })

  test('waits for its turn, and can be cancelled meanwhile', async () => {
    const order: number[] = []
    const all = [0, 1, 2, 3].map(async index => {
      await chat({ max_tokens: 3 })
      order.push(index)
    })
    await Promise.all(all)
    assert.deepEqual(order.toSorted(), [0, 1, 2, 3])
  })

  test('states its usage, as the meter sees it', async () => {
    assert.equal(await probeUsage(backend, tinyModelName, never), 'stated')
    const options = { stream: true, stream_options: { include_usage: true }, max_tokens: 7 }
    const { body } = await post(backend, '/v1/chat/completions', { messages, ...options })
    const price = () => ({ promptTotalCost: 1n, completionTotalCost: 2n, totalCost: 3n })
    const meter = createMeter({ contentType: 'text/event-stream', stream: true, price, maxTokens: 7 })
    meter.push(Buffer.from(body))
    assert.equal(meter.completionDeltas, 7)
    assert.equal(meter.usage.completionTokens, 7)
    assert.equal(meter.exceeded, false)
    assert.equal(meter.finished, true)
  })
})

describe('what keeps llama.cpp from starting', () => {
  test('no model, or something else', async () => {
    const tiny = Buffer.from(tinyModel())
    const files: Record<string, Uint8Array> = {
      text: Buffer.from('Once upon a time there was no model at all.'),
      'from-the-future': Buffer.concat([tiny.subarray(0, 4), Buffer.from([9, 0, 0, 0]), tiny.subarray(8)]),
      damaged: Buffer.concat([tiny.subarray(0, 8), Buffer.alloc(16, 0xff), tiny.subarray(24)]),
      'cut-off': tiny.subarray(0, 60_000),
    }
    await assert.rejects(create({ model: join(folder, 'missing') }), { code: 'model-unusable' })
    for (const [name, bytes] of Object.entries(files)) {
      const model = join(folder, name)
      await writeFile(model, bytes)
      await assert.rejects(create({ model }), { name: 'WorkerError', code: 'model-unusable' })
    }
  })

  test('a download without a folder', async () => {
    await assert.rejects(create({ model: 'hf:a/b/c.gguf' }), { code: 'download-failed' })
  })

  test('a start that was given up', async () => {
    const controller = new AbortController()
    controller.abort()
    await assert.rejects(create({ signal: controller.signal }), { code: 'cancelled' })
  })

  test('no library', async () => {
    const missing = () => Promise.reject(new Error('Cannot find package'))
    await assert.rejects(loadLibrary(missing), (error: WorkerError) => {
      assert.equal(error.code, 'inference-unavailable')
      return /npm install node-llama-cpp/.test(error.message)
    })
  })
})

function post(
  backend: Backend,
  path: BackendPath,
  json: Record<string, unknown>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    let status = 0
    let body = ''
    backend.run(
      { path, json, body: Buffer.from(JSON.stringify(json)), timeoutMs: 30_000 },
      {
        head: code => {
          status = code
        },
        data: bytes => {
          body += Buffer.from(bytes).toString()
          return true
        },
        end: () => resolve({ status, body }),
        failed: reject,
      },
    )
  })
}

function streamed(body: string): AnswerJson[] {
  return body
    .split('\n\n')
    .filter(event => event.startsWith('data: {'))
    .map(event => JSON.parse(event.slice(6)) as AnswerJson)
}
