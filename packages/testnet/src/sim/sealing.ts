import { type ClientSealing, type LeastProtection, Sealer } from '@cocoon/client/role'
import { defaultPolicy, imageHash, zeroMeasurements } from '@cocoon/trust'
import { nodeCrypto, nodeSeal } from '@cocoon/trust/node'
import { IdentityHolder, IdentityVerifier, nobleSeal, type SealCrypto } from '@cocoon/trust/seal'
import { createSimulatedTee, type SimulatedTee, simulatedQuotes } from '@cocoon/trust/simulate'
import { decode, sealedReceipt, toHex } from '@cocoon/wire'
import { check } from '../error.ts'
import type { SimProcess } from './process.ts'
import type { BookedCharge } from './watched-ledger.ts'

/** OpenSSL, but for what takes its randomness from nowhere else: keys are encapsulated with that of the seed. */
const seededSeal: SealCrypto = { ...nodeSeal, name: 'seeded', readSealKey: nobleSeal.readSealKey }

const receiptLabel = Buffer.from('cocoon receipt v1\0')

/** A receipt as a worker signed it. */
interface Signed {
  readonly worker: string
  readonly chargedTokens: bigint
}

/** What the parties of a simulation seal with: the production code, on a TEE that proves nothing. */
export class SimSealing {
  readonly least: LeastProtection
  /** Of the image that every simulated machine runs, 64 hexadecimal digits. */
  readonly image: string
  readonly crypto = seededSeal
  readonly #tee: SimulatedTee
  readonly #violation: (what: string) => void
  /** By worker: what it has signed. */
  readonly #signed: Signed[] = []
  /** Signing keys, and whose they are. */
  readonly #signers = new Map<string, string>()

  constructor(options: { least: LeastProtection; image: string; violation: (what: string) => void }) {
    this.least = options.least
    this.image = options.image
    this.#violation = options.violation
    this.#tee = createSimulatedTee(new Uint8Array(32).fill(7))
  }

  /** The identities of one life of a worker. */
  identitiesOf(worker: string, process: SimProcess, model: string): IdentityHolder {
    const identities = new IdentityHolder({
      world: process,
      crypto: this.#watched(worker),
      model,
      quote: simulatedQuotes(this.#tee, process),
      onFailure: cause => this.#violation(`${worker} could not make an identity: ${String(cause)}`),
    })
    void identities.start()
    return identities
  }

  /** What one life of a client seals with. */
  clientSealing(process: SimProcess): ClientSealing {
    const { chance } = process
    const shape = chance.chance(0.2) ? { chunkBytes: chance.pick([128, 1_000]), cadenceMs: 20 } : undefined
    return {
      sealer: new Sealer({
        world: process,
        crypto: this.crypto,
        linkage: chance.chance(0.3) ? 'query' : 'session',
        shape,
      }),
      verifier: new IdentityVerifier({
        world: process,
        policy: { ...defaultPolicy, allowSimulated: true },
        crypto: nodeCrypto,
        simulatedRoot: this.#tee.root,
        sealCrypto: this.crypto,
        needsBlock: false,
      }),
    }
  }

  /** Whose key this is: the name of a worker, or undefined. */
  readonly signerOf = (signingKey: Uint8Array): string | undefined => this.#signers.get(toHex(signingKey))

  /**
   * Every charge of a sealed query is one that its worker has signed, and no receipt is charged twice. `workers`: by
   * account.
   */
  checkCharges(charges: readonly BookedCharge[], workers: ReadonlyMap<string, string>): void {
    const left = new Map<string, number>()
    for (const { worker, chargedTokens } of this.#signed) {
      const key = `${worker} ${chargedTokens}`
      left.set(key, (left.get(key) ?? 0) + 1)
    }
    for (const { worker, due } of charges) {
      const name = workers.get(worker)
      check(name !== undefined, `${due} tokens were charged for a worker that nobody knows`)
      const key = `${name} ${due}`
      const count = left.get(key) ?? 0
      check(count > 0, `${due} tokens were charged for ${name}, who has not signed for so many`)
      left.set(key, count - 1)
    }
  }

  #watched(worker: string): SealCrypto {
    return {
      ...this.crypto,
      signingKey: seed => {
        const key = this.crypto.signingKey(seed)
        this.#signers.set(toHex(key.publicKey), worker)
        return {
          publicKey: key.publicKey,
          sign: message => {
            this.#sees(worker, message)
            return key.sign(message)
          },
        }
      },
    }
  }

  #sees(worker: string, message: Uint8Array): void {
    const bytes = Buffer.from(message)
    if (!bytes.subarray(0, receiptLabel.length).equals(receiptLabel)) return
    const { chargedTokens } = decode(sealedReceipt, bytes.subarray(receiptLabel.length))
    this.#signed.push({ worker, chargedTokens })
  }
}

/** What machines of a simulated TEE measure: the same in every simulation. */
export async function simulatedImage(): Promise<string> {
  return toHex(await imageHash(zeroMeasurements()))
}
