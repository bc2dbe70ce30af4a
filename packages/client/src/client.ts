import {
  type ClientChannels,
  type ContractAddress,
  reservationTokens,
  type RootConfig,
  type Tally,
} from '@cocoon/money'
import type { PeerWitness } from '@cocoon/trust/log'
import { type PeerEndpoint, sameBytes, type Transport, Uplinks, WireError, type World } from '@cocoon/wire'
import { ClientError } from './error.ts'
import { type ClientEvent, type ClientStats, newStats } from './event.ts'
import type {
  AnswerEvents,
  AnswerSummary,
  LeastProtection,
  ModelOffer,
  Network,
  Passing,
  Query,
  Run,
} from './network.ts'
import { Passer } from './passer.ts'
import type { LogProofs } from './receipt/log-proofs.ts'
import { PassedQuery } from './passed-query.ts'
import { type PendingOwner, PendingQuery } from './pending.ts'
import { requestSize } from './request.ts'
import type { Candidate } from './sealing/offer-book.ts'
import { type ClientSealing, ClientSession } from './session.ts'

export interface ClientOptions {
  world: World
  /** The registry as it stands at the start. */
  config: RootConfig
  root: ContractAddress
  /** The client's node wallet: the owner of its contracts. */
  wallet: ContractAddress
  isTestnet: boolean
  /** What it knows of its accounts at proxies, and does on the chain for them. */
  channels: ClientChannels
  checkProxyHashes: boolean
  /** Seals queries where proxies offer machines for it. Absent: nothing is sealed. */
  sealing?: ClientSealing | undefined
  /** Cosigns checkpoints of the logs of its proxies. Absent: it does not. */
  witness?: PeerWitness | undefined
  /** The least protection for queries whose caller says nothing; `any` if absent. */
  leastProtection?: LeastProtection
  proxyConnections: number
  dial: (endpoint: PeerEndpoint, signal: AbortSignal) => Promise<Transport>
  /** Adds up what was spent, for people. */
  tally?: Pick<Tally, 'add'> | undefined
  log?: (event: ClientEvent) => void
  limits?: Partial<ClientLimits>
}

export interface ClientLimits {
  /** Queries on their way at once. */
  maxQueries: number
  /** How long a query waits for a proxy when none is connected, milliseconds. */
  waitForProxyMs: number
}

export const clientLimits: ClientLimits = { maxQueries: 10_000, waitForProxyMs: 3_000 }

/** Proxies that one query may be tried on. */
const maxAttempts = 3
const pollMs = 50

