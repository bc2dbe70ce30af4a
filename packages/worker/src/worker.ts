import {
  type Channel,
  type Channels,
  type ContractAddress,
  addressKey,
  modelBaseName,
  type RootConfig,
  type Tally,
} from '@cocoon/money'
import type { PeerWitness } from '@cocoon/trust/log'
import { type PeerEndpoint, type TokensUsed, type Transport, Uplinks, type World } from '@cocoon/wire'
import type { AnswerWriter } from './answer-writer.ts'
import type { Backend, BackendModel } from './backend.ts'
import { newStats, type UsageSource, type WorkerEvent, type WorkerStats } from './event.ts'
import { Health } from './health.ts'
import { type Outcome, Serving, type ServingRequest } from './serving.ts'
import type { Usage } from './meter/usage.ts'
import type { WorkerSealing } from './sealed-queries.ts'
import { type WorkerOffer, WorkerSession } from './session.ts'

export interface WorkerOptions {
  world: World
  /** The registry as it stands at the start. */
  config: RootConfig
  root: ContractAddress
  /** Whom the earnings go to. */
  owner: ContractAddress
  /** What it knows of its earnings at proxies, and does on the chain for them. */
  channels: Channels
  isTestnet: boolean
  /** `name@commit:hash`: what the worker offers. */
  model: string
  /** The backend's own name for the model, where it differs. */
  backendModel?: string
  /** Price in thousandths: 1000 = 1.0. */
  coefficient: number
  maxActiveRequests: number
  proxyConnections: number
  checkProxyHashes: boolean
  backend: Backend
  /** What it opens sealed queries with. Absent: it takes open ones alone. */
  sealing?: WorkerSealing | undefined
  /** Cosigns checkpoints of the logs of its proxies. Absent: it does not. */
  witness?: PeerWitness | undefined
  /** Where the tokens of the backend's answers are known from; asked each time that the backend comes up. */
  findUsageSource?: (backend: Backend, model: string, signal: AbortSignal) => Promise<UsageSource>
  dial: (endpoint: PeerEndpoint, signal: AbortSignal) => Promise<Transport>
  /** Adds up what was earned, for people. */
  tally?: Pick<Tally, 'add'> | undefined
  log?: (event: WorkerEvent) => void
}

const pollMs = 50
/** Bytes of all queries that run: what comes above is refused as if the worker were full. */
const maxHeldBytes = 512 << 20

