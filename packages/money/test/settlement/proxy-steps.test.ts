import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type ClientView, proxyPolicy, type ProxyContractData, type WorkerView } from '../../src/index.ts'
import {
  clientStep,
  isAnchorDue,
  isHeldUp,
  ownStep,
  type ProxyRules,
  workerStep,
} from '../../src/settlement/proxy-steps.ts'
import { config } from '../contracts/network.ts'

const ton = 1_000_000_000n
const params = { ...config, pricePerTokenNano: 100n, workerFeePerTokenNano: 70n, minProxyStakeNano: ton }
const rules: ProxyRules = { params, policy: proxyPolicy, isRetiring: false }
const retiring: ProxyRules = { ...rules, isRetiring: true }

/** A client with a stake of 1 TON, 10 million tokens. */
function books(max: bigint, committed = max, more: Partial<ClientView> = {}): ClientView {
  return {
    owner: `0:${'1'.repeat(64)}`,
    max,
    committedToDb: max,
    committedToChain: committed,
    signed: 0n,
    credit: { paid: 10n ** 9n, stake: 10n ** 7n, charged: 0n, lt: 0n },
    reserved: 0n,
    available: 0n,
    ...more,
  }
}

function account(phase: 'open' | 'closing' | 'closed', chargedTokens = 0n, stakeNano = ton) {
  return { phase, balanceNano: 100n * ton, stakeNano, chargedTokens, secretHash: '0'.repeat(64) }
}

describe('a client', () => {
  const million = 1_000_000n
  for (const [what, given, step] of [
    ['has used nothing', [books(0n), account('open'), rules], undefined],
    ['has used less than half of its stake', [books(4n * million), account('open'), rules], undefined],
    [
      'has used half of its stake',
      [books(5n * million), account('open'), rules],
      { do: 'charge', tokens: 5n * million },
    ],
    [
      'has a large stake and has used 10 TON',
      [books(100n * million), account('open', 0n, 1_000n * ton), rules],
      { do: 'charge', tokens: 100n * million },
    ],
    ['has used it, and no state has it', [books(5n * million, 0n), account('open'), rules], undefined],
    ['was charged for it', [books(5n * million), account('open', 5n * million), rules], undefined],
    ['was charged for more', [books(1n), account('open', 5n * million), rules], undefined],
    ['closes', [books(5n), account('closing'), rules], { do: 'refund', tokens: 5n }],
    ['closes and has used nothing', [books(0n), account('closing'), rules], { do: 'refund', tokens: 0n }],
    ['closes while a query runs', [books(5n, 5n, { reserved: 1n }), account('closing'), rules], undefined],
    ['closes before its use is in a state', [books(5n, 4n), account('closing'), rules], undefined],
    ['has closed', [books(5n), account('closed'), retiring], undefined],
    [
      'is open while the proxy winds down',
      [books(5n), account('open'), retiring],
      { do: 'refund', tokens: 5n },
    ],
  ] as ReadonlyArray<[string, Parameters<typeof clientStep>, unknown]>) {
    test(`that ${what}`, () => assert.deepEqual(clientStep(...given), step))
  }

  test('of a network without prices is not charged', () => {
    const free = { ...rules, params: { ...params, pricePerTokenNano: 0n } }
    assert.equal(clientStep(books(10n ** 12n), account('open'), free), undefined)
    assert.equal(isHeldUp(books(10n ** 12n, 0n), 'open', free.params), false)
  })

  test('is never charged, and never refunded, on a total that is in no confirmed state', () => {
    const amount = fc.bigInt(0n, 10n ** 12n)
    const phase = fc.constantFrom('open' as const, 'closing' as const, 'closed' as const)
    fc.assert(
      fc.property(
        fc.record({
          max: amount,
          part: amount,
          charged: amount,
          reserved: fc.bigInt(0n, 3n),
          phase,
          isRetiring: fc.boolean(),
        }),
        ({ max, part, charged, reserved, phase, isRetiring }) => {
          const committed = part < max ? part : max
          const view = books(max, committed, { reserved })
          const step = clientStep(view, account(phase, charged), { ...rules, isRetiring })
          if (step === undefined) return
          assert.equal(step.tokens, committed)
          if (step.do === 'charge') assert.ok(step.tokens > charged && phase === 'open')
          else assert.ok(committed === max && reserved === 0n && phase !== 'closed')
        },
      ),
    )
  })
})

