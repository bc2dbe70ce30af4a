import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { probeUsage } from '../../src/backend/probe.ts'
import { createMeter } from '../../src/meter/meter.ts'
import { ask, json, request, serving } from './local-server.ts'
import type { Handler } from './local-server.ts'

const never = new AbortController().signal

describe('models', () => {
  const listing = async (answer: unknown, status = 200): Promise<unknown> => {
    let models: unknown
    await serving(
      (incoming, response) => {
        assert.equal(`${incoming.method} ${incoming.url}`, 'GET /v1/models')
        if (typeof answer === 'string') response.writeHead(status).end(answer)
        else json(response, answer, status)
      },
      async backend => {
        models = await backend.models(never)
      },
    )
    return models
  }

  test('as vLLM, llama-server and Ollama list them', async () => {
    const vllm = { object: 'list', data: [{ id: 'Qwen/Qwen3-8B', object: 'model', max_model_len: 40960 }] }
    assert.deepEqual(await listing(vllm), [{ id: 'Qwen/Qwen3-8B', contextTokens: 40960 }])
    const llamaServer = {
      models: [{ name: 'a' }],
      object: 'list',
      data: [{ id: 'a.gguf', meta: { n_ctx: 4096 } }],
    }
    assert.deepEqual(await listing(llamaServer), [{ id: 'a.gguf', contextTokens: 4096 }])
    const ollama = { object: 'list', data: [{ id: 'llama3.2:latest', object: 'model', owned_by: 'library' }] }
    assert.deepEqual(await listing(ollama), [{ id: 'llama3.2:latest' }])
  })

  test('any complete answer with status 200 is health', async () => {
    for (const answer of [
      '',
      '{"usage":{}}\n{"usage":{}}\n',
      'x'.repeat(2 << 20),
      '{"data":[7,{"id":7}]}',
      '[]',
    ])
      assert.deepEqual(await listing(answer), [])
    await assert.rejects(listing({}, 503), { code: 'backend-failed' })
  })

  test('can be given up', async () => {
    await serving(
      () => {},
      async backend => {
        const controller = new AbortController()
        const models = backend.models(controller.signal)
        controller.abort()
        await assert.rejects(models, { code: 'cancelled' })
        await assert.rejects(backend.models(controller.signal), { code: 'cancelled' })
      },
    )
  })
})

describe('countTokens', () => {
  test('asks in the words of vLLM and of llama-server', async () => {
    for (const answer of [{ count: 3, max_model_len: 9, tokens: [1, 2, 3] }, { tokens: [1, 2, 3] }]) {
      await serving(
        (incoming, response, body) => {
          assert.equal(incoming.url, '/tokenize')
          assert.deepEqual(JSON.parse(body), { model: 'm', prompt: 'a b', content: 'a b' })
          json(response, answer)
        },
        async backend => assert.equal(await backend.countTokens('m', 'a b', never), 3),
      )
    }
  })

  test('asks a server without a tokenizer only once', async () => {
    let requests = 0
    await serving(
      (_incoming, response) => {
        requests++
        json(response, { detail: 'Not Found' }, 404)
      },
      async backend => {
        for (let i = 0; i < 2; i++)
          await assert.rejects(backend.countTokens('m', 'a', never), { code: 'tokenizer-missing' })
        assert.equal(requests, 1)
      },
    )
  })

  test('an answer without a count is no count', async () => {
    await serving(
      (_incoming, response) => json(response, { count: -1 }),
      async backend => assert.rejects(backend.countTokens('m', 'a', never), { code: 'backend-failed' }),
    )
  })
})

describe('probeUsage', () => {
  const usage = { usage: { prompt_tokens: 1, completion_tokens: 1 } }
  const probing = async (handler: Handler): Promise<string> => {
    let source = ''
    await serving(handler, async backend => {
      source = await probeUsage(backend, 'm', never)
    })
    return source
  }

  test('stated in both forms', async () => {
    const source = await probing((_incoming, response, body) => {
      const asked = JSON.parse(body) as Record<string, unknown>
      assert.deepEqual([asked['model'], asked['max_tokens']], ['m', 1])
      if (asked['stream'] !== true) json(response, usage)
      else
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`data: ${JSON.stringify(usage)}\n\n`)
    })
    assert.equal(source, 'stated')
  })

  test('not stated in streams: the tokenizer counts, if there is one', async () => {
    const answers = (tokenize: number) =>
      probing((incoming, response, body) => {
        if (incoming.url === '/tokenize') json(response, { count: 2 }, tokenize)
        else if (body.includes('"stream":true')) {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.end('data: {"choices":[]}\n\ndata: [DONE]\n\n')
        } else json(response, usage)
      })
    assert.equal(await answers(200), 'tokenizer')
    assert.equal(await answers(404), 'none')
  })

  test('models without chat', async () => {
    const only = (path: string) =>
      probing((incoming, response, body) => {
        if (incoming.url !== path) json(response, { error: {} }, 400)
        else if (body.includes('"stream":true'))
          response
            .writeHead(200, { 'content-type': 'text/event-stream' })
            .end(`data: ${JSON.stringify(usage)}\n\n`)
        else json(response, usage)
      })
    assert.equal(await only('/v1/completions'), 'stated')
    assert.equal(await only('/v1/embeddings'), 'stated')
    await assert.rejects(only('/nothing'), { code: 'backend-unsuitable' })
  })
})

describe('recorded answers, through backend and meter', () => {
  const folder = new URL('../../../../vectors/metering/', import.meta.url)
  const free = () => ({ promptTotalCost: 0n, completionTotalCost: 0n, totalCost: 0n })
  for (const file of readdirSync(folder).filter(name => name.endsWith('.json'))) {
    test(file, async () => {
      const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Array<{
        contentType: string | null
        stream: boolean
        input: string
        usage: object
        exceeded?: boolean
        maxTokens?: number
      }>
      await serving(
        (_incoming, response, body) => {
          const { contentType, input } = cases[Number(JSON.parse(body))] ?? { contentType: null, input: '' }
          response.writeHead(200, contentType === null ? {} : { 'content-type': contentType })
          const half = Math.floor(input.length / 2)
          response.write(input.slice(0, half))
          setImmediate(() => response.end(input.slice(half)))
        },
        async backend => {
          for (const [index, { stream, usage, maxTokens }] of cases.entries()) {
            if (maxTokens !== undefined) continue
            const body = Buffer.from(String(index))
            const { headers, body: text } = await ask(backend, request({}, { body }))
            const contentType = headers.find(([name]) => name === 'content-type')?.[1]
            const meter = createMeter({ contentType, stream, price: free })
            meter.push(Buffer.from(text))
            assert.deepEqual(meter.usage, usage)
          }
        },
      )
    })
  }
})
