import {
  type ClientOffer,
  clientOffers,
  type ClientWorkerInstanceV2,
  clientWorkerTypes,
  clientWorkerTypesV2,
  type Reply,
} from '@cocoon/wire'
import type { AnnouncedIdentity } from './identity-book.ts'
import type { Ask } from './market/book.ts'
import type { Market } from './market/market.ts'
import { errorCode } from './refusal.ts'

/** Workers of one model that an answer lists at most: the cheapest. */
const maxListed = 1_000

/** What is on offer, worker by worker: enabled ones, cheapest first. */
export function answerWorkerTypesV2(market: Market<Ask>, reply: Reply): void {
  const types = [...market.books].flatMap(([name, book]) => {
    const workers = enabled(book.asks).map((ask): ClientWorkerInstanceV2 => ({
      _: 'client.workerInstanceV2',
      flags: 0,
      coefficient: ask.coefficient,
      activeRequests: ask.running,
      maxActiveRequests: ask.limit,
    }))
    return workers.length === 0 ? [] : [{ _: 'client.workerTypeV2' as const, name, workers }]
  })
  reply.answer(clientWorkerTypesV2, { _: 'client.workerTypesV2', types })
}

/** What is on offer, in the summary that version 0 knows. */
export function answerWorkerTypes(market: Market<Ask>, reply: Reply): void {
  const types = [...market.books].flatMap(([name, book]) => {
    const asks = enabled(book.asks)
    if (asks.length === 0) return []
    return [
      {
        _: 'client.workerType' as const,
        name,
        activeWorkers: asks.length,
        coefficientMin: asks[0]!.coefficient,
        coefficientBucket50: asks[Math.floor((asks.length - 1) / 2)]!.coefficient,
        coefficientMax: asks.at(-1)!.coefficient,
      },
    ]
  })
  reply.answer(clientWorkerTypes, { _: 'client.workerTypes', types })
}

/** An ask of a worker that has said who it is. */
export interface IdentifiedAsk extends Ask {
  /** Newest first. */
  readonly identities: readonly AnnouncedIdentity[]
}

/** Identities that an answer names at most: the cheapest. */
const maxOffers = 64

/**
 * The identities that a query for a model can be sealed to: the newest of each worker, while it holds, cheapest first.
 */
export function answerOffers(
  market: Market<IdentifiedAsk>,
  { model, nowMs }: { readonly model: string; readonly nowMs: number },
  reply: Reply,
): void {
  if (!market.books.has(model)) return reply.error(errorCode.protocol, 'unknown model')
  const offers = new Map<string, ClientOffer>()
  for (const ask of enabled(market.books.get(model)?.asks ?? [])) {
    const [announced] = ask.identities
    if (announced === undefined || announced.identity.expiresAtMs <= nowMs) continue
    const known = offers.get(announced.key)
    if (known !== undefined) {
      // The same worker on another connection.
      known.activeRequests += ask.running
      known.maxActiveRequests += ask.limit
    } else if (offers.size < maxOffers) {
      offers.set(announced.key, {
        _: 'client.offer',
        identity: announced.digest,
        coefficient: ask.coefficient,
        activeRequests: ask.running,
        maxActiveRequests: ask.limit,
        latencyMs: Math.round(ask.standing.latencyMs ?? 0),
      })
    }
  }
  reply.answer(clientOffers, { _: 'client.offers', offers: [...offers.values()] })
}

function enabled<A extends Ask>(asks: readonly A[]): A[] {
  return asks
    .filter(ask => !ask.disabled)
    .sort((a, b) => a.coefficient - b.coefficient)
    .slice(0, maxListed)
}
