import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nodeCrypto } from '../../src/crypto/node.ts'
import type { EvidencePlan } from '../../src/simulate/plan.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { changedPlan, failedChecks, nowMs, tee } from './evidence.ts'

const secondMs = 1000
const fromMs = nowMs - 60_000
const toMs = nowMs + 60_000
const from = iso(fromMs)
const to = iso(toMs)

/** Each thing that has a beginning and an end, with those set to a minute before and after now. */
const periods: ReadonlyArray<
  readonly [what: string, noticedBy: string, plan: (plan: EvidencePlan) => Partial<EvidencePlan>]
> = [
  ['root', 'pck-chain-dates', certificate('root')],
  ['intermediate', 'pck-chain-dates', certificate('intermediate')],
  ['PCK', 'pck-chain-dates', certificate('pck')],
  ['TCB signing', 'tcb-info-issuer-chain', certificate('signer')],
  [
    'root CRL',
    'root-crl-dates',
    ({ rootCrl }) => ({ rootCrl: { ...rootCrl, thisUpdateMs: fromMs, nextUpdateMs: toMs } }),
  ],
  [
    'PCK CRL',
    'pck-crl-dates',
    ({ pckCrl }) => ({ pckCrl: { ...pckCrl, thisUpdateMs: fromMs, nextUpdateMs: toMs } }),
  ],
  [
    'TCB info',
    'tcb-info-dates',
    ({ tcbInfo }) => ({ tcbInfo: { ...tcbInfo, issueDate: from, nextUpdate: to } }),
  ],
  [
    'QE identity',
    'qe-identity-dates',
    ({ qeIdentity }) => ({ qeIdentity: { ...qeIdentity, issueDate: from, nextUpdate: to } }),
  ],
]

describe('every date counts, to the second', () => {
  for (const [what, noticedBy, plan] of periods) {
    test(what, async () => {
      const { quote, collateral } = tee.build(changedPlan(plan))
      const failedAt = async (atMs: number): Promise<string[]> =>
        failedChecks(
          await verifyQuote(quote, collateral, { nowMs: atMs, root: tee.root, crypto: nodeCrypto }),
        )
      assert.ok((await failedAt(fromMs - secondMs)).includes(noticedBy), 'a second too early')
      assert.deepEqual(await failedAt(fromMs), [], 'the first second')
      assert.deepEqual(await failedAt(toMs), [], 'the last second')
      assert.ok((await failedAt(toMs + secondMs)).includes(noticedBy), 'a second too late')
    })
  }

  test('the earliest end of all is told, whichever it is', async () => {
    for (const [what, , plan] of periods) {
      const { quote, collateral } = tee.build(changedPlan(plan))
      const { expiresAt } = await verifyQuote(quote, collateral, {
        nowMs,
        root: tee.root,
        crypto: nodeCrypto,
      })
      assert.equal(expiresAt, to, what)
    }
  })

  test('a clock that is no clock refuses', async () => {
    const { quote, collateral } = tee.build(changedPlan(() => ({})))
    for (const atMs of [0, -1, 8.64e15, Infinity, -Infinity, Number.NaN]) {
      const report = await verifyQuote(quote, collateral, { nowMs: atMs, root: tee.root, crypto: nodeCrypto })
      assert.equal(report.verdict, 'reject')
    }
  })
})

function certificate(
  name: keyof EvidencePlan['certificates'],
): (plan: EvidencePlan) => Partial<EvidencePlan> {
  return ({ certificates }) => ({
    certificates: {
      ...certificates,
      [name]: { ...certificates[name], notBeforeMs: fromMs, notAfterMs: toMs },
    },
  })
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z')
}
