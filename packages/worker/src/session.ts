import {
  addressKey,
  type Channel,
  type Channels,
  checkProxyTerms,
  type ContractAddress,
  expectAddress,
  formatAddress,
  isImageAllowed,
  type ProxyTerms,
  type RootConfig,
  workerContractAddress,
} from '@cocoon/money'
import type { PeerWitness } from '@cocoon/trust/log'
import {
  Connection,
  decode,
  LiveMap,
  peekId,
  proxyCancelQuery,
  proxyRunQuery,
  proxyRunQueryEx,
  proxyRunSealedQuery,
  type ProxyRunSealedQuery,
  proxySignedPayment,
  type ProxySignedPaymentAny,
  proxyWorkerRequestPayment,
  randomBetween,
  type Reply,
  type Timer,
  type Transport,
  type UplinkSession,
  WireError,
  witnessOffer,
  workerCompareBalanceWithProxy,
  workerCompareBalanceWithProxyResult,
  workerConnectedToProxy,
  workerConnectToProxy,
  workerEnabledDisabled,
  workerExtendedCompareBalanceWithProxy,
  workerExtendedCompareBalanceWithProxyResult,
  workerNewCoefficient,
  workerPaymentStatus,
  workerProxyHandshakeComplete,
  workerProxyHandshakeCompleted,
  workerUpdatePaymentStatus,
  type World,
  bytesKey,
} from '@cocoon/wire'
import { WorkerAnswer } from './answer.ts'
import type { AnswerWriter } from './answer-writer.ts'
import { WorkerError } from './error.ts'
import { SealedQueries, type WorkerSealing } from './sealed-queries.ts'
import type { Serving, ServingRequest } from './serving.ts'

/** Newest protocol version that this worker speaks. 3 adds that a query can be cancelled. */
const newestVersion = 3
/** From this version on a proxy asks for cosignatures. */
const witnessVersion = 3
const handshakeTimeoutMs = 30_000
const statusTimeoutMs = 60_000
/** How long running queries keep a session that the registry has overtaken. */
const retireMs = 30_000

export interface SessionOptions {
  world: World
  transport: Transport
  config: RootConfig
  root: ContractAddress
  owner: ContractAddress
  isTestnet: boolean
  /** `name@commit:hash`. */
  model: string
  proxyConnections: number
  checkProxyHashes: boolean
  channels: Channels
  /** What the worker offers right now. */
  offer: () => WorkerOffer
  serve: (request: ServingRequest, answer: AnswerWriter, ended: () => void) => Serving
  /** Who the worker is to clients that seal their queries. Absent: it opens none. */
  sealing?: WorkerSealing | undefined
  /** Cosigns checkpoints of the proxy's log. */
  witness?: PeerWitness | undefined
  rolledBack: () => void
  ready(): void
  closed(cause: Error): void
}

export interface WorkerOffer {
  disabled: boolean
  /** Thousandths: 1000 = 1.0. */
  coefficient: number
  maxActiveRequests: number
}

