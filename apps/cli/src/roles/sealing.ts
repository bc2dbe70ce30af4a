import { type ClientSealing, Sealer, type SealerOptions } from '@cocoon/client/role'
import { MoneyError } from '@cocoon/money'
import { nodeSeal } from '@cocoon/trust/node'
import { IdentityHolder, IdentityVerifier } from '@cocoon/trust/seal'
import type { World } from '@cocoon/wire'
import type { WorkerSealing } from '@cocoon/worker'
import { gpuMaterial } from '../attest/gpu-material.ts'
import type { Report } from '../event.ts'
import type { Attestation } from './attestation.ts'
import type { NetworkSetup } from './role.ts'

/** The chain's blocks, as identities name them. */
type Blocks = Pick<NetworkSetup, 'chain'>

/** What a worker opens sealed queries with. Undefined where it cannot prove which machine it is. */
export async function openWorkerSealing(
  options: {
    readonly world: World
    readonly attestation: Attestation
    readonly network: Blocks
    readonly model: string
    readonly report: Report
    /** Evidence of the machine's GPUs for a nonce; absent where there are none. */
    readonly gpus?: ((nonce: Uint8Array) => Promise<string>) | undefined
  },
  stack: AsyncDisposableStack,
): Promise<WorkerSealing | undefined> {
  const { world, attestation, network, model, report, gpus } = options
  const { quote } = attestation
  if (quote === undefined) return undefined
  const chain = network.chain?.chain
  const identities = stack.use(
    new IdentityHolder({
      world,
      crypto: nodeSeal,
      model,
      quote,
      gpus,
      block:
        chain &&
        (async () => {
          const { seqno, rootHash } = await chain.head()
          return { seqno, rootHash: Buffer.from(rootHash, 'hex') }
        }),
      onFailure: cause =>
        report({ event: 'identity-not-made', why: cause instanceof Error ? cause.message : String(cause) }),
    }),
  )
  await identities.start()
  return { identities, crypto: nodeSeal }
}

/** What a client seals its queries with. Undefined where it asks nothing of machines. */
export function openClientSealing(options: {
  readonly attestation: Attestation
  readonly network: Blocks
  readonly report: Report
  readonly sealer?: Pick<SealerOptions, 'linkage' | 'shape'> | undefined
  /** Whether machines have to prove GPUs too; `optional` if absent: those that show some are held to it. */
  readonly gpus?: 'required' | 'optional' | undefined
}): ClientSealing | undefined {
  const { attestation, network, report, sealer, gpus } = options
  const { machines } = attestation
  if (machines === undefined) return undefined
  const chain = network.chain?.chain
  const verifier = new IdentityVerifier({
    ...machines,
    sealCrypto: nodeSeal,
    gpu: { gpus: gpus ?? 'optional', material: gpuMaterial(machines.world) },
    needsBlock: chain !== undefined,
    block:
      chain &&
      (async seqno => {
        const block = await chain.blockHash(seqno).catch(unknownBlock)
        return block && { rootHash: Buffer.from(block.rootHash, 'hex'), timeMs: 1000 * block.timeS }
      }),
  })
  return {
    sealer: new Sealer({ world: machines.world, crypto: nodeSeal, ...sealer }),
    verifier,
    refused: (identity, { message: why }) => report({ event: 'machine-refused', identity, why }),
  }
}

function unknownBlock(error: unknown): undefined {
  if (error instanceof MoneyError && error.code === 'chain-history') return undefined
  throw error
}
