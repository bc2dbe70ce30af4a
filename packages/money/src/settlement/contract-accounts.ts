import type { Cell } from '@ton/core'
import type { World } from '@cocoon/wire'
import { addressKey, type ContractAddress } from '../address.ts'
import type { Channel } from '../channel.ts'
import type { Chain } from '../chain/chain.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import type { ProxyTerms } from '../proxy-terms.ts'
import type { RootConfig } from '../root-config.ts'
import type { Store } from '../store/store.ts'
import { AccountWatch } from '../watch/account-watch.ts'
import { Poll } from '../watch/poll.ts'
import { type BookedChannel, ChannelBook } from './channel-book.ts'
import type { SettlementReport } from './event.ts'
import { Orders, type Sender } from './orders.ts'

/** What the settlement of a client and that of a worker are given. */
export interface SettlementOptions<Policy extends { readonly tickMs: number }> {
  readonly world: World
  readonly chain: Chain
  readonly store: Store
  /** Pays for transactions. */
  readonly wallet: Sender
  /** The registry as it stands now. */
  readonly config: () => RootConfig
  readonly policy: Policy
  readonly interval?: { fromMs: number; toMs: number } | undefined
  readonly report: SettlementReport
}

/** A contract at one proxy that is not closed. */
export interface ContractAccount<Data> {
  readonly booked: BookedChannel
  readonly watch: AccountWatch
  /** As it was last seen; undefined before that, and before it is deployed. */
  data: Data | undefined
}

interface Side<Data, Account extends ContractAccount<Data>> {
  /** What its keys in the store and its orders begin with. */
  readonly role: 'client' | 'worker'
  readonly kind: Channel['kind']
  readonly options: SettlementOptions<{ readonly tickMs: number }>
  /** Throws `MoneyError('contract-data')`. */
  readonly read: (data: Cell) => Data
  /** Adds what the side keeps of an account besides. */
  readonly extend: (account: ContractAccount<Data>) => Account
  /** Decides what is due for a contract that was seen; `stateLt` is of its newest transaction then. */
  readonly look: (account: Account, stateLt: bigint) => Promise<void>
}

/**
 * The contracts that a client or a worker has at its proxies: books their channels, watches them on the chain, and
 * looks again and again whether anything is due for them.
 */
export class ContractAccounts<
  Data extends { readonly phase: string },
  Account extends ContractAccount<Data>,
> implements AsyncDisposable {
  readonly book: ChannelBook
  readonly orders: Orders
  readonly #side: Side<Data, Account>
  readonly #accounts = new Map<AccountKey, Account>()
  readonly #poll: Poll

  constructor(side: Side<Data, Account>) {
    const { role, kind, options } = side
    const { store, world, wallet, report, policy } = options
    this.#side = side
    this.book = new ChannelBook(store, kind)
    this.orders = new Orders({ wallet, world, report })
    this.orders.resume(`${role}/`)
    this.orders.onEnd = () => {
      for (const { watch } of this.#accounts.values()) void watch.poke()
    }
    this.#poll = new Poll(world, { fromMs: policy.tickMs, toMs: 1.5 * policy.tickMs }, () => this.#tick())
    for (const booked of this.book.all()) if (!booked.isClosed) this.#follow(booked)
  }

  /** Looks at once whether anything is due, and from then on. */
  poke(): Promise<void> {
    return this.#poll.poke()
  }

  /** The channel with a proxy, booked and durable. */
  openChannel({
    terms,
    contract,
    config,
  }: {
    terms: ProxyTerms
    contract: ContractAddress
    config: RootConfig
  }): Promise<BookedChannel> {
    const { publicKey } = terms
    const { paramsVersion } = config
    return this.book.open({ proxyContract: addressKey(terms.contract), contract, publicKey, paramsVersion })
  }

  /** The account of a channel that is not closed; it is watched from then on. */
  of(booked: BookedChannel): Account {
    return this.#accounts.get(booked.proxyContract) ?? this.#follow(booked)
  }

  find(proxyContract: AccountKey): Account | undefined {
    return this.#accounts.get(proxyContract)
  }

  /** Throws `account-unknown`. */
  known(proxyContract: AccountKey): Account {
    const account = this.#accounts.get(proxyContract)
    if (account !== undefined) return account
    const { role } = this.#side
    throw new MoneyError('account-unknown', `This ${role} has no open contract at proxy ${proxyContract}`)
  }

  /** Throws `account-unknown`. */
  ofChannel(channel: Channel): Account {
    for (const account of this.#accounts.values()) if (account.booked.channel === channel) return account
    throw new MoneyError('account-unknown', `The channel is none of this ${this.#side.role}`)
  }

  /** Under this name its orders are placed, one at a time. */
  slotOf({ channel }: BookedChannel): string {
    return `${this.#side.role}/${addressKey(channel.contract)}`
  }

  /** Why a contract does not get on, in words; undefined if nothing holds it up. */
  trouble(booked: BookedChannel): string | undefined {
    const problem = this.#accounts.get(booked.proxyContract)?.watch.problem
    return problem?.message ?? this.orders.trouble(this.slotOf(booked))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#poll[Symbol.asyncDispose]()
    for (const { watch } of this.#accounts.values()) await watch[Symbol.asyncDispose]()
    await this.book.save()
  }

  #follow(booked: BookedChannel): Account {
    const { options, read, extend } = this.#side
    const { chain, store, world, interval } = options
    const account = extend({
      booked,
      watch: new AccountWatch({
        chain,
        store,
        world,
        address: booked.channel.contract,
        cursorKey: `${this.slotOf(booked)}/cursor`,
        begin: 'now',
        ...(interval && { interval }),
        onState: ({ data }) => {
          account.data = data === undefined ? undefined : read(data)
        },
      }),
      data: undefined,
    })
    this.#accounts.set(booked.proxyContract, account)
    void account.watch.poke()
    return account
  }

  async #tick(): Promise<void> {
    for (const account of this.#accounts.values()) await this.#try(() => this.#look(account))
    await this.#try(() => this.book.save())
  }

  /** What fails with one proxy holds up no other. */
  async #try(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#side.options.report({ event: 'settlement-failed', why })
    }
  }

  async #look(account: Account): Promise<void> {
    const { booked, watch, data } = account
    if (watch.state === undefined) return
    if (data?.phase !== 'closed') return this.#side.look(account, watch.state.lastLt)
    booked.isClosed = true
    this.#accounts.delete(booked.proxyContract)
    await watch[Symbol.asyncDispose]()
  }
}
