import type { ProxySignedPaymentAny, World } from '@cocoon/wire'
import { addressKey, type ContractAddress, parseAddress } from '../address.ts'
import type { Channel, ChannelTotals } from '../channel.ts'
import type { Channels } from '../channels.ts'
import type { Chain } from '../chain/chain.ts'
import { readRootFromText, writeRootAsText } from '../contracts/root-text.ts'
import { readWorkerData, type WorkerContractData, workerStateInit } from '../contracts/worker.ts'
import { paymentBody } from '../envelope.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import type { ProxyTerms } from '../proxy-terms.ts'
import type { ContractTerms, RootConfig } from '../root-config.ts'
import type { Store } from '../store/store.ts'
import { AccountWatch } from '../watch/account-watch.ts'
import { Poll } from '../watch/poll.ts'
import { type BookedChannel, ChannelBook } from './channel-book.ts'
import type { SettlementReport } from './event.ts'
import { Orders, type Sender } from './orders.ts'
import { attachedNano, type WorkerPolicy } from './policy.ts'
import { isPayoutDue } from './worker-steps.ts'

export interface WorkerSettlementOptions {
  readonly world: World
  readonly chain: Chain
  readonly store: Store
  /** Pays for transactions. Earnings go to the owner. */
  readonly wallet: Sender
  readonly owner: ContractAddress
  /** The registry as it stands now. */
  readonly config: () => RootConfig
  readonly policy: WorkerPolicy
  readonly interval?: { fromMs: number; toMs: number } | undefined
  readonly report: SettlementReport
}

/** What a worker has at one proxy, for people. */
export interface WorkerAccountView {
  readonly proxyContract: AccountKey
  readonly channel: Channel
  /** Paid out on chain, in tokens. */
  readonly paidTokens: bigint
  readonly isClosed: boolean
  readonly trouble: string | undefined
}

interface Account {
  readonly booked: BookedChannel
  readonly watch: AccountWatch
  data: WorkerContractData | undefined
  terms: ContractTerms<'worker'> & Pick<RootConfig, 'workerFeePerTokenNano'>
  /** When the total last grew, and to what. */
  grewAt: number
  grownTo: bigint
  isAsked: boolean
}

/** The chain side of a worker: keeps what proxies signed, and cashes it to the owner's wallet. */
export class WorkerSettlement implements Channels, AsyncDisposable {
  readonly #options: WorkerSettlementOptions
  readonly #book: ChannelBook
  readonly #orders: Orders
  readonly #accounts = new Map<AccountKey, Account>()
  readonly #poll: Poll

