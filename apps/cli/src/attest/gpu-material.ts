import {
  fetchReference,
  fetchRevocation,
  type GpuEvidence,
  referenceChainOf,
  referenceIdsOf,
  type VerifyGpusOptions,
} from '@cocoon/trust/nvidia'
import type { World } from '@cocoon/wire'

/** Reference documents that are kept, by id: what one names never changes. */
const maxReferences = 64

/**
 * What it takes to judge GPUs that were shown: reference documents and word on revocation, from NVIDIA. Rejects with
 * `fetch-failed` where a service does not answer: without them nothing is accepted.
 */
export function gpuMaterial(
  world: World,
): (devices: readonly GpuEvidence[]) => Promise<Pick<VerifyGpusOptions, 'references' | 'revocation'>> {
  const options = { fetch, world }
  const known = new Map<string, Uint8Array>()
  const reference = async (id: string): Promise<Uint8Array> => {
    const document = known.get(id) ?? (await fetchReference(id, options)).document
    known.delete(id)
    known.set(id, document)
    if (known.size > maxReferences) known.delete(known.keys().next().value!)
    return document
  }
  return async devices => {
    const ids = new Set(
      devices.flatMap(device => Object.values(referenceIdsOf(device)).filter(id => id !== undefined)),
    )
    const references = new Map<string, Uint8Array>()
    for (const id of ids) references.set(id, await reference(id))
    const chains = [
      ...devices.map(({ certificates }) => certificates),
      ...[...references.values()].map(referenceChainOf),
    ]
    return { references, revocation: await fetchRevocation(chains, options) }
  }
}
