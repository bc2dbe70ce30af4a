import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ClientError, Cocoon, readReceiptFile } from '@cocoon/client'
import { portableCrypto } from '@cocoon/trust'
import { nodeCrypto, nodeSeal } from '@cocoon/trust/node'
import { nobleSeal } from '@cocoon/trust/seal'
import { type BackendScript, silence, streamedAnswer, wholeAnswer } from '../../src/index.ts'
import { startRelay } from './relay.ts'
import { messages, model, pacedAnswer, sdkStage } from './stage.ts'

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }
const words = ['Hello ', 'world', ', and ', 'all ', 'of it']
const backends = {
  portable: { seal: nobleSeal, proof: portableCrypto },
  node: { seal: nodeSeal, proof: nodeCrypto },
}

for (const [name, crypto] of Object.entries(backends)) {
  describe(`with the ${name} cryptography`, () => {
    for (const linkage of ['session', 'query'] as const) {
      test(`a whole answer comes sealed, with its receipt, one KEM a ${linkage}`, async () => {
        await using stage = await sdkStage(wholeAnswer('Hello', usage))
        const cocoon = stage.cocoon({ crypto, linkage })
        for (let round = 0; round < 3; round++) {
          const answer = await cocoon.chat.completions.create({ model, messages })
          assert.equal(answer.choices[0]?.message.content, 'Hello')
          const { protection, simulated, receipt, costNano } = answer.cocoon
          assert.deepEqual([protection, simulated], ['sealed', true])
          assert.ok(costNano! > 0n)
          assert.equal(readReceiptFile(JSON.stringify(receipt)).signed.receipt.completionTokens, 5)
          assert.deepEqual(cocoon.receipt(receipt!.id), receipt)
          assert.doesNotMatch(JSON.stringify(answer), /cocoon/)
        }
      })
    }

    test('a stream comes sealed, and its receipt at its end', async () => {
      await using stage = await sdkStage(pacedAnswer(words, usage))
      const cocoon = stage.cocoon({ crypto })
      const stream = await cocoon.chat.completions.create({ model, messages, stream: true })
      const pieces: string[] = []
      for await (const chunk of stream) pieces.push(chunk.choices[0]!.delta.content ?? '')
      assert.deepEqual(pieces.join(''), words.join(''))
      const { protection, receipt } = await stream.cocoon
      assert.equal(protection, 'sealed')
      assert.deepEqual(cocoon.receipt(receipt!.id), receipt)
    })
  })
}

test('without a choice of cryptography it has that of the place', async () => {
  await using stage = await sdkStage(wholeAnswer('Hello', usage))
  const answer = await stage.cocoon().chat.completions.create({ model, messages })
  assert.equal(answer.cocoon.protection, 'sealed')
})

