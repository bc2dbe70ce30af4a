import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toHex } from '@cocoon/wire'
import { fromHex } from '../../src/bytes.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { type Binding, judgeQuote, requireAccepted } from '../../src/policy/judge-quote.ts'
import { defaultPolicy, lenientPolicy, type QuotePolicy } from '../../src/policy/quote-policy.ts'
import { readPolicy } from '../../src/policy/read-policy.ts'
import type { PlanOptions } from '../../src/simulate/plan.ts'
import type { QuoteReport } from '../../src/verify/report.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { failedChecks, nowMs, tee } from '../verify/evidence.ts'

async function reportOf(options: Omit<PlanOptions, 'nowMs'> = {}): Promise<QuoteReport> {
  const { quote, collateral } = tee.evidence({ nowMs, ...options })
  return verifyQuote(quote, collateral, { nowMs, root: tee.root, crypto: nodeCrypto })
}

const simulated: QuotePolicy = { ...defaultPolicy, allowSimulated: true }

async function failures(
  policy: Partial<QuotePolicy>,
  options: Omit<PlanOptions, 'nowMs'> = {},
  binding: Binding = {},
): Promise<string[]> {
  return failedChecks(judgeQuote(await reportOf(options), { ...simulated, ...policy }, binding))
}

function attributes(...bits: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8)
  for (const bit of bits) bytes[bit >> 3]! |= 1 << (bit & 7)
  return bytes
}

