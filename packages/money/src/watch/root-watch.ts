import { Cell } from '@ton/core'
import type { World } from '@cocoon/wire'
import { addressKey, type ContractAddress } from '../address.ts'
import type { AccountState, Chain } from '../chain/chain.ts'
import { readRootConfig } from '../contracts/root-data.ts'
import { MoneyError } from '../error.ts'
import type { RootConfig } from '../root-config.ts'
import type { Store } from '../store/store.ts'
import { withDeadline } from './deadline.ts'
import { watchLimits } from './limits.ts'
import { Poll, type PollInterval } from './poll.ts'

export interface RootWatchOptions {
  readonly chain: Chain
  readonly store: Store
  readonly world: World
  /** Of the root contract. */
  readonly address: ContractAddress
  /** Which kind of network this role is made for; a root of the other kind is refused. */
  readonly isTest: boolean
  /** Default 30 to 60 s. */
  readonly interval?: PollInterval
  readonly callTimeoutMs?: number
  /** Above this age the configuration is not to be acted on; default 7200. */
  readonly maxAgeS?: number
}

/** What a root watch knows, also where it is not fit to be acted on. */
export interface RootView {
  readonly config: RootConfig | undefined
  /** Unix seconds of the block in which the root was last seen to say this. */
  readonly seenAtS: number | undefined
  readonly ageS: number | undefined
  /** Why the configuration is not to be acted on, or why it does not get any newer; undefined if all is well. */
  readonly problem: Error | undefined
  /** Whether `config()` gives it. */
  readonly isUsable: boolean
}

/** Gets the new configuration, and the one before it if there was one. */
export type RootListener = (config: RootConfig, before: RootConfig | undefined) => void

/** The form in the store. */
interface RootRecord {
  readonly seenAtS: number
  /** The root's data as a bag of cells, base64. */
  readonly data: string
}

/**
 * Follows the root contract. A configuration is replaced by one of a greater version only, and kept in the store, so
 * that a start without chain knows what was last seen and how old that is. Begins with the first `poke` and ends
 * with its disposal.
 */
export class RootWatch implements AsyncDisposable {
  readonly #options: RootWatchOptions
  readonly #storeKey: string
  readonly #poll: Poll
  readonly #versionListeners = new Set<RootListener>()
  readonly #paramsListeners = new Set<RootListener>()
  #config: RootConfig | undefined
  #data: string | undefined
  #seenAtS: number | undefined
  #problem: Error | undefined

