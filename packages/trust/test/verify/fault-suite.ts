import type { CryptoBackend } from '../../src/crypto/backend.ts'
import { createSimulatedTee } from '../../src/simulate/index.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { changedPlan, failedChecks, nowMs, tee } from './evidence.ts'
import { certificateFaults } from './certificate-faults.ts'
import { collateralFaults } from './collateral-faults.ts'
import type { Fault } from './fault.ts'
import { quoteFaults } from './quote-faults.ts'

export const allFaults: readonly Fault[] = [...certificateFaults, ...collateralFaults, ...quoteFaults]

/** Another maker, whose root goes by the same name. */
const otherTee = createSimulatedTee(new Uint8Array(32).fill(9))

/** What verification says of evidence with a fault: undefined where it is noticed as it has to be. */
export async function faultGoesUnnoticed(fault: Fault, crypto: CryptoBackend): Promise<string | undefined> {
  const { noticedBy, plan = () => ({}), options, evidence } = fault
  const changed = changedPlan(plan, options)
  const built = tee.build(changed)
  const shown = { ...built, ...evidence?.(built, evidence.length > 1 ? otherTee.build(changed) : built) }
  const report = await verifyQuote(shown.quote, shown.collateral, { nowMs, root: tee.root, crypto })
  const failed = failedChecks(report)
  if (report.verdict === 'accept') return 'it is accepted'
  if (report.kind !== 'invalid') return `it is refused as ${report.kind}`
  return failed.includes(noticedBy) ? undefined : `noticed by ${failed.join(', ')} and not by ${noticedBy}`
}
