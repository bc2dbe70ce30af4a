import type { World } from '@cocoon/wire'
import { addressKey, sameAddress, type ContractAddress } from '../address.ts'
import type { AccountState, Chain, ChainTransaction } from '../chain/chain.ts'
import { MoneyError } from '../error.ts'
import type { Store } from '../store/store.ts'
import { withDeadline } from './deadline.ts'
import { watchLimits } from './limits.ts'
import { Poll, type PollInterval } from './poll.ts'

/** What is to be written into the store; undefined deletes. */
export type StoreChanges = ReadonlyMap<string, string | undefined>

export interface AccountWatchOptions {
  readonly chain: Chain
  readonly store: Store
  readonly world: World
  readonly address: ContractAddress
  /** Under this key the store keeps the logical time of the last transaction that was handed over. */
  readonly cursorKey: string
  /** Where a watch without a cursor begins: with the account's first transaction, or after its newest one. */
  readonly begin: 'first' | 'now'
  /** Default 5 to 10 s. */
  readonly interval?: PollInterval
  readonly callTimeoutMs?: number
  /**
   * Takes each transaction, oldest first. What it returns is written together with the cursor, all or nothing: as
   * far as the store knows, each transaction is handled once. It is called again with the same transaction if it
   * throws, if the write fails, or if the process ends before the write; it must change nothing but the store.
   */
  onTransaction?(transaction: ChainTransaction): StoreChanges | Promise<StoreChanges>
  /** Takes each state of the account that was read, after all transactions that led to it. */
  onState?(state: AccountState, signal: AbortSignal): void | Promise<void>
  /** Hears why a look failed. */
  onProblem?(problem: Error): void
}

/** Follows an account of the chain: begins with the first `poke` and ends with its disposal. */
export class AccountWatch implements AsyncDisposable {
  readonly #options: AccountWatchOptions
  readonly #poll: Poll
  #state: AccountState | undefined
  #problem: Error | undefined

  constructor(options: AccountWatchOptions) {
    this.#options = options
    this.#poll = new Poll(options.world, options.interval ?? { fromMs: 5000, toMs: 10_000 }, signal =>
      this.#look(signal),
    )
  }

  /** The newest state that was handed over, or undefined before the first. */
  get state(): AccountState | undefined {
    return this.#state
  }

  /** Why the last look failed: of the chain, of the store or of a handler. Undefined if it did not. */
  get problem(): Error | undefined {
    return this.#problem
  }

  /** Looks at once, and from then on. Resolves when a look that began after this call has ended; never rejects. */
  poke(): Promise<void> {
    return this.#poll.poke()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#poll[Symbol.asyncDispose]()
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      await this.#follow(signal)
      this.#problem = undefined
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(String(error))
      this.#options.onProblem?.(this.#problem)
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { chain, address } = this.#options
    const state = await this.#ask(() => chain.account(address), signal)
    await this.#catchUp(state.lastLt, signal)
    this.#state = state
    await this.#options.onState?.(state, signal)
  }

  /** Hands over everything after the cursor up to `untilLt`, which is a transaction's: no more, so that the state fits. */
  async #catchUp(untilLt: bigint, signal: AbortSignal): Promise<void> {
    const { chain, address, store, cursorKey, begin } = this.#options
    const stored = store.get(cursorKey)
    if (stored === undefined && begin === 'now') {
      await store.write(new Map([[cursorKey, String(untilLt)]]))
      return
    }
    let cursor = BigInt(stored ?? 0)
    if (untilLt < cursor) throw this.#stale(`knows it up to ${untilLt} only, and ${cursor} was seen before`)
    while (cursor < untilLt) {
      const afterLt = cursor
      const page = await this.#ask(
        () => chain.transactions(address, { afterLt, most: watchLimits.pageSize }),
        signal,
      )
      if (page.length === 0) throw this.#stale(`has no transactions after ${afterLt} yet, up to ${untilLt}`)
      for (const transaction of page.slice(0, watchLimits.pageSize)) {
        if (cursor === untilLt) break
        cursor = await this.#handOver(transaction, { cursor, untilLt })
        if (signal.aborted) throw new MoneyError('closed', 'The watch was closed')
      }
    }
  }

  /** Returns the new cursor. */
  async #handOver(
    transaction: ChainTransaction,
    { cursor, untilLt }: { cursor: bigint; untilLt: bigint },
  ): Promise<bigint> {
    const { address, store, cursorKey, onTransaction } = this.#options
    const { lt } = transaction
    if (lt <= cursor || lt > untilLt || !sameAddress(transaction.account, address)) {
      throw new MoneyError(
        'chain-answer',
        `The chain's source gave transaction ${lt} of ${addressKey(transaction.account)} where one of ` +
          `${addressKey(address)} after ${cursor} and up to ${untilLt} belongs. Use another source`,
      )
    }
    const changes = new Map(await onTransaction?.(transaction))
    await store.write(changes.set(cursorKey, String(lt)))
    return lt
  }

  #ask<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const timeoutMs = this.#options.callTimeoutMs ?? watchLimits.callTimeoutMs
    return withDeadline(this.#options.world, call, { timeoutMs, signal })
  }

  #stale(what: string): MoneyError {
    const account = addressKey(this.#options.address)
    return new MoneyError(
      'chain-stale',
      `The chain's source is behind: of ${account} it ${what}. It may catch up; else use another one`,
    )
  }
}
