import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { createHttpBackend } from '../../src/backend/http.ts'
import type { HttpBackendOptions } from '../../src/backend/http.ts'
import { probeUsage } from '../../src/backend/probe.ts'
import type { BackendRequest } from '../../src/backend.ts'
import { WorkerError } from '../../src/error.ts'
import { createMeter } from '../../src/meter/meter.ts'
import { testBackend } from './compliance.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

const never = new AbortController().signal

async function serving(
  handler: Handler,
  use: (backend: ReturnType<typeof createHttpBackend>, server: Server) => Promise<void>,
  options: Partial<HttpBackendOptions> & { path?: string } = {},
): Promise<void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => handler(request, response, Buffer.concat(chunks).toString()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { path = '', ...rest } = options
  const backend = createHttpBackend({ url: `http://127.0.0.1:${port}${path}`, ...rest })
  try {
    await use(backend, server)
  } finally {
    await backend.close()
    server.closeAllConnections()
    server.close()
  }
}

/** As little of a real server as every backend has to cope with. */
const pretend: Handler = (incoming, response, body) => {
  if (incoming.url === '/v1/models') {
    json(response, { object: 'list', data: [{ id: 'm' }] })
    return
  }
  const asked = JSON.parse(body) as {
    messages: unknown
    max_tokens: number
    stream?: boolean
    hold?: boolean
  }
  const tokens = Math.min(asked.max_tokens, 10)
  const usage = { prompt_tokens: 5, completion_tokens: tokens }
  const choice = { index: 0, finish_reason: tokens < 10 ? 'length' : 'stop' }
  if (asked.hold === true) return
  if (!Array.isArray(asked.messages)) json(response, { error: { message: 'messages must be a list' } }, 400)
  else if (asked.stream !== true)
    json(response, { choices: [{ ...choice, message: { content: 'hi' } }], usage })
  else {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let sent = 0
    const next = () => {
      if (response.destroyed) return
      if (sent++ < tokens)
        response.write('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n', () =>
          setImmediate(next),
        )
      else response.end(`data: ${JSON.stringify({ choices: [choice], usage })}\n\ndata: [DONE]\n\n`)
    }
    next()
  }
}

testBackend('http', async () => {
  const { promise: done, resolve: dispose } = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<ReturnType<typeof createHttpBackend>>()
  const served = serving(pretend, async backend => {
    ready.resolve(backend)
    await done
  })
  return {
    backend: await ready.promise,
    model: 'm',
    dispose: () => {
      dispose()
      return served
    },
  }
})

interface Answer {
  status: number
  headers: Array<[string, string]>
  body: string
  error: WorkerError | undefined
}

function request(
  json: Record<string, unknown> = { a: 1 },
  more: Partial<BackendRequest> = {},
): BackendRequest {
  const body = Buffer.from(JSON.stringify(json))
  return { path: '/v1/chat/completions', body, json, timeoutMs: 10_000, ...more }
}

function ask(backend: ReturnType<typeof createHttpBackend>, what = request()): Promise<Answer> {
  return new Promise(resolve => {
    const answer: Answer = { status: 0, headers: [], body: '', error: undefined }
    backend.run(what, {
      head: (status, headers) => Object.assign(answer, { status, headers }),
      data: bytes => {
        answer.body += Buffer.from(bytes).toString()
        return true
      },
      end: () => resolve(answer),
      failed: error => resolve({ ...answer, error: error as WorkerError }),
    })
  })
}

const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

