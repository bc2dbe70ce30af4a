import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coinOf, decimalCoins, inCoins } from '../../src/http/coins.ts'

test('amounts are exact, however small or large', () => {
  assert.equal(inCoins(1_500_000_000n), '1.5 TON')
  assert.equal(inCoins(1n), '0.000000001 TON')
  assert.equal(inCoins(0n, 'GRAM'), '0 GRAM')
  assert.equal(inCoins(-1_000_000_001n), '−1.000000001 TON')
  assert.equal(inCoins(5_000_000_000_000_000_000n + 10n), '5,000,000,000.00000001 TON')
  assert.equal(decimalCoins(-1_234_500_000_000n), '-1234.5')
})

test('the name of the coin is that of the flag, then of the environment', () => {
  assert.equal(coinOf({}), 'TON')
  assert.equal(coinOf({ COCOON_COIN: 'GRAM' }), 'GRAM')
  assert.equal(coinOf({ COCOON_COIN: 'GRAM' }, 'COIN'), 'COIN')
})
