import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import { ClientError, createKey, KeyBook } from '../../src/role.ts'
import * as recorded from './recorded-answers.ts'
import {
  eventTexts,
  hello,
  lastBody,
  pieces,
  type Script,
  serve,
  type Served,
  summary,
  whole,
  world,
} from './scripted-network.ts'

function library(served: Served, options: { apiKey?: string; maxRetries?: number } = {}): OpenAI {
  return new OpenAI({ apiKey: 'any', maxRetries: 0, baseURL: `${served.url}/v1`, ...options })
}

const chatQuery = { ...hello, messages: [{ role: 'user' as const, content: 'Hello' }] }

test('lists and finds models', async () => {
  await using served = await serve(whole({}))
  served.network.offers = [{ id: 'org/tiny', workers: [] }]
  const openai = library(served)
  const ids: string[] = []
  for await (const model of openai.models.list()) ids.push(model.id)
  assert.deepEqual(ids, ['org/tiny'])
  assert.equal((await openai.models.retrieve('org/tiny')).owned_by, 'cocoon')
  await assert.rejects(openai.models.retrieve('none'), OpenAI.NotFoundError)
})

test('completes a chat', async () => {
  await using served = await serve(whole(recorded.completion('Hi! 👋'), 200, [['x-request-id', 'req-1']]))
  const { data, response, request_id } = await library(served)
    .chat.completions.create(chatQuery)
    .withResponse()
  assert.equal(data.choices[0]?.message.content, 'Hi! 👋')
  assert.deepEqual([response.headers.get('x-cocoon-total-cost'), request_id], ['448', 'req-1'])
})

test('streams a chat, and every chunk has a choice', async () => {
  const words = ['Hi', ' ', 'there', ' 👋']
  await using served = await serve(pieces(eventTexts(recorded.chunks(words))))
  const stream = await library(served).chat.completions.create({ ...chatQuery, stream: true })
  let text = ''
  let cost: unknown
  for await (const chunk of stream) {
    text += chunk.choices[0]!.delta.content ?? ''
    if (chunk.usage) cost = (chunk.usage as { total_cost?: number }).total_cost
  }
  assert.deepEqual([text, cost], [words.join(''), 448])

  const helper = library(served).chat.completions.stream({
    ...chatQuery,
    stream_options: { include_usage: true },
  })
  assert.equal(await helper.finalContent(), words.join(''))
  assert.equal((await helper.totalUsage()).completion_tokens, 9)
})

test('runs tools, whole and streamed', async () => {
  const script: Script = call => {
    const { messages, stream } = JSON.parse(Buffer.from(call.query.body).toString()) as {
      messages: Array<{ role: string; content: string }>
      stream?: boolean
    }
    const said = messages.at(-1)
    if (said?.role !== 'tool')
      return stream ? pieces(eventTexts(recorded.toolChunks))(call) : whole(recorded.toolCompletion)(call)
    return stream
      ? pieces(eventTexts(recorded.chunks([said.content])))(call)
      : whole(recorded.completion(said.content))(call)
  }
  await using served = await serve(script)
  const parameters = { type: 'object', properties: { city: { type: 'string' } } }
  const weather = {
    type: 'function' as const,
    function: {
      name: 'weather',
      description: 'Weather in a city',
      parameters,
      parse: JSON.parse as (text: string) => { city: string },
      function: ({ city }: { city: string }) => `Rain in ${city}`,
    },
  }
  for (const stream of [false, true] as const) {
    const runner = library(served).chat.completions.runTools({
      ...chatQuery,
      stream,
      tools: [weather],
    } as never)
    assert.equal(await runner.finalContent(), 'Rain in Köln')
    const sent = lastBody(served.network).value as { tools: Array<{ function: object }>; messages: object[] }
    assert.deepEqual(sent.tools[0]?.function, {
      name: 'weather',
      description: 'Weather in a city',
      parameters,
    })
    assert.deepEqual(sent.messages.at(-1), {
      role: 'tool',
      tool_call_id: 'call_a1b2',
      content: 'Rain in Köln',
    })
  }
})

test('keeps every option of the caller', async () => {
  await using served = await serve(whole(recorded.completion('{"a":1}')))
  const schema = {
    name: 'a',
    strict: true,
    schema: { type: 'object', properties: { a: { type: 'number' } } },
  }
  const options = {
    ...chatQuery,
    response_format: { type: 'json_schema' as const, json_schema: schema },
    seed: 42,
    logprobs: true,
    top_logprobs: 3,
    temperature: 0.1,
    stop: ['\n'],
    logit_bias: { 50256: -100 },
    parallel_tool_calls: false,
    user: 'u',
  }
  const parsed = await library(served).chat.completions.parse(options)
  assert.deepEqual(parsed.choices[0]?.message.parsed, { a: 1 })
  assert.deepEqual(lastBody(served.network).value, options)
})

