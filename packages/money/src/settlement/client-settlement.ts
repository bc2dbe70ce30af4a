import { createHmac, hash } from 'node:crypto'
import type { ProxySignedPaymentAny } from '@cocoon/wire'
import { addressKey, type ContractAddress, parseAddress } from '../address.ts'
import type { Channel, ChannelTotals } from '../channel.ts'
import type { ClientChannels } from '../channels.ts'
import { clientBody } from '../contracts/bodies.ts'
import { type ClientContractData, clientStateInit, readClientData } from '../contracts/client.ts'
import { readProxyData } from '../contracts/proxy.ts'
import { paymentBody } from '../envelope.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import type { ProxyTerms } from '../proxy-terms.ts'
import type { ContractTerms, RootConfig } from '../root-config.ts'
import { withDeadline } from '../watch/deadline.ts'
import { watchLimits } from '../watch/limits.ts'
import type { BookedChannel } from './channel-book.ts'
import {
  type ClientSituation,
  type ClientStep,
  clientStep,
  type ClientWish,
  type ProxyStanding,
  closingObstacle,
  depositObstacle,
  dropIdleWishes,
} from './client-steps.ts'
import { type ContractAccount, ContractAccounts, type SettlementOptions } from './contract-accounts.ts'
import { queryIdOf } from './orders.ts'
import { attachedNano, type ClientPolicy } from './policy.ts'

export interface ClientSettlementOptions extends SettlementOptions<ClientPolicy> {
  /** Never empty: whoever knows it spends this client's balance. */
  readonly secret: Uint8Array
}

/** What a client has at one proxy, for people. */
export interface ClientAccountView {
  readonly proxyContract: AccountKey
  readonly channel: Channel
  /** Undefined before the first look at the chain, or before it is deployed. */
  readonly contract: ClientContractData | undefined
  readonly isLeaving: boolean
  readonly isClosed: boolean
  /** Why it does not get on, in words. */
  readonly trouble: string | undefined
}

interface Account extends ContractAccount<ClientContractData> {
  /** What the contract is made from; known while the registry still has it. */
  terms: ContractTerms<'client'> | undefined
  readonly asked: Set<ClientWish>
  proxy: ProxyStanding | undefined
  proxyAskedAt: number
  obstacle: string | undefined
}

/** Between two looks at a proxy's own contract. */
const proxyAskMs = 1_000
/** Before a client registers once more at a proxy that did not let it in, and at the most. */
const firstRegistrationS = 15
const longestRegistrationS = 3_600
/** How long a nonce is worth registering. */
const registrationS = 280
/** A registry that changed closes old contracts by itself; after this long a client asks. */
const leaveAfterDelays = 0.5

/** The chain side of a client: registers, pays in, charges what it used, closes and gets its coins back. */
export class ClientSettlement implements ClientChannels, AsyncDisposable {
  readonly #options: ClientSettlementOptions
  readonly #accounts: ContractAccounts<ClientContractData, Account>
  readonly #closing = new AbortController()

