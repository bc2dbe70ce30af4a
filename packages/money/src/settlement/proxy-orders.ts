import { Cell } from '@ton/core'
import type { World } from '@cocoon/wire'
import { type ContractAddress, parseAddress } from '../address.ts'
import type { Chain } from '../chain/chain.ts'
import { proxyBody } from '../contracts/bodies.ts'
import { clientContractAddress } from '../contracts/client.ts'
import { proxyStateInit, type ProxyContractData } from '../contracts/proxy.ts'
import { workerContractAddress, workerStateInit } from '../contracts/worker.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey, ClientView, Ledger } from '../ledger.ts'
import { type PaymentKind, signClosing, signPayment } from '../payment.ts'
import type { PaymentKey } from '../payment-key.ts'
import type { RootConfig } from '../root-config.ts'
import type { ClientRecord, ContractRecords } from './contract-records.ts'
import { watchLimits } from '../watch/limits.ts'
import { withDeadline } from '../watch/deadline.ts'
import type { Orders, Sender } from './orders.ts'
import { attachedNano } from './policy.ts'
import { clientStep, ownStep, type ProxyRules, workerStep } from './proxy-steps.ts'

export interface ProxyOrdersOptions {
  readonly chain: Chain
  readonly ledger: Ledger
  readonly wallet: Sender
  readonly key: PaymentKey
  readonly config: RootConfig
  readonly root: ContractAddress
  readonly owner: ContractAddress
  readonly contract: ContractAddress
  readonly prefix: string
  readonly orders: Orders
  readonly world: World
  /** Ends every question to the chain. */
  readonly signal: AbortSignal
}

export interface SettleSituation {
  /** The chain knows the books of this process. */
  readonly isConfirmed: boolean
  /** Whether nobody serves this client any more. */
  readonly mayRefund: (owner: AccountKey) => boolean
  /** What the own contract holds: what it cannot pay is not asked of it, since each refusal costs a fee. */
  readonly poolNano: bigint
}

/** What a proxy orders from its wallet. */
export class ProxyOrders {
  readonly #options: ProxyOrdersOptions

  constructor(options: ProxyOrdersOptions) {
    this.#options = options
  }

  /** Why the own contract does not get what it needs. */
  get trouble(): string | undefined {
    const { orders } = this.#options
    return orders.trouble(this.#slot('own')) ?? orders.trouble(this.#slot('anchor/own'))
  }

  /**
   * Orders what is due between the proxy and its clients and workers. Tells whether everybody is settled with for
   * good, and the first thing that went wrong: with one of them, it holds up no other.
   */
  async settle(
    records: ContractRecords,
    rules: ProxyRules,
    { isConfirmed, mayRefund, poolNano }: SettleSituation,
  ): Promise<{ allSettled: boolean; problem: unknown }> {
    if (!isConfirmed) return { allSettled: false, problem: undefined }
    const { ledger, config } = this.#options
    let allSettled = true
    let problem: unknown
    for (const [owner, record] of records.clients()) {
      if (record.phase === 'closed') continue
      allSettled = false
      const step = clientStep(totalsOf(ledger, owner), record, rules)
      if (step?.do === 'charge') this.charge(owner, step.tokens)
      if (step?.do !== 'refund' || !mayRefund(owner)) continue
      const refundNano = refundOf(record, step.tokens, config)
      if (refundNano <= poolNano) this.#submitToClient('client-refund', owner, step.tokens)
      else problem ??= poolTooSmall(refundNano, poolNano)
    }
    // What still runs is charged when it ends, and a worker that was closed is paid nothing any more.
    const isRunning = rules.isRetiring && ledger.clients().some(({ reserved }) => reserved > 0n)
    for (const books of ledger.workers()) {
      const isClosed = records.isWorkerClosed(books.owner)
      const step = workerStep(books, isClosed, rules)
      if (!isClosed && books.max > 0n) allSettled = false
      if (step === undefined || isRunning) continue
      const payoutNano = (step.tokens - books.paid) * config.workerFeePerTokenNano
      if (payoutNano > poolNano) {
        problem ??= poolTooSmall(payoutNano, poolNano)
        continue
      }
      const kind = step.do === 'pay' ? 'worker-payout' : 'worker-last-payout'
      await this.pay(kind, books.owner, step.tokens).catch((error: unknown) => (problem ??= error))
    }
    return { allSettled, problem }
  }

  /** Orders what the own contract needs. */
  keepOwn(
    data: ProxyContractData | undefined,
    rules: ProxyRules,
    seen: { allSettled: boolean; stateLt: bigint; nowS: number },
  ): void {
    const step = ownStep(data, rules, seen)
    switch (step?.do) {
      case 'deploy':
        return this.#deploy(step.stakeNano, seen.stateLt)
      case 'stake':
        return this.#stake(step.addNano, seen.stateLt)
      case 'withdraw':
        return this.withdraw(seen.stateLt)
      case 'close':
        return this.#close('proxy-close', seen.stateLt)
      case 'complete-close':
        return this.#close('proxy-close-complete', seen.stateLt)
      default:
    }
  }

  charge(owner: AccountKey, tokens: bigint): void {
    this.#submitToClient('client-charge', owner, tokens)
  }

  /** Deploys the worker's contract along the way where the worker has not. */
  async pay(kind: 'worker-payout' | 'worker-last-payout', owner: AccountKey, tokens: bigint): Promise<void> {
    const { chain, config, key, contract: proxyContract, orders, world, signal } = this.#options
    const slot = this.#slot(`pay/${owner}`)
    if (orders.isOpen(slot)) return
    const parties = { workerOwner: parseAddress(owner), proxyContract, proxyPublicKey: key.publicKey }
    const contract = workerContractAddress(config, parties)
    const { status } = await withDeadline(world, () => chain.account(contract), {
      timeoutMs: watchLimits.callTimeoutMs,
      signal,
    })
    const isDeployed = status === 'active'
    orders.place({
      slot,
      purpose: `${kind}/${tokens}`,
      message: queryId => ({
        destination: contract,
        valueNano: attachedNano,
        isBounceable: isDeployed,
        body: this.#payment(kind, contract, tokens, queryId),
        ...(!isDeployed && { stateInit: workerStateInit(config, parties) }),
      }),
    })
  }

  withdraw(stateLt: bigint): void {
    this.#toOwn('withdraw', stateLt, 0n, query => proxyBody.requestPayout(query))
  }

  /** With its guarantee from the first moment on. */
  #deploy(nano: bigint, stateLt: bigint): void {
    const { config, key, owner, root, contract, orders, wallet } = this.#options
    orders.place(
      {
        slot: this.#slot('own'),
        purpose: 'deploy',
        message: queryId => ({
          destination: contract,
          valueNano: deployNano + nano,
          isBounceable: false,
          body:
            nano === 0n ? Cell.EMPTY : proxyBody.increaseStake({ queryId, excessesTo: wallet.address, nano }),
          stateInit: proxyStateInit(config, { proxyPublicKey: key.publicKey, proxyOwner: owner, root }),
        }),
      },
      stateLt,
    )
  }