  constructor(options: WorkerSettlementOptions) {
    const { store, world, wallet, report, policy } = options
    this.#options = options
    this.#book = new ChannelBook(store, 'worker-payout')
    this.#orders = new Orders({ wallet, world, report })
    this.#orders.resume('worker/')
    this.#orders.onEnd = () => {
      for (const { watch } of this.#accounts.values()) void watch.poke()
    }
    this.#poll = new Poll(world, { fromMs: policy.tickMs, toMs: 1.5 * policy.tickMs }, () => this.#tick())
    for (const booked of this.#book.all()) if (!booked.isClosed) this.#follow(booked)
  }

  /** Begins to cash what is due. */
  start(): void {
    void this.#poll.poke()
  }

  async open({
    terms,
    contract,
    config,
  }: {
    terms: ProxyTerms
    contract: ContractAddress
    config: RootConfig
  }): Promise<Channel> {
    const proxyContract = addressKey(terms.contract)
    const { publicKey } = terms
    const { paramsVersion } = config
    const booked = await this.#book.open({ proxyContract, contract, publicKey, paramsVersion })
    if (this.#options.store.get(termsPrefix + proxyContract) === undefined) {
      await this.#options.store.write(new Map([[termsPrefix + proxyContract, writeRootAsText(config)]]))
    }
    if (booked.isClosed) {
      throw new MoneyError('contract', `The worker's contract at proxy ${proxyContract} is closed for good`)
    }
    const account = this.#accounts.get(proxyContract) ?? this.#follow(booked)
    account.terms = config
    return booked.channel
  }

  /** Work that a proxy no longer knows of would never be paid. */
  rolledBack(channel: Channel, payment: ProxySignedPaymentAny, totals: ChannelTotals): void {
    if (totals.dbTokens < channel.dbTokens) {
      throw new MoneyError(
        'rolled-back',
        `The proxy says that ${totals.dbTokens} tokens were earned here, and has said ${channel.dbTokens} before: ` +
          'its books are older than they were. Its operator must restore the newest ones',
      )
    }
    // What its database never held may be forgotten by a crash; nobody was told that it was final.
    channel.update(payment, totals)
    channel.maxTokens = totals.maxTokens
  }

  *all(): Iterable<[proxyContract: string, channel: Channel]> {
    for (const { proxyContract, channel } of this.#book.all()) yield [proxyContract, channel]
  }

  views(): WorkerAccountView[] {
    return [...this.#book.all()].map(({ proxyContract, channel, isClosed }) => {
      const account = this.#accounts.get(proxyContract)
      const trouble = account?.watch.problem?.message ?? this.#orders.trouble(slotOf(channel))
      return { proxyContract, channel, paidTokens: account?.data?.paidTokens ?? 0n, isClosed, trouble }
    })
  }

  /** Cashes what a proxy has signed, whatever it is worth. Throws `account-unknown`. */
  async payout(proxyContract: AccountKey): Promise<void> {
    const account = this.#accounts.get(proxyContract)
    if (account === undefined) {
      throw new MoneyError('account-unknown', `This worker has no open contract at proxy ${proxyContract}`)
    }
    account.isAsked = true
    await this.#poll.poke()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#poll[Symbol.asyncDispose]()
    for (const { watch } of this.#accounts.values()) await watch[Symbol.asyncDispose]()
    await this.#book.save()
  }

  #follow(booked: BookedChannel): Account {
    const { chain, store, world, interval, config } = this.#options
    const { contract, maxTokens } = booked.channel
    const stored = store.get(termsPrefix + booked.proxyContract)
    const account: Account = {
      booked,
      watch: new AccountWatch({
        chain,
        store,
        world,
        address: contract,
        cursorKey: `worker/${addressKey(contract)}/cursor`,
        begin: 'now',
        ...(interval && { interval }),
        onState: ({ data }) => {
          account.data = data === undefined ? undefined : readWorkerData(data)
        },
      }),
      data: undefined,
      terms: stored === undefined ? config() : readRootFromText(stored),
      grewAt: world.monotonic(),
      grownTo: maxTokens,
      isAsked: false,
    }
    this.#accounts.set(booked.proxyContract, account)
    void account.watch.poke()
    return account
  }

  async #tick(): Promise<void> {
    for (const account of this.#accounts.values()) await this.#try(() => this.#look(account))
    await this.#try(() => this.#book.save())
  }

  /** What fails with one proxy holds up no other. */
  async #try(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#options.report({ event: 'settlement-failed', why })
    }
  }

  async #look(account: Account): Promise<void> {
    const { booked, watch, data } = account
    const { world, config } = this.#options
    const { channel } = booked
    if (watch.state === undefined) return
    if (data?.phase === 'closed') {
      booked.isClosed = true
      this.#accounts.delete(booked.proxyContract)
      await watch[Symbol.asyncDispose]()
      return
    }
    if (channel.maxTokens > account.grownTo) {
      account.grownTo = channel.maxTokens
      account.grewAt = world.monotonic()
    }
    const isDue = isPayoutDue(
      {
        signedTokens: channel.signedTokens,
        paidTokens: data?.paidTokens ?? 0n,
        isClosed: false,
        workerFeePerTokenNano: (data?.params ?? account.terms).workerFeePerTokenNano,
        idleMs: world.monotonic() - account.grewAt,
        isAsked: account.isAsked,
        isLeaving: config().paramsVersion !== booked.paramsVersion,
      },
      this.#options.policy,
    )
    if (!isDue || this.#cash(account, watch.state.lastLt)) account.isAsked = false
  }

  /** Whether it was ordered. */
  #cash({ booked, data, terms }: Account, stateLt: bigint): boolean {
    const { channel, proxyContract } = booked
    const { wallet, owner } = this.#options
    const isDeployed = data !== undefined
    // A record of its terms is missing: of another version the contract would have another address.
    if (!isDeployed && terms.paramsVersion !== booked.paramsVersion) return false
    const parties = {
      workerOwner: owner,
      proxyContract: parseAddress(proxyContract),
      proxyPublicKey: channel.publicKey,
    }
    return this.#orders.place(
      {
        slot: slotOf(channel),
        purpose: `payout/${channel.signedTokens}`,
        message: () => ({
          destination: channel.contract,
          valueNano: attachedNano,
          isBounceable: isDeployed,
          body: paymentBody(channel.payment!, wallet.address),
          ...(!isDeployed && { stateInit: workerStateInit(terms, parties) }),
        }),
      },
      stateLt,
    )
  }
}

/** What a contract that is not deployed yet is made from, also once the registry has other terms. */
const termsPrefix = 'worker-terms/'

function slotOf({ contract }: Channel): string {
  return `worker/${addressKey(contract)}`
}
