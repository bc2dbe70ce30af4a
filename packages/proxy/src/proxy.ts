import {
  type ContractAddress,
  formatAddress,
  isImageAllowed,
  isModelAllowed,
  type Ledger,
  MoneyError,
  type PaymentKey,
  proxyContractAddress,
  reservationTokens,
  type RootConfig,
  type Tally,
} from '@cocoon/money'
import { nobleSeal, type SealCrypto } from '@cocoon/trust/seal'
import {
  ByteBudget,
  type ProxyParams,
  randomBetween,
  type Timer,
  type TokensUsed,
  type Transport,
  WireError,
  type World,
} from '@cocoon/wire'
import type { ClientContracts } from './client-contracts.ts'
import { ClientLink } from './client-link.ts'
import { type Desk, type ProxyLimits, proxyLimits } from './desk.ts'
import { ProxyError } from './error.ts'
import { newStats, type ProxyEvent, type ProxyStats } from './event.ts'
import { type AnnouncedIdentity, IdentityBook } from './identity-book.ts'
import { Market, type MarketLimits } from './market/market.ts'
import { Standings } from './market/standing.ts'
import { type ClientAccount, Payments } from './payments.ts'
import { errorCode, type Refusal, refusals } from './refusal.ts'
import { Rejection } from './rejection.ts'
import { noteOf } from './log/log-entry.ts'
import type { ProxyLog } from './log/proxy-log.ts'
import { Receipts } from './receipts.ts'
import type { Relay } from './relay.ts'
import type { RelayQuery, RelayWorker, Run } from './relay-parts.ts'
import { capTokens } from './token-cap.ts'
import type { WorkerAnswer, WorkerFinal } from './worker-answer.ts'
import { WorkerLink, type WorkerRun } from './worker-link.ts'

export interface ProxyOptions {
  world: World
  /** The registry as it stands at the start. */
  config: RootConfig
  root: ContractAddress
  owner: ContractAddress
  /** Receives what transactions leave over. */
  nodeWallet: ContractAddress
  key: PaymentKey
  /** Verifies what workers sign; the portable one if absent. */
  sealCrypto?: SealCrypto
  ledger: Ledger
  clientContracts: ClientContracts
  /**
   * Says in words why nothing may be served, as long as it may not: the chain has not confirmed the books, or the
   * registry is out of date. Absent in a network without a chain, where the proxy commits its books by itself.
   */
  obstacle?: () => string | undefined
  isTestnet: boolean
  /** The public log of what is charged: each charge leaves a note in the ledger for it. Absent: there is none. */
  publicLog?: ProxyLog | undefined
  /** Refuse workers whose image or model is not in the registry. */
  checkWorkerHashes: boolean
  /** Adds up the commission, for people. */
  tally?: Pick<Tally, 'add'> | undefined
  log?: (event: ProxyEvent) => void
  limits?: Partial<ProxyLimits>
  marketLimits?: Partial<MarketLimits>
}

/** How often totals move from live to committed. */
const commitFromMs = 1_000
const commitToMs = 2_000

/** The market: takes connections of clients and workers, matches, relays, meters and charges. */
export class Proxy implements Desk {
  readonly world: World
  readonly market: Market<RelayWorker>
  readonly standings = new Standings()
  readonly payments: Payments
  readonly identities: IdentityBook
  readonly receipts: Receipts
  readonly stats: ProxyStats = newStats()
  readonly limits: ProxyLimits
  readonly frameBudget: ByteBudget
  readonly queryBudget: ByteBudget
  readonly isTest: boolean
  readonly isTestnet: boolean
  readonly checkWorkerHashes: boolean
  readonly clientContracts: ClientContracts
  readonly clients = new Set<ClientLink>()
  readonly workers = new Set<WorkerLink>()
  readonly #options: ProxyOptions
  readonly #ledger: Ledger
  readonly #sealCrypto: SealCrypto
  readonly #contract: ContractAddress
  readonly #idPrefix: string
  #config: RootConfig
  #nextRelay = 1
  #running = 0
  #closed = false
  #state: 'open' | 'disabled' | 'draining' = 'open'
  #whenIdle: (() => void) | undefined
  #commitTimer: Timer | undefined