/** The worker role: offers a model to proxies and runs what they send. */
export class Worker {
  readonly stats: WorkerStats = newStats()
  readonly #options: WorkerOptions
  readonly #uplinks: Uplinks<WorkerSession>
  readonly #health: Health
  #config: RootConfig
  #coefficient: number
  #enabled = true
  #draining = false
  #running = 0
  #heldBytes = 0
  #usageSource: UsageSource = 'stated'
  #contextTokens: number | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#config = options.config
    this.#coefficient = options.coefficient
    const find = options.findUsageSource
    this.#health = new Health({
      world: options.world,
      backend: options.backend,
      findUsageSource: async (_models, signal) =>
        find === undefined ? 'stated' : find(options.backend, this.#backendModel, signal),
      up: (models, source) => this.#backendUp(models, source),
      down: error => {
        options.log?.({ event: 'backend-down', backend: options.backend.name, why: error.message })
        this.#offerChanged()
      },
    })
    this.#uplinks = new Uplinks({
      world: options.world,
      endpoints: () => this.#config.proxies.map(proxy => proxy.workerEndpoint),
      count: options.proxyConnections,
      dial: options.dial,
      open: (transport, endpoint, state) => this.#open(transport, endpoint, state),
      failed: (endpoint, error) =>
        options.log?.({ event: 'proxy-lost', proxy: addressOf(endpoint), why: error.message }),
    })
  }

  start(): void {
    this.#health.start()
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

  get model(): string {
    return this.#options.model
  }

  get running(): number {
    return this.#running
  }

  get maxActiveRequests(): number {
    return this.#options.maxActiveRequests
  }

  get coefficient(): number {
    return this.#coefficient
  }

  get isEnabled(): boolean {
    return this.#enabled
  }

  get backendIsUp(): boolean {
    return this.#health.isUp
  }

  get usageSource(): UsageSource {
    return this.#usageSource
  }

  /** Connected to a proxy, with a backend that answers. */
  get isReady(): boolean {
    return this.#health.isUp && this.#uplinks.ready().length > 0
  }

  proxies(): Array<{ endpoint: PeerEndpoint; session: WorkerSession | undefined }> {
    return this.#uplinks.targets()
  }

  channels(): Iterable<[proxyContract: string, channel: Channel]> {
    return this.#options.channels.all()
  }

  setEnabled(enabled: boolean): void {
    this.#enabled = enabled
    this.#offerChanged()
  }

  /** @throws RangeError outside 0 to 999,999,999 */
  setCoefficient(coefficient: number): void {
    if (!Number.isInteger(coefficient) || coefficient < 0 || coefficient >= 1e9) {
      throw new RangeError(`A coefficient is a whole number from 0 to 999999999, not ${coefficient}`)
    }
    this.#coefficient = coefficient
    this.#offerChanged()
  }

  /** Asks for no new queries, lets running ones end within `graceMs`, then closes everything. */
  async close(graceMs: number): Promise<void> {
    this.#draining = true
    this.#offerChanged()
    const until = this.#options.world.monotonic() + graceMs
    while (this.#running > 0 && this.#options.world.monotonic() < until) {
      await new Promise<void>(resolve => this.#options.world.after(pollMs, resolve))
    }
    this.#uplinks.close()
    this.#health.close()
    await this.#options.backend.close()
  }

  get #backendModel(): string {
    return this.#options.backendModel ?? modelBaseName(this.#options.model)
  }

  #offer(): WorkerOffer {
    return {
      disabled: !this.#enabled || this.#draining || !this.#health.isUp,
      coefficient: this.#coefficient,
      maxActiveRequests: this.#options.maxActiveRequests,
    }
  }

  #offerChanged(): void {
    for (const session of this.#uplinks.ready()) session.offerChanged()
  }

  #backendUp(models: BackendModel[], source: UsageSource): void {
    this.#usageSource = source
    this.#contextTokens = models.find(model => model.id === this.#backendModel)?.contextTokens
    const { log, backend } = this.#options
    log?.({ event: 'backend-up', backend: backend.name, models: models.slice(0, 20).map(model => model.id) })
    log?.({ event: 'usage-counting', how: source })
    this.#offerChanged()
  }

  #open(
    transport: Transport,
    endpoint: PeerEndpoint,
    state: { ready(): void; closed(cause: Error): void },
  ): WorkerSession {
    const { world, root, owner, isTestnet, model, proxyConnections, checkProxyHashes, channels, log } =
      this.#options
    const session: WorkerSession = new WorkerSession({
      world,
      transport,
      config: this.#config,
      root,
      owner,
      isTestnet,
      model,
      proxyConnections,
      checkProxyHashes,
      channels,
      sealing: this.#options.sealing,
      witness: this.#options.witness,
      offer: () => this.#offer(),
      serve: (request, answer, ended) => this.#serve(session, request, answer, ended),
      rolledBack: () => log?.({ event: 'proxy-rolled-back', proxy: addressOf(endpoint) }),
      ready: () => {
        state.ready()
        log?.({ event: 'proxy-ready', proxy: addressOf(endpoint), version: session.terms?.version ?? 0 })
      },
      closed: cause => state.closed(cause),
    })
    return session
  }

  #serve(session: WorkerSession, request: ServingRequest, answer: AnswerWriter, ended: () => void): Serving {
    const { world, backend, model, backendModel, maxActiveRequests, proxyConnections } = this.#options
    this.stats.queries++
    const queryBytes = request.query instanceof Uint8Array ? request.query.length : request.query.body.length
    this.stats.bytesReceived += queryBytes
    this.#running++
    this.#heldBytes += queryBytes
    // Each proxy rounds its share up, so that together they may send a few more.
    const shares = proxyConnections * Math.ceil(maxActiveRequests / proxyConnections)
    const full = this.#running > shares || this.#heldBytes > maxHeldBytes
    return new Serving(
      {
        world,
        backend,
        config: this.#config,
        model,
        backendModel,
        contextTokens: this.#contextTokens,
        usageSource: this.#usageSource,
        full,
      },
      request,
      answer,
      (outcome, tokens, usage) => {
        this.#running--
        this.#heldBytes -= queryBytes
        this.stats.bytesSent += answer.sentBytes
        this.#count(outcome, tokens)
        this.#tally(session, tokens, usage)
        ended()
      },
    )
  }

  #tally({ terms }: WorkerSession, { totalTokensUsed }: TokensUsed, usage: Usage | undefined): void {
    const { tally, model } = this.#options
    if (tally === undefined || totalTokensUsed === 0n) return
    tally.add({
      model: modelBaseName(model),
      counterparty: terms === undefined ? '' : addressKey(terms.contract),
      adjustedTokens: totalTokensUsed,
      promptTokens: BigInt(usage?.promptTokens ?? 0),
      cachedTokens: BigInt(usage?.cachedTokens ?? 0),
      completionTokens: BigInt(usage?.completionTokens ?? 0),
      reasoningTokens: BigInt(usage?.reasoningTokens ?? 0),
      nano: totalTokensUsed * this.#config.workerFeePerTokenNano,
    })
  }

  #count(outcome: Outcome, tokens: TokensUsed): void {
    this.stats[outcome]++
    const sums = this.stats.adjustedTokens
    sums.prompt += tokens.promptTokensUsed
    sums.cached += tokens.cachedTokensUsed
    sums.completion += tokens.completionTokensUsed
    sums.reasoning += tokens.reasoningTokensUsed
    sums.total += tokens.totalTokensUsed
  }
}

function addressOf(endpoint: PeerEndpoint): string {
  return `${endpoint.host}:${endpoint.port}`
}
