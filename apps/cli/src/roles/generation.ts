import { join } from 'node:path'
import {
  type AccountKey,
  addressKey,
  type ContractAddress,
  type Ledger,
  openPostgresLedger,
  openSqliteLedger,
  type PaymentKey,
  type ProxyPolicy,
  ProxySettlement,
  Registrations,
  type RootConfig,
  type SharedLedger,
  writeRootAsText,
} from '@cocoon/money'
import {
  openPostgresLogStore,
  openSqliteLogStore,
  ProxyError,
  ProxyLog,
  reopenedLogStore,
} from '@cocoon/proxy'
import { TrustError } from '@cocoon/trust'
import type { World } from '@cocoon/wire'
import { CliError } from '../error.ts'
import type { Report } from '../event.ts'
import { type ChainSide, storeOf } from './chain-side.ts'

export interface GenerationOptions {
  readonly world: World
  readonly chainSide: ChainSide
  readonly root: ContractAddress
  readonly owner: ContractAddress
  readonly key: PaymentKey
  readonly policy: ProxyPolicy
  /** Between two batches of the public log; 10 s if absent. */
  readonly logIntervalMs?: number | undefined
  readonly report: Report
}

/** Seldom enough that a batch says little of when somebody asked, and often enough for who waits for a proof. */
const usualLogIntervalMs = 10_000

export const generationPrefix = 'generation/'
const retiredPrefix = 'retired/'
const logPrefix = 'log/'

/** A proxy contract with its books. Its prices and codes are fixed for its life. */
export class Generation implements AsyncDisposable {
  readonly config: RootConfig
  readonly contract: AccountKey
  readonly ledger: Ledger
  /** What was charged, for everybody to see. */
  #log!: ProxyLog
  /** The ledger, where other processes have it open too. */
  readonly #shared: SharedLedger | undefined
  readonly #options: GenerationOptions
  readonly #registrations: Registrations
  #settlement!: ProxySettlement
  #isRetiring = false

  private constructor(
    options: GenerationOptions,
    books: { config: RootConfig; contract: AccountKey; ledger: Ledger | SharedLedger },
  ) {
    this.#options = options
    this.#registrations = new Registrations(options.world)
    this.config = books.config
    this.contract = books.contract
    this.ledger = books.ledger
    this.#shared = 'hasEnded' in books.ledger ? books.ledger : undefined
  }

  /** Opens the books and begins to settle. Rejects with a MoneyError, and leaves nothing open then. */
  static async open(options: GenerationOptions, config: RootConfig): Promise<Generation> {
    const { world, chainSide } = options
    const { shared, directory } = chainSide.setup
    const contract = addressKey(ProxySettlement.contractOf({ ...options, config }))
    const path = join(directory, `books-${contract.slice(2, 18)}.sqlite`)
    const ledger =
      shared === undefined
        ? await openSqliteLedger({ path, contract, world })
        : await openPostgresLedger({ url: shared.url, contract, world })
    const generation = new Generation(options, { config, contract, ledger })
    try {
      await generation.#openLog()
      await generation.settleAnew()
      return generation
    } catch (error) {
      await generation.#log?.[Symbol.asyncDispose]()
      await ledger[Symbol.asyncDispose]()
      throw error
    }
  }

  get log(): ProxyLog {
    return this.#log
  }

  async #openLog(): Promise<void> {
    const { world, key, chainSide, report, logIntervalMs = usualLogIntervalMs } = this.#options
    const { shared, directory } = chainSide.setup
    const name = `log-${this.contract.slice(2, 18)}`
    const begun = logPrefix + this.contract
    const opening = ProxyLog.open({
      world,
      ledger: this.ledger,
      store:
        shared === undefined
          ? reopenedLogStore(() => openSqliteLogStore(join(directory, `${name}.sqlite`), world), world)
          : await openPostgresLogStore({ url: shared.url, name, world }),
      key,
      contract: this.contract,
      ifEmpty: this.#store.get(begun) === undefined ? 'create' : 'refuse',
      intervalMs: logIntervalMs,
      mayAct: () => shared?.records.mayAct() ?? true,
      anchors: () => this.#settlement?.anchors() ?? [],
      onFailure: cause =>
        report({ event: 'log-not-written', why: cause instanceof Error ? cause.message : String(cause) }),
    })
    this.#log = await opening.catch((cause: unknown) => {
      if (!(cause instanceof TrustError || cause instanceof ProxyError)) throw cause
      throw new CliError('config', cause.message, {
        cause,
        advice: 'docs/OPERATIONS.md says how to restore a log.',
      })
    })
    await this.#store.write(new Map([[begun, 'begun']]))
  }

  /** The one of now: another one after `settleAnew`. */
  get settlement(): ProxySettlement {
    return this.#settlement
  }

  /** Its ledger refuses everything until it is opened again. */
  get hasEnded(): boolean {
    return this.#shared?.hasEnded ?? false
  }

  /** Settles with everybody and closes. Serves nothing any more. */
  retire(): void {
    this.#isRetiring = true
    this.#settlement.retire()
  }

  /** Retires it, also after a restart and in the process that leads by then. */
  async retireForGood(): Promise<void> {
    await this.#store.write(new Map([[retiredPrefix + this.contract, 'asked']]))
    this.retire()
  }

  /** No longer settles; the books stay open. */
  async pause(): Promise<void> {
    await this.#settlement[Symbol.asyncDispose]()
  }

  /** Takes up what the records know, with the wallet of now. What was settling before has to be paused. */
  async settleAnew(): Promise<void> {
    const { config, contract, ledger } = this
    const { chainSide } = this.#options
    const { chain, interval, shared } = chainSide.setup
    const store = this.#store
    await store.write(new Map([[generationPrefix + contract, writeRootAsText(config)]]))
    const settlement = new ProxySettlement({
      ...this.#options,
      chain,
      interval,
      store,
      ledger,
      config,
      wallet: chainSide.wallet,
      duty: shared?.records,
      registrations: this.#registrations,
      logHead: () => this.#log.headNow(),
    })
    try {
      await settlement.start()
    } catch (error) {
      await settlement[Symbol.asyncDispose]()
      throw error
    }
    if (this.#isRetiring || store.get(retiredPrefix + contract) !== undefined) settlement.retire()
    this.#settlement = settlement
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pause()
    await this.#log[Symbol.asyncDispose]()
    await this.ledger[Symbol.asyncDispose]()
  }

  get #store(): ReturnType<typeof storeOf> {
    return storeOf(this.#options.chainSide.setup)
  }
}
