import {
  Connection,
  decode,
  LiveMap,
  peekId,
  proxyCancelQuery,
  proxyRunQuery,
  proxyRunQueryEx,
  proxyRunSealedQuery,
  proxyWorkerRequestPayment,
  type Reply,
  type SealedKey,
  type Timer,
  type Transport,
  workerEnabledDisabled,
  type WorkerIdentity,
  workerIdentity,
  workerNewCoefficient,
  workerPaymentStatus,
  workerUpdatePaymentStatus,
  WireError,
  witnessOffer,
} from '@cocoon/wire'
import type { Desk } from './desk.ts'
import type { AnnouncedIdentity } from './identity-book.ts'
import { Standing } from './market/standing.ts'
import type { WorkerAccount } from './payments.ts'
import { askPeer } from './log/peer-witness.ts'
import { errorCode } from './refusal.ts'
import type { Relay } from './relay.ts'
import type { RelayQuery, RelayWorker, Run, SealedRelayQuery } from './relay-parts.ts'
import { bundledPaymentMs, bundledPaymentVersion, cancelVersion } from './version.ts'
import { isWorkerAnswer, readWorkerAnswer } from './worker-answer.ts'
import { WorkerHandshake, type WorkerTerms } from './worker-handshake.ts'

/** A query at this worker. */
export interface WorkerRun extends Run {
  readonly worker: WorkerLink
  readonly relay: Relay
  /** The query's id on this leg, 32 bytes: the link's random part, then a counter. */
  readonly requestId: Uint8Array
  readonly key: number
  readonly startedAt: number
  /** Whether it tries out a worker that failed too often. */
  isProbe: boolean
  /** What the worker was told that it is paid. */
  readonly coefficient: number
  /** Of a sealed query. */
  readonly announced: AnnouncedIdentity | undefined
}

/** Which identity of a worker a query was sealed to, and with which key. */
interface SealedTo {
  readonly announced: AnnouncedIdentity
  readonly key: SealedKey
}

/** A connection announces an identity once in so long. */
const announcementMs = 10_000
/** What a wrong signature weighs: as much as so many queries that failed. */
const distrustedFailures = 50

const distrustedBefore = 'its identity has signed what does not hold'

/** Unsent bytes at which a worker gets nothing new until they have gone. */
const congestedBytes = 8 << 20
const randomIdBytes = 24

/** A worker's connection: its handshake, its ask in the market, its running queries. */
export class WorkerLink implements RelayWorker {
  readonly connection: Connection
  standing = new Standing()
  coefficient = 0
  limit = 0
  running = 0
  disabled = true
  congested = false
  /** Set once the handshake is complete. */
  terms: WorkerTerms | undefined
  readonly #desk: Desk
  readonly #gone: (link: WorkerLink, cause: WireError) => void
  readonly #handshake: WorkerHandshake
  readonly #runs = new LiveMap<number, WorkerRun>()
  readonly #idPrefix: Uint8Array
  #nextKey = 1
  #overdue: Timer | undefined
  #paymentTimer: Timer | undefined
  #acceptTimer: Timer | undefined
  #onMarket = false
  /** Newest first. */
  identities: readonly AnnouncedIdentity[] = []
  #announcedAt = Number.NEGATIVE_INFINITY
  #witnessing: Disposable | undefined
  #retired = false
  #retireReason = ''
  #proof: Disposable | undefined

  constructor(desk: Desk, transport: Transport, gone: (link: WorkerLink, cause: WireError) => void) {
    this.#desk = desk
    this.#gone = gone
    this.#idPrefix = desk.world.random(randomIdBytes)
    this.#handshake = new WorkerHandshake(desk, transport.peer)
    this.connection = new Connection({
      transport,
      world: desk.world,
      side: 'acceptor',
      budget: desk.frameBudget,
      events: {
        ready: () => {},
        packet: data => this.#packet(data),
        query: (data, reply) => this.#query(data, reply),
        drain: () => this.#drained(),
        closed: cause => this.#closed(cause),
      },
    })
  }

