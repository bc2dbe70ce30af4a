import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import { creditFromContract, creditWithoutChain, openSqliteLedger, spendLimit } from '../src/index.ts'

test('without a chain every client may use 1 TON worth of tokens', () => {
  const limitAt = (pricePerTokenNano: bigint) =>
    spendLimit(creditWithoutChain({ minClientStakeNano: 1_000_000_000n, pricePerTokenNano }))
  assert.equal(limitAt(2n), 500_000_000n)
  assert.equal(limitAt(3n), 333_333_333n)
  assert.equal(limitAt(0n), 10n ** 12n)
})

test('credit from a contract', () => {
  const credit = creditFromContract(
    { balanceNano: 3_000_000_019n, stakeNano: 15_000_000_000n, chargedTokens: 50n, lt: 7n },
    { pricePerTokenNano: 20n },
  )
  assert.deepEqual(credit, { paid: 150_000_050n, stake: 750_000_000n, charged: 50n, lt: 7n })
  assert.equal(spendLimit(credit), 150_000_050n)
  // More than the stake may not run uncharged, however much is paid.
  assert.equal(spendLimit({ ...credit, paid: 10n ** 12n }), 750_000_050n)
})

test('amounts that no contract should have are credit that any books can keep', async () => {
  const huge = (1n << 120n) - 1n
  const credit = creditFromContract(
    { balanceNano: huge, stakeNano: huge, chargedTokens: (1n << 64n) - 1n, lt: (1n << 64n) - 1n },
    { pricePerTokenNano: 1n },
  )
  assert.deepEqual([credit.paid, credit.stake], [(1n << 64n) - 1n, (1n << 64n) - 1n])
  const folder = await mkdtemp(join(tmpdir(), 'cocoon-credit-'))
  const owner = `0:${'1'.repeat(64)}`
  const options = { path: join(folder, 'books.sqlite'), contract: `0:${'2'.repeat(64)}`, world: systemWorld }
  try {
    const ledger = await openSqliteLedger(options)
    await ledger.openClient(owner, { ...credit, charged: 0n })
    await ledger.openWorker(owner)
    await ledger.reserve({ requestId: 'a', client: owner, tokens: 5n })
    await ledger.charge({ requestId: 'a', worker: owner, tokens: 5n })
    await ledger[Symbol.asyncDispose]()
    await using again = await openSqliteLedger(options)
    assert.equal(again.client(owner).max, 5n)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
