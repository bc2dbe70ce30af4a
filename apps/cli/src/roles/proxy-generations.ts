import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  addressKey,
  type ContractAddress,
  type Ledger,
  openSqliteLedger,
  type PaymentKey,
  type ProxyPolicy,
  ProxySettlement,
  readRootFromText,
  type RootConfig,
  writeRootAsText,
} from '@cocoon/money'
import { contractsOnChain, Proxy, type ProxyOptions } from '@cocoon/proxy'
import type { Timer, World } from '@cocoon/wire'
import type { Report } from '../event.ts'
import { type ChainSide, registryProblems } from './chain-side.ts'

export interface GenerationsOptions {
  readonly world: World
  readonly chainSide: ChainSide
  readonly root: ContractAddress
  readonly owner: ContractAddress
  readonly key: PaymentKey
  readonly policy: ProxyPolicy
  readonly report: Report
  /** What all proxies of this role have in common. */
  readonly proxy: Pick<ProxyOptions, 'isTestnet' | 'checkWorkerHashes' | 'tally'>
}

/** A proxy contract with its books. Its prices and codes are fixed for its life. */
export interface Generation {
  readonly config: RootConfig
  readonly ledger: Ledger
  readonly settlement: ProxySettlement
}

const prefix = 'generation/'
const retiredPrefix = 'retired/'
/** How long answers may still take at a proxy whose prices are no longer valid. */
const changeGraceMs = 20_000
const reviewMs = 2_000

/**
 * The proxies of one role, one after the other: when the registry gets other prices or codes, a new proxy contract
 * takes over, and the old one settles with everybody and closes. Survives restarts in the middle of that.
 */
export class ProxyGenerations implements AsyncDisposable {
  readonly #options: GenerationsOptions
  readonly #old = new Map<string, Generation>()
  readonly #stopListening: () => void
  #current!: Generation & { proxy: Proxy }
  #changing: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #isClosed = false
  /** Told of each proxy that takes over. */
  onChange: (proxy: Proxy) => void = () => {}

  private constructor(options: GenerationsOptions) {
    this.#options = options
    this.#stopListening = options.chainSide.registry.onVersion(config => this.#registryChanged(config))
  }

  /** Opens the books of today's proxy contract, and of those that still wind down. Rejects with a MoneyError. */
  static async start(options: GenerationsOptions): Promise<ProxyGenerations> {
    const generations = new ProxyGenerations(options)
    try {
      await generations.#start()
    } catch (error) {
      await generations[Symbol.asyncDispose]()
      throw error
    }
    return generations
  }

  /** The one that serves. */
  get proxy(): Proxy {
    return this.#current.proxy
  }

  get current(): Generation {
    return this.#current
  }

  /** Settles with everybody and closes the contract that serves, for good: also after a restart. */
  async retire(): Promise<void> {
    const { settlement } = this.#current
    const { store } = this.#options.chainSide.setup
    await store.write(new Map([[retiredPrefix + addressKey(settlement.contract), 'asked']]))
    settlement.retire()
  }

  /** Those that wind down. */
  get old(): Iterable<Generation> {
    return this.#old.values()
  }

  async close(graceMs: number): Promise<void> {
    await this.#changing
    await this.#current?.proxy.close(graceMs)
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopListening()
    this.#timer?.cancel()
    await this.#changing
    if (this.#current !== undefined) {
      await this.#current.proxy.close(0)
      await end(this.#current)
    }
    for (const old of this.#old.values()) await end(old)
  }

  async #start(): Promise<void> {
    const { chainSide } = this.#options
    await mkdir(chainSide.setup.directory, { recursive: true })
    const { config } = chainSide
    for (const [, text] of chainSide.setup.store.entries(prefix)) {
      const known = readRootFromText(text)
      if (known.paramsVersion === config.paramsVersion) continue
      const old = await this.#open(known)
      old.settlement.retire()
      this.#old.set(addressKey(old.settlement.contract), old)
    }
    await this.#begin(config)
    // It may have changed while the books were being opened.
    if (chainSide.config.version !== config.version) this.#registryChanged(chainSide.config)
    this.#reviewLater()
  }

  async #begin(config: RootConfig): Promise<void> {
    const { world, proxy, chainSide, report, root, owner, key } = this.#options
    const generation = await this.#open(config)
    const { settlement, ledger } = generation
    const isRetired = chainSide.setup.store.get(retiredPrefix + addressKey(settlement.contract)) !== undefined
    if (isRetired) settlement.retire()
    const obstacle = (): string | undefined => settlement.obstacle ?? registryProblems(chainSide)[0]
    this.#current = {
      ...generation,
      proxy: new Proxy({
        ...proxy,
        world,
        config,
        root,
        owner,
        key,
        ledger,
        nodeWallet: chainSide.wallet.address,
        clientContracts: contractsOnChain(settlement, config),
        obstacle,
        log: report,
      }),
    }
  }

  async #open(config: RootConfig): Promise<Generation> {
    const { world, chainSide, root, owner, key, policy, report } = this.#options
    const { chain, store, directory, interval } = chainSide.setup
    const { wallet } = chainSide
    const contract = ProxySettlement.contractOf({ config, key, owner, root })
    const hash = addressKey(contract).slice(2)
    const path = join(directory, `books-${hash.slice(0, 16)}.sqlite`)
    const ledger = await openSqliteLedger({ path, contract: addressKey(contract), world })
    try {
      await store.write(new Map([[prefix + addressKey(contract), writeRootAsText(config)]]))
      const settlement = new ProxySettlement({
        world,
        chain,
        store,
        ledger,
        wallet,
        key,
        config,
        root,
        owner,
        policy,
        interval,
        report,
      })
      await settlement.start()
      return { config, ledger, settlement }
    } catch (error) {
      await ledger[Symbol.asyncDispose]()
      throw error
    }
  }

  #registryChanged(config: RootConfig): void {
    if (this.#isClosed || this.#current === undefined) return
    this.#changing = this.#changing
      .then(() => this.#take(config))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        this.#options.report({ event: 'settlement-failed', why })
      })
  }

  async #take(config: RootConfig): Promise<void> {
    const current = this.#current
    if (this.#isClosed || config.version <= current.proxy.config().version) return
    if (config.paramsVersion === current.config.paramsVersion) return current.proxy.setConfig(config)
    await this.#begin(config)
    this.onChange(this.#current.proxy)
    // Who waits for an answer still gets it, at the old price.
    await current.proxy.close(changeGraceMs)
    current.settlement.retire()
    this.#old.set(addressKey(current.settlement.contract), current)
  }

  #reviewLater(): void {
    if (this.#isClosed) return
    this.#timer = this.#options.world.after(reviewMs, () => {
      void this.#review().finally(() => this.#reviewLater())
    })
  }

  /** Forgets proxy contracts that are closed. Their books stay where they are. */
  async #review(): Promise<void> {
    for (const [contract, old] of this.#old) {
      if (!old.settlement.isDone) continue
      this.#old.delete(contract)
      await end(old)
      await this.#options.chainSide.setup.store.write(new Map([[prefix + contract, undefined]]))
    }
  }
}

async function end({ settlement, ledger }: Generation): Promise<void> {
  await settlement[Symbol.asyncDispose]()
  await ledger[Symbol.asyncDispose]()
}