/** A session with one proxy: handshake, queries, earnings. */
export class WorkerSession implements UplinkSession {
  readonly #options: SessionOptions
  readonly #connection: Connection
  readonly #servings = new LiveMap<string, Serving>()
  #terms: ProxyTerms | undefined
  #channel: Channel | undefined
  #told: WorkerOffer
  #state: 'handshake' | 'ready' | 'closed' = 'handshake'
  #statusTimer: Timer | undefined
  #retired = false
  #retireTimer: Timer | undefined
  #retireReason = ''
  readonly #proof: Disposable | undefined
  readonly #sealed: SealedQueries | undefined
  #witnessed: ((data: Uint8Array, reply: Reply) => boolean) | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#told = options.offer()
    this.#connection = new Connection({
      transport: options.transport,
      world: options.world,
      side: 'dialer',
      events: {
        ready: () => this.#begin(),
        packet: data => this.#packet(data),
        query: (data, reply: Reply) => {
          if (this.#witnessed?.(data, reply) !== true) reply.error(621, 'a worker answers no such queries')
        },
        drain: () => {
          for (const serving of this.#servings.values()) serving.resume()
        },
        closed: cause => this.#closed(cause),
      },
    })
    const { world, config, sealing } = options
    this.#sealed = sealing && new SealedQueries({ connection: this.#connection, world, config, sealing })
    this.#proof = this.#connection.peer.proof?.watch(({ message }) => this.retire(message))
    this.#connection.start()
  }

  get isReady(): boolean {
    return this.#state === 'ready'
  }

  get terms(): ProxyTerms | undefined {
    return this.#terms
  }

  get channel(): Channel | undefined {
    return this.#channel
  }

  get running(): number {
    return this.#servings.size
  }

  /** Tells the proxy what changed in the offer since it was last told. */
  offerChanged(): void {
    if (this.#state !== 'ready') return
    const offer = this.#offer()
    if (offer.coefficient !== this.#told.coefficient) {
      const { coefficient } = offer
      this.#connection.send(workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient: coefficient })
    }
    if (offer.disabled !== this.#told.disabled) {
      this.#connection.send(workerEnabledDisabled, {
        _: 'worker.enabledDisabled',
        disabled: offer.disabled ? 1 : 0,
      })
    }
    this.#told = offer
  }

  /** Whether the registry still lists the proxy's image, as far as that is checked. */
  isAllowedBy(config: RootConfig): boolean {
    const { checkProxyHashes } = this.#options
    return !checkProxyHashes || isImageAllowed(config.proxyHashes, this.#connection.peer.imageHash)
  }

  /** Asks for no new queries, and ends when the running ones have, or after a while. */
  retire(reason = 'the registry changed: the session begins anew'): void {
    if (this.#retired) return
    this.#retired = true
    this.#retireReason = reason
    this.offerChanged()
    this.#retireTimer = this.#options.world.after(retireMs, () => this.#retireNow())
    if (this.#servings.size === 0) this.#retireNow()
  }

  #retireNow(): void {
    this.#connection.close(new WireError('closed', this.#retireReason))
  }

  close(cause: WireError): void {
    this.#connection.close(cause)
  }

  #offer(): WorkerOffer {
    const offer = this.#options.offer()
    return this.#retired ? { ...offer, disabled: true } : offer
  }

  #begin(): void {
    this.#handshake().then(
      () => {
        if (this.#state !== 'handshake') return
        this.#state = 'ready'
        // What changed while the handshake ran would otherwise never reach the proxy.
        this.offerChanged()
        this.#sealed?.announce(this.#terms!)
        this.#offerWitness(this.#terms!)
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

  #offerWitness({ version, contract, publicKey }: ProxyTerms): void {
    const { witness } = this.#options
    if (witness === undefined || version < witnessVersion) return
    const proxy = { origin: `cocoon/${addressKey(contract)}`, publicKey }
    this.#witnessed = (data, reply) => witness.answer(proxy, data, reply)
    this.#connection.send(witnessOffer, witness.offer)
  }

  async #handshake(): Promise<void> {
    await this.#connect()
    await this.#compareBalance()
    this.#connection.trust()
    this.#told = { ...this.#told, disabled: this.#offer().disabled }
    const completed = await this.#connection.query(
      workerProxyHandshakeComplete,
      { _: 'worker.proxyHandshakeComplete', isDisabled: this.#told.disabled },
      handshakeTimeoutMs,
    )
    decode(workerProxyHandshakeCompleted, completed)
  }

  async #connect(): Promise<void> {
    const { config, root, owner, isTestnet, model, proxyConnections, checkProxyHashes } = this.#options
    if (checkProxyHashes && !isImageAllowed(config.proxyHashes, this.#connection.peer.imageHash)) {
      throw new WireError('handshake', 'the proxy runs an image that is not in the root contract')
    }
    this.#told = this.#offer()
    const answer = await this.#connection.query(
      workerConnectToProxy,
      {
        _: 'worker.connectToProxy',
        params: {
          _: 'worker.params',
          flags: 3,
          workerOwnerAddress: formatAddress(owner, { testnet: isTestnet }),
          model,
          coefficient: this.#told.coefficient,
          isTest: config.isTest,
          proxyCnt: proxyConnections,
          maxActiveRequests: this.#told.maxActiveRequests,
          minProtoVersion: 0,
          maxProtoVersion: newestVersion,
        },
      },
      handshakeTimeoutMs,
    )
    const { params, workerScAddress } = decode(workerConnectedToProxy, answer)
    const terms = checkProxyTerms(params, { config, root, newestVersion })
    const contract = workerContractAddress(config, {
      workerOwner: owner,
      proxyContract: terms.contract,
      proxyPublicKey: terms.publicKey,
    })
    expectAddress('worker', workerScAddress, contract)
    this.#terms = terms
    this.#channel = await this.#options.channels.open({ terms, contract, config })
  }

  /** Both sides hold their totals against each other: a proxy that lost some has been rolled back. */
  async #compareBalance(): Promise<void> {
    const channel = this.#channel!
    // A session with another process of the same proxy may earn meanwhile.
    const {
      signedTokens: tokensCommittedToBlockchain,
      dbTokens: knownDbTokens,
      maxTokens: knownTokens,
    } = channel
    const answer = await this.#connection.query(
      workerCompareBalanceWithProxy,
      {
        _: 'worker.compareBalanceWithProxy',
        tokensCommittedToBlockchain,
        tokensCommittedToDb: knownDbTokens,
        maxTokens: knownTokens,
      },
      handshakeTimeoutMs,
    )
    const result = decode(workerCompareBalanceWithProxyResult, answer)
    if (result.errorCode !== 0) await this.#extendedCompare(channel)
    const { signedPayment, tokensCommittedToDb: dbTokens, maxTokens } = result
    if (dbTokens >= knownDbTokens && maxTokens >= knownTokens) {
      channel.update(signedPayment, { dbTokens, maxTokens })
      return
    }
    this.#options.channels.rolledBack(channel, signedPayment, { dbTokens, maxTokens })
    this.#options.rolledBack()
  }

  async #extendedCompare(channel: Channel): Promise<void> {
    const answer = await this.#connection.query(
      workerExtendedCompareBalanceWithProxy,
      {
        _: 'worker.extendedCompareBalanceWithProxy',
        tokensCommittedToDb: channel.dbTokens,
        other: new Uint8Array(0),
      },
      handshakeTimeoutMs,
    )
    const { errorCode } = decode(workerExtendedCompareBalanceWithProxyResult, answer)
    if (errorCode !== 0) throw new WorkerError('closed', `The proxy refused the balance: ${errorCode}.`)
  }

  #packet(data: Uint8Array): void {
    if (this.#state === 'closed' || this.#terms === undefined) return
    switch (peekId(data)) {
      case proxyRunQueryEx.id: {
        const query = decode(proxyRunQueryEx, data)
        return this.#serve(query, query.enableDebug ?? false)
      }
      case proxyRunQuery.id:
        return this.#serve(decode(proxyRunQuery, data), false)
      case proxyRunSealedQuery.id:
        return this.#serveSealed(decode(proxyRunSealedQuery, data))
      case proxyCancelQuery.id:
        this.#servings.get(bytesKey(decode(proxyCancelQuery, data).requestId))?.cancel()
        return
      case proxyWorkerRequestPayment.id: {
        const { signedPayment, ...totals } = decode(proxyWorkerRequestPayment, data)
        this.#channel?.update(signedPayment, totals)
        return
      }
      case proxySignedPayment.id:
        this.#channel?.update(decode(proxySignedPayment, data))
    }
  }

  #serve(query: ReceivedQuery & { query: Uint8Array; coefficient: bigint }, enableDebug: boolean): void {
    const terms = this.#received(query, query.coefficient)
    const { requestId } = query
    const answer = new WorkerAnswer(this.#connection, terms.version, requestId, run =>
      this.#options.world.soon(run),
    )
    const { query: bytes, coefficient } = query
    this.#run(requestId, answer, {
      query: bytes,
      coefficient: Number(coefficient),
      timeoutMs: timeoutMsOf(query),
      enableDebug,
    })
  }

  #serveSealed(query: ProxyRunSealedQuery): void {
    const terms = this.#received(query, BigInt(query.coefficient))
    const { requestId } = query
    const progress = (): void => this.#servings.get(bytesKey(requestId))?.resume()
    const taken = this.#sealed?.take(query, { terms, timeoutMs: timeoutMsOf(query), progress })
    if (taken !== undefined) this.#run(requestId, taken.answer, taken.request)
  }

  /** What every query says, checked. */
  #received({ signedPayment, requestId }: ReceivedQuery, coefficient: bigint): ProxyTerms {
    this.#channel?.update(signedPayment)
    if (coefficient < 0n || coefficient >= 1_000_000_000n) {
      throw new WireError('malformed', `a query with coefficient ${coefficient}`)
    }
    if (this.#servings.has(bytesKey(requestId)))
      throw new WireError('malformed', 'a request id that is in use')
    return this.#terms!
  }

  #run(requestId: Uint8Array, answer: AnswerWriter, request: ServingRequest): void {
    const key = bytesKey(requestId)
    const serving = this.#options.serve(request, answer, () => {
      this.#servings.delete(key)
      if (this.#retired && this.#servings.size === 0) this.#options.world.soon(() => this.#retireNow())
    })
    this.#servings.set(key, serving)
    serving.start()
  }

  #statusLater(): void {
    this.#statusTimer = this.#options.world.after(randomBetween(this.#options.world, 10_000, 20_000), () => {
      this.#connection
        .query(workerUpdatePaymentStatus, { _: 'worker.updatePaymentStatus' }, statusTimeoutMs)
        .then(data => {
          const { signedPayment, ...totals } = decode(workerPaymentStatus, data)
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
    this.#sealed?.[Symbol.dispose]()
    this.#statusTimer?.cancel()
    this.#retireTimer?.cancel()
    this.#options.closed(cause)
    this.#state = 'closed'
    for (const serving of this.#servings.values()) serving.abandon()
    this.#servings.clear()
  }
}

const longestTimeoutMs = 7_200_000
interface ReceivedQuery {
  readonly signedPayment: ProxySignedPaymentAny
  readonly requestId: Uint8Array
  /** Seconds. */
  readonly timeout: number
}

/** Some proxies pass on what their client states, whatever it is: that is no reason to leave the proxy. */
function timeoutMsOf({ timeout }: ReceivedQuery): number {
  return timeout > 0 ? Math.min(1000 * timeout, longestTimeoutMs) : 0
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
