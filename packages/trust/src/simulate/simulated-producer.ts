import type { World } from '@cocoon/wire'
import type { QuoteProducer } from '../produce/quote-producer.ts'
import type { PlanOptions } from './plan.ts'
import type { SimulatedTee } from './simulated-tee.ts'

/** Quotes of a simulated TEE, behind the seam of genuine ones. */
export function simulatedProducer(
  tee: SimulatedTee,
  world: Pick<World, 'now'>,
  options: Omit<PlanOptions, 'nowMs'> = {},
): QuoteProducer {
  return {
    name: 'simulated',
    simulated: true,
    async quote(reportData) {
      const body = { ...options.body, reportData }
      return tee.evidence({ ...options, nowMs: world.now(), body }).quote
    },
  }
}
