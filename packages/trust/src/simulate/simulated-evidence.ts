import type { World } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { type Evidence, reportData } from '../evidence.ts'
import type { PlanOptions } from './plan.ts'
import type { SimulatedTee } from './simulated-tee.ts'

/** What `createCertificate` asks for evidence, of a simulated TEE, with its collateral. It proves nothing. */
export function simulatedEvidence(
  tee: SimulatedTee,
  world: Pick<World, 'now'>,
  options: Omit<PlanOptions, 'nowMs'> = {},
): (publicKey: Bytes) => Promise<Evidence> {
  return async publicKey => {
    const body = { ...options.body, reportData: await reportData(publicKey) }
    return tee.evidence({ ...options, nowMs: world.now(), body })
  }
}
