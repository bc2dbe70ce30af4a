import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tokensOf } from './proxy-end.ts'
import {
  chat,
  delta,
  events,
  requestOf,
  ServingBench,
  streamed,
  usageEvent,
  used,
  usedTokens,
  whole,
} from './serving-bench.ts'

describe('a whole answer', () => {
  test('is one message from version 3 on, a head and a part before', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await ServingBench.start({ version })
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
      assert.equal(bench.world.timers, (await ServingBench.start()).world.timers - 1)
    }
  })

  test('goes to the backend as the request says, with the time that is left', async () => {
    const bench = await ServingBench.start({
      context: { backendModel: 'local' },
      request: { timeoutMs: 5_000 },
    })
    const { path, json, timeoutMs, body } = bench.backend.call.request
    assert.deepEqual(
      [path, json['model'], json['max_tokens'], timeoutMs],
      ['/v1/chat/completions', 'local', 100, 5_000],
    )
    assert.deepEqual(JSON.parse(Buffer.from(body).toString()), json)
  })

  test('costs what the query’s coefficient makes of it', async () => {
    const bench = await ServingBench.start({ request: { coefficient: 2_000 } })
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
      const bench = await ServingBench.start({ version, request: { enableDebug } })
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
      const bench = await ServingBench.start()
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
    const bench = await ServingBench.start()
    await bench.backendDoes(
      backend => backend.head(204),
      backend => backend.end(),
    )
    assert.deepEqual([bench.answer.status, bench.answer.text], [204, ''])
  })

  test('that is very long waits for the proxy to read, and arrives', async () => {
    for (const version of [0, 3]) {
      const bench = await ServingBench.start({ version })
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
      const bench = await ServingBench.start({ request: { timeoutMs: 5_000 } })
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
    const bench = await ServingBench.start()
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
      const bench = await ServingBench.start({ version, json: streamed })
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

  test('the first piece of a turn leaves at once, the others together', async () => {
    const bench = await ServingBench.start({ json: streamed })
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => {
        for (const word of ['a', 'b', 'c']) backend.data(delta(word))
      },
    )
    assert.deepEqual(
      [bench.answer.messages.length, bench.answer.text],
      // The head, the first piece, the other two.
      [3, delta('a') + delta('b') + delta('c')],
    )
  })

  test('pauses the backend while the proxy does not read, and goes on after', async () => {
    const bench = await ServingBench.start({ json: streamed })
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
    const bench = await ServingBench.start({ json: streamed })
    const long = delta('x'.repeat(20 << 20))
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(long),
    )
    assert.equal(bench.answer.text.length, long.length)
  })

  test('that nobody asked for is one all the same', async () => {
    const bench = await ServingBench.start()
    await bench.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(delta('one')),
    )
    assert.equal(bench.answer.text, delta('one'))
  })

  test('past the limit of the request is cut in its own format, and charged up to the limit', async () => {
    const bench = await ServingBench.start({ json: { ...streamed, max_tokens: 2 } })
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

describe('a refused request', () => {
  const cases: Array<[string, Parameters<typeof ServingBench.start>[0], number, RegExp]> = [
    ['no time', { request: { timeoutMs: 0 } }, 504, /timeout/],
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
        const bench = await ServingBench.start({ ...options, version })
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