/** The client role: keeps sessions with proxies and runs queries over them. */
export class Client implements Network {
  readonly stats: ClientStats = newStats()
  /** For callers who seal by themselves. */
  readonly passing: Passing
  readonly #options: ClientOptions
  readonly #limits: ClientLimits
  readonly #uplinks: Uplinks<ClientSession>
  readonly #owner: PendingOwner = {
    overstated: proxy => this.#options.log?.({ event: 'charge-overstated', proxy }),
    overdue: pending => {
      const message = `No complete answer within ${pending.query.timeoutMs} ms.`
      this.#stop(pending, new ClientError('timeout', message))
    },
    again: (pending, { identity, code }) => this.#again(pending, identity, code),
    disputed: (pending, reason) => {
      this.#options.log?.({ event: 'receipt-disputed', reason })
      ;(pending.session as ClientSession | undefined)?.dispute(pending, reason)
    },
    ended: (outcome, summary, receivedBytes, { query }) =>
      this.#ended(outcome, summary, receivedBytes, query.model),
  }
  #config: RootConfig
  #running = 0
  #closing = false
  #turn = 0

  constructor(options: ClientOptions) {
    this.#options = options
    this.#config = options.config
    this.#limits = { ...clientLimits, ...options.limits }
    this.passing = new Passer({
      world: options.world,
      config: () => this.#config,
      sessions: () => this.#usable(),
      admit: query => this.#admit(query.body.length),
      overstated: this.#owner.overstated,
      ended: (...end) => this.#ended(...end),
    })
    this.#uplinks = new Uplinks({
      world: options.world,
      endpoints: () => this.#config.proxies.map(proxy => proxy.clientEndpoint),
      count: options.proxyConnections,
      dial: options.dial,
      open: (transport, endpoint, state) => this.#open(transport, endpoint, state),
      failed: (endpoint, error) =>
        options.log?.({
          event: 'proxy-lost',
          proxy: `${endpoint.host}:${endpoint.port}`,
          why: error.message,
        }),
    })
  }

  start(): void {
    this.#uplinks.start()
  }

  get config(): RootConfig {
    return this.#config
  }

  /** Takes over what changed in the registry. Sessions under other prices or codes end, and begin anew. */
  setConfig(config: RootConfig): void {
    const isOther = config.paramsVersion !== this.#config.paramsVersion
    this.#config = config
    for (const { session } of this.#uplinks.targets()) {
      if (isOther || session?.isAllowedBy(config) === false) session?.retire()
    }
  }

  get running(): number {
    return this.#running
  }

  get isReady(): boolean {
    return this.#uplinks.ready().some(session => !session.isRetired)
  }

  /** Every proxy that this client is or wants to be connected to. */
  proxies(): Array<{ endpoint: PeerEndpoint; session: ClientSession | undefined }> {
    return this.#uplinks.targets()
  }

  /** Who proves something of the log of the proxy with this key; undefined while it is not connected. */
  logProofs(proxyKey: Uint8Array): LogProofs | undefined {
    const session = this.#sessionWith(proxyKey)
    return session?.logProofs
  }

  /** Tells a proxy that the receipt of a query is not accepted. */
  dispute(proxyKey: Uint8Array, requestId: Uint8Array, reason: number): void {
    this.#options.log?.({ event: 'receipt-disputed', reason })
    this.#sessionWith(proxyKey)?.dispute({ requestId }, reason)
  }

  #sessionWith(proxyKey: Uint8Array): ClientSession | undefined {
    return this.#uplinks
      .ready()
      .find(({ terms }) => terms !== undefined && sameBytes(terms.publicKey, proxyKey))
  }

  run(query: Query, events: AnswerEvents): Run {
    const { world } = this.#options
    const config = this.#config
    const requestBytes = requestSize(query)
    this.stats.queries++
    this.stats.bytesSent += requestBytes
    this.#running++
    const pending = new PendingQuery({
      query,
      events,
      world,
      pricePerTokenNano: config.pricePerTokenNano,
      reservedTokens: this.#reservedFor(query, requestBytes),
      owner: this.#owner,
    })
    if (this.#running <= this.#limits.maxQueries) this.#send(pending)
    else this.#fail(pending, this.#tooManyQueries())
    return { cancel: () => this.#stop(pending, new ClientError('cancelled', 'The query was cancelled.')) }
  }

  async models(): Promise<ModelOffer[]> {
    const sessions = this.#uplinks.ready()
    if (sessions.length === 0) throw noProxy()
    const offers = new Map<string, ModelOffer>()
    const answers = await Promise.allSettled(sessions.map(session => session.offers()))
    for (const answer of answers) {
      if (answer.status === 'rejected') continue
      for (const { id, workers } of answer.value) {
        const known = offers.get(id)
        if (known === undefined) offers.set(id, { id, workers: [...workers] })
        else known.workers.push(...workers)
      }
    }
    const [first] = answers
    if (answers.every(answer => answer.status === 'rejected') && first?.status === 'rejected') {
      const timedOut = first.reason instanceof WireError && first.reason.code === 'timeout'
      throw new ClientError(timedOut ? 'timeout' : 'upstream', 'No proxy told which models it offers.', {
        cause: first.reason,
      })
    }
    return [...offers.values()]
  }

  /** Takes no new queries, lets running ones end within `graceMs`, then closes every session. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true
    const until = this.#options.world.monotonic() + graceMs
    while (this.#running > 0 && this.#options.world.monotonic() < until) {
      await new Promise<void>(resolve => this.#options.world.after(pollMs, resolve))
    }
    this.#uplinks.close()
  }

  #send(pending: PendingQuery): void {
    if (pending.ended) return
    if (this.#closing)
      return this.#fail(pending, new ClientError('overloaded', 'This client is shutting down.'))
    const session = this.#choose()
    if (session === undefined) return this.#awaitProxy(pending)
    pending.attempts++
    this.#sendBy(pending, session)
  }

  #sendBy(pending: PendingQuery, session: ClientSession): void {
    const { query } = pending
    const least = query.leastProtection ?? this.#options.leastProtection ?? 'any'
    let candidates: readonly Candidate[] | Promise<readonly Candidate[]>
    try {
      candidates = session.offerBook?.choose(query.model, query.maxCoefficient) ?? []
    } catch (error) {
      return this.#unsealed(pending, session, least, error)
    }
    if (!(candidates instanceof Promise)) return this.#sendTo(pending, session, least, candidates)
    candidates.then(
      chosen => this.#sendTo(pending, session, least, chosen),
      (error: unknown) => this.#unsealed(pending, session, least, error),
    )
  }

  /** Seals the query to these machines, or sends it openly where that is enough. */
  #sendTo(
    pending: PendingQuery,
    session: ClientSession,
    least: LeastProtection,
    chosen: readonly Candidate[],
  ): void {
    if (pending.ended) return
    if (chosen.length === 0) return this.#unsealed(pending, session, least, undefined)
    if (!session.isReady || session.isRetired) return this.#retry(pending, session)
    const { model, path, body, maxTokens } = pending.query
    const plain = { model, path, body, maxTokens, timeoutMs: pending.timeLeftMs() }
    pending.exchange?.end()
    pending.exchange = this.#options.sealing!.sealer.seal(plain, chosen, session.sealedTerms)
    pending.reservedTokens = this.#reservedFor(pending.query, pending.exchange.query.body.length)
    this.#runOn(pending, session)
  }

  /** Nothing can be sealed for this query here: whether it may go openly is its caller's rule. */
  #unsealed(pending: PendingQuery, session: ClientSession, least: LeastProtection, cause: unknown): void {
    if (pending.ended) return
    // It ended, or is no longer believed, while it was asked for offers.
    if (!session.isReady || session.isRetired) return this.#retry(pending, session)
    if (least === 'sealed') return this.#passOver(pending, session, notSealed(pending.query.model, cause))
    const { kind } = session.openProtection
    if (least === 'attested-proxy' && kind !== 'attested-proxy') {
      const message = 'The proxy has not proved which machine it is, and the query asks for that at least.'
      return this.#passOver(pending, session, new ClientError('unprotected', message, { cause }))
    }
    pending.exchange?.end()
    pending.exchange = undefined
    this.#runOn(pending, session)
  }

  /** Nothing protects this query enough at this proxy: asks the next one, and fails once none is left. */
  #passOver(pending: PendingQuery, session: ClientSession, error: ClientError): void {
    pending.passedOver ??= new Set()
    pending.passedOver.add(session)
    const next = this.#choose(pending.passedOver)
    if (next === undefined) this.#fail(pending, error)
    else this.#sendBy(pending, next)
  }

  #runOn(pending: PendingQuery, session: ClientSession): void {
    if (session.run(pending)) pending.session = session
    else
      this.#fail(
        pending,
        new ClientError('limit', 'The request is larger than the network carries: 16 MiB with all framing.'),
      )
  }

  #reservedFor({ maxTokens, maxCoefficient }: Query, queryBytes: number): bigint {
    const { multipliers } = this.#config
    return reservationTokens({ maxTokens, queryBytes, maxCoefficient, multipliers })
  }

  /** A machine could not open the query: it is sealed anew, after a second time in a row to others. */
  #again(pending: PendingQuery, identity: Uint8Array | undefined, code: number): void {
    const { sealing, world, log } = this.#options
    log?.({ event: 'query-resealed', code })
    if (identity !== undefined) sealing?.sealer.forget(identity)
    for (const { session } of this.#uplinks.targets()) {
      if (code !== 660) session?.offerBook?.forget(pending.query.model)
      if (identity !== undefined && pending.resealed > 1) session?.offerBook?.avoid(identity)
    }
    world.soon(() => this.#send(pending))
  }

  /** Counts a query in that its caller has sealed. */
  #admit(queryBytes: number): void {
    if (this.#closing) throw new ClientError('overloaded', 'This client is shutting down.')
    if (this.#running >= this.#limits.maxQueries) throw this.#tooManyQueries()
    this.stats.queries++
    this.stats.bytesSent += queryBytes
    this.#running++
  }

  #ended(
    outcome: 'succeeded' | 'failed',
    summary: AnswerSummary,
    receivedBytes: number,
    model: string,
  ): void {
    this.#running--
    this.stats[outcome]++
    this.stats.tokens += summary.tokens
    this.stats.costNano += summary.costNano
    this.stats.bytesReceived += receivedBytes
    if (summary.tokens > 0n) this.#tally(model, summary)
  }

  #tooManyQueries(): ClientError {
    return tooMany(`${this.#limits.maxQueries} queries are under way, as many as this client takes.`)
  }

  /** Never before `run` has returned. */
  #fail(pending: PendingQuery, error: ClientError): void {
    this.#options.world.soon(() => pending.fail(error))
  }

  /** The least busy session that reads what it is sent; among equals each in turn. */
  #choose(except?: ReadonlySet<object>): ClientSession | undefined {
    const sessions = this.#usable(except)
    if (sessions.length <= 1) return sessions[0]
    const offset = this.#turn++ % sessions.length
    let best = sessions[offset]!
    for (let i = 1; i < sessions.length; i++) {
      const session = sessions[(offset + i) % sessions.length]!
      if (session.running < best.running) best = session
    }
    return best
  }

  #usable(except?: ReadonlySet<object>): ClientSession[] {
    const isUsable = (session: ClientSession): boolean =>
      !session.isCongested && !session.isRetired && except?.has(session) !== true
    return this.#uplinks.ready().filter(isUsable)
  }

  /** What the model counted is known to the worker alone. */
  #tally(model: string, { tokens, costNano, proxy = '' }: AnswerSummary): void {
    const uncounted = { promptTokens: 0n, cachedTokens: 0n, completionTokens: 0n, reasoningTokens: 0n }
    this.#options.tally?.add({
      model,
      counterparty: proxy,
      adjustedTokens: tokens,
      ...uncounted,
      nano: costNano,
    })
  }

  #awaitProxy(pending: PendingQuery): void {
    const { world } = this.#options
    const waitMs = Math.min(this.#limits.waitForProxyMs, pending.timeLeftMs())
    const until = world.monotonic() + waitMs
    const look = (): void => {
      if (pending.ended) return
      if (this.#choose() !== undefined) return this.#send(pending)
      if (world.monotonic() >= until) {
        return this.#fail(
          pending,
          this.isReady ? tooMany('What was sent to the proxies is still on its way.') : noProxy(),
        )
      }
      world.after(pollMs, look)
    }
    look()
  }

  #stop(pending: PendingQuery, error: ClientError): void {
    if (pending.ended) return
    pending.session?.cancel(pending)
    pending.fail(error)
  }

  #open(
    transport: Transport,
    endpoint: PeerEndpoint,
    state: { ready(): void; closed(cause: Error): void },
  ): ClientSession {
    const { world, root, wallet, isTestnet, channels, checkProxyHashes, log } = this.#options
    const session: ClientSession = new ClientSession({
      world,
      transport,
      config: this.#config,
      root,
      wallet,
      isTestnet,
      channels,
      checkProxyHashes,
      sealing: this.#options.sealing,
      witness: this.#options.witness,
      ready: () => {
        state.ready()
        const proxy = `${endpoint.host}:${endpoint.port}`
        log?.({ event: 'proxy-ready', proxy, version: session.terms?.version ?? 0 })
      },
      closed: cause => state.closed(cause),
      lost: queries => {
        for (const query of queries) {
          if (query instanceof PassedQuery) query.fail(connectionLost())
          else this.#retry(query, session)
        }
      },
    })
    return session
  }

  /** The session ended under a query: another may have it if nothing of the answer has come. */
  #retry(pending: PendingQuery, session: ClientSession): void {
    if (pending.ended) return
    pending.session = undefined
    pending.exchange?.end()
    pending.exchange = undefined
    if (pending.begun || pending.attempts >= maxAttempts || this.#closing) {
      return this.#fail(pending, connectionLost())
    }
    this.stats.retried++
    this.#options.log?.({ event: 'query-retried', proxy: session.address })
    pending.requestId = this.#options.world.random(32)
    this.#send(pending)
  }
}

function tooMany(message: string): ClientError {
  return new ClientError('overloaded', message, { retryAfterMs: 1_000 })
}

function notSealed(model: string, cause: unknown): ClientError {
  if (cause instanceof ClientError && cause.code !== 'upstream') return cause
  const message =
    `No machine is offered that a query for ${JSON.stringify(model.slice(0, 80))} could be sealed to, and this query is to be sealed. ` +
    'Nothing of it was sent. Retry when sealed workers are back, or accept less with `--protection attested-proxy`.'
  return new ClientError('unprotected', message, { cause, retryAfterMs: 5_000 })
}

function connectionLost(): ClientError {
  return new ClientError('upstream', 'The connection to the proxy was lost before the answer was complete.')
}

function noProxy(): ClientError {
  return new ClientError(
    'no-proxy',
    'No proxy is connected. `cocoon status` and `cocoon doctor` say why; a retry may do.',
    {
      retryAfterMs: 2_000,
    },
  )
}