  constructor(options: RootWatchOptions) {
    this.#options = options
    this.#storeKey = `root/${addressKey(options.address)}`
    this.#recall()
    this.#poll = new Poll(options.world, options.interval ?? { fromMs: 30_000, toMs: 60_000 }, signal =>
      this.#look(signal),
    )
  }

  /** Looks at once, and from then on. Resolves when a look that began after this call has ended; never rejects. */
  poke(): Promise<void> {
    return this.#poll.poke()
  }

  get view(): RootView {
    const ageS = this.#ageS()
    const refusal = this.#refusal(ageS)
    return {
      config: this.#config,
      seenAtS: this.#seenAtS,
      ageS,
      problem: refusal ?? this.#problem,
      isUsable: refusal === undefined,
    }
  }

  /**
   * The configuration to act on. Throws `MoneyError`: why nothing is known yet, or `chain-stale` where what is known
   * is too old.
   */
  config(): RootConfig {
    const refusal = this.#refusal(this.#ageS())
    if (refusal !== undefined) throw refusal
    return this.#config!
  }

  /** Tells of each new version from now on, before any listener of parameters. Returns how to stop it. */
  onVersion(listener: RootListener): () => void {
    this.#versionListeners.add(listener)
    return () => void this.#versionListeners.delete(listener)
  }

  /** Tells of new parameters, with which all contracts have new addresses. Returns how to stop it. */
  onParams(listener: RootListener): () => void {
    this.#paramsListeners.add(listener)
    return () => void this.#paramsListeners.delete(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#poll[Symbol.asyncDispose]()
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { world, chain, address, callTimeoutMs: timeoutMs = watchLimits.callTimeoutMs } = this.#options
    try {
      const state = await withDeadline(world, () => chain.account(address), { timeoutMs, signal })
      await this.#take(state)
      this.#problem = undefined
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Reads a state of the root and keeps it, in the store first. */
  async #take({ data, at }: AccountState): Promise<void> {
    if (data === undefined) {
      throw new MoneyError(
        'contract-data',
        `There is no contract at ${addressKey(this.#options.address)}. Correct the address of the root contract`,
      )
    }
    const config = readRootConfig(data)
    this.#checkKind(config)
    const before = this.#config
    if (before !== undefined && config.version < before.version) {
      throw new MoneyError(
        'chain-stale',
        `The chain's source gave version ${config.version} of the root contract after version ` +
          `${before.version}. Use another source`,
      )
    }
    const isNew = before === undefined || config.version > before.version
    const boc = isNew || this.#data === undefined ? data.toBoc().toString('base64') : this.#data
    // A source whose blocks are ahead of the clock cannot keep the configuration from growing old.
    const seenAtS = Math.max(Math.min(at.timeS, this.#nowS()), this.#seenAtS ?? 0)
    const record: RootRecord = { seenAtS, data: boc }
    await this.#options.store.write(new Map([[this.#storeKey, JSON.stringify(record)]]))
    this.#data = boc
    this.#seenAtS = seenAtS
    if (isNew) this.#replace(config, before)
  }

  #replace(config: RootConfig, before: RootConfig | undefined): void {
    this.#config = config
    const hasNewParams = before === undefined || before.paramsVersion !== config.paramsVersion
    const failures: unknown[] = []
    for (const listener of [...this.#versionListeners, ...(hasNewParams ? this.#paramsListeners : [])]) {
      try {
        listener(config, before)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  /** What an earlier process has seen. A record that cannot be used is a problem until the chain is read. */
  #recall(): void {
    const text = this.#options.store.get(this.#storeKey)
    if (text === undefined) return
    try {
      const { seenAtS, data } = JSON.parse(text) as RootRecord
      const config = readRootConfig(Cell.fromBase64(data))
      this.#checkKind(config)
      this.#config = config
      this.#data = data
      this.#seenAtS = seenAtS
    } catch (cause) {
      this.#problem =
        cause instanceof MoneyError
          ? cause
          : new MoneyError('storage', 'The stored state of the root contract cannot be read', { cause })
    }
  }

  #checkKind({ isTest }: RootConfig): void {
    if (isTest === this.#options.isTest) return
    const kinds = isTest ? ['a test network', 'a real one'] : ['a real network', 'a test one']
    throw new MoneyError(
      'config',
      `The root contract is of ${kinds[0]} and this role is set up for ${kinds[1]}. Correct one of the two`,
    )
  }

  #ageS(): number | undefined {
    if (this.#seenAtS === undefined) return undefined
    return Math.max(0, this.#nowS() - this.#seenAtS)
  }

  #nowS(): number {
    return Math.floor(this.#options.world.now() / 1000)
  }

  #refusal(ageS: number | undefined): Error | undefined {
    if (this.#config === undefined || ageS === undefined) {
      return this.#problem ?? new MoneyError('chain-unreachable', 'The root contract was not read yet. Wait')
    }
    const maxAgeS = this.#options.maxAgeS ?? watchLimits.rootAgeS
    if (ageS <= maxAgeS) return undefined
    const why = this.#problem === undefined ? '' : `: ${this.#problem.message}`
    return new MoneyError(
      'chain-stale',
      `The root contract was last seen ${ageS} s ago, and nobody acts on what is older than ${maxAgeS} s${why}`,
    )
  }
}