describe('a worker', () => {
  const view = (max: bigint, committed: bigint, paid: bigint): WorkerView => ({
    owner: `0:${'2'.repeat(64)}`,
    max,
    committedToDb: max,
    committedToChain: committed,
    signed: 0n,
    paid,
  })
  const due = proxyPolicy.payoutAtNano / 70n + 1n
  for (const [what, given, step] of [
    ['earned little', [view(10n, 10n, 0n), false, rules], undefined],
    ['earned enough', [view(due, due, 0n), false, rules], { do: 'pay', tokens: due }],
    ['earned it in no state', [view(due, 0n, 0n), false, rules], undefined],
    ['was paid', [view(due, due, due), false, rules], undefined],
    ['was paid for more', [view(due, due, due + 1n), false, rules], undefined],
    ['has closed', [view(due, due, 0n), true, retiring], undefined],
    [
      'is owed little while the proxy winds down',
      [view(10n, 10n, 0n), false, retiring],
      { do: 'pay-last', tokens: 10n },
    ],
    [
      'is owed nothing while the proxy winds down',
      [view(10n, 10n, 10n), false, retiring],
      { do: 'pay-last', tokens: 10n },
    ],
    ['earned something that no state has', [view(10n, 9n, 0n), false, retiring], undefined],
    ['never earned anything', [view(0n, 0n, 0n), false, retiring], undefined],
  ] as ReadonlyArray<[string, Parameters<typeof workerStep>, unknown]>) {
    test(`that ${what}`, () => assert.deepEqual(workerStep(...given), step))
  }
})

describe('the own contract', () => {
  const contract = (of: Partial<ProxyContractData>): ProxyContractData =>
    ({ phase: 'open', balanceNano: 0n, stakeNano: ton, unlockAtS: 0, ...of }) as ProxyContractData
  const seen = { allSettled: false, nowS: 1_000 }
  const settled = { allSettled: true, nowS: 1_000 }
  for (const [what, given, step] of [
    ['is not deployed', [undefined, rules, seen], { do: 'deploy', stakeNano: ton }],
    ['is not deployed and not needed', [undefined, retiring, seen], undefined],
    ['has its guarantee', [contract({}), rules, seen], undefined],
    ['lacks some of it', [contract({ stakeNano: 1n }), rules, seen], { do: 'stake', addNano: ton - 1n }],
    ['has earned enough', [contract({ balanceNano: 10n * ton }), rules, seen], { do: 'withdraw' }],
    ['has earned little', [contract({ balanceNano: ton }), rules, seen], undefined],
    ['winds down', [contract({}), retiring, seen], { do: 'close' }],
    ['waits for others', [contract({ phase: 'closing', unlockAtS: 900 }), retiring, seen], undefined],
    ['waits for its time', [contract({ phase: 'closing', unlockAtS: 1_000 }), retiring, settled], undefined],
    [
      'can be closed',
      [contract({ phase: 'closing', unlockAtS: 999 }), retiring, settled],
      { do: 'complete-close' },
    ],
    ['is closed', [contract({ phase: 'closed' }), retiring, settled], undefined],
  ] as ReadonlyArray<[string, Parameters<typeof ownStep>, unknown]>) {
    test(`that ${what}`, () => assert.deepEqual(ownStep(...given), step))
  }
})

describe('a state of the books', () => {
  const due = (unsignedNano: bigint, sinceMs: number, isClientHeldUp = false, by = rules): boolean =>
    isAnchorDue({ unsignedNano, sinceMs, isClientHeldUp }, by)
  test('is announced at an amount, after a time, or where somebody waits for it', () => {
    const { anchorAtNano, anchorSoonestMs, anchorLatestMs, anchorWorthNano, anchorLastMs } = proxyPolicy
    assert.equal(due(0n, anchorLatestMs, true), false)
    assert.equal(due(anchorWorthNano, anchorLatestMs - 1), false)
    assert.equal(due(anchorWorthNano, anchorLatestMs), true)
    assert.equal(due(anchorWorthNano - 1n, anchorLatestMs), false)
    assert.equal(due(1n, anchorLastMs - 1), false)
    assert.equal(due(1n, anchorLastMs), true)
    assert.equal(due(anchorAtNano, anchorSoonestMs - 1), false)
    assert.equal(due(anchorAtNano, anchorSoonestMs), true)
    assert.equal(due(1n, anchorSoonestMs, true), true)
    assert.equal(due(1n, anchorSoonestMs, false, retiring), true)
  })

  test('is waited for by a client that closes, and by one near its stake', () => {
    assert.equal(isHeldUp(books(1n, 0n), 'closing', params), true)
    assert.equal(isHeldUp(books(1n), 'closing', params), false)
    assert.equal(isHeldUp(books(1n, 0n), 'open', params), false)
    assert.equal(isHeldUp(books(5_000_000n, 0n), 'open', params), true)
    assert.equal(isHeldUp(books(4_999_999n, 0n), 'open', params), false)
    assert.equal(isHeldUp(books(5_000_000n, 4_000_000n), 'open', params), false)
  })
})
