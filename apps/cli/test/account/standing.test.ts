import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientStanding, lastingText, workerStanding } from '../../src/account/standing.ts'

const dayS = 86_400

test('how long a balance lasts is said in a unit that fits', () => {
  const cases: Array<[leftNano: bigint, spentNano: bigint, said: string | undefined]> = [
    [100n, 0n, undefined],
    [0n, 1n, 'nothing is left'],
    [30n, 1n, 'lasts about 30 days at the pace of the last 24 h'],
    [1n, 2n, 'lasts about 12 h at the pace of the last 24 h'],
    [1n, 48n, 'lasts about 30 min at the pace of the last 24 h'],
    [10_000n, 1n, 'lasts more than 10 years at the pace of the last 24 h'],
  ]
  for (const [leftNano, spentNano, said] of cases) assert.equal(lastingText(leftNano, spentNano, dayS), said)
})

test('closed contracts hold nothing, and nothing is left below zero', () => {
  const part = { proxy: 'p', stakeNano: 5n, uncharged: 0n }
  const standing = clientStanding(
    [
      { ...part, state: 'open', balanceNano: 10n, uncharged: 6n },
      { ...part, state: 'closed', balanceNano: 0n },
    ],
    { priceNano: 2n, walletNano: 7n },
  )
  assert.equal(standing.leftNano, 0n)
  assert.deepEqual(
    standing.lines.map(({ key, nano }) => [key, nano]),
    [
      ['deposited', 10n],
      ['stake', 5n],
      ['used', 12n],
      ['wallet', 7n],
    ],
  )
})

test("a worker's earnings are each counted once: paid, signed, or neither yet", () => {
  const { lines } = workerStanding(
    [
      { proxy: 'a', earned: 10n, signed: 7n, paid: 4n },
      // Paid by the proxy itself, further than what the worker holds a signature for.
      { proxy: 'b', earned: 10n, signed: 2n, paid: 9n },
    ],
    { feeNano: 3n, walletNano: 0n },
  )
  const [paid, signed, unsigned] = lines.map(({ nano }) => nano)
  assert.deepEqual([paid, signed, unsigned], [39n, 9n, 12n])
})
