import type { World } from '@cocoon/wire'
import type { ChainTransaction } from '../chain/chain.ts'
import type { Store } from '../store/store.ts'
import type { StoreChanges } from '../watch/account-watch.ts'
import { walletLimits } from './limits.ts'
import type { MessageRecord } from './message.ts'
import type { Outcome } from './outcome.ts'

/** A message whose outcome is not known yet. It waits, is in the external message that is under way, or was sent. */
export interface OpenMessage {
  readonly id: string
  /** Counts all messages of the wallet: the order in which they were accepted. */
  readonly number: number
  /** Of `messageDigest`. */
  readonly digest: string
  readonly message: MessageRecord
  /** Unix seconds of the chain: what has not left the wallet by then never does. */
  readonly deadlineS?: number | undefined
  /** Once the wallet's transaction that sent it is final. */
  readonly sent: SentMark | undefined
}

export interface SentMark {
  /** Of the wallet's transaction, decimal. */
  readonly lt: string
  /** Unix seconds of it. */
  readonly timeS: number
  /** What it causes at its destination comes after this logical time, decimal. */
  readonly afterLt: string
}

export interface SettledMessage {
  readonly number: number
  /** Milliseconds since the Unix epoch: the oldest are forgotten first. */
  readonly settledAtMs: number
  readonly digest: string
  readonly outcome: Outcome
}

/** The one external message that may be under way. */
export interface ExternalRecord {
  readonly seqno: number
  /** Unix seconds. */
  readonly validUntilS: number
  /** Representation hash of its body, 64 hex digits. */
  readonly bodyHash: string
  /** Bag of cells, base64. */
  readonly boc: string
  /** The messages in it, in their order. */
  readonly ids: readonly string[]
  /** Why it is handed in no more, in words. */
  readonly failure: string | undefined
}

/** An external message that was given up, and that only a faulty source of the chain can still show as executed. */
export interface LostExternal {
  readonly seqno: number
  readonly bodyHash: string
  readonly ids: readonly string[]
}

/** A transaction of the wallet that its key has signed for, and that is not of these records. */
export interface ForeignRecord {
  readonly lt: string
  readonly hash: string
  readonly timeS: number
}

/**
 * All that a wallet knows, as records of the store below one prefix. The store is the only copy: a change counts
 * from the moment in which it is durable, and what is read is never ahead of it.
 */
export class Outbox {
  readonly #store: Store
  readonly #prefix: string
  readonly #world: World

  /** The prefix names the wallet, so that records of another one are never taken for its own. */
  constructor(store: Store, prefix: string, world: World) {
    this.#store = store
    this.#prefix = prefix
    this.#world = world
  }

  get cursorKey(): string {
    return `${this.#prefix}/cursor`
  }

  /** By number. */
  open(): OpenMessage[] {
    return this.#all<OpenMessage>('open').sort((a, b) => a.number - b.number)
  }

  get openCount(): number {
    return this.#store.entries(`${this.#prefix}/open/`).length
  }

  openMessage(id: string): OpenMessage | undefined {
    return this.#read(`open/${id}`)
  }

  settled(id: string): SettledMessage | undefined {
    return this.#read(`settled/${id}`)
  }

  external(): ExternalRecord | undefined {
    return this.#read('external')
  }

  /** Given up, with the number that the next external message has too. Oldest first. */
  lost(): LostExternal[] {
    return this.#read('lost') ?? []
  }

  /** The wallet's next sequence number as far as it was seen; undefined before the first look. */
  seqno(): number | undefined {
    return this.#read('seqno')
  }

  foreign(): ForeignRecord | undefined {
    return this.#read('foreign')
  }

  /** Greater than any that a message has. */
  nextNumber(): number {
    const numbers = [...this.#all<OpenMessage>('open'), ...this.#all<SettledMessage>('settled')]
    return numbers.reduce((next, { number }) => Math.max(next, number + 1), 1)
  }

  change(): OutboxChange {
    const settledBefore = (): SettledKey[] => {
      const entries = this.#store.entries(`${this.#prefix}/settled/`)
      // Sorted and cut now and then only: it reads all of them.
      if (entries.length < walletLimits.remembered * 1.25) return []
      return entries.map(([key, value]) => [key, JSON.parse(value) as SettledMessage])
    }
    return new OutboxChange(this.#prefix, { settledBefore, nowMs: this.#world.now() })
  }

  write(change: OutboxChange): Promise<void> {
    return this.#store.write(change.changes)
  }

  #read<T>(name: string): T | undefined {
    const text = this.#store.get(`${this.#prefix}/${name}`)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }

  #all<T>(kind: string): T[] {
    return this.#store.entries(`${this.#prefix}/${kind}/`).map(([, value]) => JSON.parse(value) as T)
  }
}

type SettledKey = [key: string, settled: SettledMessage]

/** Changes of an outbox that become durable together. */
export class OutboxChange {
  readonly #prefix: string
  readonly #changes = new Map<string, string | undefined>()
  readonly #settledBefore: () => SettledKey[]
  readonly #nowMs: number
  #settles = false

  constructor(prefix: string, of: { settledBefore: () => SettledKey[]; nowMs: number }) {
    this.#prefix = prefix
    this.#settledBefore = of.settledBefore
    this.#nowMs = of.nowMs
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0
  }

  get changes(): StoreChanges {
    if (this.#settles) this.#forgetOldest()
    return this.#changes
  }

  put(message: OpenMessage): this {
    return this.#put(`open/${message.id}`, message)
  }

  external(external: ExternalRecord | undefined): this {
    return this.#put('external', external)
  }

  lost(lost: readonly LostExternal[]): this {
    return this.#put('lost', lost.length === 0 ? undefined : lost)
  }

  seqno(seqno: number | undefined): this {
    return this.#put('seqno', seqno)
  }

  foreign(transaction: ChainTransaction | undefined): this {
    if (transaction === undefined) return this.#put('foreign', undefined)
    const { lt, hash, timeS } = transaction
    return this.#put('foreign', { lt: String(lt), hash, timeS } satisfies ForeignRecord)
  }

  settle({ id, number, digest }: OpenMessage, outcome: Outcome): this {
    this.#settles = true
    this.#put(`open/${id}`, undefined)
    const settled: SettledMessage = { number, settledAtMs: this.#nowMs, digest, outcome }
    return this.#put(`settled/${id}`, settled)
  }

  #forgetOldest(): void {
    const oldestFirst = this.#settledBefore().sort(
      ([, a], [, b]) => a.settledAtMs - b.settledAtMs || a.number - b.number,
    )
    for (const [key] of oldestFirst.slice(0, Math.max(0, oldestFirst.length - walletLimits.remembered)))
      this.#changes.set(key, undefined)
  }

  #put(name: string, value: unknown): this {
    this.#changes.set(`${this.#prefix}/${name}`, value === undefined ? undefined : JSON.stringify(value))
    return this
  }
}
