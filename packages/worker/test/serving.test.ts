import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contractAddress, parsePseudoConfig, writePseudoConfig } from '@cocoon/money'
import { Connection, encode, httpRequest, type TokensUsed } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { WorkerAnswer } from '../src/answer.ts'
import { WorkerError } from '../src/error.ts'
import { type Outcome, Serving, type ServingContext, type ServingRequest } from '../src/serving.ts'
import { type Answer, ProxyEnd, tokensOf } from './proxy-end.ts'
import { ScriptedBackend } from './scripted-backend.ts'

const config = parsePseudoConfig(writePseudoConfig({ ownerAddress: contractAddress(0, new Uint8Array(32)) }))
const requestId = new Uint8Array(32).fill(6)
const chat = { model: 'acme/chat', max_tokens: 100, messages: [{ role: 'user', content: 'Hello there' }] }

function requestOf(json: unknown, path = '/v1/chat/completions'): Uint8Array {
  return encode(httpRequest, {
    _: 'http.request',
    method: 'POST',
    url: path,
    httpVersion: 'HTTP/1.1',
    headers: [],
    payload: Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)),
  })
}

/** One query at a worker, between a scripted backend and the proxy's end. */
class Bench {
  readonly world = new VirtualWorld()
  readonly backend = new ScriptedBackend()
  readonly proxy = new ProxyEnd(this.world)
  readonly ends: Array<[Outcome, TokensUsed]> = []
  #connection!: Connection
  serving!: Serving

  static async start(
    options: {
      json?: unknown
      query?: Uint8Array
      version?: number
      context?: Partial<ServingContext>
      request?: Partial<ServingRequest>
      countTokens?: ScriptedBackend['countTokens']
    } = {},
  ): Promise<Bench> {
    const bench = new Bench()
    const { world, backend } = bench
    if (options.countTokens !== undefined) backend.countTokens = options.countTokens
    const connection = new Connection({
      transport: bench.proxy.transport,
      world,
      side: 'dialer',
      events: {
        ready: () => {},
        packet: () => {},
        query: () => {},
        drain: () => bench.serving.resume(),
        closed: () => {},
      },
    })
    connection.start()
    bench.#connection = connection
    await world.settle()
    bench.serving = new Serving(
      {
        world,
        backend,
        config,
        model: 'acme/chat@1:2',
        backendModel: undefined,
        usageSource: 'stated',
        full: false,
        ...options.context,
      },
      {
        query: options.query ?? requestOf(options.json ?? chat),
        coefficient: 1000,
        timeoutMs: 60_000,
        enableDebug: false,
        ...options.request,
      },
      new WorkerAnswer(connection, options.version ?? 3, requestId, run => world.soon(run)),
      (outcome, tokens) => void bench.ends.push([outcome, tokens]),
    )
    bench.serving.start()
    await world.settle()
    return bench
  }

  /** Gives the backend's next steps time to get to the proxy. */
  async backendDoes(...steps: Array<(backend: ScriptedBackend) => void>): Promise<void> {
    for (const step of steps) {
      step(this.backend)
      await this.world.settle()
    }
  }

  get answer(): Answer {
    return this.proxy.answer(requestId)
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes
  }

  /** The one end that there was. */
  get end(): [Outcome, TokensUsed] {
    assert.equal(this.ends.length, 1)
    return this.ends[0]!
  }
}

