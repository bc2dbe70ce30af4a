import type { ClientRunQueryEx, Connection, SealedQuery, TokensUsed, WireError, World } from '@cocoon/wire'
import type { ProxyEvent, ProxyStats } from './event.ts'
import type { Market } from './market/market.ts'
import type { IdentifiedAsk } from './offers.ts'
import type { WorkerAccount } from './payments.ts'
import type { Relay } from './relay.ts'
import type { WorkerAnswer, WorkerFinal } from './worker-answer.ts'

/** A query as the relay needs it: one shape for all protocol versions. */
export interface RelayQuery extends Pick<
  ClientRunQueryEx,
  'modelName' | 'query' | 'maxCoefficient' | 'maxTokens' | 'requestId' | 'minConfigVersion' | 'enableDebug'
> {
  /** Seconds for the whole answer. */
  timeout: number
  /** Of a sealed query, whose body is what `query` is then. */
  sealed?: SealedRelayQuery
}

/** What a sealed query goes by. */
export interface SealedRelayQuery extends Pick<SealedQuery, 'header' | 'keys'> {
  /** Where the key for an identity is, by its digest as a key of maps. */
  readonly recipients: ReadonlyMap<string, number>
  /** The first of these, 32 bytes. */
  readonly first: Uint8Array
}

/** The client that a relay answers. */
export interface RelayClient {
  readonly connection: Connection
  readonly version: number
  /** Address of the client's owner, as workers are told. */
  readonly ownerText: string
  pushPayment(requestId: Uint8Array, tokens: bigint): void
  /** The relay has ended; its answer, if anybody waited for it, has gone out. */
  finished(relay: Relay): void
}

/** A worker that a relay can be matched with. */
export interface RelayWorker extends IdentifiedAsk {
  /** For logs. */
  readonly name: string
  /** Whom a charge is due to. */
  readonly account: WorkerAccount | undefined
  /** Sends a query, which is copied. Undefined when the connection does not take it. */
  run(relay: Relay, query: RelayQuery, timeoutS: number): Run | undefined
  /** Whether it can open what was sealed to these. */
  isRecipient(recipients: SealedRelayQuery['recipients']): boolean
  /** Asks the worker to stop a run. False when it cannot be asked: its version knows no cancelling. */
  stop(run: Run): boolean
  /** The relay is done with the run; what still comes of it is ignored. */
  ended(run: Run, outcome: 'success' | 'failure' | 'neutral'): void
  pushPayment(run: Run, tokens: bigint, clientOwner: string): void
}

/** One query at one worker. */
export interface Run {
  readonly worker: RelayWorker
  /** Which identity of the worker a sealed query was sent to, 32 bytes. */
  readonly identity?: Uint8Array | undefined
}

/** What a relay needs of the proxy. */
export interface RelayDesk {
  readonly world: World
  readonly market: Market<RelayWorker>
  readonly stats: ProxyStats
  log(event: ProxyEvent): void
  /** Commits what the query cost, or gives the reservation back. Resolves, when durable, with what was charged. */
  charge(relay: Relay, run: Run | undefined, final: WorkerFinal): Promise<TokensUsed>
  /** What the receipt of a sealed answer charges; undefined, and logged, where it does not hold. */
  settle(relay: Relay, run: Run, piece: WorkerAnswer): WorkerFinal | undefined
  /** The client does not accept what has come of a sealed answer so far. */
  disputed(relay: Relay, run: Run): void
  /**
   * Gives the reservation back if it still stands. The client is not told of an answer whose charge is not
   * durable: its connection ends for this cause.
   */
  chargeFailed(relay: Relay, error: unknown): WireError
}
