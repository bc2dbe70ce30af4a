import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { createHttpBackend } from '../../src/backend/http.ts'
import type { WorkerError } from '../../src/error.ts'
import { testBackend } from './compliance.ts'
import { ask, json, request, serving } from './local-server.ts'
import type { Handler } from './local-server.ts'

const never = new AbortController().signal

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