describe('a request', () => {
  test('carries the body, the type, the key, and nothing else of the caller', async () => {
    await serving(
      (incoming, response, body) => {
        const { method, url, headers } = incoming
        json(response, { method, url, headers, body })
      },
      async backend => {
        const { status, body } = await ask(backend)
        const seen = JSON.parse(body) as {
          method: string
          url: string
          headers: Record<string, string>
          body: string
        }
        assert.equal(status, 200)
        assert.equal(`${seen.method} ${seen.url} ${seen.body}`, 'POST /prefix/v1/chat/completions {"a":1}')
        assert.equal(seen.headers['authorization'], 'Bearer key')
        assert.equal(seen.headers['x-team'], 'a')
        assert.equal(seen.headers['content-type'], 'application/json')
        assert.equal(seen.headers['accept-encoding'], 'identity')
      },
      { path: '/prefix/v1/', apiKey: 'key', headers: { 'x-team': 'a' } },
    )
  })

  test('brings the head without headers between neighbours, then the body', async () => {
    await serving(
      (_incoming, response) => {
        response.writeHead(429, {
          'Content-Type': 'text/plain',
          'Retry-After': '7',
          'Set-Cookie': 'a=b',
          Server: 'x',
        })
        response.write('slow ')
        response.end('down')
      },
      async backend => {
        const answer = await ask(backend)
        assert.deepEqual(answer, {
          status: 429,
          headers: [
            ['content-type', 'text/plain'],
            ['retry-after', '7'],
          ],
          body: 'slow down',
          error: undefined,
        })
      },
    )
  })

  test('is cancelled at once, and the server sees the connection go', async () => {
    let gone: Promise<unknown> | undefined
    await serving(
      (incoming, response) => {
        gone = once(incoming.socket, 'close')
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: {}\n\n')
      },
      async backend => {
        const error = await new Promise<Error>((resolve, reject) => {
          const run = backend.run(request(), {
            head: () => {},
            data: () => {
              run.cancel()
              run.cancel()
              run.resume()
              return true
            },
            end: () => reject(new Error('ended')),
            failed: resolve,
          })
        })
        assert.equal((error as WorkerError).code, 'cancelled')
        await gone
      },
    )
  })

  test('can be cancelled before it has a connection', async () => {
    await serving(
      (_incoming, response) => response.writeHead(200).write('x'),
      async backend => {
        const started = new Promise<void>(resolve => {
          const first = backend.run(request(), {
            head: () => resolve(),
            data: () => true,
            end: () => {},
            failed: () => first.cancel(),
          })
        })
        await started
        const error = await new Promise<Error>(resolve => {
          const unexpected = (): never => assert.fail()
          const events = { head: unexpected, data: unexpected, end: unexpected, failed: resolve }
          backend.run(request(), events).cancel()
        })
        assert.equal((error as WorkerError).code, 'cancelled')
      },
      { poolSize: 1 },
    )
  })

  test('pauses while the callee is busy', async () => {
    const size = 8 * 1024 * 1024
    await serving(
      (_incoming, response) => response.writeHead(200).end(Buffer.alloc(size)),
      async backend => {
        let received = 0
        let whilePaused = 0
        let paused = false
        await new Promise<void>((resolve, reject) => {
          const run = backend.run(request(), {
            head: () => {},
            data: bytes => {
              received += bytes.length
              if (paused) whilePaused++
              if (received % 5 === 0) return true
              paused = true
              setImmediate(() => {
                paused = false
                run.resume()
              })
              return false
            },
            end: resolve,
            failed: reject,
          })
        })
        assert.equal(received, size)
        assert.equal(whilePaused, 0)
      },
    )
  })
})

describe('a failure has its own code', () => {
  test('nobody listens', async () => {
    await serving(
      () => {},
      async (backend, server) => {
        server.close()
        const { error } = await ask(backend)
        assert.equal(error?.code, 'backend-unreachable')
        await assert.rejects(backend.models(never), { code: 'backend-unreachable' })
      },
    )
  })

  test('the server is late', async () => {
    await serving(
      () => {},
      async backend => {
        const { error } = await ask(backend, request({}, { timeoutMs: 20 }))
        assert.equal(error?.code, 'backend-timeout')
        await assert.rejects(backend.models(never), { code: 'backend-timeout' })
      },
      { timeouts: { headMs: 20 } },
    )
  })

  test('the connection breaks in the middle of an answer', async () => {
    let requests = 0
    await serving(
      (incoming, response) => {
        requests++
        response.writeHead(200, { 'content-length': '100' })
        response.write('half', () => incoming.socket.destroy())
      },
      async backend => {
        const answer = await ask(backend)
        assert.deepEqual([answer.body, answer.error?.code, requests], ['half', 'backend-failed', 1])
      },
    )
  })

  test('the connection breaks before an answer: asked once more, not twice', async () => {
    let requests = 0
    await serving(
      (incoming, response) => {
        requests++
        if (requests === 2) json(response, { ok: true })
        else incoming.socket.destroy()
      },
      async backend => {
        assert.equal((await ask(backend)).body, '{"ok":true}')
        requests = 2
        assert.equal((await ask(backend)).error?.code, 'backend-failed')
        assert.equal(requests, 4)
      },
    )
  })

  test('answers without end and compressed answers', async () => {
    await serving(
      (incoming, response) => {
        if (incoming.url === '/v1/embeddings')
          response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
        else {
          response.on('error', () => {})
          const block = Buffer.alloc(1 << 20)
          const more = () => response.destroyed || response.write(block, more)
          more()
        }
      },
      async backend => {
        assert.equal((await ask(backend)).error?.code, 'answer-too-large')
        const compressed = await ask(backend, request({}, { path: '/v1/embeddings' }))
        assert.equal(compressed.error?.code, 'backend-unsuitable')
      },
    )
  })

  test('the backend is closed meanwhile', async () => {
    await serving(
      (_incoming, response) => response.writeHead(200).write('x'),
      async backend => {
        const answer = ask(backend)
        await backend.close()
        assert.equal((await answer).error?.code, 'closed')
        assert.equal((await ask(backend)).error?.code, 'closed')
      },
    )
  })

  test('what is no address', () => {
    for (const url of ['', 'localhost:8000', 'ftp://a'])
      assert.throws(() => createHttpBackend({ url }), { code: 'backend-unsuitable' })
  })
})

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
