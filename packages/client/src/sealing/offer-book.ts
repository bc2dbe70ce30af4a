import {
  requireListed,
  type IdentityVerifier,
  type Registry,
  type VerifiedIdentity,
} from '@cocoon/trust/seal'
import { TrustError } from '@cocoon/trust'
import { bytesKey, type SealedWorkerEvidence, toHex, type World } from '@cocoon/wire'
import { ClientError } from '../error.ts'

/** What a proxy says of a worker that a query can be sealed to. */
export interface Offer {
  /** Digest, 32 bytes. */
  readonly identity: Uint8Array
  /** Thousandths. */
  readonly coefficient: number
  readonly activeRequests: number
  readonly maxActiveRequests: number
}

/** Where offers and the evidence behind them come from: a proxy, or who stands between. Both may lie. */
export interface OfferSource<Told extends Offer = Offer> {
  /** Rejects where they cannot be had. */
  offers(model: string): Promise<readonly Told[]>
  /** Rejects where it cannot be had. */
  evidence(identity: Uint8Array): Promise<SealedWorkerEvidence>
}

/** A verified machine with its price. */
export interface Candidate {
  readonly verified: VerifiedIdentity
  /** Thousandths. */
  readonly coefficient: number
}

/** With the offer that it was verified for. */
export interface OfferedCandidate<Told extends Offer> extends Candidate {
  readonly offer: Told
}

export interface OfferBookOptions<Told extends Offer = Offer> {
  readonly world: Pick<World, 'now' | 'monotonic' | 'after'>
  readonly source: OfferSource<Told>
  readonly verifier: IdentityVerifier
  readonly registry: () => Registry
  /** SHA-256 of a model's text, as the registry lists it: 64 hexadecimal digits. */
  readonly modelHash: (text: string) => string
  /** Hears of machines that were not believed. */
  readonly refused?: (identity: string, error: Error) => void
}

const limits = {
  /** Offers are asked for anew after `freshMs`, and are not used any more after `staleMs`. */
  freshMs: 2_000,
  staleMs: 30_000,
  models: 256,
  /** Offers that are looked at, cheapest first, and machines that a query is sealed to. */
  offers: 16,
  recipients: 3,
  /** For the verification of one machine, beside what its evidence takes to come. */
  verifyMs: 10_000,
  /** What an identity has to last at least, and how long one is left alone that failed. */
  leastMs: 60_000,
  avoidMs: 60_000,
  avoided: 1_000,
} as const

interface Shelf<Told extends Offer> {
  candidates: readonly OfferedCandidate<Told>[]
  /** Why a machine was not believed, if that happened. */
  refusal: Error | undefined
  atMs: number
}

/** The machines that a source offers and that were verified, by model. */
export class OfferBook<Told extends Offer = Offer> {
  readonly #options: OfferBookOptions<Told>
  readonly #shelves = new Map<string, Shelf<Told>>()
  /** What is being asked, by model: who comes meanwhile waits for the same. */
  readonly #loads = new Map<string, Promise<Shelf<Told>>>()
  /** Machines that failed lately, and until when they are left alone. */
  readonly #avoided = new Map<string, number>()

  constructor(options: OfferBookOptions<Told>) {
    this.#options = options
  }

  /**
   * Up to three machines to seal a query to, all told of at once, cheapest and least busy first; none if none is
   * offered at that price.
   * At once where offers are known, otherwise later; rejects with a ClientError where they cannot be had, or where
   * what is offered was not believed.
   */
  choose(
    model: string,
    maxCoefficient: number,
  ): readonly OfferedCandidate<Told>[] | Promise<readonly OfferedCandidate<Told>[]> {
    const shelf = this.#shelves.get(model)
    const ageMs = shelf === undefined ? Infinity : this.#options.world.monotonic() - shelf.atMs
    // What was not there a while ago may have come.
    const isEmpty = shelf === undefined || shelf.candidates.length === 0
    if (ageMs > (isEmpty ? limits.freshMs : limits.staleMs))
      return this.#load(model).then(loaded => this.#pick(loaded, maxCoefficient))
    if (ageMs > limits.freshMs) this.#load(model).catch(() => {})
    return this.#pick(shelf!, maxCoefficient)
  }

  /** Asks anew before the next choice. */
  forget(model: string): void {
    this.#shelves.delete(model)
    this.#loads.delete(model)
  }

