import { TrustError } from '@cocoon/trust'
import { disputeReasons, type IdentityVerifier, modelTextHash, type Registry } from '@cocoon/trust/seal'
import type { HttpResponse } from '@cocoon/wire'
import { readProxyAnswer, type SealedPiece } from '../answer.ts'
import { ClientError } from '../error.ts'
import type { PassedOffers } from '../network.ts'
import { areOffersOld, failureOf, maxResealed } from '../pending.ts'
import { type Offer, OfferBook, type OfferedCandidate } from '../sealing/offer-book.ts'
import { ReceiptFault, type SealedExchange, type SealedProof } from '../sealing/sealed-exchange.ts'
import type { Sealer } from '../sealing/sealer.ts'
import type { SdkWorld } from './ambient-world.ts'
import { Deadline } from './deadline.ts'
import { unreadable } from './endpoint-error.ts'
import type { Relay } from './relay.ts'
import type { ReadRequest } from './request-body.ts'

/** An answer that was sealed to this device, as it is opened. */
export interface OpenedAnswer {
  readonly head: HttpResponse
  readonly isSimulated: boolean
  readonly requestId: Uint8Array
  /**
   * The body. The last piece comes once the receipt has been found right, and the end says what it proves. Throws a
   * ClientError where the answer does not hold: nothing of it is to be relied on then.
   */
  readonly body: AsyncGenerator<Uint8Array, SealedEnd>
}

export interface SealedEnd {
  readonly proof: SealedProof
  readonly costNano: bigint
}

export interface SealedCallsOptions {
  readonly world: SdkWorld
  readonly sealer: Sealer
  readonly verifier: IdentityVerifier
  readonly relay: Relay
}

/** For offers, and for the evidence of a machine. */
const offersTimeoutMs = 10_000

/** An offer, and what the proxy that makes it says of itself. */
interface ToldOffer extends Offer {
  readonly terms: PassedOffers
}

/** Seals queries on this device and opens the answers, over an endpoint that can read neither. */
export class SealedCalls {
  readonly #options: SealedCallsOptions
  readonly #book: OfferBook<ToldOffer>
  #registry: Registry = { images: new Set(), models: new Set() }

