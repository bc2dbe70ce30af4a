import assert from 'node:assert/strict'
import { test } from 'node:test'
import { creditFromContract, creditWithoutChain, spendLimit } from '../src/index.ts'

test('without a chain every client may use 1 TON worth of tokens', () => {
  const limitAt = (pricePerTokenNano: bigint) =>
    spendLimit(creditWithoutChain({ minClientStakeNano: 1_000_000_000n, pricePerTokenNano }))
  assert.equal(limitAt(2n), 500_000_000n)
  assert.equal(limitAt(3n), 333_333_333n)
  assert.equal(limitAt(0n), 10n ** 12n)
})

test('credit from a contract', () => {
  const credit = creditFromContract(
    { balanceNano: 3_000_000_019n, stakeNano: 15_000_000_000n, chargedTokens: 50n },
    { pricePerTokenNano: 20n },
  )
  assert.deepEqual(credit, { paid: 150_000_050n, stake: 750_000_000n, charged: 50n })
  assert.equal(spendLimit(credit), 150_000_050n)
  // More than the stake may not run uncharged, however much is paid.
  assert.equal(spendLimit({ ...credit, paid: 10n ** 12n }), 750_000_050n)
})
