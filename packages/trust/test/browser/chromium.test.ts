import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { caseFiles, caseOf } from '../verify/vectors.ts'
import { executablePath, skip } from './chromium.ts'
import { startModuleServer } from './module-server.ts'
import type { Outcome } from './test-runner.ts'

/** Tests that run in a browser as they are. */
const suites = [
  '/packages/trust/test/verify/vectors.test.ts',
  '/packages/trust/test/verify/faults.test.ts',
  '/packages/trust/test/verify/dates.test.ts',
  '/packages/trust/test/verify/tcb.test.ts',
  '/packages/trust/test/verify/fuzz.test.ts',
  '/packages/trust/test/x509/strictness.test.ts',
  '/packages/trust/test/policy/judge-quote.test.ts',
  '/packages/trust/test/policy/read-policy.test.ts',
]

describe('in headless Chromium', { skip, timeout: 120_000 }, async () => {
  test('the same tests pass, and the reports are the same', async () => {
    await using server = await startModuleServer()
    const browser = await chromium.launch({ executablePath: executablePath! })
    try {
      const page = await browser.newPage()
      await page.goto(server.url)
      const outcomes = (await page.evaluate(runInPage, suites)) as Outcome[]
      const failed = outcomes.filter(({ error }) => error !== undefined)
      assert.deepEqual(failed, [])
      assert.ok(outcomes.length > 300, `${outcomes.length} tests`)
      const reports = (await page.evaluate(reportsInPage)) as unknown[]
      assert.deepEqual(reports, await reportsHere())
    } finally {
      await browser.close()
    }
  })
})

async function runInPage(paths: readonly string[]): Promise<unknown> {
  for (const path of paths) await import(path)
  const { runTests } = await import('/packages/trust/test/browser/test-runner.ts' as string)
  return runTests()
}

async function reportsInPage(): Promise<unknown[]> {
  const { verifyQuote } = await import('/packages/trust/src/index.ts' as string)
  const { caseFiles, caseOf } = await import('/packages/trust/test/browser/vectors.ts' as string)
  const reports: unknown[] = []
  for (const file of caseFiles) {
    const { quote, collateral, nowMs } = caseOf(file)
    reports.push(await verifyQuote(quote, collateral, { nowMs, ignoreTrailing: true }))
  }
  return reports
}

function reportsHere(): Promise<unknown[]> {
  return Promise.all(
    caseFiles.map(file => {
      const { quote, collateral, nowMs } = caseOf(file)
      return verifyQuote(quote, collateral, { nowMs, ignoreTrailing: true, crypto: nodeCrypto })
    }),
  )
}