describe('a policy judges what is genuine', () => {
  test('the default policy accepts an up-to-date trust domain, but no simulated one', async () => {
    assert.deepEqual(await failures({}), [])
    assert.deepEqual(await failures({ allowSimulated: false }), ['root'])
  })

  test('a refusal is told from invalid evidence, which comes first', async () => {
    const refused = judgeQuote(await reportOf(), defaultPolicy)
    assert.deepEqual([refused.verdict, refused.kind], ['reject', 'policy'])
    assert.throws(() => requireAccepted(refused), { name: 'TrustError', code: 'policy-refused' })

    const { quote } = tee.evidence({ nowMs })
    const invalid = judgeQuote(await verifyQuote(quote, {}, { nowMs, root: tee.root }), defaultPolicy)
    assert.deepEqual([invalid.verdict, invalid.kind], ['reject', 'invalid'])
    assert.match(invalid.reason ?? '', /^root-crl-format: /)
    assert.throws(() => requireAccepted(invalid), { name: 'TrustError', code: 'evidence-invalid' })

    requireAccepted(judgeQuote(await reportOf(), simulated))
  })

  test('enclaves are accepted where they are named', async () => {
    assert.deepEqual(await failures({}, { version: 3 }), ['tee'])
    assert.deepEqual(await failures({ tees: ['sgx'] }, { version: 3 }), [])
    assert.deepEqual(await failures({ tees: ['sgx'] }), ['tee'])
  })

  test('DEBUG is refused, of trust domains and of enclaves', async () => {
    const debugTd = { body: { tdAttributes: attributes(0, 28) } }
    assert.deepEqual(await failures({}, debugTd), ['debug'])
    assert.deepEqual(await failures({ allowDebug: true }, debugTd), [])
    const debugEnclave = {
      version: 3,
      body: { attributes: Uint8Array.of(7, ...new Uint8Array(15)) },
    } as const
    assert.deepEqual(await failures({ tees: ['sgx'] }, debugEnclave), ['debug'])
  })

  test('every reserved bit of the TD attributes is refused, under every policy', async () => {
    const report = await reportOf()
    const judge = (bit: number): string[] => {
      const tdAttributes = toHex(attributes(28, bit))
      const measurements = { ...report.measurements, tdAttributes }
      return failedChecks(judgeQuote({ ...report, measurements }, { ...lenientPolicy, allowSimulated: true }))
    }
    const defined = new Set([0, 28, 30, 31, 63])
    for (let bit = 0; bit < 64; bit += 1)
      assert.deepEqual(judge(bit), defined.has(bit) ? [] : ['reserved-bits'])
  })

  test('SEPT_VE_DISABLE is asked for unless the policy does without', async () => {
    const options = { body: { tdAttributes: attributes() } }
    assert.deepEqual(await failures({}, options), ['sept-ve-disable'])
    assert.deepEqual(await failures({ requireSeptVeDisable: false }, options), [])
  })

  test('statuses have to be on the list, and Revoked is on none', async () => {
    const outOfDate = { tcb: { platform: 'OutOfDate' } } as const
    assert.deepEqual(await failures({}, outOfDate), ['tcb-status'])
    assert.deepEqual(await failures({ tcbStatuses: ['OutOfDate'] }, outOfDate), [])
    for (const status of ['Revoked', 'TcbNotSupported'] as const) {
      const report = judgeQuote(await reportOf({ tcb: { platform: status } }), {
        ...simulated,
        tcbStatuses: [status],
      })
      assert.ok(failedChecks(report).includes('tcb-status'))
    }
  })

  test('advisories, dates and evaluation numbers', async () => {
    const options = { tcb: { advisoryIds: ['INTEL-SA-1', 'INTEL-SA-2'] } }
    assert.deepEqual(await failures({ deniedAdvisoryIds: ['INTEL-SA-2'] }, options), ['advisories'])
    assert.deepEqual(await failures({ deniedAdvisoryIds: ['INTEL-SA-3'] }, options), [])
    assert.deepEqual(await failures({ minTcbDate: '2026-01-01T00:00:00Z' }), [])
    assert.deepEqual(await failures({ minTcbDate: '2026-01-01T00:00:01Z' }), ['tcb-date'])
    assert.deepEqual(await failures({ minTcbEvaluationDataNumber: 20 }), [])
    assert.deepEqual(await failures({ minTcbEvaluationDataNumber: 21 }), ['tcb-evaluation-number'])
  })

  test('every measurement can be pinned', async () => {
    const report = await reportOf({ version: 5, body: { kind: 'TD 1.5' } })
    const { measurements } = report
    const names = Object.keys(measurements ?? {}).filter(name => name !== 'imageHash')
    assert.equal(names.length, 13)
    for (const name of names) {
      const value = String(measurements?.[name as 'mrTd'])
      const judge = (pin: string): string[] =>
        failedChecks(judgeQuote(report, { ...simulated, measurements: { [name]: [pin] } }))
      assert.deepEqual(judge(value), [])
      assert.deepEqual(judge(`f${value.slice(1)}`), [`pin-${name}`])
    }
    const enclave = await reportOf({ version: 3 })
    for (const name of ['mrEnclave', 'mrSigner', 'attributes'] as const) {
      const judge = (pin: string): string[] =>
        failedChecks(judgeQuote(enclave, { ...simulated, tees: ['sgx'], measurements: { [name]: [pin] } }))
      assert.deepEqual(judge(String(enclave.measurements?.[name])), [])
      assert.deepEqual(judge('ab'), [`pin-${name}`])
    }
  })

  test('a pin of what the quote does not have is refused', async () => {
    const zeros = '00'.repeat(48)
    assert.deepEqual(await failures({ measurements: { mrServiceTd: [zeros] } }), ['pin-mrServiceTd'])
    assert.deepEqual(await failures({ tees: ['sgx'], measurements: { mrTd: [zeros] } }, { version: 3 }), [
      'pin-mrTd',
    ])
    assert.deepEqual(await failures({ tees: ['sgx'], imageHashes: [zeros] }, { version: 3 }), ['image-hash'])
    assert.deepEqual(await failures({ minIsvSvn: 0 }), ['isv-svn'])
    assert.deepEqual(await failures({ isvProdIds: [0] }), ['isv-prod-id'])
  })

  test('images, processors, products', async () => {
    const { measurements, platform } = await reportOf()
    assert.deepEqual(await failures({ imageHashes: [measurements?.imageHash ?? ''] }), [])
    assert.deepEqual(await failures({ imageHashes: ['00'.repeat(32)] }), ['image-hash'])
    assert.deepEqual(await failures({ ppids: [platform?.ppid ?? ''] }), [])
    assert.deepEqual(await failures({ ppids: ['00'.repeat(16)] }), ['ppid'])
    const enclave = { version: 3 } as const
    assert.deepEqual(await failures({ tees: ['sgx'], isvProdIds: [1], minIsvSvn: 1 }, enclave), [])
    assert.deepEqual(await failures({ tees: ['sgx'], isvProdIds: [2], minIsvSvn: 2 }, enclave), [
      'isv-prod-id',
      'isv-svn',
    ])
  })

  test('report data of another key make the evidence invalid', async () => {
    const reportData = fromHex('5a'.repeat(64))!
    assert.deepEqual(await failures({}, { body: { reportData } }, { reportData }), [])
    const report = judgeQuote(await reportOf(), simulated, { reportData })
    assert.deepEqual(failedChecks(report), ['report-data'])
    assert.equal(report.kind, 'invalid')
  })

  test('a report without its sections is refused on every count', async () => {
    const report = await reportOf()
    const empty = { ...report, quote: null, measurements: null, platform: null, tcb: null }
    const strict = readPolicy({
      allowSimulated: true,
      deniedAdvisoryIds: ['A'],
      minTcbDate: '2020-01-01',
      minTcbEvaluationDataNumber: 0,
      imageHashes: ['00'.repeat(32)],
      ppids: ['00'.repeat(16)],
    })
    assert.deepEqual(failedChecks(judgeQuote(empty, strict)), [
      'tee',
      'debug',
      'reserved-bits',
      'sept-ve-disable',
      'tcb-status',
      'advisories',
      'tcb-date',
      'tcb-evaluation-number',
      'image-hash',
      'ppid',
    ])
  })
})