  constructor(options: ProxyOptions) {
    this.#options = options
    this.world = options.world
    this.#config = options.config
    this.#ledger = options.ledger
    this.clientContracts = options.clientContracts
    this.isTest = options.config.isTest
    this.isTestnet = options.isTestnet
    this.checkWorkerHashes = options.checkWorkerHashes
    this.limits = { ...proxyLimits, ...options.limits }
    this.frameBudget = new ByteBudget(this.limits.maxFrameBytes)
    this.queryBudget = new ByteBudget(this.limits.maxQueryBytes)
    this.market = new Market(options.world, options.marketLimits)
    const { key, ledger, nodeWallet: excessesTo, world } = options
    this.payments = new Payments({ key, ledger, excessesTo, world })
    const { sealCrypto = nobleSeal } = options
    this.#sealCrypto = sealCrypto
    this.identities = new IdentityBook(sealCrypto)
    this.receipts = new Receipts({
      world,
      crypto: sealCrypto,
      proxyKey: key.publicKey,
      distrusted: (announced, why) => this.#distrusted(announced, why),
    })
    this.#contract = proxyContractAddress(options.config, {
      proxyPublicKey: options.key.publicKey,
      proxyOwner: options.owner,
      root: options.root,
    })
    this.#idPrefix = Array.from(world.random(12), byte => byte.toString(16).padStart(2, '0')).join('')
    this.#commitLater()
  }

  /** A client has connected. */
  acceptClient(transport: Transport): void {
    if (this.clients.size >= this.limits.maxClients) return transport.destroy()
    const link = new ClientLink(this, transport, (gone, cause) => this.#clientGone(gone, cause))
    this.clients.add(link)
    link.start()
  }

  /** A worker has connected. */
  acceptWorker(transport: Transport): void {
    if (this.workers.size >= this.limits.maxWorkers) return transport.destroy()
    const link = new WorkerLink(this, transport, (gone, cause) => this.#workerGone(gone, cause))
    this.workers.add(link)
    link.start()
  }

  get publicLog(): ProxyLog | undefined {
    return this.#options.publicLog
  }

  get contractAddress(): ContractAddress {
    return this.#contract
  }

  get running(): number {
    return this.#running
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  get state(): 'open' | 'disabled' | 'draining' {
    return this.#state
  }

  /**
   * Takes over what changed in the registry. Prices and codes are fixed for the life of a proxy contract: another
   * `paramsVersion` needs another Proxy. Workers that are no longer allowed get nothing new and leave once their
   * queries have ended. @throws ProxyError `configuration`
   */
  setConfig(config: RootConfig): void {
    if (config.paramsVersion !== this.#config.paramsVersion) {
      throw new ProxyError('configuration', 'Other prices or codes need another proxy contract')
    }
    this.#config = config
    if (!this.checkWorkerHashes) return
    for (const link of this.workers) link.retireUnless(isWorkerAllowed(config, link))
  }

  /** Takes no new sessions and queries, or takes them again. */
  setEnabled(enabled: boolean): void {
    if (this.#state !== 'draining') this.#state = enabled ? 'open' : 'disabled'
  }

  /** Refuses new queries, lets running ones end within `graceMs`, then closes every connection. */
  async close(graceMs: number): Promise<void> {
    this.#state = 'draining'
    if (this.#running > 0 && graceMs > 0) {
      await new Promise<void>(resolve => {
        const timer = this.world.after(graceMs, resolve)
        this.#whenIdle = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    this.#closed = true
    this.#commitTimer?.cancel()
    for (const link of [...this.clients, ...this.workers]) {
      link.connection.close(new WireError('closed', 'the proxy shut down'))
    }
    if (this.#options.obstacle === undefined) await this.#ledger.commit()
  }

  log(event: ProxyEvent): void {
    this.#options.log?.(event)
  }

  config(): RootConfig {
    return this.#config
  }

  params(version: number): ProxyParams {
    const testnet = this.isTestnet
    const params: ProxyParams = {
      _: 'proxy.params',
      flags: version > 0 ? 3 : 1,
      proxyPublicKey: this.payments.publicKey,
      proxyOwnerAddress: formatAddress(this.#options.owner, { testnet }),
      proxyScAddress: formatAddress(this.#contract, { testnet }),
      isTest: this.isTest,
    }
    if (version > 0) params.protoVersion = version
    return params
  }

  contract(): { proxyContract: ContractAddress; proxyPublicKey: Uint8Array } {
    return { proxyContract: this.#contract, proxyPublicKey: this.payments.publicKey }
  }

  isOpen(): boolean {
    return this.#state === 'open' && this.#options.obstacle?.() === undefined
  }

  checkOpen(): void {
    if (!this.isOpen()) {
      throw new Rejection(errorCode.notReady, 'proxy is not participating in this iteration')
    }
  }

  nextRelayId(): string {
    return `${this.#idPrefix}-${this.#nextRelay++}`
  }

  reservationFor(query: RelayQuery): bigint {
    return reservationTokens({
      maxTokens: query.maxTokens,
      queryBytes: query.query.length,
      maxCoefficient: query.maxCoefficient,
      multipliers: this.#config.multipliers,
    })
  }

  async reserve(account: ClientAccount, requestId: string, tokens: bigint): Promise<void> {
    await this.#ledger.reserve({ requestId, client: account.key, tokens })
  }

  reservationRefused(error: unknown, tokens: bigint, account: ClientAccount): Refusal | undefined {
    if (error instanceof MoneyError && error.code === 'balance') {
      return refusals.balance(tokens, this.#ledger.client(account.key).available)
    }
    // The client opens its account anew when it comes again.
    if (isForgotten(error)) return undefined
    this.log({ event: 'charge-failed', why: error instanceof Error ? error.message : 'unknown' })
    return refusals.internal()
  }

  async charge(relay: Relay, run: Run | undefined, final: WorkerFinal): Promise<TokensUsed> {
    const { tokens, receipt } = final
    const worker = run?.worker.account
    const note = run && this.#noteOf(relay, run, receipt)
    if (run === undefined || worker === undefined || tokens.totalTokensUsed === 0n) {
      await this.#ledger.release(relay.id, receipt && note)
      run?.worker.pushPayment(run, 0n, relay.client.ownerText)
      return { ...tokens, ...nothing }
    }
    const request = { requestId: relay.id, worker: worker.key, tokens: tokens.totalTokensUsed, note }
    const { chargedTokens } = await this.#ledger.charge(request).catch(async (error: unknown) => {
      // An account that has earned nothing yet may have made room for others since its worker came.
      if (!isForgotten(error)) throw error
      await this.#ledger.openWorker(worker.key)
      return this.#ledger.charge(request)
    })
    const charged = capTokens(tokens, chargedTokens)
    this.#count(charged)
    this.#tally(relay, chargedTokens)
    run.worker.pushPayment(run, chargedTokens, relay.client.ownerText)
    return charged
  }

  settle(relay: Relay, run: Run, piece: WorkerAnswer): WorkerFinal | undefined {
    const { worker, announced, coefficient } = run as WorkerRun
    if (piece.receipt === undefined || announced === undefined) return undefined
    const facts = {
      requestId: relay.requestId,
      announced,
      coefficient,
      maxTokens: relay.maxTokens,
      bodyBytes: relay.queryBytes,
      answerBytes: relay.answerBytes,
    }
    const parties = { signer: worker, client: relay.client.ownerText }
    const settled = this.receipts.settle(piece.receipt, facts, this.#config, parties)
    if (typeof settled === 'string') {
      this.log({ event: 'receipt-refused', worker: worker.name, why: settled })
      return undefined
    }
    const { receipt, tokens } = settled
    return {
      tokens,
      debug: undefined,
      startTime: receipt.startedAtMs / 1000,
      endTime: receipt.finishedAtMs / 1000,
      receipt: { signed: piece.receipt, receipt },
    }
  }

  disputed(relay: Relay, run: Run): void {
    const { worker } = run as WorkerRun
    this.receipts.disputeUnderWay({ signer: worker, client: relay.client.ownerText })
  }

  /** Nobody has this identity any more, on whatever connections. */
  #distrusted(announced: AnnouncedIdentity, why: string): void {
    this.identities.distrust(announced)
    for (const link of this.workers) {
      if (link.identities.some(({ key }) => key === announced.key)) link.distrust(why)
    }
  }

  /** What the log has of a charge. */
  #noteOf(relay: Relay, run: Run, receipt: WorkerFinal['receipt']): Uint8Array | undefined {
    if (this.publicLog === undefined) return undefined
    return noteOf(this.#sealCrypto, { model: relay.model, identity: run.identity }, receipt)
  }

  chargeFailed(relay: Relay, error: unknown): WireError {
    // A charge that was written all the same stands; a reservation that was not used would be held for good.
    this.#ledger.release(relay.id).catch(() => {})
    const why = error instanceof Error ? error.message : 'unknown'
    this.log({ event: 'charge-failed', why })
    return new WireError('internal', 'the charge could not be written', { cause: error })
  }

  relayBegan(): void {
    this.#running++
  }

  relayEnded(): void {
    this.#running--
    if (this.#running === 0) this.#whenIdle?.()
  }

  #clientGone(link: ClientLink, cause: WireError): void {
    this.clients.delete(link)
    if (link.terms !== undefined) this.log({ event: 'client-gone', client: link.name, why: cause.message })
  }

  #workerGone(link: WorkerLink, cause: WireError): void {
    this.workers.delete(link)
    if (link.terms !== undefined) this.log({ event: 'worker-gone', worker: link.name, why: cause.message })
  }

  ignored(): void {
    this.stats.ignoredMessages++
  }

  /** What the model counted is known to the worker alone. */
  #tally({ model, client }: Relay, adjustedTokens: bigint): void {
    const { pricePerTokenNano, workerFeePerTokenNano } = this.#config
    const uncounted = { promptTokens: 0n, cachedTokens: 0n, completionTokens: 0n, reasoningTokens: 0n }
    const nano = adjustedTokens * (pricePerTokenNano - workerFeePerTokenNano)
    this.#options.tally?.add({ model, counterparty: client.ownerText, adjustedTokens, ...uncounted, nano })
  }

  #count(tokens: TokensUsed): void {
    const sums = this.stats.adjustedTokens
    sums.prompt += tokens.promptTokensUsed
    sums.cached += tokens.cachedTokensUsed
    sums.completion += tokens.completionTokensUsed
    sums.reasoning += tokens.reasoningTokensUsed
    sums.total += tokens.totalTokensUsed
  }

  #commitLater(): void {
    this.#commitTimer = this.world.after(randomBetween(this.world, commitFromMs, commitToMs), () => {
      Promise.resolve(this.#options.obstacle === undefined ? this.#ledger.commit() : undefined)
        .then(() => this.#ledger.assertConserved())
        .catch((error: unknown) => {
          this.setEnabled(false)
          this.log({ event: 'books-unbalanced', why: error instanceof Error ? error.message : 'unknown' })
        })
        .finally(() => {
          if (!this.#closed) this.#commitLater()
        })
    })
  }
}

function isWorkerAllowed(config: RootConfig, link: WorkerLink): boolean {
  const { terms, connection } = link
  if (terms === undefined) return true
  return (
    isImageAllowed(config.workerHashes, connection.peer.imageHash) && isModelAllowed(config, terms.fullModel)
  )
}

function isForgotten(error: unknown): boolean {
  return error instanceof MoneyError && error.code === 'account-unknown'
}

const nothing = {
  promptTokensUsed: 0n,
  cachedTokensUsed: 0n,
  completionTokensUsed: 0n,
  reasoningTokensUsed: 0n,
  totalTokensUsed: 0n,
}
