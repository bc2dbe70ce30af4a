import { sameBytes } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import { formatCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { type LogCrypto, nobleLogCrypto } from './crypto.ts'
import { type Edge, edgeRoot, emptyEdge, extendEdge, readEdge } from './edge.ts'
import { logLimits } from './limits.ts'
import {
  conflict,
  type LogBatch,
  type LogCommit,
  type LogHead,
  type LogStore,
  storedTiles,
} from './log-store.ts'
import { leafHash } from './merkle.ts'
import { formatNote } from './note.ts'
import { type NoteSigner, signNote } from './note-key.ts'
import { hashIn, tileWidth } from './tile.ts'

export interface LogAppenderOptions {
  readonly store: LogStore
  readonly origin: string
  /** Key of type `ed25519`, whose name should be the origin. */
  readonly signer: NoteSigner
  /**
   * Names the queue that entries come from. Only one process at a time takes entries from a queue; several queues may
   * go into one log.
   */
  readonly writer: string
  /** Whether a store without a log gets a new one. Where there was a log before, that would be a second one. */
  readonly ifEmpty: 'create' | 'refuse'
  /** Whether checkpoints wait for witnesses, and `LogStore.publish`; without it they are for everybody at once. */
  readonly isWitnessed?: boolean
  readonly crypto?: LogCrypto
}

export interface LogEntry {
  /** Unique among the entries of its writer: 1 to 256 characters. */
  readonly id: string
  /** At most 65 535 bytes. */
  readonly entry: Uint8Array
}

/** What became of a batch. */
export interface Appended {
  /** Index of each entry of the batch, in order. */
  readonly indices: readonly number[]
  readonly head: LogHead
}

/** What is in the store, verified. */
interface State {
  readonly edge: Edge
  readonly head: LogHead
  readonly last: LogBatch
}

/**
 * Appends entries to a log, batch by batch. A batch and the signed checkpoint over it are one commit of the store.
 *
 * Exactly once: the ids of a writer's last batch are part of the commit. Whoever takes entries from a queue, appends
 * them and deletes them from the queue before the next batch may be stopped anywhere, and begins again with what is in
 * the queue: entries that were in the last batch are not appended a second time.
 */
export class LogAppender {
  readonly #options: LogAppenderOptions
  readonly #crypto: LogCrypto
  /** Undefined while it is not known what the store holds. */
  #state: State | undefined
  #isBusy = false

  private constructor(options: LogAppenderOptions) {
    this.#options = options
    this.#crypto = options.crypto ?? nobleLogCrypto
  }

  /**
   * Opens the log of a store, or makes one. Rejects with `log-inconsistent` where tiles, entries and checkpoint do not
   * belong together, `log-unverified` where the checkpoint is not signed by this key, and what the store rejects with.
   */
  static async open(options: LogAppenderOptions): Promise<LogAppender> {
    const appender = new LogAppender(options)
    appender.#state = await appender.#retried(async () => {
      if ((await options.store.head()) === undefined) await appender.#create()
      return appender.#load()
    })
    return appender
  }

  /**
   * Appends entries in order. At most 10 000, and one batch at a time. Rejects with `log-malformed` for entries that no
   * log takes, `log-conflict` where other writers were faster again and again, and what the store rejects with: then
   * the batch was appended or not, and is to be appended again.
   */
  async append(batch: readonly LogEntry[]): Promise<Appended> {
    if (this.#isBusy) throw new TrustError('log-conflict', 'A batch is being appended: wait for it.')
    expectBatch(batch)
    this.#isBusy = true
    try {
      return await this.#appendOnce(batch)
    } finally {
      this.#isBusy = false
    }
  }

  async #appendOnce(batch: readonly LogEntry[]): Promise<Appended> {
    return this.#retried(async () => {
      const state = (this.#state ??= await this.#load())
      const known = new Map(state.last.map(({ id, index }) => [id, index]))
      const fresh = batch.filter(({ id }) => !known.has(id))
      for (const [at, { id }] of fresh.entries()) known.set(id, state.edge.size + at)
      const indices = batch.map(({ id }) => known.get(id)!)
      if (fresh.length === 0) return { indices, head: state.head }
      // Until it has succeeded it is open what the store holds.
      this.#state = undefined
      const last = batch.map(({ id }, at) => ({ id, index: indices[at]! }))
      this.#state = await this.#commit(state, fresh, last)
      return { indices, head: this.#state.head }
    })
  }

  async #commit({ edge }: State, fresh: readonly LogEntry[], last: LogBatch): Promise<State> {
    const { sha256 } = this.#crypto
    const entries = fresh.map(({ entry }) => ({ leaf: leafHash(sha256, entry), entry }))
    const leaves = entries.map(({ leaf }) => leaf)
    const { edge: longer, tiles } = extendEdge(sha256, edge, leaves)
    const head = { size: longer.size, checkpoint: await this.#sign(longer) }
    await this.#write({ oldSize: edge.size, head, tiles, entries, batch: last })
    return { edge: longer, head, last }
  }

  async #write(commit: Omit<LogCommit, 'isPublished' | 'writer'>): Promise<void> {
    const { store, writer, isWitnessed } = this.#options
    await store.commit({ ...commit, writer, isPublished: isWitnessed !== true })
  }

  /** A log without entries. */
  async #create(): Promise<void> {
    const { ifEmpty, origin } = this.#options
    if (ifEmpty === 'refuse') {
      throw new TrustError('log-inconsistent', `The store has no log ${origin}. Restore its newest copy.`)
    }
    const head = { size: 0, checkpoint: await this.#sign(emptyEdge) }
    await this.#write({ oldSize: undefined, head, tiles: [], entries: [], batch: [] })
  }

  async #sign(edge: Edge): Promise<string> {
    const { origin, signer } = this.#options
    const text = formatCheckpoint({
      origin,
      size: edge.size,
      root: edgeRoot(this.#crypto.sha256, edge),
      extensions: [],
    })
    const note = formatNote({ text, signatures: [await signNote(signer, text)] })
    this.#verify(note)
    return note
  }

  #verify(note: string): ReturnType<typeof verifyCheckpoint> {
    const { origin, signer } = this.#options
    return verifyCheckpoint(this.#crypto, { origin, keys: [signer.key] }, note)
  }

  /** Reads the store, and believes nothing of it that does not follow from the signed checkpoint. */
  async #load(): Promise<State> {
    const { store, writer } = this.#options
    const head = await store.head()
    if (head === undefined) throw inconsistent('it is gone')
    try {
      const edge = await this.#loadEdge(head)
      const last = (await store.lastBatch(writer)) ?? []
      if (last.some(({ index }) => index >= head.size)) throw inconsistent('its last batch is cut off')
      return { edge, head, last }
    } catch (error) {
      // Another writer may have committed in between, and these are the pieces of two states.
      if ((await store.head())?.size === head.size) throw error
      throw conflict('The log has grown')
    }
  }

  async #loadEdge(head: LogHead): Promise<Edge> {
    const { store } = this.#options
    const { sha256 } = this.#crypto
    const { size, root } = this.#verify(head.checkpoint)
    if (size !== head.size) throw inconsistent('the size is not that of the checkpoint')
    const edge = await readEdge(size, storedTiles(store))
    if (!sameBytes(edgeRoot(sha256, edge), root)) {
      throw inconsistent('its tiles do not lead to the root of its checkpoint')
    }
    const count = size % tileWidth
    const entries = (await store.entries(size - count, tileWidth)).slice(0, count)
    const hashes = edge.levels[0] ?? new Uint8Array()
    const areThere = entries.every((entry, at) => sameBytes(leafHash(sha256, entry), hashIn(hashes, at)))
    if (entries.length !== count || !areThere) throw inconsistent('its last entries are others')
    return edge
  }

  /** Other writers may be faster. */
  async #retried<Result>(act: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await act()
      } catch (error) {
        const isOvertaken = error instanceof TrustError && error.code === 'log-conflict'
        if (!isOvertaken || attempt === logLimits.commitAttempts) throw error
      }
    }
  }
}

function expectBatch(batch: readonly LogEntry[]): void {
  if (batch.length > logLimits.batchEntries) throw malformed(`it has ${batch.length} entries`)
  if (new Set(batch.map(({ id }) => id)).size < batch.length) throw malformed('an id is there twice')
  for (const { id, entry } of batch) {
    if (id === '' || id.length > logLimits.idLength) throw malformed('an id is empty or too long')
    if (entry.length > logLimits.entryBytes) throw malformed(`an entry has ${entry.length} bytes`)
  }
  const bytes = batch.reduce((total, { entry }) => total + entry.length, 0)
  if (bytes > logLimits.batchBytes) throw malformed(`it has ${bytes} bytes`)
}

function malformed(why: string): TrustError {
  return new TrustError('log-malformed', `The batch cannot be appended: ${why}.`)
}

function inconsistent(why: string): TrustError {
  return new TrustError(
    'log-inconsistent',
    `The log is not what it was: ${why}. Nothing more is appended: restore its newest copy.`,
  )
}
