import { Sealer, type SealerOptions } from '@cocoon/client/role'
import { defaultPolicy, imageHash, zeroMeasurements } from '@cocoon/trust'
import { nodeCrypto, nodeSeal } from '@cocoon/trust/node'
import {
  IdentityHolder,
  type IdentityHolderOptions,
  IdentityVerifier,
  type IdentityVerifierOptions,
} from '@cocoon/trust/seal'
import { createSimulatedTee, simulatedQuotes } from '@cocoon/trust/simulate'
import { toHex, type World } from '@cocoon/wire'
import type { TestNetworkOptions } from './network.ts'
import { testModel } from './network.ts'

/** A simulated TEE behind the workers of a test network, and what clients seal to it with. */
export interface SealedStage extends Disposable {
  /** Options of a network of one worker and one client that seal. */
  readonly options: TestNetworkOptions
  readonly identities: IdentityHolder
  /** The identities of one more worker. */
  holder(change?: Partial<IdentityHolderOptions>): Promise<IdentityHolder>
  verifier(change?: Partial<IdentityVerifierOptions>): IdentityVerifier
}

/** Sealing for a test network: simulated, and through the production code all the same. */
export async function sealedStage(
  world: World,
  { model = testModel, sealer = {} }: { model?: string; sealer?: Partial<SealerOptions> } = {},
): Promise<SealedStage> {
  const tee = createSimulatedTee(new Uint8Array(32).fill(7))
  const holders: IdentityHolder[] = []
  const holder = async (change: Partial<IdentityHolderOptions> = {}): Promise<IdentityHolder> => {
    const made = new IdentityHolder({
      world,
      crypto: nodeSeal,
      model,
      quote: simulatedQuotes(tee, world),
      onFailure: cause => {
        throw cause
      },
      ...change,
    })
    holders.push(made)
    await made.start()
    return made
  }
  const verifier = (change: Partial<IdentityVerifierOptions> = {}): IdentityVerifier =>
    new IdentityVerifier({
      world,
      policy: { ...defaultPolicy, allowSimulated: true },
      crypto: nodeCrypto,
      simulatedRoot: tee.root,
      sealCrypto: nodeSeal,
      needsBlock: false,
      ...change,
    })
  const identities = await holder()
  const image = toHex(await imageHash(zeroMeasurements()))
  return {
    options: {
      world,
      model,
      config: { workerHashes: [image, '0'.repeat(64)] },
      workers: [{ sealing: { identities, crypto: nodeSeal } }],
      proxies: [{ sealCrypto: nodeSeal }],
      clients: [
        {
          sealing: { sealer: new Sealer({ world, crypto: nodeSeal, ...sealer }), verifier: verifier() },
          leastProtection: 'sealed',
        },
      ],
    },
    identities,
    holder,
    verifier,
    [Symbol.dispose]: () => {
      for (const made of holders) made[Symbol.dispose]()
    },
  }
}
