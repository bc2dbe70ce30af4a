import type { World } from '@cocoon/wire'
import type { ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import type { AccountState, BlockHash, Chain, ChainFees, ChainHead, ChainTransaction } from './chain.ts'
import { Deadline, late, pause } from './deadline.ts'
import { chainError } from './failure.ts'
import { AllFailed, firstOf, patienceMs } from './first-of.ts'
import type { HeadLimits } from './head-watch.ts'
import { compareHeads, joinErrors, Standing } from './standing.ts'

/** Between two looks at the newest blocks of all sources, while the chain is in use. */
const lookEveryMs = 10_000
/** How long a source that failed is asked last. */
const askedLastMs = 30_000
/** Sources that a message is handed to at once: one that withholds it is not enough. */
const maxReceivers = 3

/** What a status page shows of a source. */
export interface SourceStatus {
  readonly name: string
  readonly head: ChainHead | undefined
  /** Why it is not asked, or asked last. */
  readonly problem: string | undefined
}

export interface FailoverOptions {
  readonly sources: ReadonlyArray<{ readonly name: string; readonly chain: Chain }>
  readonly world: World
  /** For each call of the seam, whichever sources it takes. */
  readonly timeoutMs: number
  readonly heads: HeadLimits
}

/**
 * One chain behind several sources. Questions go to the first that is neither failing nor set aside, and to the
 * next one if it fails; messages go to several. Sources whose newest block is behind that of the others, or ahead
 * of what can be, are not asked. It owns its sources.
 */
export class FailoverChain implements Chain {
  readonly #standings: readonly Standing[]
  readonly #world: World
  readonly #timeoutMs: number
  readonly #limits: HeadLimits
  readonly #closing = new AbortController()
  #looking: Promise<void> | undefined
  #nextLookMs = -Infinity
  #hasLooked = false
  /** Number of the newest block that at least two sources agreed on. */
  #agreed: number | undefined
  /** The newest block that was returned. */
  #head: ChainHead | undefined

  constructor({ sources, world, timeoutMs, heads }: FailoverOptions) {
    this.#standings = sources.map(({ name, chain }) => new Standing(name, chain))
    this.#world = world
    this.#timeoutMs = timeoutMs
    this.#limits = heads
  }

  async head(): Promise<ChainHead> {
    const head = await this.#first(chain => chain.head())
    if (this.#head === undefined || head.seqno > this.#head.seqno) this.#head = head
    return this.#head
  }

  blockHash(seqno: number): Promise<BlockHash> {
    return this.#first(chain => chain.blockHash(seqno))
  }

  account(address: ContractAddress): Promise<AccountState> {
    return this.#first(chain => chain.account(address))
  }

  transactions(
    address: ContractAddress,
    range: { afterLt: bigint; most?: number },
  ): Promise<ChainTransaction[]> {
    return this.#first(chain => chain.transactions(address, range))
  }

  fees(): Promise<ChainFees> {
    return this.#first(chain => chain.fees())
  }

  send(message: Uint8Array): Promise<void> {
    return this.#first(chain => chain.send(message), maxReceivers)
  }

  /** How the sources stand, in the order in which they were given. */
  sources(): SourceStatus[] {
    const nowMs = this.#world.monotonic()
    return this.#standings.map(({ name, head, staleness, failure, failingUntilMs }) => {
      const failing = failingUntilMs > nowMs ? failure : undefined
      return { name, head, problem: (staleness ?? failing)?.message }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#standings.map(({ chain }) => chain[Symbol.asyncDispose]()))
    await this.#looking
  }

  async #first<T>(question: (chain: Chain) => Promise<T>, width = 1): Promise<T> {
    using deadline = await this.#begin()
    const attempts = this.#order().map(standing => () => this.#ask(standing, question, deadline))
    try {
      return await firstOf(this.#world, attempts, width)
    } catch (cause) {
      if (!(cause instanceof AllFailed)) throw cause
      throw joinErrors([...cause.errors, ...this.#setAside()])
    }
  }

  async #begin(): Promise<Deadline> {
    const deadline = new Deadline(this.#world, this.#timeoutMs, this.#closing.signal)
    const looking = this.#look()
    if (!this.#hasLooked && this.#standings.length > 1) {
      await Promise.race([looking, pause(this.#world, patienceMs, deadline.signal)])
      this.#hasLooked = true
    }
    return deadline
  }

  /** Sources that may be asked: first those that do not fail, and of these first those that have answered once. */
  #order(): Standing[] {
    const nowMs = this.#world.monotonic()
    const rank = ({ failingUntilMs, head }: Standing): number =>
      (failingUntilMs > nowMs ? 2 : 0) + (head === undefined ? 1 : 0)
    return this.#standings
      .filter(({ staleness }) => staleness === undefined)
      .toSorted((a, b) => rank(a) - rank(b))
  }

  #setAside(): MoneyError[] {
    return this.#standings.flatMap(({ staleness }) => staleness ?? [])
  }

  /** Remembers what the answer says about the source. */
  async #ask<T>(standing: Standing, question: (chain: Chain) => Promise<T>, deadline: Deadline): Promise<T> {
    let isSlow = false
    const timer = this.#world.after(patienceMs, () => {
      isSlow = true
      this.#blame(standing, chainError('chain-unreachable', standing.name, 'takes long to answer'))
    })
    try {
      const value = await inTime(question(standing.chain), standing.name, deadline)
      if (!isSlow) standing.failingUntilMs = 0
      return value
    } catch (cause) {
      if (cause instanceof MoneyError) this.#blame(standing, cause)
      throw cause
    } finally {
      timer.cancel()
    }
  }

  #blame(standing: Standing, error: MoneyError): void {
    if (error.code === 'chain-stale' && this.#standings.length > 1) standing.staleness = error
    if (!['chain-unreachable', 'chain-busy', 'chain-answer', 'chain-stale'].includes(error.code)) return
    standing.failure = error
    standing.failingUntilMs = this.#world.monotonic() + askedLastMs
  }

  /** Looks at the newest blocks of all sources now and then. Never rejects. */
  #look(): Promise<void> {
    const nowMs = this.#world.monotonic()
    if (this.#looking !== undefined || nowMs < this.#nextLookMs || this.#closing.signal.aborted) {
      return this.#looking ?? Promise.resolve()
    }
    if (this.#standings.length < 2) return Promise.resolve()
    this.#nextLookMs = nowMs + lookEveryMs
    const heads = new Map<Standing, ChainHead>()
    this.#looking = Promise.all(this.#standings.map(standing => this.#lookAt(standing, heads))).then(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** What has come is compared as soon as it has come: a source that is slow must not hide that another is stale. */
  async #lookAt(standing: Standing, heads: Map<Standing, ChainHead>): Promise<void> {
    try {
      const head = await standing.chain.head()
      heads.set(standing, head)
      standing.head = head
      standing.failingUntilMs = 0
      standing.staleness = undefined
      this.#compare([...heads])
    } catch (cause) {
      if (!(cause instanceof MoneyError)) return
      standing.head = undefined
      this.#blame(standing, cause)
    }
  }

  /** Blocks of the same look are compared: those of an earlier one are older without being stale. */
  #compare(known: ReadonlyArray<readonly [Standing, ChainHead]>): void {
    if (known.length < 2) return
    const seqnos = known.map(([, { seqno }]) => seqno)
    const { reference, verdicts } = compareHeads(seqnos, this.#limits, this.#agreed)
    for (const [index, [standing, head]] of known.entries()) {
      const verdict = verdicts[index]
      standing.staleness =
        verdict === 'fine'
          ? undefined
          : chainError(
              'chain-stale',
              standing.name,
              `is ${verdict} of the other sources, at block ${head.seqno} where they are at ${reference}. Use another`,
            )
    }
    const isAgreed = verdicts.filter(verdict => verdict === 'fine').length > 1
    if (isAgreed) this.#agreed = Math.max(this.#agreed ?? 0, reference)
  }
}

/** Rejects with `chain-unreachable` at the deadline; what comes later is passed over. */
async function inTime<T>(answer: Promise<T>, source: string, deadline: Deadline): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const end = (): void => reject(late(source))
  deadline.signal.addEventListener('abort', end, { once: true })
  if (deadline.signal.aborted) end()
  try {
    return await Promise.race([answer, promise])
  } finally {
    deadline.signal.removeEventListener('abort', end)
  }
}
