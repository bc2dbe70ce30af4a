import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai'
import { ClientError } from '../../src/role.ts'
import * as recorded from './recorded-answers.ts'
import {
  eventTexts,
  lastBody,
  pieces,
  type Script,
  serve,
  type Served,
  summary,
  whole,
} from './scripted-network.ts'

globalThis.AI_SDK_LOG_WARNINGS = false

function provider(served: Served): ReturnType<typeof createOpenAICompatible> {
  return createOpenAICompatible({
    name: 'cocoon',
    baseURL: `${served.url}/v1`,
    supportsStructuredOutputs: true,
  })
}

const weather = tool({
  description: 'Weather in a city',
  inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
  execute: async ({ city }) => `Rain in ${city}`,
})

const runsTool: Script = call => {
  const { messages, stream } = JSON.parse(Buffer.from(call.query.body).toString()) as {
    messages: Array<{ role: string }>
    stream?: boolean
  }
  const isDone = messages.at(-1)?.role === 'tool'
  if (stream)
    return pieces(eventTexts(isDone ? recorded.chunks(['Take an', ' umbrella']) : recorded.toolChunks))(call)
  return whole(isDone ? recorded.completion('Take an umbrella') : recorded.toolCompletion)(call)
}

test('generates text with a tool', async () => {
  await using served = await serve(runsTool)
  const model = provider(served)('tiny')
  const { text, steps, usage } = await generateText({
    model,
    prompt: 'Weather?',
    tools: { weather },
    stopWhen: stepCountIs(3),
  })
  assert.equal(text, 'Take an umbrella')
  assert.deepEqual(
    steps[0]?.toolResults.map(({ input, output }) => ({ input, output })),
    [{ input: { city: 'Köln' }, output: 'Rain in Köln' }],
  )
  assert.equal(usage.inputTokens, 48)
})

test('streams text with a tool', async () => {
  await using served = await serve(runsTool)
  const model = provider(served)('tiny')
  const { textStream, usage } = streamText({
    model,
    prompt: 'Weather?',
    tools: { weather },
    stopWhen: stepCountIs(3),
  })
  let text = ''
  for await (const part of textStream) text += part
  assert.equal(text, 'Take an umbrella')
  assert.equal((await usage).outputTokens, 18)
})

test('generates an object', async () => {
  await using served = await serve(whole(recorded.completion('{"city":"Köln"}')))
  const schema = jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } })
  const { output } = await generateText({
    model: provider(served)('tiny'),
    prompt: 'Where?',
    output: Output.object({ schema }),
  })
  assert.deepEqual(output, { city: 'Köln' })
  const { response_format: format } = lastBody(served.network).value as { response_format: { type: string } }
  assert.equal(format.type, 'json_schema')
})

test('completes and embeds', async () => {
  let script: Script = pieces(eventTexts(recorded.textChunks))
  await using served = await serve(call => script(call))
  let text = ''
  for await (const part of streamText({ model: provider(served).completionModel('tiny'), prompt: 'Once' })
    .textStream) {
    text += part
  }
  assert.equal(text, ' upon')
  script = whole(recorded.embeddings([[0.5], [1]]))
  const embedded = await embedMany({ model: provider(served).embeddingModel('tiny'), values: ['a', 'b'] })
  assert.deepEqual(embedded.embeddings, [[0.5], [1]])
})

test('an abort stops the query', async () => {
  await using served = await serve(({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    events.data(Buffer.from(eventTexts([recorded.chunk({ content: 'Hi' })])[0]!))
  })
  const abort = new AbortController()
  const model = provider(served)('tiny')
  const { fullStream } = streamText({ model, prompt: 'Hello', abortSignal: abort.signal, onError: () => {} })
  for await (const part of fullStream) if (part.type === 'text-delta') abort.abort()
  await served.network.calls[0]!.cancelled
})

test('errors keep their status, their message and whether to retry', async () => {
  let failure = new ClientError('no-worker', 'All workers are busy.')
  await using served = await serve(({ events }) => events.failed(failure, summary))
  const generate = () => generateText({ model: provider(served)('tiny'), prompt: 'Hello', maxRetries: 0 })
  const expect = (status: number, message: string, isRetryable: boolean) => (error: unknown) => {
    assert.ok(APICallError.isInstance(error))
    assert.deepEqual([error.statusCode, error.message, error.isRetryable], [status, message, isRetryable])
    return true
  }
  await assert.rejects(generate(), expect(503, 'All workers are busy.', true))
  failure = new ClientError('model-not-found', 'No such model.')
  await assert.rejects(generate(), expect(404, 'No such model.', false))
})