  constructor(options: ClientSettlementOptions) {
    if (options.secret.length === 0) throw new MoneyError('key', 'The secret of a client cannot be empty')
    this.#options = options
    this.#accounts = new ContractAccounts<ClientContractData, Account>({
      role: 'client',
      kind: 'client-charge',
      options,
      read: readClientData,
      extend: account => ({
        ...account,
        terms: undefined,
        asked: new Set(),
        proxy: undefined,
        proxyAskedAt: Number.NEGATIVE_INFINITY,
        obstacle: undefined,
      }),
      look: (account, stateLt) => this.#look(account, stateLt),
    })
  }

  /** Begins to look after the contracts. */
  start(): void {
    void this.#accounts.poke()
  }

  async open(of: { terms: ProxyTerms; contract: ContractAddress; config: RootConfig }): Promise<Channel> {
    const booked = await this.#accounts.openChannel(of)
    if (booked.isClosed || booked.isLeaving) {
      throw new MoneyError(
        'contract',
        `This client's contract at proxy ${booked.proxyContract} ` +
          `${booked.isClosed ? 'is closed for good' : 'is closing'}. Use another proxy, or another wallet`,
      )
    }
    const account = this.#accounts.of(booked)
    account.terms = of.config
    void account.watch.poke()
    return booked.channel
  }

  async register(channel: Channel, nonce: bigint): Promise<void> {
    const account = this.#accounts.ofChannel(channel)
    const { wallet, world } = this.#options
    await this.#countRegistration(account.booked)
    const id = `client/${addressKey(channel.contract)}/register#${nonce}`
    await account.watch.poke()
    const isDeployed = account.data !== undefined
    await wallet.send(id, {
      destination: channel.contract,
      valueNano: attachedNano,
      isBounceable: isDeployed,
      body: clientBody.register({ queryId: queryIdOf(id), nonce, excessesTo: wallet.address }),
      ...(!isDeployed && { stateInit: this.#stateInit(account) }),
      deadlineS: (account.watch.state?.at.timeS ?? Math.floor(world.now() / 1000)) + registrationS,
    })
    void wallet.outcome(id).then(
      () => account.watch.poke(),
      () => {},
    )
  }

  /** A proxy's knowledge of it opens nothing elsewhere. */
  secretFor(channel: Channel): Uint8Array {
    for (const { proxyContract, channel: known } of this.#accounts.book.all()) {
      if (known !== channel) continue
      const digest = createHmac('sha256', this.#options.secret).update(proxyContract).digest('hex')
      return new TextEncoder().encode(digest)
    }
    throw new MoneyError('account-unknown', 'The channel is none of this client')
  }

  agreed(channel: Channel): void {
    this.#accounts.ofChannel(channel).booked.registrations = 0
  }

  /** Each one costs a fee: a proxy that asks for it and lets nobody in gets fewer and fewer. Throws `limit`. */
  async #countRegistration(booked: BookedChannel): Promise<void> {
    const nowS = Math.floor(this.#options.world.now() / 1000)
    const waitS = Math.min(
      longestRegistrationS,
      firstRegistrationS * 2 ** Math.max(0, booked.registrations - 2),
    )
    const readyAtS = booked.registrations < 2 ? 0 : booked.registeredAtS + waitS
    if (nowS < readyAtS) {
      throw new MoneyError(
        'limit',
        `The proxy asked for a registration ${booked.registrations} times and let nobody in. The next one is in ${readyAtS - nowS} s`,
      )
    }
    booked.registrations++
    booked.registeredAtS = nowS
    await this.#accounts.book.save()
  }

  rolledBack(channel: Channel, payment: ProxySignedPaymentAny, totals: ChannelTotals): void {
    channel.update(payment, totals)
  }

  *all(): Iterable<[proxyContract: string, channel: Channel]> {
    for (const { proxyContract, channel } of this.#accounts.book.all()) yield [proxyContract, channel]
  }

  views(): ClientAccountView[] {
    return [...this.#accounts.book.all()].map(booked => {
      const { proxyContract, channel, isLeaving, isClosed } = booked
      const account = this.#accounts.find(proxyContract)
      return {
        proxyContract,
        channel,
        contract: account?.data,
        isLeaving,
        isClosed,
        trouble: account?.obstacle ?? this.#accounts.trouble(booked),
      }
    })
  }

  /** Begins to close the contract at a proxy; its balance comes back to the wallet. Throws `account-unknown`. */
  async close(proxyContract: AccountKey, { acceptLoss = false } = {}): Promise<void> {
    const account = this.#accounts.known(proxyContract)
    account.booked.isLeaving = true
    if (acceptLoss) account.asked.add('accept-loss')
    await this.#accounts.book.save()
    await this.#accounts.poke()
  }

  /** Takes what is above the stake back to the wallet. Throws `account-unknown`. */
  withdraw(proxyContract: AccountKey): Promise<void> {
    return this.#ask(proxyContract, 'withdraw')
  }

  /** Pays in once more. Throws `account-unknown`. */
  topUp(proxyContract: AccountKey): Promise<void> {
    return this.#ask(proxyContract, 'top-up')
  }

  /** Submits the newest signed charge. Throws `account-unknown`. */
  charge(proxyContract: AccountKey): Promise<void> {
    return this.#ask(proxyContract, 'charge')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#accounts[Symbol.asyncDispose]()
  }

  async #ask(proxyContract: AccountKey, wish: ClientWish): Promise<void> {
    this.#accounts.known(proxyContract).asked.add(wish)
    await this.#accounts.poke()
  }

  async #look(account: Account, stateLt: bigint): Promise<void> {
    const { booked, data } = account
    if (data === undefined) return
    this.#noticeRegistry(account, data)
    const { policy } = this.#options
    booked.baseTokens ??= data.chargedTokens
    await this.#askProxy(account, data)
    const situation = this.#situation(account, data)
    this.#noticeObstacle(account, closingObstacle(situation) ?? depositObstacle(situation, policy))
    const step = clientStep(situation, policy)
    if (step !== undefined && this.#order(account, step, stateLt)) account.asked.delete(step.do as ClientWish)
    if (!this.#accounts.orders.isOpen(this.#accounts.slotOf(booked))) dropIdleWishes(situation, account.asked)
  }

  #situation({ booked, watch, asked, proxy }: Account, data: ClientContractData): ClientSituation {
    const { channel, isLeaving } = booked
    return {
      contract: data,
      params: data.params,
      secretHash: hash('sha256', this.secretFor(channel), 'hex'),
      maxTokens: channel.maxTokens,
      signedTokens: channel.signedTokens,
      isLeaving,
      asked,
      proxy,
      grantedTokens: booked.baseTokens === undefined ? undefined : booked.baseTokens + channel.grantedTokens,
      nowS: watch.state?.at.timeS ?? 0,
    }
  }

  /** Other prices or codes: the old contract is left once its proxy had time to settle by itself. */
  #noticeRegistry({ booked }: Account, { params }: ClientContractData): void {
    const nowS = Math.floor(this.#options.world.now() / 1000)
    if (this.#options.config().paramsVersion === booked.paramsVersion) {
      booked.outdatedAtS = undefined
      return
    }
    booked.outdatedAtS ??= nowS
    const patienceS =
      leaveAfterDelays * Math.max(0, params.proxyDelayBeforeCloseS - params.clientDelayBeforeCloseS)
    if (nowS - booked.outdatedAtS > patienceS) booked.isLeaving = true
  }

  #noticeObstacle(account: Account, why: string | undefined): void {
    if (why !== undefined && why !== account.obstacle) {
      this.#options.report({ event: 'deposit-held-back', why })
    }
    account.obstacle = why
  }

  /** Looked up again before coins go where the proxy's guarantee matters. */
  async #askProxy(account: Account, data: ClientContractData): Promise<void> {
    const { policy, chain, world } = this.#options
    const best: ProxyStanding = { phase: 'open', stakeNano: 1n << 120n }
    const step = clientStep({ ...this.#situation(account, data), proxy: best }, policy)
    const isForced = step?.do === 'request-refund' && data.phase === 'closing'
    const now = world.monotonic()
    if ((step?.do !== 'top-up' && !isForced) || now < account.proxyAskedAt + proxyAskMs) return
    account.proxyAskedAt = now
    const proxyContract = parseAddress(account.booked.proxyContract)
    const { data: proxy } = await withDeadline(world, () => chain.account(proxyContract), {
      timeoutMs: watchLimits.callTimeoutMs,
      signal: this.#closing.signal,
    })
    account.proxy = proxy === undefined ? { phase: 'closed', stakeNano: 0n } : readProxyData(proxy)
  }

  /** Whether it was ordered. */
  #order({ booked }: Account, step: ClientStep, stateLt: bigint): boolean {
    const { wallet } = this.#options
    const { channel } = booked
    const addNano = step.do === 'top-up' ? step.addNano : 0n
    return this.#accounts.orders.place(
      {
        slot: this.#accounts.slotOf(booked),
        purpose: `${step.do}/${step.do === 'charge' ? channel.signedTokens : stateLt}`,
        message: queryId => ({
          destination: channel.contract,
          valueNano: attachedNano + addNano,
          isBounceable: true,
          body: bodyOf(step, { queryId, excessesTo: wallet.address }, channel),
        }),
      },
      stateLt,
    )
  }

  #stateInit({ terms, booked }: Account): ReturnType<typeof clientStateInit> {
    if (terms === undefined) {
      throw new MoneyError('contract', 'The contract is not deployed, and the registry has other codes now')
    }
    const { proxyContract, channel } = booked
    return clientStateInit(terms, {
      clientOwner: this.#options.wallet.address,
      proxyContract: parseAddress(proxyContract),
      proxyPublicKey: channel.publicKey,
    })
  }
}

function bodyOf(
  step: ClientStep,
  query: { queryId: bigint; excessesTo: ContractAddress },
  channel: Channel,
): ReturnType<typeof clientBody.withdraw> {
  switch (step.do) {
    case 'top-up':
      return step.secretHash === undefined
        ? clientBody.topUp({ ...query, nano: step.addNano })
        : clientBody.changeSecretHashAndTopUp({
            ...query,
            nano: step.addNano,
            secretHash: Buffer.from(step.secretHash, 'hex'),
          })
    case 'set-secret':
      return clientBody.changeSecretHash({ ...query, secretHash: Buffer.from(step.secretHash, 'hex') })
    case 'raise-stake':
      return clientBody.increaseStake({ ...query, stakeNano: step.stakeNano })
    case 'charge':
      return paymentBody(channel.payment!, query.excessesTo)
    case 'request-refund':
      return clientBody.requestRefund(query)
    case 'withdraw':
      return clientBody.withdraw(query)
  }
}
