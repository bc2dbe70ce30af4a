import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { clientPolicy, workerPolicy, type ClientContractData } from '../../src/index.ts'
import {
  clientStep,
  type ClientSituation,
  type ClientWish,
  depositObstacle,
  dropIdleWishes,
} from '../../src/settlement/client-steps.ts'
import { isPayoutDue, type WorkerSituation } from '../../src/settlement/worker-steps.ts'
import { config } from '../contracts/network.ts'

const ton = 1_000_000_000n
const secretHash = 'a'.repeat(64)
const params = { ...config, pricePerTokenNano: 100n, minProxyStakeNano: ton, minClientStakeNano: ton }

function contract(of: Partial<ClientContractData> = {}): ClientContractData {
  return {
    phase: 'open',
    balanceNano: ton,
    stakeNano: ton,
    chargedTokens: 0n,
    secretHash,
    unlockAtS: 0,
    params,
    ...of,
  } as ClientContractData
}

function situation(of: Partial<ClientSituation> = {}): ClientSituation {
  return {
    contract: contract(),
    params,
    secretHash,
    maxTokens: 0n,
    signedTokens: 0n,
    isLeaving: false,
    asked: new Set(),
    proxy: { phase: 'open', stakeNano: ton },
    grantedTokens: undefined,
    nowS: 1_000,
    ...of,
  }
}

const asking = (wish: ClientWish): Partial<ClientSituation> => ({ asked: new Set([wish]) })
const topUp = { do: 'top-up', addNano: ton, secretHash: undefined }

describe('what a client does next', () => {
  for (const [what, given, step] of [
    ['nothing before its contract is there', { contract: undefined }, undefined],
    ['nothing while the balance will do', {}, undefined],
    [
      'fills a new contract, and sets its secret with that',
      { contract: contract({ balanceNano: 0n, secretHash: '' }) },
      { ...topUp, secretHash },
    ],
    [
      'sets a secret that changed',
      { contract: contract({ secretHash: '' }) },
      { do: 'set-secret', secretHash },
    ],
    ['fills up below half of the stake', { contract: contract({ balanceNano: ton / 2n - 1n }) }, topUp],
    ['leaves half of the stake', { contract: contract({ balanceNano: ton / 2n }) }, undefined],
    ['counts what is used and not charged', { maxTokens: 5_000_001n }, topUp],
    [
      'counts what was charged once',
      { maxTokens: 9_000_000n, contract: contract({ chargedTokens: 9_000_000n }) },
      undefined,
    ],
    ['fills up when asked', asking('top-up'), topUp],
    ['charges at three quarters of the stake', { signedTokens: 7_500_000n }, { do: 'charge' }],
    ['does not charge below that', { signedTokens: 7_499_999n }, undefined],
    ['charges when asked', { signedTokens: 1n, ...asking('charge') }, { do: 'charge' }],
    [
      'charges nothing twice',
      { signedTokens: 5n, contract: contract({ chargedTokens: 5n }), ...asking('charge') },
      undefined,
    ],
    [
      'takes out what is above the stake',
      { contract: contract({ balanceNano: 2n * ton }), ...asking('withdraw') },
      { do: 'withdraw' },
    ],
    ['takes out nothing below it', asking('withdraw'), undefined],
    ['begins to close', { isLeaving: true }, { do: 'request-refund' }],
    ['waits for the proxy', { contract: contract({ phase: 'closing', unlockAtS: 1_000 }) }, undefined],
    [
      'closes without it after the delay',
      { contract: contract({ phase: 'closing', unlockAtS: 999 }) },
      { do: 'request-refund' },
    ],
    [
      'pays nothing into a contract that closes',
      { contract: contract({ phase: 'closing', unlockAtS: 2_000, balanceNano: 0n }) },
      undefined,
    ],
    [
      'does nothing once it is closed',
      { contract: contract({ phase: 'closed' }), isLeaving: true },
      undefined,
    ],
    [
      'does not close for good where the guarantee does not cover what is left',
      {
        contract: contract({ phase: 'closing', unlockAtS: 1, balanceNano: ton + 1n }),
        proxy: { phase: 'open', stakeNano: ton },
      },
      undefined,
    ],
    [
      'closes for good where the proxy is closed and pays out of what it holds',
      {
        contract: contract({ phase: 'closing', unlockAtS: 1, balanceNano: ton + 1n }),
        proxy: { phase: 'closed', stakeNano: 0n },
      },
      { do: 'request-refund' },
    ],
    [
      'closes for good at a loss where somebody asked for that',
      {
        contract: contract({ phase: 'closing', unlockAtS: 1, balanceNano: ton + 1n }),
        proxy: { phase: 'open', stakeNano: ton },
        asked: new Set(['accept-loss'] as const),
      },
      { do: 'request-refund' },
    ],
    [
      'pays nothing in at a proxy that is closing',
      { contract: contract({ balanceNano: 0n }), proxy: { phase: 'closing', stakeNano: ton } },
      undefined,
    ],
    [
      'pays nothing in where more was charged than its queries can have cost',
      { contract: contract({ balanceNano: 0n, chargedTokens: 10n ** 15n }), grantedTokens: 5n },
      undefined,
    ],
    [
      'pays nothing in without the guarantee',
      { contract: contract({ balanceNano: 0n }), proxy: { phase: 'open', stakeNano: ton - 1n } },
      undefined,
    ],
    [
      'pays nothing in before the guarantee is known',
      { contract: contract({ balanceNano: 0n }), proxy: undefined },
      undefined,
    ],
  ] as ReadonlyArray<[string, Partial<ClientSituation>, unknown]>) {
    test(what, () => assert.deepEqual(clientStep(situation(given), clientPolicy), step))
  }

  test('raises its stake to what it was told to keep', () => {
    const policy = { ...clientPolicy, stakeNano: 2n * ton }
    const filled = situation({ contract: contract({ balanceNano: 2n * ton }) })
    assert.deepEqual(clientStep(filled, policy), { do: 'raise-stake', stakeNano: 2n * ton })
    assert.deepEqual(clientStep(situation(), { ...policy, stakeNano: 1n }), undefined)
  })

  test('says what is in the way of a deposit', () => {
    assert.match(
      depositObstacle(situation({ proxy: { phase: 'open', stakeNano: 5n } }), clientPolicy)!,
      /guarantee of 5 nanotons/,
    )
    assert.match(depositObstacle(situation({ proxy: undefined }), clientPolicy)!, /not known yet/)
    assert.equal(
      depositObstacle(situation({ proxy: { phase: 'open', stakeNano: 0n } }), {
        ...clientPolicy,
        requireProxyStake: false,
      }),
      undefined,
    )
  })

  test('a wish that has nothing to act on is dropped, the others are kept', () => {
    const asked = new Set<ClientWish>(['withdraw', 'charge', 'top-up'])
    dropIdleWishes(situation(), asked)
    assert.deepEqual([...asked], ['top-up'])
    const kept = new Set<ClientWish>(['withdraw', 'charge'])
    dropIdleWishes(situation({ signedTokens: 1n, contract: contract({ balanceNano: 2n * ton }) }), kept)
    assert.equal(kept.size, 2)
  })

  test('whatever use a proxy states, it gets no more than the stake and what is filled up with', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 64n), fc.bigInt(0n, 1n << 64n), (maxTokens, signedTokens) => {
        let balanceNano = 0n
        for (let deposits = 0; ; deposits++) {
          assert.ok(deposits <= 2)
          const now = situation({ maxTokens, signedTokens, contract: contract({ balanceNano }) })
          const step = clientStep(now, clientPolicy)
          if (step?.do !== 'top-up') return
          balanceNano += step.addNano
        }
      }),
    )
  })
})

