import { randomBetween, type Timer, type World } from '@cocoon/wire'
import { addressKey, canBePaid, type ContractAddress, sameAddress } from '../address.ts'
import type { Chain, ChainTransaction } from '../chain/chain.ts'
import { clientContractAddress } from '../contracts/client.ts'
import { proxyContractAddress, readProxyData, type ProxyContractData } from '../contracts/proxy.ts'
import type { ClientReport, SavedState, WorkerReport } from '../contracts/proxy-message.ts'
import { workerContractAddress } from '../contracts/worker.ts'
import { creditFromContract } from '../credit.ts'
import type { AccountKey, Ledger } from '../ledger.ts'
import type { PaymentKey } from '../payment-key.ts'
import type { RootConfig } from '../root-config.ts'
import type { Store } from '../store/store.ts'
import { notLeading } from '../wallet/idle-wallet.ts'
import { AccountWatch, type StoreChanges } from '../watch/account-watch.ts'
import type { LogHead, SeenAnchor } from './anchor.ts'
import { Anchors, rememberedStates } from './anchors.ts'
import { proxyMessageIn } from './audit.ts'
import { type ClientRecord, ContractRecords } from './contract-records.ts'
import { alone, type Duty, type Word } from './duty.ts'
import type { SettlementReport } from './event.ts'
import { Orders, type Sender } from './orders.ts'
import type { ProxyPolicy } from './policy.ts'
import { ProxyOrders } from './proxy-orders.ts'
import { isAnchorDue, isHeldUp, type ProxyRules } from './proxy-steps.ts'
import { Registrations } from './registrations.ts'
import { Rollback } from './rollback.ts'
import { Standing } from './standing.ts'

export interface ProxySettlementOptions {
  readonly world: World
  readonly chain: Chain
  readonly store: Store
  readonly ledger: Ledger
  readonly wallet: Sender
  readonly key: PaymentKey
  /** Prices and codes for the life of this proxy contract. */
  readonly config: RootConfig
  readonly root: ContractAddress
  readonly owner: ContractAddress
  readonly policy: ProxyPolicy
  /** How often the chain is looked at; the watch's own default if absent. */
  readonly interval?: { fromMs: number; toMs: number } | undefined
  /** Where several processes are on the same books; absent where this is the only one. */
  readonly duty?: Duty | undefined
  /** What clients are to register; of its own if absent. */
  readonly registrations?: Registrations | undefined
  /** Head of the proxy's transparency log over all that was charged so far, for an announcement; undefined while there is none. */
  readonly logHead?: (() => Promise<LogHead | undefined>) | undefined
  readonly report: SettlementReport
}

/**
 * The chain side of one proxy contract: deploys it, holds its guarantee, follows what clients' and workers'
 * contracts tell it, announces states of the books, charges, pays out and takes out the commission. Nothing may be
 * served before `obstacle` is undefined. In a process that does not lead it follows the contract, and orders nothing.
 */
export class ProxySettlement implements AsyncDisposable {
  readonly contract: ContractAddress
  readonly #options: ProxySettlementOptions
  readonly #duty: Duty
  readonly #standing: Standing
  readonly #prefix: string
  readonly #records: ContractRecords
  readonly #anchors: Anchors
  readonly #rollback: Rollback
  readonly #orders: Orders
  readonly #own: ProxyOrders
  readonly #watch: AccountWatch
  readonly #closing = new AbortController()
  readonly #registrations: Registrations
  #data: ProxyContractData | undefined
  #timer: Timer | undefined
  #ticking: Promise<void> | undefined
  /** Nothing is served any more; when that began. */
  #retiringSince: number | undefined
  #isDone = false
  #session: 'starting' | 'confirmed' = 'starting'
  #anchoredAt: number | undefined
  #waitingSeqno: number | undefined

