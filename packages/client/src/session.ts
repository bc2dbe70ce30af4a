import {
  type Channel,
  checkProxyTerms,
  type ClientChannels,
  clientContractAddress,
  type ContractAddress,
  expectAddress,
  formatAddress,
  isImageAllowed,
  type ProxyTerms,
  type RootConfig,
} from '@cocoon/money'
import type { PeerWitness } from '@cocoon/trust/log'
import { type IdentityVerifier, modelTextHash } from '@cocoon/trust/seal'
import {
  clientAuthorizationWithProxyAny,
  clientAuthorizeWithProxyLong,
  clientAuthorizeWithProxyShort,
  clientCancelQuery,
  clientConnectedToProxy,
  clientConnectToProxy,
  clientDisputeReceipt,
  type ClientOffer,
  clientPaymentStatus,
  type ClientProxyConnectionAuthAny,
  clientRunQuery,
  clientRunQueryEx,
  clientRunSealedQuery,
  clientUpdatePaymentStatus,
  Connection,
  decode,
  decodeBoxed,
  LiveMap,
  peekId,
  proxyClientRequestPayment,
  proxySignedPayment,
  randomBetween,
  type Reply,
  type SealedQuery,
  type SealedWorkerEvidence,
  type Timer,
  type Transport,
  type UplinkSession,
  WireError,
  witnessOffer,
  type World,
  bytesKey,
  sameBytes,
} from '@cocoon/wire'
import { isProxyAnswer, readProxyAnswer } from './answer.ts'
import { ClientError } from './error.ts'
import { FewAtOnce } from './few-at-once.ts'
import type { ModelOffer, Protection } from './network.ts'
import { askEvidence, askModels, askOffers } from './offers.ts'
import type { PassedQuery } from './passed-query.ts'
import type { PendingQuery } from './pending.ts'
import { encodeRequest } from './request.ts'
import { type LogProofs, logProofsOf } from './receipt/log-proofs.ts'
import { OfferBook } from './sealing/offer-book.ts'
import type { SealedTerms, Sealer } from './sealing/sealer.ts'

/** Newest protocol version that this client speaks. 3 adds that a query can be cancelled. */
export const newestVersion = 3
const cancelVersion = 3
const sealedVersion = 3
const connectTimeoutMs = 30_000
const authoriseTimeoutMs = 300_000
const statusTimeoutMs = 60_000
/** How long running queries keep a session that the registry has overtaken. */
const retireMs = 30_000
const congestedBytes = 4 << 20
/** Questions about machines at once: a connection takes 64 of all kinds, and refuses more. */
const maxAsking = 32
/** Of the caller's time, what the proxy gets: the rest is for the way back. */
const proxyShare = 0.95

export interface SessionOptions {
  world: World
  transport: Transport
  config: RootConfig
  root: ContractAddress
  /** The client's node wallet: the owner of its contract. */
  wallet: ContractAddress
  isTestnet: boolean
  channels: ClientChannels
  checkProxyHashes: boolean
  /** Verifies what the proxy offers to seal to. Absent: nothing is sealed. */
  sealing?: ClientSealing | undefined
  /** Cosigns checkpoints of the proxy's log. */
  witness?: PeerWitness | undefined
  ready(): void
  closed(cause: Error): void
  /** Queries that the connection took with it. */
  lost(queries: Array<PendingQuery | PassedQuery>): void
}

/** What a client seals its queries with. */
export interface ClientSealing {
  readonly sealer: Sealer
  readonly verifier: IdentityVerifier
  /** Hears of machines that were not believed. */
  readonly refused?: (identity: string, error: Error) => void
}

