import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { capTokens } from '../src/token-cap.ts'
import { tokensOf } from './network.ts'

const partsOf = (tokens: ReturnType<typeof tokensOf>): bigint[] => [
  tokens.promptTokensUsed,
  tokens.cachedTokensUsed,
  tokens.completionTokensUsed,
  tokens.reasoningTokensUsed,
]

describe('capTokens', () => {
  test('a tally that is charged in full stays as it is', () => {
    const tokens = tokensOf(10n, {
      promptTokensUsed: 1n,
      cachedTokensUsed: 2n,
      completionTokensUsed: 3n,
      reasoningTokensUsed: 4n,
    })
    assert.equal(capTokens(tokens, 10n), tokens)
  })

  test('the last parts give way first', () => {
    const tokens = tokensOf(10n, {
      promptTokensUsed: 1n,
      cachedTokensUsed: 2n,
      completionTokensUsed: 3n,
      reasoningTokensUsed: 4n,
    })
    assert.deepEqual(partsOf(capTokens(tokens, 8n)), [1n, 2n, 3n, 2n])
    assert.deepEqual(partsOf(capTokens(tokens, 2n)), [1n, 1n, 0n, 0n])
    assert.deepEqual(partsOf(capTokens(tokens, 0n)), [0n, 0n, 0n, 0n])
  })

  test('what no part accounts for counts as prompt', () => {
    const tokens = tokensOf(10n, { promptTokensUsed: 1n, completionTokensUsed: 2n })
    assert.deepEqual(partsOf(capTokens(tokens, 10n)), [8n, 0n, 2n, 0n])
  })

  test('parts above the total are cut to it', () => {
    const tokens = tokensOf(5n, { promptTokensUsed: 4n, completionTokensUsed: 4n })
    assert.deepEqual(partsOf(capTokens(tokens, 5n)), [4n, 0n, 1n, 0n])
  })

  test('whatever a worker says, the parts are not negative and add up to the charge', () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        amount,
        amount,
        fc.bigInt({ min: 0n, max: 1_000n }),
        (...amounts) => {
          const [
            promptTokensUsed,
            cachedTokensUsed,
            completionTokensUsed,
            reasoningTokensUsed,
            stated,
            permille,
          ] = amounts
          const charged = (stated * permille) / 1_000n
          const capped = capTokens(
            tokensOf(stated, {
              promptTokensUsed,
              cachedTokensUsed,
              completionTokensUsed,
              reasoningTokensUsed,
            }),
            charged,
          )
          assert.equal(capped.totalTokensUsed, charged)
          assert.ok(partsOf(capped).every(part => part >= 0n))
          assert.equal(
            partsOf(capped).reduce((sum, part) => sum + part),
            charged,
          )
        },
      ),
    )
  })
})
