import type { World } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { type Evidence, reportData } from '../evidence.ts'
import type { PlanOptions } from './plan.ts'
import type { SimulatedTee } from './simulated-tee.ts'

/** Quotes of a simulated TEE over report data of 64 bytes, with their collateral. They prove nothing. */
export function simulatedQuotes(
  tee: SimulatedTee,
  world: Pick<World, 'now'>,
  options: Omit<PlanOptions, 'nowMs'> = {},
): (reportData: Uint8Array) => Promise<Evidence> {
  return async data => {
    const body = { ...options.body, reportData: Uint8Array.from(data) }
    return tee.evidence({ ...options, nowMs: world.now(), body })
  }
}

/** What `createCertificate` asks for evidence, of a simulated TEE. It proves nothing. */
export function simulatedEvidence(
  tee: SimulatedTee,
  world: Pick<World, 'now'>,
  options: Omit<PlanOptions, 'nowMs'> = {},
): (publicKey: Bytes) => Promise<Evidence> {
  const quote = simulatedQuotes(tee, world, options)
  return async publicKey => quote(await reportData(publicKey))
}
