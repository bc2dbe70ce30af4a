import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ComponentStatus, PlatformStatus, TcbStatus } from '../../src/collateral/tcb-status.ts'
import { platformStatuses } from '../../src/collateral/tcb-status.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { judgeQuote } from '../../src/policy/judge-quote.ts'
import { lenientPolicy } from '../../src/policy/quote-policy.ts'
import type { EvidencePlan, JsonObject, PlanOptions } from '../../src/simulate/plan.ts'
import { afterRelaunchCheck, converge } from '../../src/verify/convergence.ts'
import type { QuoteReport } from '../../src/verify/report.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { changedPlan, nowMs, tee } from './evidence.ts'

async function reportOf(
  options: Omit<PlanOptions, 'nowMs'>,
  change: (plan: EvidencePlan) => Partial<EvidencePlan> = () => ({}),
): Promise<QuoteReport> {
  const { quote, collateral } = tee.build(changedPlan(change, options))
  return verifyQuote(quote, collateral, { nowMs, root: tee.root, crypto: nodeCrypto })
}

describe('convergence, row by row', () => {
  const rows: ReadonlyArray<readonly [platform: PlatformStatus, outOfDate: PlatformStatus]> = [
    ['UpToDate', 'OutOfDate'],
    ['SWHardeningNeeded', 'OutOfDate'],
    ['ConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['ConfigurationAndSWHardeningNeeded', 'OutOfDateConfigurationNeeded'],
    ['OutOfDate', 'OutOfDate'],
    ['OutOfDateConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['Revoked', 'Revoked'],
  ]
  const components: readonly ComponentStatus[] = ['UpToDate', 'OutOfDate', 'Revoked']
  assert.deepEqual(rows.map(([platform]) => platform).toSorted(), [...platformStatuses].toSorted())

  for (const [platform, outOfDate] of rows) {
    test(platform, async () => {
      for (const module of components) {
        for (const qe of components) {
          const due = [module, qe].includes('Revoked')
            ? 'Revoked'
            : [module, qe].includes('OutOfDate')
              ? outOfDate
              : platform
          assert.equal(converge(platform, [module, qe]), due, `${module}, ${qe}`)
          const report = await reportOf({ tcb: { platform, module, qe } })
          assert.equal(report.tcb?.status, due, `${module}, ${qe}`)
          assert.equal(report.verdict, 'accept', 'the status is for the policy to judge')
          const judged = judgeQuote(report, { ...lenientPolicy, allowSimulated: true })
          assert.equal(judged.verdict, due === 'Revoked' ? 'reject' : 'accept')
          assert.equal(judged.kind, due === 'Revoked' ? 'policy' : null)
        }
      }
    })
  }
})

describe('relaunch of TD 1.5', () => {
  const outdated: ReadonlyArray<readonly [launch: PlatformStatus, current: PlatformStatus, due: TcbStatus]> =
    [
      ['OutOfDate', 'UpToDate', 'TDRelaunchAdvised'],
      ['OutOfDate', 'SWHardeningNeeded', 'TDRelaunchAdvised'],
      ['OutOfDate', 'ConfigurationNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
      ['OutOfDate', 'ConfigurationAndSWHardeningNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
      ['OutOfDate', 'OutOfDate', 'OutOfDate'],
      ['OutOfDate', 'OutOfDateConfigurationNeeded', 'OutOfDate'],
      ['OutOfDate', 'Revoked', 'OutOfDate'],
      ['OutOfDateConfigurationNeeded', 'UpToDate', 'TDRelaunchAdvisedConfigurationNeeded'],
      ['OutOfDateConfigurationNeeded', 'SWHardeningNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
      ['OutOfDateConfigurationNeeded', 'ConfigurationNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
      ['OutOfDateConfigurationNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded'],
    ]
  for (const [platform, current, due] of outdated) {
    test(`launched ${platform}, now ${current}`, async () => {
      assert.equal(afterRelaunchCheck(platform, current), due)
      const options = { version: 5, body: { kind: 'TD 1.5' }, tcb: { platform, current } } as const
      const report = await reportOf(options)
      assert.equal(report.tcb?.status, due)
      assert.equal(report.tcb?.currentStatus, current)
    })
  }

  test('other statuses at launch stay what they are', () => {
    for (const launch of platformStatuses.filter(status => !status.startsWith('OutOfDate'))) {
      for (const current of platformStatuses) assert.equal(afterRelaunchCheck(launch, current), launch)
    }
  })

  test('TD 1.0 in version 5 has none', async () => {
    const report = await reportOf({ version: 5, tcb: { platform: 'OutOfDate', current: 'UpToDate' } })
    assert.equal(report.tcb?.status, 'OutOfDate')
    assert.equal(report.tcb?.currentStatus, undefined)
  })

  test('an outdated module at launch counts as well', async () => {
    const tcb = { platform: 'UpToDate', module: 'OutOfDate', current: 'UpToDate' } as const
    const body = { kind: 'TD 1.5', teeTcbSvn2: svns([105, 1, 4]) } as const
    const report = await reportOf({ version: 5, body, tcb })
    assert.equal(report.tcb?.status, 'TDRelaunchAdvised')
  })
})

describe('levels', () => {
  test('the first that is reached applies, in the order of Intel', async () => {
    const levels = ['OutOfDate', 'UpToDate'].map(tcbStatus => level({}, { tcbStatus }))
    const report = await reportOf({}, ({ tcbInfo }) => ({ tcbInfo: { ...tcbInfo, tcbLevels: levels } }))
    assert.equal(report.tcb?.status, 'OutOfDate')
  })

  test('each of the 16 components of SGX, the PCE and those of TDX from the third on are compared', async () => {
    const isReached = async (tcb: JsonObject): Promise<boolean> => {
      const report = await reportOf({}, ({ tcbInfo }) => ({
        tcbInfo: { ...tcbInfo, tcbLevels: [level(tcb), level({}, { tcbStatus: 'OutOfDate' })] },
      }))
      return report.tcb?.status === 'UpToDate'
    }
    assert.equal(await isReached({}), true)
    assert.equal(await isReached({ pcesvn: 12 }), false)
    const [platform, module] = [
      [6, 6, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
      [5, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    for (let index = 0; index < 16; index += 1) {
      const above = (given: number[] = []): JsonObject[] =>
        components(given.map((svn, at) => svn + (at === index ? 1 : 0)))
      assert.equal(await isReached({ sgxtcbcomponents: above(platform) }), false, `SGX ${index}`)
      assert.equal(await isReached({ tdxtcbcomponents: above(module) }), index < 2, `TDX ${index}`)
    }
  })

  test('those of a module of version 0 are compared from the first on', async () => {
    const body = { teeTcbSvn: svns([3, 0, 3]) }
    for (const [first, due] of [
      [3, 'UpToDate'],
      [4, 'TcbNotSupported'],
    ] as const) {
      const report = await reportOf({ body }, ({ tcbInfo }) => ({
        tcbInfo: { ...tcbInfo, tcbLevels: [level({ tdxtcbcomponents: components([first, 0, 3]) })] },
      }))
      assert.equal(report.tcb?.status, due)
      assert.equal(report.tcb?.module, null)
    }
  })

  test('a module is found by its version in either case of digits', async () => {
    for (const id of ['TDX_0A', 'TDX_0a', 'tdx_0a']) {
      const report = await reportOf({ body: { teeTcbSvn: svns([5, 10, 3]) } }, ({ tcbInfo }) => ({
        tcbInfo: { ...tcbInfo, tdxModuleIdentities: modules(tcbInfo).map(module => ({ ...module, id })) },
      }))
      assert.equal(report.verdict, 'accept', id)
    }
  })

  test('the date is the earliest of all, and advisories are those of all, each once', async () => {
    const change = ({ tcbInfo, qeIdentity }: EvidencePlan): Partial<EvidencePlan> => ({
      tcbInfo: {
        ...tcbInfo,
        tcbLevels: [level({}, { advisoryIDs: ['B', 'A'], tcbDate: '2025-02-01T00:00:00Z' })],
        tdxModuleIdentities: modules(tcbInfo).map(module => ({
          ...module,
          tcbLevels: [component({ isvsvn: 5 }, { advisoryIDs: ['C', 'A'], tcbDate: '2025-01-01T00:00:00Z' })],
        })),
      },
      qeIdentity: {
        ...qeIdentity,
        tcbEvaluationDataNumber: 19,
        tcbLevels: [component({ isvsvn: 8 }, { advisoryIDs: ['D'], tcbDate: '2025-03-01T00:00:00Z' })],
      },
    })
    const { tcb } = await reportOf({}, change)
    assert.deepEqual(tcb?.advisoryIds, ['A', 'B', 'C', 'D'])
    assert.equal(tcb?.date, '2025-01-01T00:00:00Z')
    assert.equal(tcb?.evaluationDataNumber, 19)
  })
})

function svns(first: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 16 }, (_, index) => first[index] ?? 0)
}

function components(given: readonly number[]): JsonObject[] {
  return Array.from(svns(given), svn => ({ svn }))
}

function level(tcb: JsonObject, change: JsonObject = {}): JsonObject {
  const floors = {
    sgxtcbcomponents: components([6, 6, 2, 2, 4, 1, 0, 5]),
    tdxtcbcomponents: components([5, 1, 3]),
    pcesvn: 11,
  }
  return component({ ...floors, ...tcb }, change)
}

function component(tcb: JsonObject, change: JsonObject = {}): JsonObject {
  return { tcb, tcbDate: '2026-01-01T00:00:00Z', tcbStatus: 'UpToDate', ...change }
}

function modules(tcbInfo: JsonObject): JsonObject[] {
  return tcbInfo['tdxModuleIdentities'] as JsonObject[]
}
