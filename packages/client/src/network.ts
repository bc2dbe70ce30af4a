import type { Prices } from '@cocoon/money/pricing'
import type { SealedQuery } from '@cocoon/wire'
import type { Offer } from './sealing/offer-book.ts'
import type { SealedProof } from './sealing/sealed-exchange.ts'

/**
 * What the OpenAI-compatible endpoint needs of the network. The client role implements it over its proxy
 * connections; tests implement it in memory.
 */
export interface Network {
  /** Starts one query. Exactly one of `end` and `failed` follows. Nothing is called before `run` returns. */
  run(query: Query, events: AnswerEvents): Run
  /** The models on offer now. Rejects with a ClientError. */
  models(): Promise<ModelOffer[]>
  /** For callers who seal by themselves, and whose queries are paid here and cannot be read. Absent: none are taken. */
  readonly passing?: Passing
}

/** Hands on what callers have sealed themselves. Whatever it tells comes from a proxy and proves nothing. */
export interface Passing {
  /** The machines that a proxy offers for a model. Rejects with a ClientError. */
  offers(model: string): Promise<PassedOffers>
  /** Boxed `sealed.workerEvidence`; undefined where no proxy knows it. Rejects with a ClientError. */
  evidence(identity: Uint8Array): Promise<Uint8Array | undefined>
  /**
   * Starts a query, on the connection to the proxy that is named. Exactly one of `end` and `failed` follows, and
   * nothing is called before `run` returns. Throws a ClientError where the query is malformed.
   */
  run(
    query: SealedQuery,
    options: { readonly timeoutMs: number; readonly proxyKey?: Uint8Array | undefined },
    events: PassedEvents,
  ): Run
  /** Tells the proxy that a receipt is not accepted; false where the query is not known any more. */
  dispute(requestId: Uint8Array, reason: number): boolean
  /**
   * Boxed `client.inclusion` of the entry with this leaf hash; undefined while it is in no proxy's log. Rejects with a
   * ClientError.
   */
  inclusion?(leaf: Uint8Array): Promise<Uint8Array | undefined>
}

export interface PassedOffers {
  /** Of the proxy, 32 bytes. */
  readonly proxyKey: Uint8Array
  readonly prices: Prices & { readonly paramsVersion: number }
  readonly offers: readonly Offer[]
}

export interface PassedEvents {
  /** Boxed `client.sealedAnswer`, `client.sealedAnswerPart` or `client.sealedFailure`, which the callee may keep. */
  piece(bytes: Uint8Array): void
  /** The last piece has come. */
  end(summary: AnswerSummary): void
  /** No more comes, and the last piece has not. */
  failed(error: Error, summary: AnswerSummary): void
}

export interface Query {
  /** Base name, as in the request body. */
  model: string
  /** HTTP target at the worker's backend: `/v1/chat/completions`, `/v1/completions` or `/v1/embeddings`. */
  path: string
  /** JSON body for the backend, UTF-8, without network-specific fields. */
  body: Uint8Array
  /** Price cap in thousandths: 1000 = 1.0. */
  maxCoefficient: number
  /** Most completion tokens to reserve for: a query never costs more than its reservation. */
  maxTokens: number
  /** Whole answer, milliseconds. */
  timeoutMs: number
  enableDebug: boolean
  /** The least protection that the caller accepts; the client's own rule if absent. */
  leastProtection?: LeastProtection
}

/**
 * `sealed`: nobody but the machine that answers can read the query. `attested-proxy`: two attested machines can, the
 * proxy's among them. `any`: whoever is on the way.
 */
export type LeastProtection = 'sealed' | 'attested-proxy' | 'any'

/** How one answer was protected. */
export interface Protection {
  readonly kind: 'sealed' | 'attested-proxy' | 'none'
  /** It rests on a root that proves nothing. */
  readonly isSimulated: boolean
  /** By which the receipt of a sealed answer is found: 64 hexadecimal digits. */
  readonly receiptId?: string
}

export interface AnswerEvents {
  /** Once, before `data`: the backend's (or the proxy's) status and headers, names lower case. */
  head(status: number, headers: Array<[name: string, value: string]>, protection?: Protection): void
  /** Body bytes, which the callee may keep. */
  data(bytes: Uint8Array): void
  /** The answer is complete. */
  end(summary: AnswerSummary): void
  /** The answer could not be completed; `head` and `data` may have been called. */
  failed(error: Error, summary: AnswerSummary): void
}

export interface AnswerSummary {
  /** Adjusted tokens charged for this query: price units, not model tokens. */
  tokens: bigint
  /** The same in nanotons. */
  costNano: bigint
  /** For `enable_debug`: what each hop says of itself, JSON text from peers, unverified. */
  debug?: { client?: string; proxy?: string; worker?: string }
  /** Contract address of the proxy that served it, absent if none did. */
  proxy?: string
  /** Of a sealed answer that is complete. */
  proof?: SealedProof
}

export interface Run {
  /** Stops the query: the worker is freed and what it produced is paid. `failed` follows with code `cancelled`. */
  cancel(): void
}

export interface ModelOffer {
  id: string
  workers: Array<{ coefficient: number; runningRequests: number; maxRunningRequests: number }>
}