test('answers in chunks of one size at one pace', async () => {
  await using stage = await sdkStage(pacedAnswer(words, usage))
  await using relay = await startRelay(stage.baseURL)
  const cocoon = stage.cocoon({ baseURL: relay.baseURL, shape: { chunkBytes: 256, cadenceMs: 10 } })
  const stream = await cocoon.chat.completions.create({ model, messages, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]!.delta.content ?? ''
  assert.equal(text, words.join(''))
})

test('completions, embeddings and models', async () => {
  await using stage = await sdkStage(({ request, events }) => {
    const { path } = request as { path: string }
    const data = path.endsWith('embeddings')
      ? {
          object: 'list',
          data: [{ index: 0, embedding: [0.5, 1] }],
          usage: { prompt_tokens: 3, total_tokens: 3 },
        }
      : {
          id: 'cmpl-1',
          choices: [{ index: 0, text: 'Yes', finish_reason: 'stop' }],
          usage: {
            prompt_tokens: 3,
            completion_tokens: 1,
            total_tokens: 4,
          },
        }
    events.head(200, [['content-type', 'application/json']])
    events.data(Buffer.from(JSON.stringify(data)))
    events.end()
  })
  const cocoon = stage.cocoon()
  const completion = await cocoon.completions.create({ model, prompt: 'Is it?', max_tokens: 3 })
  assert.equal(completion.choices[0]?.text, 'Yes')
  const embeddings = await cocoon.embeddings.create({ model, input: 'words' })
  assert.deepEqual(embeddings.data[0]?.embedding, [0.5, 1])
  assert.equal(embeddings.cocoon.protection, 'sealed')
  assert.deepEqual(
    (await cocoon.models.list()).data.map(({ id }) => id),
    [model],
  )
})

test('only what the caller asked for reaches the machine', async () => {
  await using stage = await sdkStage(wholeAnswer('Hello', usage))
  await stage.cocoon().chat.completions.create({
    model,
    messages,
    temperature: 0,
    timeout: 20,
    max_coefficient: 2_000,
    cocoon_protection: 'sealed',
  })
  const { request } = stage.backend.calls[0]!
  const body = JSON.parse(Buffer.from(request.body).toString()) as object
  assert.deepEqual(Object.keys(body).toSorted(), [
    'cache_salt',
    'max_tokens',
    'messages',
    'model',
    'temperature',
  ])
})

describe('what goes wrong', () => {
  test('a refusal of the machine is sealed too, and says what is wrong', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage))
    const asked = stage.cocoon().chat.completions.create({ model, messages, stream: 'yes' as never })
    await assert.rejects(asked, { code: 'invalid-request', message: /status 400/ })
  })

  test('a request that is none is not sent', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage))
    await using relay = await startRelay(stage.baseURL)
    const { create } = stage.cocoon({ baseURL: relay.baseURL }).chat.completions
    await assert.rejects(create({ model: '', messages }), { code: 'invalid-request', param: 'model' })
    await assert.rejects(create({ model, messages, n: 0 }), { code: 'invalid-request', param: 'n' })
    await assert.rejects(create({ model, messages, timeout: -1 }), { param: 'timeout' })
    assert.deepEqual(relay.passed, [])
  })

  test('a model that nobody offers, and a price that is too low', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage))
    const { create } = stage.cocoon().chat.completions
    await assert.rejects(create({ model: 'another/model', messages }), { code: 'model-not-found' })
    await assert.rejects(create({ model, messages, max_coefficient: 1 }), { code: 'unprotected' })
  })

  test('an endpoint that is not there', async () => {
    const cocoon = new Cocoon({ baseURL: 'http://127.0.0.1:9', allow: { images: [], models: [] } })
    await assert.rejects(cocoon.chat.completions.create({ model, messages }), { code: 'upstream' })
    await assert.rejects(cocoon.models.list(), { code: 'upstream' })
  })

  test('options that cannot work', () => {
    const allow = { images: [], models: [] }
    const configuration = { code: 'configuration' }
    assert.throws(() => new Cocoon({ baseURL: 'nowhere', allow }), configuration)
    assert.throws(() => new Cocoon({ baseURL: 'ftp://host', allow }), configuration)
    assert.throws(
      () => new Cocoon({ baseURL: 'http://host', allow: { ...allow, images: ['x'] } }),
      configuration,
    )
  })

  test('an answer that does not come in time', async () => {
    await using stage = await sdkStage(silence)
    const asked = stage.cocoon().chat.completions.create({ model, messages, timeout: 0.3 })
    await assert.rejects(asked, { code: 'timeout' })
  })
})

