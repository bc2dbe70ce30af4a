import { fromHex } from '../../src/bytes.ts'
import type { Check } from '../../src/verify/checks.ts'
import type { QuoteReport } from '../../src/verify/report.ts'
import { createSimulatedTee, type PlanOptions, planEvidence } from '../../src/simulate/index.ts'
import type { EvidencePlan } from '../../src/simulate/plan.ts'

/** The moment at which the tests' evidence is valid. */
export const nowMs = Date.UTC(2026, 5, 1, 12)

export const tee = createSimulatedTee(fromHex('07'.repeat(32))!)

/** The plan of sound evidence, with parts of it changed. */
export function changedPlan(
  change: (plan: EvidencePlan) => Partial<EvidencePlan>,
  options: Omit<PlanOptions, 'nowMs'> = {},
): EvidencePlan {
  const plan = planEvidence({ nowMs, ...options })
  return { ...plan, ...change(plan) }
}

/** Names of the checks that failed, in order. */
export function failedChecks({ checks }: Pick<QuoteReport, 'checks'>): string[] {
  return checks.filter(({ outcome }: Check) => outcome === 'failed').map(({ name }) => name)
}
