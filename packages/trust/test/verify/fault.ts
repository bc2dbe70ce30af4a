import type { Bytes } from '../../src/bytes.ts'
import type { Collateral } from '../../src/collateral/collateral.ts'
import type { CertificatePlan } from '../../src/simulate/certificates.ts'
import type { EvidencePlan, JsonObject, PlanOptions } from '../../src/simulate/plan.ts'
import type { SimulatedEvidence } from '../../src/simulate/simulated-tee.ts'

/** A way in which evidence can be wrong, and the check that has to notice. */
export interface Fault {
  readonly name: string
  readonly noticedBy: string
  readonly options?: Omit<PlanOptions, 'nowMs'>
  /** What is changed before everything is signed. */
  readonly plan?: (plan: EvidencePlan) => Partial<EvidencePlan>
  /** What is changed afterwards. */
  readonly evidence?: (evidence: SimulatedEvidence, other: SimulatedEvidence) => Partial<SimulatedEvidence>
}

/** A plan with a certificate changed. */
export function certificate(
  name: keyof EvidencePlan['certificates'],
  change: Partial<CertificatePlan>,
): (plan: EvidencePlan) => Partial<EvidencePlan> {
  return ({ certificates }) => ({
    certificates: { ...certificates, [name]: { ...certificates[name], ...change } },
  })
}

/** A plan whose parts are signed by others. */
export function signedBy(signers: EvidencePlan['signedBy']): () => Partial<EvidencePlan> {
  return () => ({ signedBy: signers })
}

/** A plan with members of signed JSON changed. */
export function json(
  name: 'tcbInfo' | 'qeIdentity',
  change: JsonObject,
): (plan: EvidencePlan) => Partial<EvidencePlan> {
  return plan => ({ [name]: { ...plan[name], ...change } })
}

/** Evidence with its collateral changed. */
export function collateral(
  change: (given: Collateral, other: Collateral) => Partial<Collateral>,
): NonNullable<Fault['evidence']> {
  return (evidence, other) => ({
    collateral: { ...evidence.collateral, ...change(evidence.collateral, other.collateral) },
  })
}

/** Evidence without a part of its collateral. */
export function without(name: keyof Collateral): NonNullable<Fault['evidence']> {
  return ({ collateral }) => ({
    collateral: Object.fromEntries(
      Object.entries(collateral).filter(([field]) => field !== name),
    ) as Collateral,
  })
}

/** Evidence with its quote changed. */
export function withQuote(change: (quote: Bytes) => Bytes): NonNullable<Fault['evidence']> {
  return ({ quote }) => ({ quote: change(Uint8Array.from(quote)) })
}

/** Evidence with the signed text of its TCB info changed. */
export function rawTcbInfo(change: (text: string) => string): NonNullable<Fault['evidence']> {
  return collateral(({ tcbInfo = '' }) => ({ tcbInfo: change(tcbInfo) }))
}