const used = { prompt_tokens: 20, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } }
const usedTokens = tokensOf({ prompt: 16n, cached: 4n, completion: 5n })
const whole = JSON.stringify({
  choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }],
  usage: used,
})
const delta = (text: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`
const usageEvent = `data: ${JSON.stringify({ choices: [], usage: used })}\n\n`
const events = 'text/event-stream'
const streamed = { ...chat, stream: true }

describe('a whole answer', () => {
  test('is one message from version 3 on, a head and a part before', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await Bench.start({ version })
      await bench.backendDoes(
        backend => backend.head(),
        backend => backend.data(whole.slice(0, 40)),
        backend => backend.data(whole.slice(40)),
      )
      assert.deepEqual(bench.answer.messages, [])
      await bench.backendDoes(backend => backend.end())
      const { answer } = bench
      assert.equal(answer.messages.length, version === 3 ? 1 : 2)
      assert.deepEqual([answer.status, answer.headers['x-backend'], answer.tokens], [200, 'yes', usedTokens])
      const { usage } = JSON.parse(answer.text) as { usage: Record<string, number> }
      assert.deepEqual([usage['prompt_tokens'], usage['total_cost']], [20, 50])
      // What older proxies and clients expect among the headers.
      const headed = ['transfer-encoding', 'x-cocoon-worker-start', 'x-cocoon-worker-end'].map(
        name => name in answer.headers,
      )
      assert.deepEqual(headed, [version < 3, version < 3, version < 3])
      assert.deepEqual(bench.end, ['succeeded', usedTokens])
      assert.equal(bench.world.timers, (await Bench.start()).world.timers - 1)
    }
  })

  test('goes to the backend as the request says, with the time that is left', async () => {
    const bench = await Bench.start({ context: { backendModel: 'local' }, request: { timeoutMs: 5_000 } })
    const { path, json, timeoutMs, body } = bench.backend.call.request
    assert.deepEqual(
      [path, json['model'], json['max_tokens'], timeoutMs],
      ['/v1/chat/completions', 'local', 100, 5_000],
    )
    assert.deepEqual(JSON.parse(Buffer.from(body).toString()), json)
  })

  test('costs what the query’s coefficient makes of it', async () => {
    const bench = await Bench.start({ request: { coefficient: 2_000 } })
    await bench.backendDoes(
      backend => backend.head(),
      backend => backend.data(whole),
      backend => backend.end(),
    )
    assert.deepEqual(bench.answer.tokens, tokensOf({ prompt: 32n, cached: 8n, completion: 10n }))
  })

  test('tells the times where they are asked for', async () => {
    for (const [version, enableDebug] of [
      [3, true],
      [3, false],
      [1, true],
    ] as const) {
      const bench = await Bench.start({ version, request: { enableDebug } })
      await bench.backendDoes(
        backend => backend.head(),
        backend => backend.data(whole),
        backend => backend.end(),
      )
      assert.equal(bench.answer.debug === undefined, !enableDebug)
      if (enableDebug)
        assert.equal((JSON.parse(bench.answer.debug!) as { type: string }).type, 'worker_stats')
    }
  })

  test('with an error status of the backend is passed on and free', async () => {
    for (const [status, outcome] of [
      [404, 'succeeded'],
      [503, 'failed'],
    ] as const) {
      const bench = await Bench.start()
      await bench.backendDoes(
        backend => backend.head(status),
        backend => backend.data(JSON.stringify({ error: 'no', usage: used })),
        backend => backend.end(),
      )
      assert.deepEqual([bench.answer.status, bench.answer.tokens], [status, tokensOf({})])
      assert.deepEqual(bench.end, [outcome, tokensOf({})])
    }
  })

  test('without a body is an answer', async () => {
    const bench = await Bench.start()
    await bench.backendDoes(
      backend => backend.head(204),
      backend => backend.end(),
    )
    assert.deepEqual([bench.answer.status, bench.answer.text], [204, ''])
  })

  test('that is very long waits for the proxy to read, and arrives', async () => {
    for (const version of [0, 3]) {
      const bench = await Bench.start({ version })
      bench.proxy.connection.pause()
      const long = new Uint8Array(40 << 20).fill(0x20)
      await bench.backendDoes(
        backend => backend.head(200, 'application/octet-stream'),
        backend => backend.data(long),
      )
      await bench.backendDoes(backend => backend.end())
      assert.ok(bench.queuedBytes < 4 << 20, `${bench.queuedBytes} bytes wait`)
      assert.deepEqual(bench.ends, [])
      bench.proxy.connection.resume()
      await bench.world.settle()
      assert.equal(bench.answer.text.length, long.length)
      assert.equal(bench.end[0], 'succeeded')
      assert.equal(bench.proxy.cause, undefined)
    }
  })

  test('that is very long ends early where its time is over or its caller leaves', async () => {
    for (const why of ['cancelled', 'timeout'] as const) {
      const bench = await Bench.start({ request: { timeoutMs: 5_000 } })
      bench.proxy.connection.pause()
      await bench.backendDoes(
        backend => backend.head(200, 'application/octet-stream'),
        backend => backend.data(new Uint8Array(40 << 20)),
        backend => backend.end(),
      )
      if (why === 'cancelled') bench.serving.cancel()
      else await bench.world.advance(5_000)
      await bench.world.settle()
      bench.proxy.connection.resume()
      await bench.world.settle()
      assert.deepEqual(bench.answer.error?.code, why === 'cancelled' ? 653 : 652)
      assert.equal(bench.ends.length, 1)
    }
  })

  test('that is longer than any may be ends in an error', async () => {
    const bench = await Bench.start()
    await bench.backendDoes(backend => backend.head(200, 'application/octet-stream'))
    for (let pieces = 0; pieces < 9; pieces++)
      await bench.backendDoes(backend => backend.data(new Uint8Array(8 << 20)))
    assert.equal(bench.answer.status, 502)
    assert.ok(bench.backend.call.cancels > 0)
    assert.deepEqual(bench.end, ['failed', tokensOf({})])
  })
})

describe('a stream', () => {
  test('is told piece by piece in every version', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await Bench.start({ version, json: streamed })
      await bench.backendDoes(backend => backend.head(200, events))
      assert.deepEqual([bench.answer.status, bench.answer.messages.length], [200, 1])
      await bench.backendDoes(backend => backend.data(delta('one')))
      assert.equal(bench.answer.text, delta('one'))
      await bench.backendDoes(
        backend => backend.data(delta('two')),
        backend => backend.data(usageEvent),
      )
      assert.equal(bench.answer.tokens, undefined)
      await bench.backendDoes(
        backend => backend.data('data: [DONE]\n\n'),
        backend => backend.end(),
      )
      const { answer } = bench
      assert.ok(
        answer.text.startsWith(delta('one') + delta('two')) && answer.text.endsWith('data: [DONE]\n\n'),
      )
      assert.match(answer.text, /"total_cost":50/)
      assert.deepEqual(answer.tokens, usedTokens)
      assert.deepEqual(bench.end, ['succeeded', usedTokens])
    }
  })

  test('pieces of one turn leave together', async () => {
    const bench = await Bench.start({ json: streamed })
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => {
        for (const word of ['a', 'b', 'c']) backend.data(delta(word))
      },
    )
    assert.deepEqual(
      [bench.answer.messages.length, bench.answer.text],
      [2, delta('a') + delta('b') + delta('c')],
    )
  })

  test('pauses the backend while the proxy does not read, and goes on after', async () => {
    const bench = await Bench.start({ json: streamed })
    bench.proxy.connection.pause()
    await bench.backendDoes(backend => backend.head(200, events))
    let pieces = 0
    const piece = delta('x'.repeat(100_000))
    while (!bench.backend.call.paused) {
      assert.ok(pieces++ < 100, 'is never paused')
      await bench.backendDoes(backend => backend.data(piece))
    }
    assert.ok(bench.queuedBytes < 2 << 20)
    bench.serving.resume()
    assert.equal(bench.backend.call.resumes, 0)
    bench.proxy.connection.resume()
    await bench.world.settle()
    assert.equal(bench.backend.call.resumes, 1)
    await bench.backendDoes(
      backend => backend.data(usageEvent),
      backend => backend.end(),
    )
    assert.equal(bench.answer.tokens?.totalTokensUsed, 25n)
  })

  test('of very long pieces arrives', async () => {
    const bench = await Bench.start({ json: streamed })
    const long = delta('x'.repeat(20 << 20))
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(long),
    )
    assert.equal(bench.answer.text.length, long.length)
  })

  test('that nobody asked for is one all the same', async () => {
    const bench = await Bench.start()
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(delta('one')),
    )
    assert.equal(bench.answer.text, delta('one'))
  })

  test('past the limit of the request is cut in its own format, and charged up to the limit', async () => {
    const bench = await Bench.start({ json: { ...streamed, max_tokens: 2 } })
    await bench.backendDoes(backend => backend.head(200, events))
    for (const word of ['one', 'two', 'three', 'four'])
      await bench.backendDoes(backend => backend.data(delta(word)))
    await bench.world.settle()
    const { answer } = bench
    assert.ok(bench.backend.call.cancels > 0)
    assert.match(answer.text, /two/)
    assert.doesNotMatch(answer.text, /three|four/)
    assert.match(answer.text, /"finish_reason":"length"/)
    assert.match(answer.text, /data: \[DONE\]\n\n$/)
    assert.equal(answer.tokens?.completionTokensUsed, 2n)
    assert.equal(answer.error, undefined)
    assert.equal(bench.end[0], 'succeeded')
  })
})

describe('the end from the proxy’s side', () => {
  test('a cancelled query frees the backend and is tallied, before and during the answer', async () => {
    for (const version of [0, 1, 3]) {
      for (const begun of [false, true]) {
        const bench = await Bench.start({ version, json: streamed })
        if (begun) {
          await bench.backendDoes(
            backend => backend.head(200, events),
            backend => backend.data(delta('one')),
            backend => backend.data(usageEvent),
          )
        }
        bench.serving.cancel()
        bench.serving.cancel()
        await bench.world.settle()
        assert.equal(bench.backend.call.cancels, 1)
        assert.equal(bench.answer.error?.code, 653)
        assert.deepEqual(bench.answer.tokens, begun ? usedTokens : tokensOf({}))
        assert.equal(bench.end[0], 'cancelled')
        await bench.backendDoes(
          backend => backend.data(delta('late')),
          backend => backend.end(),
        )
        assert.equal(bench.ends.length, 1)
      }
    }
  })

  test('the tokens of a cancelled stream that stated no usage are counted by its pieces', async () => {
    const bench = await Bench.start({ json: streamed })
    await bench.backendDoes(backend => backend.head(200, events))
    for (const word of ['a', 'b', 'c']) await bench.backendDoes(backend => backend.data(delta(word)))
    bench.serving.cancel()
    await bench.world.settle()
    assert.equal(bench.answer.tokens?.completionTokensUsed, 3n)
    assert.equal(bench.answer.text, delta('a') + delta('b') + delta('c'))
  })

  test('what comes of a cancelled stream while its tokens are counted is not told', async () => {
    const counted = Promise.withResolvers<number>()
    const bench = await Bench.start({
      json: streamed,
      context: { usageSource: 'tokenizer' },
      countTokens: () => counted.promise,
    })
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(delta('one')),
    )
    bench.serving.cancel()
    await bench.backendDoes(
      backend => backend.data(delta('two')),
      backend => backend.end(),
    )
    counted.resolve(1)
    await bench.world.settle()
    assert.deepEqual([bench.answer.text, bench.answer.error?.code], [delta('one'), 653])
    assert.equal(bench.end[0], 'cancelled')
  })

  test('a connection that is lost while tokens are counted ends it once', async () => {
    const counted = Promise.withResolvers<number>()
    const bench = await Bench.start({ context: { usageSource: 'tokenizer' }, countTokens: () => counted.promise })
    await bench.backendDoes(
      backend => backend.head(),
      backend => backend.data('{}'),
      backend => backend.end(),
    )
    bench.serving.abandon()
    counted.resolve(1)
    await bench.world.settle()
    assert.deepEqual(bench.answer.messages, [])
    assert.equal(bench.end[0], 'cancelled')
  })

  test('cancelling after the end does nothing', async () => {
    const bench = await Bench.start()
    await bench.backendDoes(
      backend => backend.head(),
      backend => backend.data(whole),
      backend => backend.end(),
    )
    bench.serving.cancel()
    await bench.world.settle()
    assert.deepEqual([bench.end[0], bench.backend.call.cancels], ['succeeded', 0])
  })

  test('a lost connection frees the backend and tells nobody', async () => {
    const bench = await Bench.start({ json: streamed })
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(delta('one')),
    )
    const before = bench.answer.messages.length
    bench.serving.abandon()
    bench.serving.abandon()
    await bench.backendDoes(backend => backend.data(delta('two')))
    assert.equal(bench.backend.call.cancels, 1)
    assert.equal(bench.answer.messages.length, before)
    assert.deepEqual(bench.end, ['cancelled', tokensOf({})])
  })

  test('a query whose time is over', async () => {
    for (const begun of [false, true]) {
      const bench = await Bench.start({ json: streamed, request: { timeoutMs: 5_000 } })
      if (begun)
        await bench.backendDoes(
          backend => backend.head(200, events),
          backend => backend.data(usageEvent),
        )
      await bench.world.advance(5_000)
      assert.equal(bench.backend.call.cancels, 1)
      if (begun) assert.deepEqual([bench.answer.error?.code, bench.answer.tokens], [652, usedTokens])
      else assert.deepEqual([bench.answer.status, bench.answer.tokens], [504, tokensOf({})])
      assert.equal(bench.end[0], 'failed')
    }
  })

  test('a whole answer whose time is over in its middle is an error', async () => {
    const bench = await Bench.start({ request: { timeoutMs: 5_000 } })
    await bench.backendDoes(
      backend => backend.head(),
      backend => backend.data(whole),
    )
    await bench.world.advance(5_000)
    assert.deepEqual([bench.answer.status, bench.answer.tokens], [504, tokensOf({})])
  })
})

describe('a backend that fails', () => {
  test('before its answer, or in the middle of a whole one, is an error status', async () => {
    for (const begun of [false, true]) {
      for (const version of [0, 3]) {
        const bench = await Bench.start({ version })
        if (begun)
          await bench.backendDoes(
            backend => backend.head(),
            backend => backend.data(whole.slice(0, 30)),
          )
        await bench.backendDoes(backend =>
          backend.fail(new WorkerError('backend-unreachable', 'nobody listens')),
        )
        const { answer } = bench
        assert.deepEqual([answer.status, answer.tokens], [502, tokensOf({})])
        assert.match(answer.text, /"code":"backend_failed"/)
        assert.match(answer.text, /nobody listens/)
        assert.equal(bench.end[0], 'failed')
      }
    }
  })

  test('in the middle of a stream ends it with what was used', async () => {
    const bench = await Bench.start({ json: streamed })
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(delta('one')),
      backend => backend.fail(new WorkerError('backend-failed', 'out of memory')),
    )
    assert.equal(bench.answer.error?.code, 601)
    assert.equal(bench.answer.tokens?.completionTokensUsed, 1n)
    assert.equal(bench.end[0], 'failed')
  })

  test('in the same turn as its last piece loses nothing of that', async () => {
    const bench = await Bench.start({ json: streamed })
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => {
        backend.data(delta('one'))
        backend.fail(new WorkerError('backend-failed', 'out of memory'))
      },
    )
    assert.deepEqual([bench.answer.text, bench.answer.error?.code], [delta('one'), 601])
  })

  test('by being late is a timeout', async () => {
    const bench = await Bench.start()
    await bench.backendDoes(backend => backend.fail(new WorkerError('backend-timeout', 'late')))
    assert.equal(bench.answer.status, 504)
  })

  test('by ending without an answer', async () => {
    const bench = await Bench.start()
    await bench.backendDoes(backend => backend.end())
    assert.equal(bench.answer.status, 502)
    assert.equal(bench.ends.length, 1)
  })

  test('by stating more than any answer can have used', async () => {
    const absurd = { usage: { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1 } }
    const one = await Bench.start()
    await one.backendDoes(
      backend => backend.head(),
      backend => backend.data(JSON.stringify(absurd)),
      backend => backend.end(),
    )
    assert.deepEqual([one.answer.status, one.answer.tokens], [502, tokensOf({})])
    const other = await Bench.start({ json: streamed })
    await other.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(delta('one')),
      backend => backend.data(`data: ${JSON.stringify(absurd)}\n\n`),
    )
    assert.deepEqual([other.answer.error?.code, other.answer.tokens], [601, tokensOf({})])
    assert.ok(other.backend.call.cancels > 0)
  })
})

describe('a refused request', () => {
  const cases: Array<[string, Parameters<typeof Bench.start>[0], number, RegExp]> = [
    ['bytes that are no request', { query: new Uint8Array(10) }, 400, /not a valid HTTP request/],
    ['a body that is no JSON', { json: '{secret words' }, 400, /not valid JSON/],
    ['another model', { json: { ...chat, model: 'other' } }, 404, /model_not_found/],
    ['another path', { query: requestOf(chat, '/metrics') }, 404, /unknown_url/],
    ['a full worker', { context: { full: true } }, 503, /worker_busy/],
    ['answers that cannot be metered', { context: { usageSource: 'none' } }, 503, /backend_unmeterable/],
  ]
  for (const [what, options, status, words] of cases) {
    test(`${what}: a whole answer, and the backend is not asked`, async () => {
      for (const version of [0, 3]) {
        const bench = await Bench.start({ ...options, version })
        const { answer } = bench
        assert.deepEqual([answer.status, answer.tokens, answer.error], [status, tokensOf({}), undefined])
        assert.equal(answer.headers['content-type'], 'application/json')
        assert.equal('retry-after' in answer.headers, status === 503)
        assert.match(answer.text, words)
        assert.doesNotMatch(answer.text, /secret words/)
        assert.equal(bench.backend.calls.length, 0)
        assert.equal(bench.end[0], status < 500 ? 'succeeded' : 'failed')
      }
    })
  }
})

describe('an answer that states no usage', () => {
  const silent = JSON.stringify({ choices: [{ index: 0, message: { content: 'Hi there you' } }] })
  const finish = (backend: ScriptedBackend): void => {
    backend.head()
    backend.data(silent)
    backend.end()
  }

  test('is counted by the tokenizer', async () => {
    const asked: Array<[string, string]> = []
    const bench = await Bench.start({
      context: { usageSource: 'tokenizer' },
      countTokens: async (model, text) => {
        asked.push([model, text])
        return text.split(/\s/).length
      },
    })
    await bench.backendDoes(finish)
    assert.deepEqual(asked, [
      ['acme/chat', 'user\nHello there'],
      ['acme/chat', 'Hi there you'],
    ])
    assert.deepEqual(bench.answer.tokens, tokensOf({ prompt: 3n, completion: 3n }))
  })

  test('is estimated low where the tokenizer fails or takes too long', async () => {
    const hanging = (_model: string, _text: string, signal: AbortSignal): Promise<number> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    for (const countTokens of [
      async () => {
        throw new Error('down')
      },
      hanging,
    ]) {
      const bench = await Bench.start({ context: { usageSource: 'tokenizer' }, countTokens })
      await bench.backendDoes(finish)
      await bench.world.advance(2_000)
      assert.deepEqual(bench.answer.tokens, tokensOf({ prompt: 4n, completion: 1n }))
      assert.equal(bench.answer.status, 200)
    }
  })

  test('never counts more than the request allowed', async () => {
    const bench = await Bench.start({
      json: { ...chat, max_tokens: 7 },
      context: { usageSource: 'tokenizer' },
      countTokens: async () => 1_000,
    })
    await bench.backendDoes(finish)
    assert.equal(bench.answer.tokens?.completionTokensUsed, 7n)
  })

  test('costs an embedding its prompt alone', async () => {
    const bench = await Bench.start({
      query: requestOf({ model: 'acme/chat', input: ['some text', [1, 2, 3]] }, '/v1/embeddings'),
      context: { usageSource: 'tokenizer' },
      countTokens: async () => 2,
    })
    await bench.backendDoes(backend => {
      backend.head()
      backend.data(JSON.stringify({ data: [{ embedding: [0.5] }] }))
      backend.end()
    })
    assert.equal(bench.answer.tokens?.completionTokensUsed, 0n)
    assert.ok(bench.answer.tokens!.promptTokensUsed > 0n)
  })
})