  start(): void {
    this.#overdue = this.#desk.world.after(this.#desk.limits.sessionMs, () =>
      this.connection.close(new WireError('handshake', 'the session handshake took too long')),
    )
    this.#proof = this.connection.peer.proof?.watch(({ message }) => this.retireUnless(false, message))
    this.connection.start()
  }

  /** Gets nothing new once it is no longer allowed, and leaves when its queries have ended. */
  retireUnless(isAllowed: boolean, reason = 'its image or model is no longer in the registry'): void {
    if (isAllowed || this.#retired) return
    this.#retired = true
    this.#retireReason = reason
    this.disabled = true
    if (this.running === 0) this.#retire()
  }

  /** For logs: never a secret. */
  get name(): string {
    return this.connection.peer.address
  }

  get worker(): string {
    return this.terms?.identity ?? ''
  }

  get account(): WorkerAccount | undefined {
    return this.terms?.account
  }

  get lastHeardAt(): number {
    return this.connection.lastHeardAt
  }

  get version(): number {
    return this.terms?.version ?? 0
  }

  isRecipient(recipients: SealedRelayQuery['recipients']): boolean {
    return this.identities.some(({ key }) => recipients.has(key))
  }

  run(relay: Relay, query: RelayQuery, timeoutS: number): WorkerRun | undefined {
    const terms = this.terms
    if (terms === undefined) return undefined
    const recipient = query.sealed && this.#recipientOf(query.sealed)
    const key = this.#nextKey++
    const run: WorkerRun = {
      worker: this,
      relay,
      requestId: this.#requestId(key),
      key,
      startedAt: this.#desk.world.monotonic(),
      isProbe: false,
      coefficient: this.coefficient,
      announced: recipient?.announced,
      identity: recipient?.announced.digest,
    }
    if (!this.#send(run, query, timeoutS, recipient)) return undefined
    run.isProbe = this.standing.probe()
    this.#runs.set(key, run)
    this.running++
    this.congested = this.connection.queuedBytes > congestedBytes
    return run
  }

  #send(run: WorkerRun, query: RelayQuery, timeoutS: number, recipient: SealedTo | undefined): boolean {
    const { account, version } = this.terms!
    const { query: bytes, sealed, enableDebug = false } = query
    const { requestId, coefficient } = run
    const fields = {
      signedPayment: this.#desk.payments.knownToWorker(account),
      timeout: timeoutS,
      requestId,
    }
    if (sealed !== undefined) {
      if (recipient === undefined) return false
      return this.connection.send(proxyRunSealedQuery, {
        _: 'proxy.runSealedQuery',
        ...fields,
        identity: recipient.announced.digest,
        header: sealed.header,
        key: recipient.key,
        body: bytes,
        coefficient,
      })
    }
    const open = { ...fields, query: bytes, coefficient: BigInt(coefficient) }
    return version === 0
      ? this.connection.send(proxyRunQuery, { _: 'proxy.runQuery', ...open })
      : this.connection.send(proxyRunQueryEx, { _: 'proxy.runQueryEx', ...open, flags: 1, enableDebug })
  }

  /** Which of its identities a query was sealed to, the newest first. */
  #recipientOf({ recipients, keys }: SealedRelayQuery): SealedTo | undefined {
    for (const announced of this.identities) {
      const key = keys[recipients.get(announced.key) ?? -1]
      if (key !== undefined) return { announced, key }
    }
    return undefined
  }

  /** A worker says who it is. What is wrong with that is logged, and changes nothing. */
  #announced(announcement: WorkerIdentity): void {
    const now = this.#desk.world.monotonic()
    const { terms, connection } = this
    if (terms === undefined || now - this.#announcedAt < announcementMs)
      return this.#desk.ignored('worker', workerIdentity.id)
    this.#announcedAt = now
    const here = {
      proxyKey: this.#desk.payments.publicKey,
      tlsKey: connection.peer.shownKey,
      model: terms.fullModel,
      nowMs: this.#desk.world.now(),
    }
    const announced = this.#desk.identities.judge(announcement, here)
    if (typeof announced === 'string')
      return this.#desk.log({ event: 'identity-refused', worker: this.name, why: announced })
    if (this.#desk.identities.isDistrusted(announced)) return this.#dropFor(distrustedBefore)
    this.identities = this.#desk.identities.add(this.identities, announced)
    this.#desk.market.freed(terms.model, this)
  }

  /** Its receipts are not worth anything: it leaves, and has no identity any more. */
  distrust(why: string): void {
    if (this.connection.isClosed) return
    this.#desk.log({ event: 'worker-distrusted', worker: this.name, why })
    const now = this.#desk.world.monotonic()
    for (let count = 0; count < distrustedFailures; count++) this.standing.record('failure', 0, now)
    this.#dropFor(why)
  }

  #dropFor(why: string): void {
    this.connection.close(new WireError('malformed', why))
  }

  recordDispute(): void {
    this.#desk.log({ event: 'receipts-disputed', worker: this.name })
    this.standing.record('failure', 0, this.#desk.world.monotonic())
  }

  stop(run: WorkerRun): boolean {
    if (this.version < cancelVersion) return false
    return this.connection.send(proxyCancelQuery, { _: 'proxy.cancelQuery', requestId: run.requestId })
  }

  ended(run: WorkerRun, outcome: 'success' | 'failure' | 'neutral'): void {
    if (!this.#runs.delete(run.key)) return
    this.running--
    if (this.#retired && this.running === 0) this.#desk.world.soon(() => this.#retire())
    const model = this.terms?.model ?? ''
    const now = this.#desk.world.monotonic()
    if (run.isProbe) this.standing.probed()
    if (outcome !== 'neutral') this.standing.record(outcome, now - run.startedAt, now)
    if (outcome === 'success') this.#desk.market.books.get(model)?.recordLatency(now - run.startedAt)
    if (outcome === 'failure') this.#freedLater(model, this.standing.acceptsAt - now)
    this.#desk.market.freed(model, this)
  }

  /** Queries that wait while the worker's breaker is open are told when it lets one through. */
  #freedLater(model: string, waitMs: number): void {
    if (waitMs <= 0) return
    this.#acceptTimer?.cancel()
    this.#acceptTimer = this.#desk.world.after(waitMs, () => this.#desk.market.freed(model, this))
  }

  /** Tells the worker what its queries earned and hands it the newest signature. */
  pushPayment(run: WorkerRun, tokens: bigint, clientOwner: string): void {
    if (this.version < bundledPaymentVersion) return this.#sendPayment(run, tokens, clientOwner)
    this.#paymentTimer ??= this.#desk.world.after(bundledPaymentMs, () => {
      this.#paymentTimer = undefined
      this.#sendPayment(run, tokens, clientOwner)
    })
  }

  #sendPayment(run: WorkerRun, tokens: bigint, clientOwner: string): void {
    const account = this.terms?.account
    if (account === undefined || this.connection.isClosed) return
    try {
      this.connection.send(proxyWorkerRequestPayment, {
        _: 'proxy.workerRequestPayment',
        requestId: run.requestId,
        signedPayment: this.#desk.payments.toWorker(account),
        ...this.#desk.payments.workerTotals(account),
        requestTokens: tokens,
        requestClientOwner: clientOwner,
      })
    } catch (cause) {
      this.connection.close(new WireError('internal', 'its payment could not be signed', { cause }))
    }
  }

  #packet(data: Uint8Array): void {
    const id = peekId(data)
    if (this.terms === undefined) return this.#desk.ignored('worker', id)
    if (isWorkerAnswer(id)) {
      const answer = readWorkerAnswer(data)
      const run = this.#runOf(answer.requestId)
      if (run === undefined) return
      if (answer.kind === 'head' && answer.sealed && run.identity) answer.sealed.identity = run.identity
      run.relay.workerAnswered(run, answer)
    } else if (id === witnessOffer.id) {
      const offer = decode(witnessOffer, data)
      if (this.#desk.publicLog !== undefined) {
        this.#witnessing ??= askPeer(this.#desk.publicLog, this.connection, offer)
      }
    } else if (id === workerIdentity.id) {
      this.#announced(decode(workerIdentity, data))
    } else if (id === workerEnabledDisabled.id) {
      this.disabled = this.#retired || decode(workerEnabledDisabled, data).disabled !== 0
      if (!this.disabled) this.#desk.market.freed(this.terms.model, this)
    } else if (id === workerNewCoefficient.id) {
      const { newCoefficient } = decode(workerNewCoefficient, data)
      if (newCoefficient < 0 || newCoefficient >= 1e9) {
        throw new WireError('malformed', `coefficient ${newCoefficient}; 0 to 999999999 are allowed`)
      }
      this.coefficient = newCoefficient
      this.#desk.market.freed(this.terms.model, this)
    } else {
      this.#desk.ignored('worker', id)
    }
  }

  #query(data: Uint8Array, reply: Reply): void {
    const terms = this.terms
    if (terms === undefined) {
      this.#handshake.step(this.connection, data, reply, agreed => this.#agreed(agreed))
      return
    }
    if (peekId(data) !== workerUpdatePaymentStatus.id) {
      reply.error(errorCode.protocol, 'expected worker.updatePaymentStatus')
      return
    }
    decode(workerUpdatePaymentStatus, data)
    reply.answer(workerPaymentStatus, {
      _: 'worker.paymentStatus',
      signedPayment: this.#desk.payments.toWorker(terms.account),
      ...this.#desk.payments.workerTotals(terms.account),
    })
  }

  /** The handshake is complete: the ask enters the market. */
  #agreed(terms: WorkerTerms): void {
    // The last answer of the handshake may have been more than the peer's queue took.
    if (this.connection.isClosed) return
    this.#overdue?.cancel()
    this.terms = terms
    this.connection.trust()
    this.coefficient = terms.coefficient
    this.limit = terms.limit
    this.disabled = terms.disabled
    this.standing = this.#desk.standings.join(terms.identity, this.#desk.world.monotonic())
    this.#desk.log({ event: 'worker-ready', worker: this.name, model: terms.model, version: terms.version })
    this.#onMarket = true
    this.#desk.market.join(terms.model, this)
  }

  #retire(): void {
    this.connection.close(new WireError('closed', this.#retireReason))
  }

  #drained(): void {
    this.congested = false
    if (this.terms !== undefined) this.#desk.market.freed(this.terms.model, this)
  }

  #closed(cause: WireError): void {
    this.#proof?.[Symbol.dispose]()
    this.#overdue?.cancel()
    this.#paymentTimer?.cancel()
    this.#acceptTimer?.cancel()
    const now = this.#desk.world.monotonic()
    if (this.#onMarket && this.terms !== undefined) {
      this.#desk.market.leave(this.terms.model, this)
      this.#desk.standings.leave(this.terms.identity, now)
    }
    this.#witnessing?.[Symbol.dispose]()
    this.#desk.identities.remove(this.identities)
    this.identities = []
    const lost = [...this.#runs.values()]
    this.#runs.clear()
    this.running = 0
    for (const run of lost) {
      if (run.isProbe) this.standing.probed()
      this.standing.record('failure', 0, now)
      run.relay.workerLost(run)
    }
    this.#gone(this, cause)
  }

  #requestId(key: number): Uint8Array {
    const id = new Uint8Array(32)
    id.set(this.#idPrefix)
    const counter = new DataView(id.buffer, randomIdBytes, 8)
    counter.setUint32(0, key >>> 0, true)
    counter.setUint32(4, Math.floor(key / 0x1_0000_0000), true)
    return id
  }

  #runOf(requestId: Uint8Array): WorkerRun | undefined {
    const counter = new DataView(requestId.buffer, requestId.byteOffset + randomIdBytes, 8)
    const run = this.#runs.get(counter.getUint32(0, true) + counter.getUint32(4, true) * 0x1_0000_0000)
    if (run === undefined) return undefined
    for (let i = 0; i < randomIdBytes; i++) if (requestId[i] !== this.#idPrefix[i]) return undefined
    return run
  }
}
