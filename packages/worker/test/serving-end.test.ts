import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WorkerError } from '../src/error.ts'
import { tokensOf } from './proxy-end.ts'
import type { ScriptedBackend } from './scripted-backend.ts'
import {
  chat,
  delta,
  events,
  requestOf,
  ServingBench,
  streamed,
  usageEvent,
  usedTokens,
  whole,
} from './serving-bench.ts'

describe('the end from the proxy’s side', () => {
  test('a cancelled query frees the backend and is tallied, before and during the answer', async () => {
    for (const version of [0, 1, 3]) {
      for (const begun of [false, true]) {
        const bench = await ServingBench.start({ version, json: streamed })
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
    const bench = await ServingBench.start({ json: streamed })
    await bench.backendDoes(backend => backend.head(200, events))
    for (const word of ['a', 'b', 'c']) await bench.backendDoes(backend => backend.data(delta(word)))
    bench.serving.cancel()
    await bench.world.settle()
    assert.equal(bench.answer.tokens?.completionTokensUsed, 3n)
    assert.equal(bench.answer.text, delta('a') + delta('b') + delta('c'))
  })

  test('what comes of a cancelled stream while its tokens are counted is not told', async () => {
    const counted = Promise.withResolvers<number>()
    const bench = await ServingBench.start({
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
    const bench = await ServingBench.start({
      context: { usageSource: 'tokenizer' },
      countTokens: () => counted.promise,
    })
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
    const bench = await ServingBench.start()
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
    const bench = await ServingBench.start({ json: streamed })
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
      const bench = await ServingBench.start({ json: streamed, request: { timeoutMs: 5_000 } })
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
    const bench = await ServingBench.start({ request: { timeoutMs: 5_000 } })
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
        const bench = await ServingBench.start({ version })
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
    const bench = await ServingBench.start({ json: streamed })
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
    const bench = await ServingBench.start({ json: streamed })
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
    const bench = await ServingBench.start()
    await bench.backendDoes(backend => backend.fail(new WorkerError('backend-timeout', 'late')))
    assert.equal(bench.answer.status, 504)
  })

  test('by ending without an answer', async () => {
    const bench = await ServingBench.start()
    await bench.backendDoes(backend => backend.end())
    assert.equal(bench.answer.status, 502)
    assert.equal(bench.ends.length, 1)
  })

  test('by stating more than any answer can have used', async () => {
    const absurd = { usage: { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1 } }
    const one = await ServingBench.start()
    await one.backendDoes(
      backend => backend.head(),
      backend => backend.data(JSON.stringify(absurd)),
      backend => backend.end(),
    )
    assert.deepEqual([one.answer.status, one.answer.tokens], [502, tokensOf({})])
    const other = await ServingBench.start({ json: streamed })
    await other.backendDoes(
      backend => backend.head(200, events),
      backend => backend.data(delta('one')),
      backend => backend.data(`data: ${JSON.stringify(absurd)}\n\n`),
    )
    assert.deepEqual([other.answer.error?.code, other.answer.tokens], [601, tokensOf({})])
    assert.ok(other.backend.call.cancels > 0)
  })
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
    const bench = await ServingBench.start({
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
      const bench = await ServingBench.start({ context: { usageSource: 'tokenizer' }, countTokens })
      await bench.backendDoes(finish)
      await bench.world.advance(2_000)
      assert.deepEqual(bench.answer.tokens, tokensOf({ prompt: 4n, completion: 1n }))
      assert.equal(bench.answer.status, 200)
    }
  })

  test('never counts more than the request allowed', async () => {
    const bench = await ServingBench.start({
      json: { ...chat, max_tokens: 7 },
      context: { usageSource: 'tokenizer' },
      countTokens: async () => 1_000,
    })
    await bench.backendDoes(finish)
    assert.equal(bench.answer.tokens?.completionTokensUsed, 7n)
  })

  test('costs an embedding its prompt alone', async () => {
    const bench = await ServingBench.start({
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
