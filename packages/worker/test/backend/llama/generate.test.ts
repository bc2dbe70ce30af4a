import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp'
import { JsonEnd, StopFinder } from '../../../src/backend/llama/generate.ts'
import { choose, seededRandom } from '../../../src/backend/llama/sample.ts'
import { SequencePool, maxWaiting } from '../../../src/backend/llama/sequences.ts'
import type { Sampling } from '../../../src/backend/llama/task.ts'

describe('StopFinder', () => {
  test('finds the first stop, however the text is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 })
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }))
    fc.assert(
      fc.property(text, stops, fc.integer({ min: 1, max: 5 }), (whole, list, size) => {
        const finder = new StopFinder(list)
        let out = ''
        for (let i = 0; i < whole.length && !finder.found; i += size)
          out += finder.push(whole.slice(i, i + size))
        out += finder.rest()
        const starts = list.map(stop => whole.indexOf(stop)).filter(index => index >= 0)
        if (!finder.found) assert.equal(out, whole)
        else assert.ok(starts.some(start => out === whole.slice(0, start)))
        assert.equal(finder.found, starts.length > 0)
      }),
    )
  })

  test('holds back no more than could begin a stop', () => {
    const finder = new StopFinder(['END'])
    assert.equal(finder.push('the E'), 'the ')
    assert.equal(finder.push('N'), '')
    assert.equal(finder.push('C'), 'ENC')
    assert.equal(new StopFinder([]).push('x'), 'x')
  })
})

test('JsonEnd sees the last brace of any object', () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 3 }), fc.integer({ min: 1, max: 7 }), (value, size) => {
      const json = JSON.stringify(value)
      const end = new JsonEnd()
      for (let i = 0; i < json.length; i += size) {
        assert.equal(end.reached, false)
        end.push(json.slice(i, i + size))
      }
      assert.equal(end.reached, true)
    }),
  )
})

describe('choose', () => {
  const tokens = (...scores: number[]) => scores.map((score, index) => [index as Token, score] as const)
  const sampling: Sampling = {
    temperature: 1,
    topP: 1,
    topK: 0,
    minP: 0,
    seed: 1,
    frequencyPenalty: 0,
    presencePenalty: 0,
  }
  const draw = (scores: ReturnType<typeof tokens>, more: Partial<Sampling> = {}, recent: Token[] = []) => {
    const random = seededRandom(7)
    const counts = scores.map(() => 0)
    for (let i = 0; i < 2000; i++) {
      const [token] = choose(scores, { ...sampling, ...more }, recent, random)
      counts[token] = (counts[token] ?? 0) + 1
    }
    return counts.map(count => count / 2000)
  }

  test('follows the scores', () => {
    const [a = 0, b = 0, c = 0] = draw(tokens(Math.log(6), Math.log(3), Math.log(1)))
    assert.ok(Math.abs(a - 0.6) < 0.05 && Math.abs(b - 0.3) < 0.05 && Math.abs(c - 0.1) < 0.05)
    assert.deepEqual(draw(tokens(2, 1.9, 0), { temperature: 0 }), [1, 0, 0])
  })

  test('looks only at the likely ones', () => {
    assert.equal(draw(tokens(1, 1, 1), { topK: 2 })[2], 0)
    assert.equal(draw(tokens(Math.log(6), Math.log(3), Math.log(1)), { topP: 0.8 })[2], 0)
    assert.equal(draw(tokens(Math.log(6), Math.log(3), Math.log(1)), { minP: 0.4 })[2], 0)
  })

  test('penalises what was written', () => {
    const recent = [0, 0, 0] as Token[]
    assert.deepEqual(draw(tokens(2, 1.5), { temperature: 0, frequencyPenalty: 0.5 }, recent), [0, 1])
    assert.deepEqual(draw(tokens(2, 1.5), { temperature: 0, presencePenalty: 0.4 }, recent), [1, 0])
  })

  test('the same seed gives the same numbers', () => {
    const [a, b, c] = [seededRandom(5), seededRandom(5), seededRandom(6)]
    assert.equal(a(), b())
    assert.notEqual(a(), c())
  })
})

describe('SequencePool', () => {
  const pool = (count: number) => {
    let left = count
    const cleared: number[] = []
    const context = {
      get sequencesLeft() {
        return left
      },
      getSequence: () => {
        const id = left--
        return {
          clearHistory: () => Promise.resolve(void cleared.push(id)),
        } as unknown as LlamaContextSequence
      },
    }
    return { pool: new SequencePool(context as unknown as LlamaContext), cleared }
  }
  const never = new AbortController().signal

  test('gives each to one, clears it between, and keeps the order', async () => {
    const { pool: sequences, cleared } = pool(1)
    const first = await sequences.acquire(never)
    const order: string[] = []
    const second = sequences.acquire(never).then(sequence => {
      order.push('second')
      return sequences.release(sequence)
    })
    const third = sequences.acquire(never).then(() => order.push('third'))
    assert.deepEqual(cleared, [])
    await sequences.release(first)
    await Promise.all([second, third])
    assert.deepEqual(
      [order, cleared],
      [
        ['second', 'third'],
        [1, 1],
      ],
    )
  })

  test('who gives up waiting is passed over', async () => {
    const { pool: sequences } = pool(1)
    const first = await sequences.acquire(never)
    const controller = new AbortController()
    const waiting = sequences.acquire(controller.signal)
    const next = sequences.acquire(never)
    controller.abort(new Error('gone'))
    await assert.rejects(waiting, /gone/)
    await sequences.release(first)
    assert.equal(await next, first)
    assert.throws(() => sequences.acquire(controller.signal), /gone/)
  })

  test('not more than so many wait', async () => {
    const { pool: sequences } = pool(0)
    for (let i = 0; i < maxWaiting; i++) void sequences.acquire(never)
    assert.throws(() => sequences.acquire(never), { code: 'backend-refused' })
  })
})
