import type { Bytes } from '../bytes.ts'
import type { Collateral } from '../collateral/collateral.ts'
import { simulatedRoot, type TrustedRoot } from '../verify/trusted-root.ts'
import { encodePem } from '../x509/pem.ts'
import { buildCertificates, buildCollateral, buildQuote, type Keys } from './build.ts'
import { type EvidencePlan, planEvidence, type PlanOptions } from './plan.ts'
import { deriveKey } from './signing-key.ts'

/** A quote with all that it takes to verify it. */
export interface SimulatedEvidence {
  readonly quote: Bytes
  readonly collateral: Collateral
}

/**
 * A processor with its maker, in software: everything but the root is as genuine evidence is, and passes the same
 * verifier with this root in place of Intel's. It proves nothing.
 */
export interface SimulatedTee {
  readonly root: TrustedRoot
  /** The root's certificate, for whoever is to accept this evidence. */
  readonly rootPem: string
  evidence(options: PlanOptions): SimulatedEvidence
  /** Evidence from a plan that was changed beforehand. */
  build(plan: EvidencePlan): SimulatedEvidence
}

/** The same seed, 32 bytes, makes the same root. Whoever has it can make all evidence that the root vouches for. */
export function createSimulatedTee(seed: Uint8Array): SimulatedTee {
  if (seed.length !== 32) throw new RangeError(`A seed has 32 bytes, not ${seed.length}.`)
  const keys: Keys = {
    root: deriveKey(seed, 'root'),
    intermediate: deriveKey(seed, 'intermediate'),
    pck: deriveKey(seed, 'pck'),
    signer: deriveKey(seed, 'signer'),
    attestation: deriveKey(seed, 'attestation'),
    stranger: deriveKey(seed, 'stranger'),
  }
  const build = (plan: EvidencePlan): SimulatedEvidence => {
    const certificates = buildCertificates(plan, keys)
    return {
      quote: buildQuote(plan, keys, certificates),
      collateral: buildCollateral(plan, keys, certificates),
    }
  }
  const rootPem = encodePem([buildCertificates(planEvidence({ nowMs: 0 }), keys).root])
  return {
    root: simulatedRoot(rootPem),
    rootPem,
    evidence: options => build(planEvidence(options)),
    build,
  }
}