  constructor(options: SealedCallsOptions) {
    const { world, verifier, sealer, relay } = options
    this.#options = options
    this.#book = new OfferBook({
      world,
      source: {
        offers: model => this.#offers(model),
        evidence: identity => this.#soon(signal => relay.evidence(identity, signal)),
      },
      verifier,
      registry: () => this.#registry,
      modelHash: modelTextHash(sealer.crypto),
    })
  }

  /**
   * Up to three machines that the query can be sealed to: verified, listed, and at its price. Rejects with
   * `unprotected` where those on offer were not believed, and otherwise where they cannot be had.
   */
  async candidates(
    request: ReadRequest,
    registry: Registry,
  ): Promise<readonly OfferedCandidate<ToldOffer>[]> {
    this.#registry = registry
    return this.#book.choose(request.model, request.maxCoefficient)
  }

  /**
   * Seals the query and sends it; resolves once the answer begins. A machine that does not know its session, or has
   * another identity now, has it sealed anew.
   */
  async call(request: ReadRequest, registry: Registry, deadline: Deadline): Promise<OpenedAnswer> {
    for (let resealed = 0, sentAgain = 0; ;) {
      const chosen = await deadline.within(this.candidates(request, registry))
      const terms = chosen[0]?.offer.terms
      if (terms === undefined) throw noMachine()
      const exchange = this.#seal(request, chosen, terms, deadline)
      let pieces: AsyncGenerator<SealedPiece, void>
      try {
        pieces = await this.#send(exchange, terms, deadline)
      } catch (error) {
        exchange.end()
        // The proxy that made the offers is gone; another may have offers of its own. Nothing has left the endpoint.
        const isGone = error instanceof ClientError && error.code === 'no-proxy' && sentAgain++ === 0
        if (!isGone) throw error
        this.#book.forget(request.model)
        continue
      }
      const first = await this.#first(exchange, pieces)
      if (first.kind !== 'sealed-failure') return this.#open(exchange, first, pieces)
      exchange.end()
      await pieces.return()
      const isStale = first.code === 660 || areOffersOld(first.code, first.message)
      const mayRepeat = isStale && resealed++ < maxResealed
      if (!mayRepeat) throw failureOf(first.code, first.message)
      this.#forget(request, first, exchange, resealed)
    }
  }

  async #first(exchange: SealedExchange, pieces: AsyncGenerator<SealedPiece, void>): Promise<SealedPiece> {
    try {
      const { value: first } = await pieces.next()
      if (first === undefined) throw cutOff()
      return first
    } catch (error) {
      exchange.end()
      throw error
    }
  }

  /** Has the proxy told why an answer is not accepted. */
  #refuse(exchange: SealedExchange, error: unknown): ClientError {
    if (!(error instanceof TrustError)) throw error
    const reason = error instanceof ReceiptFault ? error.reason : disputeReasons.missing
    this.#options.relay.dispute(exchange.requestId, reason)
    return notReliable(error.message, error)
  }

  #open(
    exchange: SealedExchange,
    first: Exclude<SealedPiece, { kind: 'sealed-failure' }>,
    pieces: AsyncGenerator<SealedPiece, void>,
  ): OpenedAnswer {
    try {
      if (first.kind !== 'sealed-head') throw notReliable('It did not begin with its head.')
      const head = exchange.begin(first, first.end !== undefined)
      const { isSimulated, requestId } = exchange
      return { head, isSimulated, requestId, body: this.#body(exchange, head, first, pieces) }
    } catch (error) {
      exchange.end()
      void pieces.return()
      throw error instanceof ClientError ? error : this.#refuse(exchange, error)
    }
  }

  async *#body(
    exchange: SealedExchange,
    head: HttpResponse,
    first: Extract<SealedPiece, { kind: 'sealed-head' }>,
    pieces: AsyncGenerator<SealedPiece, void>,
  ): AsyncGenerator<Uint8Array, SealedEnd> {
    try {
      let bytes = head.payload
      let { end } = first
      for (;;) {
        const result = end && this.#finish(exchange, end)
        if (bytes.length > 0) yield bytes
        if (result !== undefined) return result
        const { value: piece } = await pieces.next()
        if (piece === undefined) throw this.#missing(exchange)
        if (piece.kind === 'sealed-failure') throw failureOf(piece.code, piece.message)
        if (piece.kind === 'sealed-head') throw notReliable('It began twice.')
        bytes = exchange.part(piece.chunk, piece.end !== undefined)
        ;({ end } = piece)
      }
    } catch (error) {
      throw error instanceof ClientError ? error : this.#refuse(exchange, error)
    } finally {
      exchange.end()
      void pieces.return()
    }
  }

  #finish(
    exchange: SealedExchange,
    { receipt, chargedTokens }: NonNullable<Extract<SealedPiece, { kind: 'sealed-part' }>['end']>,
  ): SealedEnd {
    const proof = exchange.finish(receipt, chargedTokens)
    return { proof, costNano: chargedTokens * proof.signed.receipt.pricePerTokenNano }
  }

  /** The answer ended, and no piece of it was the last one. */
  #missing(exchange: SealedExchange): ClientError {
    this.#options.relay.dispute(exchange.requestId, disputeReasons.missing)
    return cutOff()
  }

  #seal(
    { model, path, body, maxTokens }: ReadRequest,
    chosen: readonly OfferedCandidate<ToldOffer>[],
    { proxyKey, prices }: PassedOffers,
    deadline: Deadline,
  ): SealedExchange {
    const plain = { model, path, body, maxTokens, timeoutMs: deadline.leftMs() }
    return this.#options.sealer.seal(plain, chosen, { proxyKey, prices })
  }

  async #send(
    exchange: SealedExchange,
    { proxyKey }: PassedOffers,
    deadline: Deadline,
  ): Promise<AsyncGenerator<SealedPiece, void>> {
    const terms = { timeoutMs: deadline.leftMs(), proxyKey }
    const frames = await this.#options.relay.send(exchange.query, terms, deadline.signal)
    return readPieces(frames)
  }

  #forget(
    { model }: ReadRequest,
    { code, identity }: Extract<SealedPiece, { kind: 'sealed-failure' }>,
    exchange: SealedExchange,
    resealed: number,
  ): void {
    if (code !== 660) this.#book.forget(model)
    if (!exchange.isFor(identity)) return
    this.#options.sealer.forget(identity)
    if (resealed > 1) this.#book.avoid(identity)
  }

  async #offers(model: string): Promise<readonly ToldOffer[]> {
    const terms = await this.#soon(signal => this.#options.relay.offers(model, signal))
    return terms.offers.map(offer => ({ ...offer, terms }))
  }

  async #soon<Value>(ask: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const deadline = new Deadline(this.#options.world, offersTimeoutMs, undefined)
    try {
      return await deadline.within(ask(deadline.signal))
    } finally {
      deadline.end()
    }
  }
}

async function* readPieces(frames: AsyncGenerator<Uint8Array, void>): AsyncGenerator<SealedPiece, void> {
  for await (const frame of frames) {
    const answer = readOrThrow(frame)
    if (answer.kind === 'head' || answer.kind === 'part' || answer.kind === 'failure') {
      throw notReliable('An open answer came to a sealed query.')
    }
    yield answer
  }
}

function readOrThrow(frame: Uint8Array): ReturnType<typeof readProxyAnswer> {
  try {
    return readProxyAnswer(frame)
  } catch (cause) {
    throw unreadable(cause)
  }
}

function noMachine(): ClientError {
  const message = 'No machine that this query can be sealed to is on offer at its price. Nothing was sent.'
  return new ClientError('unprotected', message, { retryAfterMs: 5_000 })
}

function cutOff(): ClientError {
  return notReliable('It broke off before its end, and no receipt came.')
}

function notReliable(why: string, cause?: unknown): ClientError {
  return new ClientError('answer-invalid', `${why} Do not rely on the text of this answer. Ask again.`, {
    cause,
  })
}
