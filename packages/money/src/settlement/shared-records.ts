import type { World } from '@cocoon/wire'
import { Leadership } from '../database/leadership.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import { MemoryStore } from '../store/memory.ts'
import { openPostgresStore, PostgresStoreReader } from '../store/postgres.ts'
import type { Store } from '../store/store.ts'
import { Poll } from '../watch/poll.ts'
import type { Duty, Word } from './duty.ts'

export interface SharedRecordsOptions {
  /** `postgres://user:password@host:5432/database`; `?host=/folder` for a socket of this machine. */
  readonly url: string
  /** The same for all processes of one role, and for no others. */
  readonly name: string
  readonly world: World
}

/** How the process that leads and the others hear of each other. */
export interface Shift {
  /** What to say of each proxy contract while this process leads. */
  words(): ReadonlyMap<AccountKey, Word>
  /**
   * This process leads from now on, or no longer: whatever was made from these records is made anew. Called again
   * after it has rejected.
   */
  changed(): Promise<void>
}

/** The form in the store. */
interface StoredWord {
  /** Another one each time, so that an old record is not taken for a process that is alive. */
  readonly beat: string
  readonly words: Readonly<Record<AccountKey, { readonly obstacle?: string; readonly lastLt: string }>>
}

const wordKey = 'leader'
/** Between two looks at who leads and what it says. */
const lookEvery = { fromMs: 1_000, toMs: 1_200 }
/** A process that does not lead serves on the leader's word for so long. */
const longestSilenceMs = 10_000
/** More than `longestSilenceMs` and `longestBehindMs`, the time between two words, and a write that takes long. */
const hearingMs = 40_000

/**
 * Records of one role that several processes have at once. The one that leads has them as its own: the database
 * takes writes of the newest owner alone, so that a leader that lost its place changes and sends nothing, whether it
 * knows or not. The others have a copy, in which they note what they see of the chain.
 */
export class SharedRecords implements Store, Duty {
  readonly hearingMs = hearingMs
  readonly #options: SharedRecordsOptions
  readonly #reader: PostgresStoreReader
  readonly #leadership: Leadership
  readonly #poll: Poll
  #inner: Store = new MemoryStore()
  #isLeading = false
  /** The records are of an earlier shift: they have to be read anew before anything goes on. */
  #isAdrift = true
  #shift: Shift | undefined
  #beats = 0
  /** What was read last, and when it was last another one. */
  #text: string | undefined
  #heardAt: number | undefined
  #words: ReadonlyMap<AccountKey, Word> = new Map()
  /** Why the last look failed, in words. */
  #problem: string | undefined

  private constructor(options: SharedRecordsOptions) {
    this.#options = options
    this.#reader = new PostgresStoreReader(options)
    this.#leadership = new Leadership(options)
    this.#poll = new Poll(options.world, lookEvery, () => this.#look())
  }

  /** Leads if nobody else does. Rejects with `MoneyError('storage')`, and `config` for an address that is none. */
  static async open(options: SharedRecordsOptions): Promise<SharedRecords> {
    const records = new SharedRecords(options)
    try {
      await records.#reader.prepare()
      await records.#lookAfterPlace()
      return records
    } catch (error) {
      await records[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Begins to tell, or to hear, and to take turns. */
  begin(shift: Shift): void {
    this.#shift = shift
    void this.#poll.poke()
  }

  /** The records of this shift alone: what still writes to them in a later one is refused. */
  get current(): Store {
    return this.#inner
  }

  mayAct(): boolean {
    return this.#isLeading && this.#leadership.isLeader
  }

  word(contract: AccountKey): Word {
    const isSilent =
      this.#heardAt === undefined ||
      this.#options.world.monotonic() - this.#heardAt >= longestSilenceMs ||
      this.#isAdrift
    if (isSilent) {
      const why = this.#problem === undefined ? '' : `: ${this.#problem}`
      return unheard(`nothing is heard of a process that leads on the shared books${why}`)
    }
    return this.#words.get(contract) ?? unheard('the process that leads does not serve this proxy contract')
  }

  get(key: string): string | undefined {
    return this.#inner.get(key)
  }

  entries(prefix: string): Array<[key: string, value: string]> {
    return this.#inner.entries(prefix)
  }

  write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    return this.#inner.write(changes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#poll[Symbol.asyncDispose]()
    this.#isLeading = false
    // What is written is written before another process may lead.
    await this.#inner[Symbol.asyncDispose]()
    await this.#leadership[Symbol.asyncDispose]()
    await this.#reader[Symbol.asyncDispose]()
  }

  async #look(): Promise<void> {
    try {
      if (!this.#isLeading && (await this.#lookAfterPlace())) await this.#shift?.changed()
      if (this.#isLeading) await this.#tell()
      else await this.#hear()
      this.#problem = undefined
    } catch (error) {
      // Nobody is told anything, and nobody serves for long. The next look may find the database.
      this.#problem = error instanceof Error ? error.message : String(error)
      await this.#stepDown()
    }
  }

  /** Leads, or reads the records anew, where that is due. Whether anything has changed. */
  async #lookAfterPlace(): Promise<boolean> {
    if (await this.#leadership.tryLead(() => this.#lost())) {
      await this.#take(this.#guarded(await openPostgresStore(this.#options)))
      this.#isLeading = true
    } else {
      if (!this.#isAdrift) return false
      await this.#take(new MemoryStore(await this.#reader.all()))
      // Whoever wrote what is there now may be gone: only what comes next is a word.
      this.#text = await this.#reader.get(wordKey)
    }
    this.#heardAt = undefined
    this.#isAdrift = false
    return true
  }

  async #take(store: Store): Promise<void> {
    const earlier = this.#inner
    this.#inner = store
    await earlier[Symbol.asyncDispose]()
  }

  #lost(): void {
    this.#isLeading = false
    this.#isAdrift = true
  }

  async #stepDown(): Promise<void> {
    if (this.#isLeading) await this.#leadership.resign()
    // A copy that could not be put to use is read again, too.
    if (this.#isLeading || this.#heardAt === undefined) this.#lost()
  }

  /** Refuses from the moment on in which this process no longer leads. */
  #guarded(store: Store): Store {
    return {
      get: key => store.get(key),
      entries: prefix => store.entries(prefix),
      write: async changes => {
        if (!this.mayAct()) {
          throw new MoneyError('storage', 'This process no longer leads: it writes nothing')
        }
        await store.write(changes)
      },
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  }

  async #tell(): Promise<void> {
    const words: Record<AccountKey, { obstacle?: string; lastLt: string }> = {}
    for (const [contract, { obstacle, lastLt }] of this.#shift?.words() ?? []) {
      words[contract] = { ...(obstacle !== undefined && { obstacle }), lastLt: String(lastLt) }
    }
    const word: StoredWord = { beat: `${this.#beats++}`, words }
    await this.#inner.write(new Map([[wordKey, JSON.stringify(word)]]))
  }

  async #hear(): Promise<void> {
    const askedAt = this.#options.world.monotonic()
    const text = await this.#reader.get(wordKey)
    if (text === undefined || text === this.#text) return
    const { words } = JSON.parse(text) as StoredWord
    this.#words = new Map(
      Object.entries(words).map(([contract, { obstacle, lastLt }]) => [
        contract,
        { obstacle, lastLt: BigInt(lastLt) },
      ]),
    )
    this.#text = text
    this.#heardAt = askedAt
  }
}

function unheard(obstacle: string): Word {
  return { obstacle, lastLt: 0n }
}
