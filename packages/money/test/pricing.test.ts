import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { priceUsage, splitPayment } from '../src/index.ts'

const even = { prompt: 10_000, cached: 10_000, completion: 10_000, reasoning: 10_000 }

test('an answer that a reference worker priced', () => {
  const usage = { promptTokens: 100, cachedTokens: 40, completionTokens: 50, reasoningTokens: 5 }
  assert.deepEqual(priceUsage(usage, 1500, { multipliers: even, pricePerTokenNano: 2n }), {
    adjusted: { prompt: 90n, cached: 60n, completion: 67n, reasoning: 7n, total: 224n },
    costs: { promptTotalCost: 300n, completionTotalCost: 148n, totalCost: 448n },
  })
})

test('the kinds weigh as the root says', () => {
  const multipliers = { prompt: 10_000, cached: 1_000, completion: 80_000, reasoning: 80_000 }
  const usage = { promptTokens: 1_000_000, cachedTokens: 0, completionTokens: 1_000_000, reasoningTokens: 0 }
  const { costs } = priceUsage(usage, 1000, { multipliers, pricePerTokenNano: 20n })
  assert.equal(costs.promptTotalCost, 20_000_000n)
  assert.equal(costs.completionTotalCost, 160_000_000n)
})

test('more cached than prompt, more reasoning than completion', () => {
  const usage = { promptTokens: 10, cachedTokens: 1000, completionTokens: 5, reasoningTokens: 6 }
  const { adjusted } = priceUsage(usage, 1000, { multipliers: even, pricePerTokenNano: 1n })
  assert.deepEqual(adjusted, { prompt: 0n, cached: 10n, completion: 0n, reasoning: 5n, total: 15n })
})

test('counts that are none', () => {
  const prices = { multipliers: even, pricePerTokenNano: 1n }
  const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 }
  for (const name of Object.keys(usage)) {
    for (const count of [-1, 0.5, NaN, ...(/cached|reasoning/.test(name) ? [] : [2 ** 31])]) {
      const refused = { name: 'MoneyError', code: 'amount' }
      assert.throws(() => priceUsage({ ...usage, [name]: count }, 1000, prices), refused, `${name} ${count}`)
    }
  }
})

test('whatever was used, the parts add up and none is negative', () => {
  const count = fc.nat({ max: 2 ** 31 - 1 })
  const usage = fc.record({
    promptTokens: count,
    cachedTokens: count,
    completionTokens: count,
    reasoningTokens: count,
  })
  fc.assert(
    fc.property(
      usage,
      fc.nat({ max: 10_000 }),
      fc.bigInt({ min: 0n, max: 1000n }),
      (usage, coefficient, price) => {
        const { adjusted, costs } = priceUsage(usage, coefficient, {
          multipliers: even,
          pricePerTokenNano: price,
        })
        const { prompt, cached, completion, reasoning, total } = adjusted
        for (const part of [prompt, cached, completion, reasoning]) assert.ok(part >= 0n)
        assert.equal(prompt + cached + completion + reasoning, total)
        assert.equal(costs.promptTotalCost + costs.completionTotalCost, costs.totalCost)
        assert.equal(costs.totalCost, total * price)
      },
    ),
  )
})

test('a payment divides without a rest', () => {
  const prices = { pricePerTokenNano: 20n, workerFeePerTokenNano: 19n }
  assert.deepEqual(splitPayment(50_000_000n, prices), {
    clientPaysNano: 1_000_000_000n,
    workerGetsNano: 950_000_000n,
    proxyKeepsNano: 50_000_000n,
  })
})