  #stake(nano: bigint, stateLt: bigint): void {
    this.#toOwn('stake', stateLt, nano, query => proxyBody.increaseStake({ ...query, nano }))
  }

  #close(kind: 'proxy-close' | 'proxy-close-complete', stateLt: bigint): void {
    const { key, contract } = this.#options
    this.#toOwn(kind, stateLt, 0n, ({ queryId, excessesTo }) =>
      signedBody(signClosing({ kind, key, queryId, contract, excessesTo })),
    )
  }

  #toOwn(
    what: string,
    stateLt: bigint,
    addNano: bigint,
    body: (query: { queryId: bigint; excessesTo: ContractAddress }) => Cell,
  ): void {
    const { contract, wallet, orders } = this.#options
    orders.place(
      {
        slot: this.#slot('own'),
        purpose: `${what}/${stateLt}`,
        message: queryId => ({
          destination: contract,
          valueNano: attachedNano + addNano,
          isBounceable: true,
          body: body({ queryId, excessesTo: wallet.address }),
        }),
      },
      stateLt,
    )
  }

  #submitToClient(kind: 'client-charge' | 'client-refund', owner: AccountKey, tokens: bigint): void {
    const { config, key, contract: proxyContract, orders } = this.#options
    const contract = clientContractAddress(config, {
      clientOwner: parseAddress(owner),
      proxyContract,
      proxyPublicKey: key.publicKey,
    })
    orders.place({
      slot: this.#slot(`charge/${owner}`),
      purpose: `${kind}/${tokens}`,
      message: queryId => ({
        destination: contract,
        valueNano: attachedNano,
        isBounceable: true,
        body: this.#payment(kind, contract, tokens, queryId),
      }),
    })
  }

  #payment(kind: PaymentKind, contract: ContractAddress, tokens: bigint, queryId: bigint): Cell {
    const { key, wallet } = this.#options
    return signedBody(signPayment({ kind, key, queryId, tokens, contract, excessesTo: wallet.address }))
  }

  #slot(what: string): string {
    return `${this.#options.prefix}/${what}`
  }
}

function refundOf(record: ClientRecord, tokens: bigint, { pricePerTokenNano }: RootConfig): bigint {
  const leftNano = record.balanceNano - (tokens - record.chargedTokens) * pricePerTokenNano
  return leftNano > 0n ? leftNano : 0n
}

function poolTooSmall(neededNano: bigint, poolNano: bigint): MoneyError {
  return new MoneyError(
    'wallet-balance',
    `The proxy contract holds ${poolNano} nanotons and owes somebody ${neededNano}. It pays once it has them`,
  )
}

/** An account that never had a charge may have made room for others in the ledger: it owes nothing. */
function totalsOf(
  ledger: Ledger,
  owner: AccountKey,
): Pick<ClientView, 'max' | 'committedToChain' | 'reserved'> {
  try {
    return ledger.client(owner)
  } catch (error) {
    if (error instanceof MoneyError && error.code === 'account-unknown') {
      return { max: 0n, committedToChain: 0n, reserved: 0n }
    }
    throw error
  }
}

/** What `signPayment` and `signClosing` write is the whole body of a message. */
function signedBody(bytes: Uint8Array): Cell {
  return Cell.fromBoc(Buffer.from(bytes))[0]!
}

/** Covers the rent of a proxy contract for years, and the first message. */
const deployNano = 400_000_000n
