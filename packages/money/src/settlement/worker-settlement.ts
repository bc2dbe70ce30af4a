import type { ProxySignedPaymentAny } from '@cocoon/wire'
import { type ContractAddress, parseAddress } from '../address.ts'
import type { Channel, ChannelTotals } from '../channel.ts'
import type { Channels } from '../channels.ts'
import { readRootFromText, writeRootAsText } from '../contracts/root-text.ts'
import { readWorkerData, type WorkerContractData, workerStateInit } from '../contracts/worker.ts'
import { paymentBody } from '../envelope.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import type { ProxyTerms } from '../proxy-terms.ts'
import type { ContractTerms, RootConfig } from '../root-config.ts'
import { type ContractAccount, ContractAccounts, type SettlementOptions } from './contract-accounts.ts'
import { attachedNano, type WorkerPolicy } from './policy.ts'
import { isPayoutDue } from './worker-steps.ts'

export interface WorkerSettlementOptions extends SettlementOptions<WorkerPolicy> {
  /** Earnings go to it. */
  readonly owner: ContractAddress
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

interface Account extends ContractAccount<WorkerContractData> {
  terms: ContractTerms<'worker'> & Pick<RootConfig, 'workerFeePerTokenNano'>
  /** When the total last grew, and to what. */
  grewAt: number
  grownTo: bigint
  isAsked: boolean
}

/** The chain side of a worker: keeps what proxies signed, and cashes it to the owner's wallet. */
export class WorkerSettlement implements Channels, AsyncDisposable {
  readonly #options: WorkerSettlementOptions
  readonly #accounts: ContractAccounts<WorkerContractData, Account>

  constructor(options: WorkerSettlementOptions) {
    const { store, world, config } = options
    this.#options = options
    this.#accounts = new ContractAccounts<WorkerContractData, Account>({
      role: 'worker',
      kind: 'worker-payout',
      options,
      read: readWorkerData,
      extend: account => {
        const stored = store.get(termsPrefix + account.booked.proxyContract)
        return {
          ...account,
          terms: stored === undefined ? config() : readRootFromText(stored),
          grewAt: world.monotonic(),
          grownTo: account.booked.channel.maxTokens,
          isAsked: false,
        }
      },
      look: async (account, stateLt) => this.#look(account, stateLt),
    })
  }

  /** Begins to cash what is due. */
  start(): void {
    void this.#accounts.poke()
  }

  async open(of: { terms: ProxyTerms; contract: ContractAddress; config: RootConfig }): Promise<Channel> {
    const { store } = this.#options
    const booked = await this.#accounts.openChannel(of)
    const { proxyContract } = booked
    if (store.get(termsPrefix + proxyContract) === undefined) {
      await store.write(new Map([[termsPrefix + proxyContract, writeRootAsText(of.config)]]))
    }
    if (booked.isClosed) {
      throw new MoneyError('contract', `The worker's contract at proxy ${proxyContract} is closed for good`)
    }
    this.#accounts.of(booked).terms = of.config
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
    for (const { proxyContract, channel } of this.#accounts.book.all()) yield [proxyContract, channel]
  }

  views(): WorkerAccountView[] {
    return [...this.#accounts.book.all()].map(booked => {
      const { proxyContract, channel, isClosed } = booked
      const paidTokens = this.#accounts.find(proxyContract)?.data?.paidTokens ?? 0n
      return { proxyContract, channel, paidTokens, isClosed, trouble: this.#accounts.trouble(booked) }
    })
  }

  /** Cashes what a proxy has signed, whatever it is worth. Throws `account-unknown`. */
  async payout(proxyContract: AccountKey): Promise<void> {
    this.#accounts.known(proxyContract).isAsked = true
    await this.#accounts.poke()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#accounts[Symbol.asyncDispose]()
  }

  #look(account: Account, stateLt: bigint): void {
    const { booked, data } = account
    const { world, config } = this.#options
    const { channel } = booked
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
    if (!isDue || this.#cash(account, stateLt)) account.isAsked = false
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
    return this.#accounts.orders.place(
      {
        slot: this.#accounts.slotOf(booked),
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
