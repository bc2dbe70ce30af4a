import { TrustError } from '@cocoon/trust'
import { readRouting, type SealedRouting } from '@cocoon/trust/seal'
import {
  clientCancelQuery,
  clientConsistency,
  clientDisputeReceipt,
  clientGetConsistency,
  clientGetEvidence,
  clientGetInclusion,
  clientGetOffers,
  clientGetWorkerTypes,
  clientGetWorkerTypesV2,
  clientInclusion,
  clientPaymentStatus,
  clientRunQuery,
  clientRunQueryEx,
  clientRunSealedQuery,
  type ClientRunSealedQuery,
  clientUpdatePaymentStatus,
  Connection,
  decode,
  LiveMap,
  peekId,
  proxyClientRequestPayment,
  type Reply,
  type SealedKey,
  sealedWorkerEvidence,
  type Timer,
  type Transport,
  WireError,
  bytesKey,
  witnessOffer,
} from '@cocoon/wire'
import { ClientAnswer } from './client-answer.ts'
import { ClientHandshake, type ClientTerms } from './client-handshake.ts'
import type { Desk } from './desk.ts'
import { answerOffers, answerWorkerTypes, answerWorkerTypesV2 } from './offers.ts'
import { askPeer } from './log/peer-witness.ts'
import type { ProxyLog } from './log/proxy-log.ts'
import { errorCode, type Refusal, refusals } from './refusal.ts'
import { Relay } from './relay.ts'
import type { RelayClient, RelayQuery } from './relay-parts.ts'
import { SealedClientAnswer } from './sealed-client-answer.ts'
import { bundledPaymentMs, bundledPaymentVersion } from './version.ts'
import { noTokens } from './worker-answer.ts'

const longestTimeoutS = 3_600
/** A client that registers through the chain waits for its blocks. */
const longAuthorisationMs = 300_000
/** Questions about the log that one client has open. */
const maxProving = 64
/** An encapsulation has 1120 bytes, and is the longest of what is in a key. */
const longestKeyPart = 1_120
/** How long queries keep a client whose evidence ended. */
const retireMs = 30_000

/** A client's connection: its handshake, then its queries. */
export class ClientLink implements RelayClient {
  readonly connection: Connection
  /** Set once the client is authorised. */
  terms: ClientTerms | undefined
  readonly #desk: Desk
  readonly #gone: (link: ClientLink, cause: WireError) => void
  readonly #handshake: ClientHandshake
  readonly #relays = new LiveMap<string, Relay>()
  #queryBytes = 0
  #proving = 0
  #witnessing: Disposable | undefined
  #overdue: Timer | undefined
  #paymentTimer: Timer | undefined
  #proof: Disposable | undefined
  #retireTimer: Timer | undefined
  /** Why the client is to leave, once it is. */
  #retireReason: string | undefined

  constructor(desk: Desk, transport: Transport, gone: (link: ClientLink, cause: WireError) => void) {
    this.#desk = desk
    this.#gone = gone
    this.#handshake = new ClientHandshake(desk)
    this.connection = new Connection({
      transport,
      world: desk.world,
      side: 'acceptor',
      budget: desk.frameBudget,
      events: {
        ready: () => {},
        packet: data => this.#packet(data),
        query: (data, reply) => this.#query(data, reply),
        drain: () => {},
        closed: cause => this.#closed(cause),
      },
    })
  }

  start(): void {
    this.#allow(this.#desk.limits.sessionMs)
    this.#proof = this.connection.peer.proof?.watch(({ message }) => this.#retire(message))
    this.connection.start()
  }

  /** Gets nothing new once it is no longer believed, and leaves when its queries have ended, or after a while. */
  #retire(reason: string): void {
    this.#retireReason ??= reason
    this.#retireTimer ??= this.#desk.world.after(retireMs, () => this.#leave())
    if (this.#relays.size === 0) this.#leave()
  }

