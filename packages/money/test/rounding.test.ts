import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { adjustTokens, reservationTokens } from '../src/index.ts'
import { tokensCovered } from '../src/rounding.ts'

const one = 10_000
const even = { prompt: one, cached: one, completion: one, reasoning: one }
const refused = { name: 'MoneyError', code: 'amount' }

test('adjusted tokens as the network counts them', () => {
  const examples = [
    [1000, 1500, one, 1500n],
    [57, 1100, 12_000, 75n],
    [1, 999, one, 0n],
    // Exact arithmetic gives 29; the product in binary64 is 28.999999999999996.
    [100, 290, one, 28n],
    [0, 4000, 80_000, 0n],
    [60, 1500, one, 90n],
    [40, 1500, one, 60n],
    [45, 1500, one, 67n],
    [5, 1500, one, 7n],
    [2 ** 31 - 1, 1000, one, 2147483647n],
  ] as const
  for (const [count, coefficient, multiplier, adjusted] of examples) {
    assert.equal(
      adjustTokens(count, coefficient, multiplier),
      adjusted,
      `${count} at ${coefficient}, ${multiplier}`,
    )
  }
})

test('adjusted tokens are at most one off the exact product, and never negative', () => {
  const count = fc.nat({ max: 1_000_000 })
  fc.assert(
    fc.property(
      count,
      fc.nat({ max: 10_000 }),
      fc.nat({ max: 100_000 }),
      (tokens, coefficient, multiplier) => {
        const adjusted = adjustTokens(tokens, coefficient, multiplier)
        const exact = (BigInt(tokens) * BigInt(coefficient) * BigInt(multiplier)) / 10_000_000n
        assert.ok(adjusted >= 0n && adjusted >= exact - 1n && adjusted <= exact + 1n)
      },
    ),
  )
})

test('amounts that are none', () => {
  for (const count of [-1, 0.5, NaN, Infinity, 2 ** 31]) {
    assert.throws(() => adjustTokens(count, 1000, one), refused)
    assert.throws(() => adjustTokens(1, count, one), refused)
    assert.throws(() => adjustTokens(1, 1000, count), refused)
    const query = { maxTokens: 1, queryBytes: 1, maxCoefficient: 1000, multipliers: even }
    assert.throws(() => reservationTokens({ ...query, maxTokens: count }), refused)
    assert.throws(() => reservationTokens({ ...query, queryBytes: count }), refused)
    assert.throws(() => reservationTokens({ ...query, maxCoefficient: count }), refused)
    assert.throws(() => reservationTokens({ ...query, multipliers: { ...even, cached: count } }), refused)
  }
  assert.throws(() => adjustTokens(2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1), refused)
})

test('a reservation with even multipliers is what reference proxies reserve, where that is whole', () => {
  const size = fc.nat({ max: 10_000_000 })
  fc.assert(
    fc.property(size, size, fc.nat({ max: 100 }), (maxTokens, queryBytes, factor) => {
      const maxCoefficient = factor * 1000
      const theirs = Math.trunc((maxTokens + queryBytes) * (maxCoefficient * 0.001) * 10_000 * 0.0001)
      const ours = reservationTokens({ maxTokens, queryBytes, maxCoefficient, multipliers: even })
      assert.equal(ours, BigInt(theirs))
    }),
  )
})

test('a reservation is exact and rounded up', () => {
  const reserve = (maxTokens: number, queryBytes: number, maxCoefficient: number, multipliers = even) =>
    reservationTokens({ maxTokens, queryBytes, maxCoefficient, multipliers })
  assert.equal(reserve(1000, 69, 4000), 4276n)
  assert.equal(reserve(100, 0, 290), 29n)
  assert.equal(reserve(1, 0, 1), 1n)
  assert.equal(reserve(0, 0, 4000), 0n)
  assert.equal(reserve(10, 7, 0), 0n)
  const mainnet = { prompt: 10_000, cached: 1_000, completion: 80_000, reasoning: 80_000 }
  assert.equal(reserve(1000, 500, 1000, mainnet), 8500n)
  const odd = { prompt: 1_000, cached: 20_000, completion: 5_000, reasoning: 30_000 }
  assert.equal(reserve(1000, 500, 1000, odd), 4000n)
})

test('a reservation covers every way to use it', () => {
  const multiplier = fc.nat({ max: 100_000 })
  const multipliers = fc.record({
    prompt: multiplier,
    cached: multiplier,
    completion: multiplier,
    reasoning: multiplier,
  })
  const use = fc.record({
    prompt: fc.nat({ max: 100_000 }),
    cached: fc.nat({ max: 100_000 }),
    completion: fc.nat({ max: 100_000 }),
    reasoning: fc.nat({ max: 100_000 }),
  })
  fc.assert(
    fc.property(multipliers, use, fc.nat({ max: 10_000 }), (multipliers, use, coefficient) => {
      const reserved = reservationTokens({
        maxTokens: use.completion + use.reasoning,
        queryBytes: use.prompt + use.cached,
        maxCoefficient: coefficient,
        multipliers,
      })
      const kinds = ['prompt', 'cached', 'completion', 'reasoning'] as const
      const cost = kinds.reduce(
        (sum, kind) => sum + adjustTokens(use[kind], coefficient, multipliers[kind]),
        0n,
      )
      assert.ok(cost <= reserved, `${cost} of ${reserved}`)
    }),
  )
})

test('a fraction of a token is not covered', () => {
  assert.equal(tokensCovered(59n, 20n), 2n)
  assert.equal(tokensCovered(60n, 20n), 3n)
})