test('completes and embeds', async () => {
  let script: Script = whole(recorded.textCompletion)
  await using served = await serve(call => script(call))
  const openai = library(served)
  const asked = { model: 'tiny', prompt: 'Once', max_tokens: 3 }
  assert.equal((await openai.completions.create(asked)).choices[0]?.text, ' upon a time')
  script = pieces(eventTexts(recorded.textChunks))
  let text = ''
  for await (const chunk of await openai.completions.create({ ...asked, stream: true }))
    text += chunk.choices[0]!.text
  assert.equal(text, ' upon')
  const vectors = [
    [0.25, -1],
    [1, 0.5],
  ]
  script = whole(recorded.embeddings(vectors))
  const embedded = await openai.embeddings.create({
    model: 'tiny',
    input: ['a', 'b'],
    encoding_format: 'float',
  })
  assert.deepEqual(
    embedded.data.map(({ embedding }) => embedding),
    vectors,
  )
})

test('an abort in the middle of a stream stops the query', async () => {
  await using served = await serve(({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    events.data(Buffer.from(eventTexts([recorded.chunk({ content: 'Hi' })])[0]!))
  })
  const stream = await library(served).chat.completions.create({ ...chatQuery, stream: true })
  for await (const chunk of stream) {
    assert.equal(chunk.choices[0]?.delta.content, 'Hi')
    stream.controller.abort()
  }
  await served.network.calls[0]!.cancelled
  const call = served.network.nextCall()
  const waiting = library(served).chat.completions.create(chatQuery, { timeout: 50 })
  await assert.rejects(waiting, OpenAI.APIConnectionTimeoutError)
  await (
    await call
  ).cancelled
})

test('errors arrive as the errors that the library has for them', async () => {
  let script: Script = whole({})
  const { entry, key } = createKey(world, { name: 'a' })
  await using served = await serve(call => script(call), { keys: new KeyBook({ keys: [entry] }, { world }) })
  const create = (body: object = {}, apiKey = key): Promise<unknown> =>
    library(served, { apiKey }).chat.completions.create({ ...chatQuery, ...body })
  const failsWith = (code: ConstructorParameters<typeof ClientError>[0]): void => {
    script = ({ events }) => events.failed(new ClientError(code, 'It failed.'), summary)
  }
  await assert.rejects(create({}, 'wrong'), OpenAI.AuthenticationError)
  await assert.rejects(create({ max_tokens: -1 }), (error: InstanceType<typeof OpenAI.APIError>) => {
    assert.ok(error instanceof OpenAI.BadRequestError)
    assert.deepEqual([error.param, error.type], ['max_tokens', 'invalid_request_error'])
    return true
  })
  failsWith('model-not-found')
  await assert.rejects(create(), OpenAI.NotFoundError)
  failsWith('rate-limited')
  await assert.rejects(create(), OpenAI.RateLimitError)
  failsWith('insufficient-balance')
  await assert.rejects(create(), { status: 402, code: 'insufficient_quota' })
  failsWith('no-worker')
  await assert.rejects(create(), OpenAI.InternalServerError)
  script = whole({ error: { message: 'no', type: 'invalid_request_error', param: null, code: 'x' } }, 422)
  await assert.rejects(create(), OpenAI.UnprocessableEntityError)
  script = pieces(
    eventTexts([recorded.chunk({ content: 'Hi' })]).slice(0, 1),
    new ClientError('upstream', 'Lost.'),
  )
  const stream = await library(served, { apiKey: key }).chat.completions.create({
    ...chatQuery,
    stream: true,
  })
  await assert.rejects(
    async () => {
      for await (const chunk of stream) assert.ok(chunk.choices[0])
    },
    { message: 'Lost.', code: 'bad_upstream' },
  )
})

test('the library tries again where that makes sense, and only there', async () => {
  let failure = new ClientError('rate-limited', 'Slow down.', { retryAfterMs: 1 })
  await using served = await serve(call => {
    if (served.network.calls.length % 2 === 1) call.events.failed(failure, summary)
    else return whole(recorded.completion('Hi'))(call)
  })
  const openai = library(served, { maxRetries: 1 })
  await openai.chat.completions.create(chatQuery)
  failure = new ClientError('no-worker', 'All busy.', { retryAfterMs: 1 })
  await openai.chat.completions.create(chatQuery)
  assert.equal(served.network.calls.length, 4)
  failure = new ClientError('budget-exhausted', 'Used up.')
  await assert.rejects(openai.chat.completions.create(chatQuery), OpenAI.RateLimitError)
  assert.equal(served.network.calls.length, 5)
})

test('a body that is too large is an error and not a broken connection', async () => {
  await using served = await serve(whole({}))
  const content = 'x'.repeat(16 * 1024 * 1024)
  const query = library(served).chat.completions.create({
    model: 'tiny',
    messages: [{ role: 'user', content }],
  })
  await assert.rejects(query, { status: 413, code: 'too_large' })
})
