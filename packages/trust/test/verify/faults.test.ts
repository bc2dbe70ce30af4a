import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { changedPlan, failedChecks, nowMs, tee } from './evidence.ts'
import { faultGoesUnnoticed } from './fault-suite.ts'
import { certificateFaults } from './certificate-faults.ts'
import { collateralFaults } from './collateral-faults.ts'
import { quoteFaults } from './quote-faults.ts'

describe('evidence without a fault is accepted', () => {
  for (const options of [
    { version: 3 },
    { version: 4 },
    { version: 5 },
    { version: 5, body: { kind: 'SGX' } },
    { version: 5, body: { kind: 'TD 1.5' } },
    // A module of version 0 has no identity of its own, and all its SVNs count.
    { version: 4, body: { teeTcbSvn: Uint8Array.from({ length: 16 }, (_, index) => (index === 1 ? 0 : 3)) } },
  ] as const) {
    test(JSON.stringify(options).slice(0, 60), async () => {
      const plan = changedPlan(() => ({}), options)
      const { quote, collateral } = tee.build(plan)
      const report = await verifyQuote(quote, collateral, { nowMs, root: tee.root, crypto: nodeCrypto })
      assert.deepEqual(failedChecks(report), [])
      assert.equal(report.verdict, 'accept')
      assert.equal(report.simulated, true)
    })
  }

  test('auth data may be of any length', async () => {
    for (const length of [0, 1, 33, 4000]) {
      const plan = changedPlan(({ quote }) => ({ quote: { ...quote, authData: new Uint8Array(length) } }))
      const { quote, collateral } = tee.build(plan)
      const report = await verifyQuote(quote, collateral, { nowMs, root: tee.root, crypto: nodeCrypto })
      assert.equal(report.verdict, 'accept', `${length} bytes`)
    }
  })
})

for (const [title, faults] of [
  ['certificates and revocation lists', certificateFaults],
  ['TCB info and QE identity', collateralFaults],
  ['the quote', quoteFaults],
] as const) {
  describe(`faults of ${title} are noticed by the check that is there for them`, () => {
    for (const fault of faults) {
      test(fault.name, async () => {
        assert.equal(await faultGoesUnnoticed(fault, nodeCrypto), undefined)
      })
    }
  })
}