  constructor(options: ProxySettlementOptions) {
    const { world, chain, store, wallet, report, duty = alone } = options
    this.#options = options
    this.#duty = duty
    this.#registrations = options.registrations ?? new Registrations(world)
    this.contract = ProxySettlement.contractOf(options)
    this.#prefix = `proxy/${addressKey(this.contract)}`
    this.#records = new ContractRecords(store, this.#prefix)
    const { logHead } = options
    this.#anchors = new Anchors({ store, prefix: this.#prefix, nonce: world.random(32), logHead })
    this.#rollback = new Rollback({ store, prefix: this.#prefix, ledger: options.ledger, report })
    this.#standing = new Standing(duty, world, addressKey(this.contract))
    this.#orders = new Orders({ wallet, world, report, mayAct: () => duty.mayAct() })
    this.#orders.resume(this.#prefix)
    this.#orders.onEnd = () => void this.#watch.poke()
    this.#own = new ProxyOrders({
      ...options,
      contract: this.contract,
      prefix: this.#prefix,
      orders: this.#orders,
      signal: this.#closing.signal,
    })
    this.#watch = new AccountWatch({
      chain,
      store,
      world,
      address: this.contract,
      cursorKey: `${this.#prefix}/cursor`,
      begin: 'first',
      ...(options.interval && { interval: options.interval }),
      onTransaction: transaction => this.#take(transaction),
      onState: state => {
        this.#data = state.data === undefined ? undefined : readProxyData(state.data)
      },
    })
  }

  /** Address of the proxy contract that these make. */
  static contractOf({
    config,
    key,
    owner,
    root,
  }: Pick<ProxySettlementOptions, 'config' | 'key' | 'owner' | 'root'>): ContractAddress {
    return proxyContractAddress(config, { proxyPublicKey: key.publicKey, proxyOwner: owner, root })
  }

  /** Takes up what the store knows, and begins. Rejects with a MoneyError where store or ledger fail. */
  async start(): Promise<void> {
    const { ledger, config, store } = this.#options
    for (const [owner, record] of this.#records.clients()) {
      if (record.phase === 'closed') continue
      await ledger.openClient(owner, creditFromContract(record, config))
      await store.write(await this.#rollback.compare('client', owner, record.chargedTokens))
    }
    for (const [owner, paidTokens] of this.#records.paidTotals()) {
      await ledger.openWorker(owner)
      await store.write(await this.#rollback.compare('worker', owner, paidTokens))
      ledger.recordPaid(owner, paidTokens)
    }
    this.#tickLater(0)
  }

  /** Why nothing may be served now, in words; undefined while it may. */
  get obstacle(): string | undefined {
    if (this.#rollback.why !== undefined) return this.#rollback.why
    if (this.#retiringSince !== undefined) return 'the proxy contract is being closed'
    if (this.#data === undefined) return 'the proxy contract is not deployed yet'
    if (this.#data.phase !== 'open') return 'the proxy contract is closing'
    if (!this.#duty.mayAct()) return this.#standing.obstacle
    if (this.#session === 'starting') return 'the chain has not confirmed the books yet'
    return undefined
  }

  /** What the process that leads says of the contract to the others. */
  get word(): Word {
    return { obstacle: this.obstacle, lastLt: this.#watch.state?.lastLt ?? 0n }
  }

  /** What keeps it from getting on, for people; undefined if nothing does. */
  get trouble(): string | undefined {
    return this.#rollback.why ?? this.#own.trouble ?? this.#watch.problem?.message
  }

  /** The own contract as it was last seen. */
  get data(): ProxyContractData | undefined {
    return this.#data
  }

  /** Every client and worker was settled with, and the contract is closed. */
  get isDone(): boolean {
    return this.#isDone
  }

  /**
   * The newest anchors that the chain has shown, with what opens them, the oldest of them first: `most`, and no more
   * than the 64 that are remembered. Those that a version without openings announced are not among them.
   */
  anchors(most = rememberedStates): SeenAnchor[] {
    return this.#anchors.newest(Math.min(most, rememberedStates))
  }

  client(owner: AccountKey): ClientRecord | undefined {
    return this.#records.client(owner)
  }

  clients(): Iterable<[AccountKey, ClientRecord]> {
    return this.#records.clients()
  }

  /** Looks out for a client's registration of a nonce that nobody else waits for. */
  expectNonce(owner: AccountKey): Disposable & { nonce: bigint; seen: Promise<void> } {
    return this.#registrations.expect(owner)
  }

  /** Settles with everybody, closes the contract and takes out what is left. Serves nothing any more. */
  retire(): void {
    this.#retiringSince ??= this.#options.world.monotonic()
    void this.#watch.poke()
  }

  /** Acts on what is due without waiting for its threshold. Throws `not-leading` where another process acts. */
  chargeNow(owner: AccountKey): void {
    this.#requireLead()
    this.#own.charge(owner, this.#options.ledger.client(owner).committedToChain)
  }

  async payNow(owner: AccountKey): Promise<void> {
    this.#requireLead()
    return this.#own.pay('worker-payout', owner, this.#options.ledger.worker(owner).committedToChain)
  }

  withdrawNow(): void {
    this.#requireLead()
    this.#own.withdraw(this.#watch.state?.lastLt ?? 0n)
  }

  /** Looks at the chain at once; resolves when it has. */
  poke(): Promise<void> {
    return this.#watch.poke()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#timer?.cancel()
    await this.#watch[Symbol.asyncDispose]()
    await this.#ticking
  }

  #tickLater(delayMs = randomBetween(this.#options.world, 1, 1.5) * this.#options.policy.tickMs): void {
    if (this.#closing.signal.aborted) return
    this.#timer = this.#options.world.after(delayMs, () => {
      this.#ticking = this.#tick()
        .catch((error: unknown) =>
          this.#options.report({ event: 'settlement-failed', why: messageOf(error) }),
        )
        .finally(() => this.#tickLater())
    })
  }

  async #tick(): Promise<void> {
    if (this.#watch.state === undefined) await this.#watch.poke()
    const { state } = this.#watch
    if (state === undefined || this.#rollback.why !== undefined || this.#isDone) return
    if (!this.#duty.mayAct()) return this.#follow(state.lastLt)
    await this.#options.ledger.refresh?.()
    const rules = this.#rules()
    const since = this.#retiringSince
    const isHeard = since !== undefined && this.#standing.isHeard(since)
    const { allSettled, problem } = await this.#own.settle(
      this.#records,
      { ...rules, isRetiring: isHeard },
      {
        isConfirmed: this.#session === 'confirmed',
        mayRefund: owner => isHeard || this.#standing.mayRefund(owner),
        poolNano: state.balanceNano,
      },
    )
    this.#own.keepOwn(this.#data, rules, { allSettled, stateLt: state.lastLt, nowS: state.at.timeS })
    if (this.#data?.phase === 'closed') this.#isDone = true
    else if (this.#data !== undefined) await this.#anchor(rules)
    if (problem !== undefined) throw problem
  }

  /** Another process acts: what it has seen of the contract is looked at here too. */
  #follow(lastLt: bigint): void {
    if (this.#data?.phase === 'closed') this.#isDone = true
    else if (this.#standing.isBehind(lastLt)) void this.#watch.poke()
  }

  #requireLead(): void {
    if (!this.#duty.mayAct()) throw notLeading()
  }

  async #anchor(rules: ProxyRules): Promise<void> {
    const { ledger, world, config } = this.#options
    const sinceMs = world.monotonic() - (this.#anchoredAt ?? Number.NEGATIVE_INFINITY)
    const clients = ledger.clients()
    const unsignedTokens = clients.reduce(
      (sum, { max, committedToChain }) => sum + max - committedToChain,
      0n,
    )
    const unsignedNano = unsignedTokens * (config.pricePerTokenNano || 1n)
    const isClientHeldUp = clients.some(books =>
      isHeldUp(books, this.#records.client(books.owner)?.phase, config),
    )
    // What was announced and is not confirmed is ordered again if its message failed.
    const isWaiting = this.#session === 'starting' || this.#waitingSeqno !== undefined
    if (!isWaiting && !isAnchorDue({ unsignedNano, sinceMs, isClientHeldUp }, rules)) return
    const seqno = await ledger.announce()
    const { lastSeen } = this.#anchors
    // The same one is announced again where it was confirmed and nothing had moved.
    if (seqno < lastSeen) {
      const what = `the chain has state ${lastSeen} of this proxy, and the books come to state ${seqno} only now`
      return this.#options.store.write(this.#rollback.found(what))
    }
    this.#waitingSeqno = seqno
    this.#anchoredAt = world.monotonic()
    await this.#anchors.announce(seqno, this.contract, this.#orders)
  }

  #rules(): ProxyRules {
    const { config, policy } = this.#options
    return { params: config, policy, isRetiring: this.#retiringSince !== undefined }
  }

  /** One transaction of the own contract. */
  async #take(transaction: ChainTransaction): Promise<StoreChanges> {
    const told = proxyMessageIn(transaction)
    switch (told?.message.kind) {
      case 'client-report':
        return this.#takeClient(told.message, told.source, transaction)
      case 'worker-report':
        return this.#takeWorker(told.message, told.source)
      case 'saved-state':
        return this.#takeState(told.message, told.source, transaction)
      default:
        return new Map()
    }
  }

  async #takeClient(
    report: ClientReport,
    source: ContractAddress,
    { lt }: ChainTransaction,
  ): Promise<StoreChanges> {
    const { ledger, config } = this.#options
    const { clientOwner, account, request } = report
    // Nothing can be paid to owners elsewhere, so that nothing is owed to them either.
    if (!canBePaid(clientOwner)) return new Map()
    const parties = { clientOwner, proxyContract: this.contract, proxyPublicKey: this.#options.key.publicKey }
    if (!sameAddress(source, clientContractAddress(config, parties))) return new Map()
    const owner = addressKey(clientOwner)
    await ledger.openClient(owner, creditFromContract({ ...account, lt }, config))
    const doubt = await this.#rollback.compare('client', owner, account.chargedTokens)
    const change = this.#records.takeClient(clientOwner, account, lt)
    const { phase, balanceNano } = account
    if (phase === 'closing') this.#standing.noteClosing(owner)
    this.#options.report({ event: 'client-contract', client: owner, phase, balanceNano })
    if (request?.kind === 'register') this.#registrations.take(owner, request.nonce)
    return new Map([change, ...doubt])
  }

  async #takeWorker(report: WorkerReport, source: ContractAddress): Promise<StoreChanges> {
    const { ledger, config } = this.#options
    const { workerOwner, phase, paidTokens } = report
    if (!canBePaid(workerOwner)) return new Map()
    const parties = { workerOwner, proxyContract: this.contract, proxyPublicKey: this.#options.key.publicKey }
    if (!sameAddress(source, workerContractAddress(config, parties))) return new Map()
    const owner = addressKey(workerOwner)
    await ledger.openWorker(owner)
    const doubt = await this.#rollback.compare('worker', owner, paidTokens)
    ledger.recordPaid(owner, paidTokens)
    if (paidTokens > 0n) this.#options.report({ event: 'worker-paid', worker: owner, tokens: paidTokens })
    return new Map([this.#records.takeWorker(workerOwner, paidTokens, phase === 'closed'), ...doubt])
  }

  async #takeState(state: SavedState, source: ContractAddress, at: ChainTransaction): Promise<StoreChanges> {
    // Only the process that leads knows what was announced, and judges; the others hear what it says.
    if (!this.#duty.mayAct()) return new Map()
    if (!sameAddress(source, this.#options.wallet.address)) return new Map()
    const whose = this.#anchors.judge(state)
    if (whose === 'foreign') {
      return this.#rollback.found(
        `the chain shows state ${state.seqno} of this proxy, which these books never announced`,
      )
    }
    // What these books say is in doubt: no more of it is signed.
    if (this.#rollback.why !== undefined) return new Map()
    await this.#options.ledger.confirm(state.seqno)
    if (state.seqno === this.#waitingSeqno) this.#waitingSeqno = undefined
    this.#options.report({ event: 'books-confirmed', seqno: state.seqno })
    if (whose === 'own') this.#session = 'confirmed'
    return this.#anchors.changesAfter(state, at)
  }

  /**
   * Goes on after a second copy of the books was seen, once a person has stopped it: these are the right ones. Books
   * that lack what the chain has charged or paid are found out again.
   */
  async resumeAfterSecondCopy(): Promise<void> {
    await this.#rollback.forget()
    this.#session = 'starting'
    this.#waitingSeqno = undefined
    await this.#watch.poke()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