  /** Leaves a machine alone for a while. */
  avoid(identity: Uint8Array): void {
    const now = this.#options.world.monotonic()
    for (const [key, until] of this.#avoided) if (until <= now) this.#avoided.delete(key)
    if (this.#avoided.size < limits.avoided) this.#avoided.set(bytesKey(identity), now + limits.avoidMs)
  }

  #pick(shelf: Shelf<Told>, maxCoefficient: number): readonly OfferedCandidate<Told>[] {
    const until = this.#options.world.now() + limits.leastMs
    const lasting = shelf.candidates.filter(({ verified }) => verified.holdsUntilMs > until)
    const affordable = lasting.filter(({ coefficient }) => coefficient <= maxCoefficient)
    const willing = this.#avoided.size === 0 ? affordable : affordable.filter(one => !this.#isAvoided(one))
    if (lasting.length === 0 && shelf.refusal !== undefined) {
      throw new ClientError(
        'unprotected',
        `No machine that offers this model could prove itself: ${shelf.refusal.message}`,
        { cause: shelf.refusal },
      )
    }
    return (willing.length > 0 ? willing : affordable).slice(0, limits.recipients)
  }

  #isAvoided({ verified }: Candidate): boolean {
    const until = this.#avoided.get(bytesKey(verified.digest))
    return until !== undefined && until > this.#options.world.monotonic()
  }

  #load(model: string): Promise<Shelf<Told>> {
    const running = this.#loads.get(model)
    if (running !== undefined) return running
    // False once it was forgotten: what was asked before does not count then.
    const end = (): boolean => this.#loads.get(model) === load && this.#loads.delete(model)
    const load = this.#fetch(model).then(
      shelf => {
        if (end()) this.#keep(model, shelf)
        return shelf
      },
      (error: unknown) => {
        end()
        throw error instanceof ClientError
          ? error
          : new ClientError('upstream', 'The proxy does not tell which machines a query can be sealed to.', {
              cause: error,
            })
      },
    )
    this.#loads.set(model, load)
    return load
  }

  #keep(model: string, shelf: Shelf<Told>): void {
    this.#shelves.delete(model)
    this.#shelves.set(model, shelf)
    if (this.#shelves.size > limits.models) this.#shelves.delete(this.#shelves.keys().next().value!)
  }

  async #fetch(model: string): Promise<Shelf<Told>> {
    const offered = [...(await this.#options.source.offers(model))]
    // What is busy comes after what is free at the same price.
    offered.sort((a, b) => a.coefficient - b.coefficient || load(a) - load(b))
    // A query has no recipient twice, whatever a proxy names.
    const offers = unique(offered)
    let refusal: Error | undefined
    const judged = await Promise.all(
      offers.slice(0, limits.offers).map(offer =>
        this.#verify(offer, model).catch((error: unknown) => {
          const why = error instanceof Error ? error : new Error('unknown')
          refusal ??= why
          this.#options.refused?.(toHex(offer.identity), why)
        }),
      ),
    )
    const candidates = judged.filter(candidate => candidate !== undefined)
    return { candidates, refusal, atMs: this.#options.world.monotonic() }
  }

  async #verify(offer: Told, model: string): Promise<OfferedCandidate<Told>> {
    const { identity, coefficient } = offer
    const { verifier, world, source, registry, modelHash } = this.#options
    const verified =
      verifier.known(identity, world.now()) ??
      (await this.#inTime(verifier.verify(await source.evidence(identity), world.now())))
    if (bytesKey(verified.digest) !== bytesKey(identity)) {
      throw new TrustError('identity-invalid', 'The evidence is of another machine than the offer.')
    }
    requireListed(verified, model, registry(), modelHash)
    return { verified, coefficient, offer }
  }

  /** One proof that cannot be had now does not hold up the machines that have theirs. */
  #inTime<Value>(verifying: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.world.after(limits.verifyMs, () =>
        reject(new TrustError('evidence-invalid', 'The evidence could not be verified in time.')),
      )
      verifying.then(resolve, reject).finally(() => timer.cancel())
    })
  }
}

function unique<Told extends Offer>(offers: readonly Told[]): Told[] {
  const keys = new Set<string>()
  return offers.filter(({ identity }) => {
    const { size } = keys
    return keys.add(bytesKey(identity)).size > size
  })
}

function load({ activeRequests, maxActiveRequests }: Offer): number {
  return activeRequests / Math.max(1, maxActiveRequests)
}