describe('when a worker cashes', () => {
  const usual: WorkerSituation = {
    signedTokens: 0n,
    paidTokens: 0n,
    isClosed: false,
    workerFeePerTokenNano: 100n,
    idleMs: 0,
    isAsked: false,
    isLeaving: false,
  }
  const tons = (count: bigint): bigint => (count * ton) / 100n
  for (const [what, given, isDue] of [
    ['nothing was earned', { isAsked: true }, false],
    ['20 TON were earned', { signedTokens: tons(20n) }, true],
    ['less was', { signedTokens: tons(20n) - 1n }, false],
    ['most of it was paid', { signedTokens: tons(30n), paidTokens: tons(20n) }, false],
    ['1 TON, and nothing for a while', { signedTokens: tons(1n), idleMs: 600_000 }, true],
    ['1 TON, and something just now', { signedTokens: tons(1n), idleMs: 599_999 }, false],
    ['somebody asked', { signedTokens: 1n, isAsked: true }, true],
    ['the registry changed', { signedTokens: 200_000n, isLeaving: true }, true],
    [
      'the registry changed, and it is not worth a transaction',
      { signedTokens: 199_999n, isLeaving: true },
      false,
    ],
    ['the contract has closed', { signedTokens: tons(20n), isClosed: true, isAsked: true }, false],
    ['more was paid than is signed', { signedTokens: 1n, paidTokens: 2n, isAsked: true }, false],
  ] as ReadonlyArray<[string, Partial<WorkerSituation>, boolean]>) {
    test(what, () => assert.equal(isPayoutDue({ ...usual, ...given }, workerPolicy), isDue))
  }
})