/** A session with one proxy: handshake, queries, payments. */
export class ClientSession implements UplinkSession {
  readonly #options: SessionOptions
  readonly #connection: Connection
  readonly #queries = new LiveMap<string, PendingQuery | PassedQuery>()
  #channel: Channel | undefined
  #offerBook: OfferBook | undefined
  readonly #asking = new FewAtOnce(maxAsking)
  #logProofs: LogProofs | undefined
  #witnessed: ((data: Uint8Array, reply: Reply) => boolean) | undefined
  #terms: ProxyTerms | undefined
  #proxyText = ''
  #state: 'handshake' | 'ready' | 'closed' = 'handshake'
  #statusTimer: Timer | undefined
  #retired = false
  #retireTimer: Timer | undefined
  #retireReason = ''
  readonly #proof: Disposable | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#connection = new Connection({
      transport: options.transport,
      world: options.world,
      side: 'dialer',
      events: {
        ready: () => this.#begin(),
        packet: data => this.#packet(data),
        query: (data, reply: Reply) => {
          if (this.#witnessed?.(data, reply) !== true) reply.error(621, 'a client answers no such queries')
        },
        drain: () => {},
        closed: cause => this.#closed(cause),
      },
    })
    this.#proof = this.#connection.peer.proof?.watch(({ message }) => this.retire(message))
    this.#connection.start()
  }

  get isReady(): boolean {
    return this.#state === 'ready'
  }

  get running(): number {
    return this.#queries.size
  }

  get terms(): ProxyTerms | undefined {
    return this.#terms
  }

  get channel(): Channel | undefined {
    return this.#channel
  }

  get address(): string {
    return this.#connection.peer.address
  }

  /** The proxy's contract, for people. */
  get proxyText(): string {
    return this.#proxyText
  }

  /** So much of what was sent is unread that another query could break the connection. */
  get isCongested(): boolean {
    return this.#connection.queuedBytes > congestedBytes
  }

  /** Whether the registry still lists the proxy's image, as far as that is checked. */
  isAllowedBy(config: RootConfig): boolean {
    const { checkProxyHashes } = this.#options
    return !checkProxyHashes || isImageAllowed(config.proxyHashes, this.#connection.peer.imageHash)
  }

  get isRetired(): boolean {
    return this.#retired
  }

  /** Gets no new queries, and ends when the running ones have, or after a while. */
  retire(reason = 'the registry changed: the session begins anew'): void {
    if (this.#retired) return
    this.#retired = true
    this.#retireReason = reason
    this.#retireTimer = this.#options.world.after(retireMs, () => this.#retireNow())
    this.#leaveIfIdle()
  }

  #leaveIfIdle(): void {
    if (this.#retired && this.#queries.size === 0) this.#retireNow()
  }

  #retireNow(): void {
    this.#connection.close(new WireError('closed', this.#retireReason))
  }

  /** What the proxy offers to seal to; absent where nothing can be sealed over it. */
  get offerBook(): OfferBook | undefined {
    return this.#offerBook
  }

  /** What the proxy proves of its log; absent where it is too old to. */
  get logProofs(): LogProofs | undefined {
    return this.#logProofs
  }

  /** What a receipt of this proxy is held against. */
  get sealedTerms(): SealedTerms {
    return { proxyKey: this.#terms!.publicKey, prices: this.#options.config }
  }

  /** What it is worth that this proxy reads what is sent openly. */
  get openProtection(): Protection {
    const { proof } = this.#connection.peer
    return { kind: proof === undefined ? 'none' : 'attested-proxy', isSimulated: proof?.isSimulated ?? false }
  }

  /** Whether the proxy takes sealed queries. */
  get canSeal(): boolean {
    return this.#terms !== undefined && this.#terms.version >= sealedVersion
  }

  dispute({ requestId }: Pick<PendingQuery, 'requestId'>, reason: number): void {
    this.#connection.send(clientDisputeReceipt, { _: 'client.disputeReceipt', requestId, reason })
  }

  #offerWitness({ contract, proxyKey: publicKey }: LogProofs): void {
    const { witness } = this.#options
    if (witness === undefined) return
    const proxy = { origin: `cocoon/${contract}`, publicKey }
    this.#witnessed = (data, reply) => witness.answer(proxy, data, reply)
    this.#connection.send(witnessOffer, witness.offer)
  }

  #openOffers(): void {
    const { sealing, world, config } = this.#options
    if (!this.canSeal) return
    this.#logProofs = logProofsOf(this.#connection, this.#terms!)
    this.#offerWitness(this.#logProofs)
    if (sealing === undefined) return
    const { verifier, sealer, refused } = sealing
    this.#offerBook = new OfferBook({
      world,
      source: {
        offers: model => this.sealedOffers(model),
        evidence: identity => this.evidence(identity),
      },
      verifier,
      registry: () => ({ images: config.workerHashes, models: config.modelHashes }),
      modelHash: modelTextHash(sealer.crypto),
      ...(refused && { refused }),
    })
  }

  sealedOffers(model: string): Promise<ClientOffer[]> {
    return this.#asking.run(() => askOffers(this.#connection, model))
  }

  evidence(identity: Uint8Array): Promise<SealedWorkerEvidence> {
    return this.#asking.run(() => askEvidence(this.#connection, identity))
  }

  /** Sends a query. False when this connection does not take it. */
  run(pending: PendingQuery): boolean {
    const { exchange } = pending
    if (exchange !== undefined) pending.requestId = exchange.requestId
    const sent = exchange === undefined ? this.#sendOpen(pending) : this.#sendSealed(exchange.query, pending)
    if (sent) this.#carry(pending)
    return sent
  }

  /** Sends a query that its caller has sealed, or says why not. */
  pass(passed: PassedQuery): ClientError | undefined {
    if (this.#queries.has(bytesKey(passed.requestId)))
      return new ClientError('invalid-request', 'A query with this request id is under way.')
    if (!this.#sendSealed(passed.query, passed))
      return new ClientError(
        'limit',
        'The query is larger than the network carries: 16 MiB with all framing.',
      )
    this.#carry(passed)
    return undefined
  }

  #carry(query: PendingQuery | PassedQuery): void {
    this.#queries.set(bytesKey(query.requestId), query)
    if (this.#channel !== undefined) this.#channel.grantedTokens += query.reservedTokens
  }

  #sendSealed(query: SealedQuery, of: { timeLeftMs(): number }): boolean {
    return this.#connection.send(clientRunSealedQuery, {
      _: 'client.runSealedQuery',
      query,
      timeout: (Math.max(1, of.timeLeftMs()) * proxyShare) / 1000,
      minConfigVersion: this.#options.config.version,
    })
  }

  #sendOpen(pending: PendingQuery): boolean {
    const { query } = pending
    pending.openProtection = this.openProtection
    const fields = {
      modelName: query.model,
      query: (pending.requestBytes ??= encodeRequest(query)),
      maxCoefficient: query.maxCoefficient,
      maxTokens: query.maxTokens,
      timeout: (Math.max(1, pending.timeLeftMs()) * proxyShare) / 1000,
      requestId: pending.requestId,
      minConfigVersion: this.#options.config.version,
    }
    return this.#terms?.version === 0
      ? this.#connection.send(clientRunQuery, { _: 'client.runQuery', ...fields })
      : this.#connection.send(clientRunQueryEx, {
          _: 'client.runQueryEx',
          ...fields,
          flags: 1,
          enableDebug: query.enableDebug,
        })
  }

  /** Nobody waits for the query any more: the proxy is told where its version knows how. */
  cancel({ requestId }: Pick<PendingQuery, 'requestId'>): void {
    if (!this.#queries.delete(bytesKey(requestId))) return
    this.#options.world.soon(() => this.#leaveIfIdle())
    if ((this.#terms?.version ?? 0) < cancelVersion) return
    this.#connection.send(clientCancelQuery, { _: 'client.cancelQuery', requestId })
  }

  offers(): Promise<ModelOffer[]> {
    return askModels(this.#connection, this.#terms?.version)
  }

  close(cause: WireError): void {
    this.#connection.close(cause)
  }

  #begin(): void {
    this.#handshake().then(
      () => {
        if (this.#state !== 'handshake') return
        this.#state = 'ready'
        this.#openOffers()
        this.#statusLater()
        this.#options.ready()
      },
      (error: unknown) => {
        this.#connection.close(
          error instanceof WireError ? error : new WireError('handshake', messageOf(error), { cause: error }),
        )
      },
    )
  }

  async #handshake(): Promise<void> {
    const { config, wallet, isTestnet, checkProxyHashes, root } = this.#options
    if (checkProxyHashes && !isImageAllowed(config.proxyHashes, this.#connection.peer.imageHash)) {
      throw new ClientError('protocol', 'The proxy runs an image that is not in the root contract')
    }
    const answer = await this.#connection.query(
      clientConnectToProxy,
      {
        _: 'client.connectToProxy',
        params: {
          _: 'client.params',
          flags: 3,
          clientOwnerAddress: formatAddress(wallet, { testnet: isTestnet }),
          isTest: config.isTest,
          minProtoVersion: 0,
          maxProtoVersion: newestVersion,
        },
        minConfigVersion: config.version,
      },
      connectTimeoutMs,
    )
    const { params, clientScAddress, auth } = decode(clientConnectedToProxy, answer)
    const terms = checkProxyTerms(params, { config, root, newestVersion })
    const contract = clientContractAddress(config, {
      clientOwner: wallet,
      proxyContract: terms.contract,
      proxyPublicKey: terms.publicKey,
    })
    expectAddress('client', clientScAddress, contract)
    const channel = await this.#options.channels.open({ terms, contract, config })
    await this.#authorise(auth, channel)
    this.#terms = terms
    this.#proxyText = formatAddress(terms.contract, { testnet: isTestnet })
    this.#channel = channel
    this.#connection.trust()
  }

  async #authorise(auth: ClientProxyConnectionAuthAny, channel: Channel): Promise<void> {
    const { channels } = this.#options
    const secret = channels.secretFor(channel)
    const knowsSecret =
      auth._ === 'client.proxyConnectionAuthShort' && sameBytes(await sha256(secret), auth.secretHash)
    if (!knowsSecret) await channels.register(channel, BigInt.asUintN(64, auth.nonce))
    const answer = knowsSecret
      ? await this.#connection.query(
          clientAuthorizeWithProxyShort,
          { _: 'client.authorizeWithProxyShort', data: secret },
          authoriseTimeoutMs,
        )
      : await this.#connection.query(
          clientAuthorizeWithProxyLong,
          { _: 'client.authorizeWithProxyLong' },
          authoriseTimeoutMs,
        )
    const result = decodeBoxed(clientAuthorizationWithProxyAny, answer)
    if (result._ === 'client.authorizationWithProxyFailed') {
      throw new ClientError('protocol', `The proxy refused the authorisation: ${result.error.slice(0, 300)}`)
    }
    channel.update(result.signedPayment, {
      dbTokens: result.tokensCommittedToDb,
      maxTokens: result.maxTokens,
    })
    channels.agreed(channel)
  }

  #packet(data: Uint8Array): void {
    const id = peekId(data)
    if (isProxyAnswer(id)) {
      const answer = readProxyAnswer(data)
      const key = bytesKey(answer.requestId)
      // An answer that nobody waits for any more is late, not wrong.
      if (this.#queries.get(key)?.take(answer, this.proxyText, data) && this.#queries.delete(key))
        this.#leaveIfIdle()
    } else if (id === proxyClientRequestPayment.id) {
      const { signedPayment, ...totals } = decode(proxyClientRequestPayment, data)
      this.#channel?.update(signedPayment, totals)
    } else if (id === proxySignedPayment.id) {
      this.#channel?.update(decode(proxySignedPayment, data))
    }
  }

  #statusLater(): void {
    this.#statusTimer = this.#options.world.after(randomBetween(this.#options.world, 10_000, 20_000), () => {
      this.#connection
        .query(clientUpdatePaymentStatus, { _: 'client.updatePaymentStatus' }, statusTimeoutMs)
        .then(data => {
          const { signedPayment, ...totals } = decode(clientPaymentStatus, data)
          this.#channel?.update(signedPayment, totals)
          if (this.isReady) this.#statusLater()
        })
        .catch((error: unknown) =>
          this.#connection.close(
            new WireError('handshake', `payment status: ${messageOf(error)}`, { cause: error }),
          ),
        )
    })
  }

  #closed(cause: WireError): void {
    this.#proof?.[Symbol.dispose]()
    this.#statusTimer?.cancel()
    this.#retireTimer?.cancel()
    const queries = [...this.#queries.values()]
    this.#queries.clear()
    // Told while the session still counts as ready, so that its owner knows what it was.
    this.#options.closed(cause)
    this.#state = 'closed'
    this.#options.lost(queries)
  }
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