/** Says one word, and then nothing more until it is cancelled. */
const oneWord: BackendScript = ({ events }) => {
  events.head(200, [['content-type', 'text/event-stream']])
  const chunk = { choices: [{ index: 0, delta: { content: 'One' }, finish_reason: null }] }
  events.data(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`))
}

describe('a caller who leaves', () => {
  const cancelled = async (isCancelled: () => boolean | undefined): Promise<void> => {
    for (let waited = 0; isCancelled() !== true; waited++) {
      assert.ok(waited < 400, 'the machine still works')
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  test('by its signal while it waits frees the machine', async () => {
    await using stage = await sdkStage(silence)
    const controller = new AbortController()
    const asked = stage.cocoon().chat.completions.create({ model, messages }, { signal: controller.signal })
    setTimeout(() => controller.abort(), 300)
    await assert.rejects(asked, { code: 'cancelled' })
    await cancelled(() => stage.backend.calls[0]?.isCancelled)
    const early = stage.cocoon().chat.completions.create({ model, messages }, { signal: AbortSignal.abort() })
    await assert.rejects(early, { code: 'cancelled' })
  })

  test('by its signal within a stream frees the machine', async () => {
    await using stage = await sdkStage(oneWord)
    const controller = new AbortController()
    const { signal } = controller
    const stream = await stage.cocoon().chat.completions.create({ model, messages, stream: true }, { signal })
    await assert.rejects(
      async () => {
        for await (const chunk of stream) {
          assert.equal(chunk.choices[0]?.delta.content, 'One')
          controller.abort()
        }
      },
      { code: 'cancelled' },
    )
    await assert.rejects(stream.cocoon, { code: 'cancelled' })
    await cancelled(() => stage.backend.calls[0]?.isCancelled)
  })

  test('by leaving the loop frees the machine', async () => {
    await using stage = await sdkStage(oneWord)
    const stream = await stage.cocoon().chat.completions.create({ model, messages, stream: true })
    for await (const chunk of stream) {
      assert.equal(chunk.choices[0]?.delta.content, 'One')
      break
    }
    await assert.rejects(stream.cocoon, { code: 'cancelled' })
    await cancelled(() => stage.backend.calls[0]?.isCancelled)
  })
})

describe('where less protection will do', () => {
  test('what can be sealed is sealed all the same', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage))
    const answer = await stage.cocoon({ protection: 'any' }).chat.completions.create({ model, messages })
    assert.equal(answer.cocoon.protection, 'sealed')
  })

  test('what cannot be goes openly, and says so', async () => {
    await using stage = await sdkStage(({ request, ...call }) =>
      (Buffer.from(request.body).includes('"stream":true')
        ? streamedAnswer(words, usage)
        : wholeAnswer('Hello', usage))({ request, ...call }),
    )
    await using relay = await startRelay(stage.baseURL, { offers: json => ({ ...json, offers: [] }) })
    const cocoon = stage.cocoon({ baseURL: relay.baseURL, protection: 'any' })
    const answer = await cocoon.chat.completions.create({ model, messages })
    const { protection, endpoint, receipt, costNano } = answer.cocoon
    // The endpoint seals by itself here, and can read: its word is told as its word.
    assert.deepEqual([protection, endpoint, receipt], ['plain', 'sealed; simulated', undefined])
    assert.ok(costNano! > 0n)
    const stream = await cocoon.chat.completions.create({ model, messages, stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]!.delta.content ?? ''
    assert.equal(text, words.join(''))
    assert.equal((await stream.cocoon).protection, 'plain')
    const sealed = cocoon.chat.completions.create({ model, messages, cocoon_protection: 'sealed' })
    await assert.rejects(sealed, { code: 'unprotected' })
  })

  test('the endpoint is told what will do', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage), {
      network: { clients: [{}] },
    })
    await using relay = await startRelay(stage.baseURL, { offers: json => ({ ...json, offers: [] }) })
    const cocoon = stage.cocoon({ baseURL: relay.baseURL, protection: 'attested-proxy' })
    // Connections in memory prove nothing.
    await assert.rejects(cocoon.chat.completions.create({ model, messages }), { code: 'unprotected' })
    assert.equal(stage.backend.calls.length, 0)
    const any = await cocoon.chat.completions.create({ model, messages, cocoon_protection: 'any' })
    assert.equal(any.cocoon.protection, 'plain')
  })
})

test('an allow-list can come from a function, which is asked each time', async () => {
  await using stage = await sdkStage(wholeAnswer('Hello', usage))
  let { allow } = stage.believing
  const cocoon = stage.cocoon({ allow: async () => allow })
  await cocoon.chat.completions.create({ model, messages })
  allow = { ...allow, models: [] }
  await new Promise(resolve => setTimeout(resolve, 2_100))
  await cocoon.chat.completions.create({ model, messages }).catch((error: unknown) => {
    assert.ok(error instanceof ClientError)
  })
  await new Promise(resolve => setTimeout(resolve, 200))
  await assert.rejects(cocoon.chat.completions.create({ model, messages }), { code: 'unprotected' })
})
