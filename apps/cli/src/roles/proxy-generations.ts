import { mkdir } from 'node:fs/promises'
import { notLeading, readRootFromText, type RootConfig } from '@cocoon/money'
import { contractsOnChain, Proxy, type ProxyOptions } from '@cocoon/proxy'
import type { Timer } from '@cocoon/wire'
import { registryProblems } from './chain-side.ts'
import { Generation, type GenerationOptions, generationPrefix } from './generation.ts'

export interface GenerationsOptions extends GenerationOptions {
  /** What all proxies of this role have in common. */
  readonly proxy: Pick<ProxyOptions, 'isTestnet' | 'checkWorkerHashes' | 'sealCrypto' | 'tally'>
}

/** The one that serves. */
interface Current {
  readonly generation: Generation
  readonly proxy: Proxy
}

/** How long answers may still take at a proxy whose prices are no longer valid. */
const changeGraceMs = 20_000
const reviewMs = 2_000

/**
 * The proxies of one role, one after the other: when the registry gets other prices or codes, a new proxy contract
 * takes over, and the old one settles with everybody and closes. Survives restarts in the middle of that. Of several
 * processes on the same books each has them all, and the one that leads settles.
 */
export class ProxyGenerations implements AsyncDisposable {
  readonly #options: GenerationsOptions
  readonly #old = new Map<string, Generation>()
  readonly #stopListening: () => void
  #current!: Current
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
    return this.#current.generation
  }

  /**
   * Settles with everybody and closes the contract that serves, for good: also after a restart. Rejects with
   * `not-leading` where another process settles.
   */
  async retire(): Promise<void> {
    if (this.#options.chainSide.setup.shared?.records.mayAct() === false) throw notLeading()
    await this.current.retireForGood()
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
      await this.current[Symbol.asyncDispose]()
    }
    for (const old of this.#old.values()) await old[Symbol.asyncDispose]()
  }

  async #start(): Promise<void> {
    const { chainSide } = this.#options
    await mkdir(chainSide.setup.directory, { recursive: true })
    const { config } = chainSide
    for (const [, text] of chainSide.setup.store.entries(generationPrefix)) {
      const known = readRootFromText(text)
      if (known.paramsVersion === config.paramsVersion) continue
      const old = await Generation.open(this.#options, known)
      old.retire()
      this.#old.set(old.contract, old)
    }
    await this.#begin(config)
    // It may have changed while the books were being opened.
    if (chainSide.config.version !== config.version) this.#registryChanged(chainSide.config)
    chainSide.setup.shared?.records.begin({
      words: () => new Map(this.#all().map(({ contract, settlement }) => [contract, settlement.word])),
      changed: () => this.#inTurn(() => this.#changeShift()),
    })
    this.#reviewLater()
  }

  #all(): Generation[] {
    return [this.current, ...this.#old.values()]
  }

  async #begin(config: RootConfig): Promise<void> {
    const { world, proxy, chainSide, report, root, owner, key } = this.#options
    const generation = await Generation.open(this.#options, config)
    this.#current = {
      generation,
      proxy: new Proxy({
        ...proxy,
        world,
        config,
        root,
        owner,
        key,
        ledger: generation.ledger,
        publicLog: generation.log,
        nodeWallet: chainSide.wallet.address,
        clientContracts: contractsOnChain(
          {
            client: of => generation.settlement.client(of),
            expectNonce: of => generation.settlement.expectNonce(of),
          },
          config,
        ),
        obstacle: () => generation.settlement.obstacle ?? registryProblems(chainSide)[0],
        log: report,
      }),
    }
  }

  #registryChanged(config: RootConfig): void {
    if (this.#isClosed || this.#current === undefined) return
    this.#inTurn(() => this.#take(config)).catch((error: unknown) => this.#failed(error))
  }

  #failed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.#options.report({ event: 'settlement-failed', why })
  }

  /** One change after the other. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(() => (this.#isClosed ? undefined : change()))
    this.#changing = done.catch(() => {})
    return done
  }

  async #take(config: RootConfig): Promise<void> {
    const { proxy, generation } = this.#current
    if (config.version <= proxy.config().version) return
    if (config.paramsVersion === generation.config.paramsVersion) return proxy.setConfig(config)
    await this.#begin(config)
    this.onChange(this.#current.proxy)
    // Who waits for an answer still gets it, at the old price.
    await proxy.close(changeGraceMs)
    generation.retire()
    this.#old.set(generation.contract, generation)
  }

  /** This process leads from now on, or no longer. Who is served notices nothing of it. */
  async #changeShift(): Promise<void> {
    for (const generation of this.#all()) await generation.pause()
    await this.#options.chainSide.changeShift()
    for (const generation of this.#all()) await generation.settleAnew()
  }

  #reviewLater(): void {
    if (this.#isClosed) return
    this.#timer = this.#options.world.after(reviewMs, () => {
      void this.#inTurn(() => this.#review())
        .catch((error: unknown) => this.#failed(error))
        .finally(() => this.#reviewLater())
    })
  }

  /** Forgets proxy contracts that are closed. Their books stay where they are. */
  async #review(): Promise<void> {
    for (const [contract, old] of this.#old) {
      if (!old.settlement.isDone) continue
      this.#old.delete(contract)
      await old[Symbol.asyncDispose]()
      await this.#options.chainSide.setup.store.write(new Map([[generationPrefix + contract, undefined]]))
    }
    await this.#reopenEnded()
  }

  /** A process that was away from its database for longer than its lease begins anew, and its peers come again. */
  async #reopenEnded(): Promise<void> {
    for (const [contract, old] of this.#old) {
      if (!old.hasEnded) continue
      await old[Symbol.asyncDispose]()
      const anew = await Generation.open(this.#options, old.config)
      anew.retire()
      this.#old.set(contract, anew)
    }
    const { proxy, generation } = this.#current
    if (!generation.hasEnded) return
    await proxy.close(0)
    await generation[Symbol.asyncDispose]()
    await this.#begin(proxy.config())
    this.onChange(this.#current.proxy)
  }
}