  #leave(): void {
    this.connection.close(new WireError('closed', this.#retireReason ?? 'it is no longer believed'))
  }

  get name(): string {
    return this.connection.peer.address
  }

  get version(): number {
    return this.terms?.version ?? 0
  }

  get ownerText(): string {
    return this.terms?.ownerText ?? ''
  }

  get running(): number {
    return this.#relays.size
  }

  finished(relay: Relay): void {
    this.#relays.delete(bytesKey(relay.requestId))
    this.#queryBytes -= relay.queryBytes
    this.#desk.queryBudget.give(relay.queryBytes)
    this.#desk.relayEnded()
    if (this.#retireReason !== undefined && this.#relays.size === 0)
      this.#desk.world.soon(() => this.#leave())
  }

  /** Tells the client what its queries cost and hands it the newest signature. */
  pushPayment(requestId: Uint8Array, tokens: bigint): void {
    if (this.version < bundledPaymentVersion) return this.#sendPayment(requestId, tokens)
    this.#paymentTimer ??= this.#desk.world.after(bundledPaymentMs, () => {
      this.#paymentTimer = undefined
      this.#sendPayment(requestId, tokens)
    })
  }

  #sendPayment(requestId: Uint8Array, tokens: bigint): void {
    const account = this.terms?.account
    if (account === undefined || this.connection.isClosed) return
    try {
      this.connection.send(proxyClientRequestPayment, {
        _: 'proxy.clientRequestPayment',
        requestId,
        signedPayment: this.#desk.payments.toClient(account),
        ...this.#desk.payments.clientTotals(account),
        requestTokens: tokens,
      })
    } catch (cause) {
      this.connection.close(new WireError('internal', 'its payment could not be signed', { cause }))
    }
  }

  #packet(data: Uint8Array): void {
    const id = peekId(data)
    if (this.terms === undefined) return this.#desk.ignored('client', id)
    if (id === clientRunQueryEx.id) {
      this.#admit(decode(clientRunQueryEx, data))
    } else if (id === clientRunQuery.id) {
      this.#admit(decode(clientRunQuery, data))
    } else if (id === clientRunSealedQuery.id) {
      this.#admitSealed(decode(clientRunSealedQuery, data))
    } else if (id === clientDisputeReceipt.id) {
      const { requestId, reason } = decode(clientDisputeReceipt, data)
      // While an answer is being charged, its receipt is there already.
      const isUnderWay = this.#relays.get(bytesKey(requestId))?.dispute() === true
      if (!isUnderWay) this.#desk.receipts.dispute(this.ownerText, requestId, reason)
    } else if (id === witnessOffer.id) {
      const offer = decode(witnessOffer, data)
      if (this.#desk.publicLog !== undefined) {
        this.#witnessing ??= askPeer(this.#desk.publicLog, this.connection, offer)
      }
    } else if (id === clientCancelQuery.id) {
      this.#relays.get(bytesKey(decode(clientCancelQuery, data).requestId))?.cancel()
    } else {
      this.#desk.ignored('client', id)
    }
  }

  #query(data: Uint8Array, reply: Reply): void {
    const terms = this.terms
    if (terms === undefined) {
      this.#handshake.step(this.connection, data, reply, {
        slow: () => this.#allow(longAuthorisationMs),
        agreed: agreed => this.#agreed(agreed),
      })
      return
    }
    switch (peekId(data)) {
      case clientUpdatePaymentStatus.id:
        decode(clientUpdatePaymentStatus, data)
        reply.answer(clientPaymentStatus, {
          _: 'client.paymentStatus',
          signedPayment: this.#desk.payments.toClient(terms.account),
          ...this.#desk.payments.clientTotals(terms.account),
        })
        return
      case clientGetWorkerTypes.id:
        decode(clientGetWorkerTypes, data)
        return answerWorkerTypes(this.#desk.market, reply)
      case clientGetWorkerTypesV2.id:
        decode(clientGetWorkerTypesV2, data)
        return answerWorkerTypesV2(this.#desk.market, reply)
      case clientGetOffers.id:
        return answerOffers(
          this.#desk.market,
          { model: decode(clientGetOffers, data).model, nowMs: this.#desk.world.now() },
          reply,
        )
      case clientGetEvidence.id:
        return this.#evidence(decode(clientGetEvidence, data).identity, reply)
      case clientGetInclusion.id: {
        const { leaf } = decode(clientGetInclusion, data)
        return this.#prove(
          reply,
          log => log.inclusion(leaf),
          proof => reply.answer(clientInclusion, proof),
        )
      }
      case clientGetConsistency.id: {
        const { oldSize, newSize } = decode(clientGetConsistency, data)
        return this.#prove(
          reply,
          log => log.consistency(oldSize, newSize),
          proof => reply.answer(clientConsistency, proof),
        )
      }
      default:
        reply.error(errorCode.protocol, 'already authorized')
        this.connection.close(new WireError('handshake', 'a query that no authorised client asks'))
    }
  }

  /** Answers with what the log proves, a few questions at a time. */
  #prove<Proof>(
    reply: Reply,
    prove: (log: ProxyLog) => Promise<Proof | undefined>,
    answer: (proof: Proof) => void,
  ): void {
    const { publicLog } = this.#desk
    if (publicLog === undefined) return reply.error(errorCode.notLogged, 'this proxy keeps no log')
    if (this.#proving >= maxProving) return reply.error(errorCode.notReady, 'ask for fewer proofs at once')
    this.#proving++
    prove(publicLog)
      .then(found =>
        found === undefined ? reply.error(errorCode.notLogged, 'it is not in the log') : answer(found),
      )
      .catch(() => reply.error(errorCode.failure, 'the log cannot be read now'))
      .finally(() => this.#proving--)
  }

  #evidence(digest: Uint8Array, reply: Reply): void {
    const announced = this.#desk.identities.find(digest)
    if (announced === undefined)
      return reply.error(errorCode.identityUnknown, 'no worker has this identity now')
    reply.answer(sealedWorkerEvidence, announced.evidence)
  }

  /** What routes a sealed query stands in its header. */
  #admitSealed({ query, timeout, minConfigVersion }: ClientRunSealedQuery): void {
    const { header, keys, body } = query
    const { requestId, model, maxCoefficient, maxTokens, recipients } = routingOf(header)
    if (keys.length !== recipients.length)
      throw new WireError('malformed', 'a sealed query has a key for each recipient')
    this.#admit({
      requestId,
      modelName: model,
      query: body,
      maxCoefficient,
      maxTokens,
      timeout,
      minConfigVersion,
      sealed: {
        header,
        keys,
        recipients: new Map(recipients.map((digest, index) => [bytesKey(digest), index])),
        first: recipients[0]!,
      },
    })
  }

  /** Takes a query in or says why not. Nothing of it is kept in the second case. */
  #admit(query: RelayQuery): void {
    this.#desk.stats.queries++
    this.#desk.stats.bytesReceived += query.query.length
    const refusal = this.#refusalFor(query)
    if (refusal !== undefined) return this.#refuse(query, refusal)
    const relay = new Relay(this.#desk, this, query, this.#desk.nextRelayId())
    const key = bytesKey(query.requestId)
    this.#relays.set(key, relay)
    this.#queryBytes += relay.queryBytes
    this.#desk.queryBudget.take(relay.queryBytes)
    const tokens = this.#desk.reservationFor(query)
    this.#desk.relayBegan()
    void this.#reserve(relay, query, tokens)
  }

  async #reserve(relay: Relay, query: RelayQuery, tokens: bigint): Promise<void> {
    const { account } = this.terms!
    try {
      await this.#desk.reserve(account, relay.id, tokens)
    } catch (error) {
      this.finished(relay)
      const refusal = this.#desk.reservationRefused(error, tokens, account)
      if (refusal !== undefined) return this.#refuse(query, refusal)
      return this.connection.close(
        new WireError('closed', 'the account was not used and made room for others'),
      )
    }
    relay.start()
  }

  #refusalFor(query: RelayQuery): Refusal | undefined {
    const { limits, market } = this.#desk
    if (query.maxTokens < 0 || query.maxCoefficient < 0) {
      return refusals.invalid('max_tokens and max_coefficient cannot be negative.')
    }
    if (!(query.timeout > 0 && query.timeout <= longestTimeoutS)) {
      return refusals.invalid(`timeout is more than 0 and at most ${longestTimeoutS} seconds.`)
    }
    if (query.sealed?.keys.every(isKeyBounded) === false) {
      return refusals.invalid('a key of a sealed query is longer than any is.')
    }
    if (this.#relays.has(bytesKey(query.requestId))) return refusals.duplicate()
    if (this.#relays.size >= limits.maxRelaysPerClient) return refusals.busy(query.modelName)
    const queryBytes = query.query.length
    if (
      this.#queryBytes + queryBytes > limits.maxQueryBytesPerClient ||
      !this.#desk.queryBudget.has(queryBytes)
    ) {
      return refusals.busy(query.modelName)
    }
    const activeVersion = this.#desk.config().version
    if (query.minConfigVersion >>> 0 > activeVersion >>> 0) {
      return refusals.configTooOld(query.minConfigVersion >>> 0, activeVersion)
    }
    if (!this.#desk.isOpen() || this.#retireReason !== undefined) return refusals.draining()
    if (!this.#desk.clientContracts.isOpen(this.terms!.account.key)) return refusals.closing()
    if (!market.books.has(query.modelName)) return refusals.unknownModel(query.modelName)
    return undefined
  }

  #refuse(query: RelayQuery, refusal: Refusal): void {
    this.#desk.stats.rejected++
    const now = this.#desk.world.now() / 1000
    const answer =
      query.sealed === undefined
        ? new ClientAnswer(this.connection, this.version, query.requestId)
        : new SealedClientAnswer(this.connection, query.requestId)
    answer.refusal(refusal, {
      receipt: undefined,
      tokens: noTokens,
      workerDebug: undefined,
      proxyDebug: undefined,
      proxyStart: now,
      proxyEnd: now,
      workerStart: undefined,
      workerEnd: undefined,
    })
  }

  /** How long the handshake may still take. */
  #allow(limitMs: number): void {
    this.#overdue?.cancel()
    this.#overdue = this.#desk.world.after(limitMs, () =>
      this.connection.close(new WireError('handshake', 'the session handshake took too long')),
    )
  }

  #agreed(terms: ClientTerms): void {
    // The last answer of the handshake may have been more than the peer's queue took.
    if (this.connection.isClosed) return
    this.#overdue?.cancel()
    this.#handshake[Symbol.dispose]()
    this.terms = terms
    this.connection.trust()
    this.#desk.log({ event: 'client-ready', client: this.name, version: terms.version })
  }

  #closed(cause: WireError): void {
    this.#overdue?.cancel()
    this.#handshake[Symbol.dispose]()
    this.#paymentTimer?.cancel()
    this.#retireTimer?.cancel()
    this.#proof?.[Symbol.dispose]()
    this.#witnessing?.[Symbol.dispose]()
    for (const relay of this.#relays.values()) relay.cancel()
    this.#gone(this, cause)
  }
}

/** Keys are not counted where the body is, while they are kept as long. */
function isKeyBounded({ encapsulation, wrapped }: SealedKey): boolean {
  return (encapsulation?.length ?? 0) <= longestKeyPart && (wrapped?.length ?? 0) <= longestKeyPart
}

function routingOf(header: Uint8Array): SealedRouting {
  try {
    return readRouting(header)
  } catch (error) {
    if (error instanceof TrustError) throw new WireError('malformed', error.message, { cause: error })
    throw error
  }
}
