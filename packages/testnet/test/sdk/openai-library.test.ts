import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Cocoon, readReceiptFile } from '@cocoon/client'
import { clientSealedAnswerPart, decode, encode } from '@cocoon/wire'
import OpenAI from 'openai'
import { type BackendScript, silence, wholeAnswer } from '../../src/index.ts'
import { startRelay } from './relay.ts'
import { model, pacedAnswer, type SdkStage, sdkStage } from './stage.ts'

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }
const words = ['Hello ', 'world', ', and ', 'all ', 'of it']
const messages = [{ role: 'user' as const, content: 'Hi' }]

const eitherWay: BackendScript = call => {
  const { stream } = JSON.parse(Buffer.from(call.request.body).toString()) as { stream?: boolean }
  return stream === true ? pacedAnswer(words, usage)(call) : wholeAnswer('Hello', usage)(call)
}

function library(
  stage: SdkStage,
  change: { baseURL?: string; cocoon?: Cocoon } = {},
): OpenAI & { cocoon: Cocoon } {
  const { baseURL = stage.baseURL } = change
  const cocoon = change.cocoon ?? stage.cocoon({ baseURL })
  const openai = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0, fetch: cocoon.fetch })
  return Object.assign(openai, { cocoon })
}

describe("OpenAI's own library over a sealing fetch", () => {
  test('a whole answer, with the receipt that its header names', async () => {
    await using stage = await sdkStage(eitherWay)
    await using relay = await startRelay(stage.baseURL)
    const openai = library(stage, { baseURL: relay.baseURL })
    const { data, response } = await openai.chat.completions.create({ model, messages }).withResponse()
    assert.equal(data.choices[0]?.message.content, 'Hello')
    assert.equal(response.headers.get('x-cocoon-protection'), 'sealed; simulated')
    const receipt = openai.cocoon.receipt(response.headers.get('x-cocoon-receipt') ?? '')
    assert.equal(readReceiptFile(JSON.stringify(receipt)).signed.receipt.completionTokens, 5)
    assert.deepEqual(
      relay.passed.map(({ path }) => path.replace(/[0-9a-f]{64}/, 'ID')),
      ['/v1/cocoon/offers?model=test%2Fmodel', '/v1/cocoon/identities/ID', '/v1/cocoon/sealed'],
    )
  })

  test('a stream, of which each chunk has a choice', async () => {
    await using stage = await sdkStage(eitherWay)
    const openai = library(stage)
    const stream = await openai.chat.completions.create({ model, messages, stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]!.delta.content ?? ''
    assert.equal(text, words.join(''))
    const counted = await openai.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let last: OpenAI.ChatCompletionChunk | undefined
    for await (const chunk of counted) last = chunk
    assert.deepEqual([last?.choices.length, last?.usage?.completion_tokens], [0, 5])
  })

  test('a stream has its receipt as a comment before its end', async () => {
    await using stage = await sdkStage(eitherWay)
    const cocoon = stage.cocoon()
    const response = await cocoon.fetch(`${stage.baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model, messages, stream: true }),
    })
    const text = await response.text()
    const [, id = ''] = /\n\n: cocoon-receipt ([0-9a-f]{64})\n\ndata: \[DONE\]\n\n$/.exec(text) ?? []
    assert.equal(id, response.headers.get('x-cocoon-receipt'))
    assert.ok(cocoon.receipt(id))
  })

  test('models, and refusals with their status', async () => {
    await using stage = await sdkStage(eitherWay)
    const openai = library(stage)
    const ids: string[] = []
    for await (const { id } of openai.models.list()) ids.push(id)
    assert.deepEqual(ids, [model])
    const wrong = openai.chat.completions.create({ model, messages, stream: 'yes' as never })
    await assert.rejects(wrong, { status: 400 })
    const unknown = openai.chat.completions.create({ model: 'another/model', messages })
    await assert.rejects(unknown, { status: 404, code: 'model_not_found' })
    await assert.rejects(openai.models.retrieve('none'), OpenAI.NotFoundError)
  })

  test('what cannot be sealed is not sent, nor to another place', async () => {
    await using stage = await sdkStage(eitherWay)
    await using relay = await startRelay(stage.baseURL)
    const openai = library(stage, { baseURL: relay.baseURL })
    await assert.rejects(openai.responses.create({ model, input: 'Hi' }), { code: 'unprotected' })
    const elsewhere = library(stage, { baseURL: 'http://127.0.0.1:9/v1', cocoon: openai.cocoon })
    await assert.rejects(elsewhere.chat.completions.create({ model, messages }), { status: 400 })
    assert.deepEqual(relay.passed, [])
  })

  test('an answer whose receipt does not hold is an error', async () => {
    await using stage = await sdkStage(pacedAnswer(words, usage))
    await using relay = await startRelay(stage.baseURL, {
      frames: frames => {
        const end = decode(clientSealedAnswerPart, frames.at(-1)!)
        const receipt = end.end!.receipt
        receipt.signature = Uint8Array.from(receipt.signature, (byte, at) => (at === 9 ? byte ^ 1 : byte))
        return [...frames.slice(0, -1), Buffer.from(encode(clientSealedAnswerPart, end))]
      },
    })
    const openai = library(stage, { baseURL: relay.baseURL })
    const stream = await openai.chat.completions.create({ model, messages, stream: true })
    let chunks = 0
    await assert.rejects(
      async () => {
        for await (const { choices } of stream) chunks += choices.length
      },
      { code: 'answer-invalid', message: /Do not rely on the text/ },
    )
    assert.ok(chunks > 2)
    const disputes = (): number =>
      relay.passed.filter(({ path, status }) => path === '/v1/cocoon/disputes' && status > 0).length
    for (let waited = 0; disputes() === 0; waited++) {
      assert.ok(waited < 400, 'nothing was disputed')
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    const dispute = relay.passed.find(({ path }) => path === '/v1/cocoon/disputes')
    assert.equal(dispute?.status, 202)
    assert.equal((JSON.parse(dispute!.body.toString()) as { reason: number }).reason, 1)
  })

  test('its signal ends it', async () => {
    await using stage = await sdkStage(silence)
    const asked = library(stage).chat.completions.create(
      { model, messages },
      { signal: AbortSignal.timeout(300) },
    )
    await assert.rejects(asked, OpenAI.APIUserAbortError)
  })
})
