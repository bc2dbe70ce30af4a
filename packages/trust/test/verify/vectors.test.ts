import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nobleCrypto } from '../../src/crypto/noble.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { portableCrypto } from '../../src/crypto/portable.ts'
import { webCrypto } from '../../src/crypto/web.ts'
import { judgeQuote } from '../../src/policy/judge-quote.ts'
import { defaultPolicy, lenientPolicy } from '../../src/policy/quote-policy.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { failedChecks } from './evidence.ts'
import { caseFiles, caseNamed, caseOf } from './vectors.ts'

describe('real quotes with their collateral', () => {
  for (const file of caseFiles) {
    test(file.name, async () => {
      const { quote, collateral, nowMs } = caseOf(file)
      const options = { nowMs, ignoreTrailing: true, crypto: nodeCrypto }
      const { expected } = file
      const report = judgeQuote(await verifyQuote(quote, collateral, options), lenientPolicy)
      assert.equal(report.verdict, expected.verdict, report.reason ?? '')
      assert.equal(report.tcb?.status, expected.tcbStatus)
      assert.deepEqual(report.tcb?.advisoryIds, expected.advisoryIds)
      assert.equal(report.simulated, false)
      if (expected.tcbStatus === 'TcbNotSupported') return
      assert.equal(report.tcb?.platform?.status ?? null, expected.platform)
      assert.equal(report.tcb?.module?.status ?? null, expected.module)
      assert.equal(report.tcb?.qe?.status ?? null, expected.qe)
    })

    test(`${file.name}: every backend gives the same report`, async () => {
      const { quote, collateral, nowMs } = caseOf(file)
      const reports = await Promise.all(
        [nodeCrypto, webCrypto, nobleCrypto, portableCrypto].map(crypto =>
          verifyQuote(quote, collateral, { nowMs, ignoreTrailing: true, crypto }),
        ),
      )
      for (const report of reports) assert.deepEqual(report, reports[0])
      assert.deepEqual(JSON.parse(JSON.stringify(reports[0])), reports[0], 'a report is plain JSON')
    })
  }

  test('the default policy refuses an outdated platform, which is genuine', async () => {
    const { quote, collateral, nowMs } = caseNamed('automata-v4-gcp-0725')
    const verified = await verifyQuote(quote, collateral, { nowMs, ignoreTrailing: true })
    assert.equal(verified.verdict, 'accept')
    const judged = judgeQuote(verified, defaultPolicy)
    assert.equal(judged.verdict, 'reject')
    assert.equal(judged.kind, 'policy')
    assert.deepEqual(failedChecks(judged), ['tcb-status'])
  })

  test('bytes behind a quote are refused unless they are passed over expressly', async () => {
    const { quote, collateral, nowMs } = caseNamed('phala-tdx-quote')
    const strict = await verifyQuote(quote, collateral, { nowMs })
    assert.equal(failedChecks(strict)[0], 'quote-format')
    const trimmed = quote.subarray(0, quote.length - 70)
    assert.equal((await verifyQuote(trimmed, collateral, { nowMs })).verdict, 'accept')
  })

  test('a report says when the first of its proofs ends', async () => {
    const { quote, collateral, nowMs } = caseNamed('phala-sgx-quote')
    const report = await verifyQuote(quote, collateral, { nowMs })
    const ends = report.collateral.map(({ nextUpdate }) => nextUpdate).toSorted()
    assert.equal(report.expiresAt, ends[0])
    const expiry = Date.parse(report.expiresAt ?? '')
    assert.equal((await verifyQuote(quote, collateral, { nowMs: expiry })).verdict, 'accept')
    assert.equal((await verifyQuote(quote, collateral, { nowMs: expiry + 1000 })).verdict, 'reject')
  })

  test('nothing is accepted without any of the parts of its collateral', async () => {
    const { quote, collateral, nowMs } = caseNamed('phala-sgx-quote')
    for (const name of Object.keys(collateral).filter(name => name !== 'pckCrlIssuerChain')) {
      const rest = Object.fromEntries(Object.entries(collateral).filter(([field]) => field !== name))
      const report = await verifyQuote(quote, rest, { nowMs })
      assert.equal(report.verdict, 'reject', name)
      assert.equal(report.kind, 'invalid', name)
    }
    assert.equal((await verifyQuote(quote, {}, { nowMs })).verdict, 'reject')
  })

  test('collateral of another platform, kind or authority is of no use', async () => {
    const given = ['phala-tdx-quote', 'phala-sgx-quote', 'automata-v4-gcp-0725'].map(caseNamed)
    for (const [index, { quote }] of given.entries()) {
      for (const [otherIndex, { collateral, nowMs }] of given.entries()) {
        const report = await verifyQuote(quote, collateral, {
          nowMs,
          ignoreTrailing: true,
          crypto: nodeCrypto,
        })
        assert.equal(report.verdict, index === otherIndex ? 'accept' : 'reject')
      }
    }
  })
})
