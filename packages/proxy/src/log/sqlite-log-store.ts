import { Worker } from 'node:worker_threads'
import { encodeBundle, type LogBatch, type LogCommit, type LogHead, type LogStore } from '@cocoon/trust/log'
import { TrustError } from '@cocoon/trust'
import type { Timer, World } from '@cocoon/wire'
import { ProxyError } from '../error.ts'
import type { LogAnswer, LogQuestion } from './sqlite-log-thread.ts'

/** A disk that takes longer is given up. */
const answerTimeoutMs = 30_000
/** Opening reads through the whole file. */
const openTimeoutMs = 120_000

/**
 * Opens or makes a log in a SQLite file, for this process alone, in a thread of its own: no event loop waits for the
 * disk. The first call rejects with `ProxyError('log')` for a file that cannot be read, is damaged, of another program
 * or a later version, or open in another process. Once anything but `log-conflict` has come, the store does nothing
 * more, and what was asked last may be there or not: it is to be opened again. Where there is a `world`, a disk that
 * does not answer is given up.
 */
export function openSqliteLogStore(path: string, world?: Pick<World, 'after'>): LogStore {
  return new SqliteLogStore(path, world)
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

class SqliteLogStore implements LogStore {
  readonly #path: string
  readonly #world: Pick<World, 'after'> | undefined
  readonly #thread: Worker
  /** The thread answers in order. */
  readonly #waiting: Waiting[] = []
  #deadline: Timer | undefined
  #failure: ProxyError | undefined

  constructor(path: string, world: Pick<World, 'after'> | undefined) {
    this.#path = path
    this.#world = world
    this.#thread = new Worker(threadFile(), { workerData: { path } })
    this.#thread.on('message', (answer: LogAnswer) => this.#answered(answer))
    this.#thread.on('error', cause => this.#fail(cause.message, cause))
    this.#thread.on('exit', () => this.#fail('it is closed'))
    // Every call after it finds out what became of it.
    this.#wait(openTimeoutMs).catch(() => {})
  }

  head(): Promise<LogHead | undefined> {
    return this.#ask({ kind: 'head' })
  }

  published(): Promise<LogHead | undefined> {
    return this.#ask({ kind: 'published' })
  }

  tile(level: number, index: number): Promise<Uint8Array | undefined> {
    return this.#ask({ kind: 'tile', level, index })
  }

  entries(first: number, count: number): Promise<Uint8Array[]> {
    return this.#ask({ kind: 'entries', first, count })
  }

  find(leaf: Uint8Array): Promise<number | undefined> {
    return this.#ask({ kind: 'find', leaf })
  }

  lastBatch(writer: string): Promise<LogBatch | undefined> {
    return this.#ask({ kind: 'lastBatch', writer })
  }

  async commit({ entries, ...rest }: LogCommit): Promise<void> {
    const leaves = new Uint8Array(32 * entries.length)
    for (const [at, { leaf }] of entries.entries()) leaves.set(leaf, 32 * at)
    const bundle = encodeBundle(entries.map(({ entry }) => entry))
    await this.#ask({ kind: 'commit', commit: { ...rest, leaves, bundle } })
  }

  async publish(head: LogHead): Promise<void> {
    await this.#ask({ kind: 'publish', head })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A file that has failed is left as it is: the next one to open it recovers what is durable.
    if (this.#failure === undefined) await this.#ask({ kind: 'close' }).catch(() => {})
    await this.#thread.terminate()
  }

  #ask<Value>(question: LogQuestion): Promise<Value> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#thread.postMessage(question)
    return this.#wait(answerTimeoutMs) as Promise<Value>
  }

  #wait(timeoutMs: number): Promise<unknown> {
    // Whoever waits for the disk is waited for; an idle file keeps no process alive.
    if (this.#waiting.length === 0) {
      this.#thread.ref()
      this.#startDeadline(timeoutMs)
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  #answered(answer: LogAnswer): void {
    if (answer.kind === 'failed') return this.#fail(answer.message)
    this.#deadline?.cancel()
    const waiting = this.#waiting.shift()
    if (this.#waiting.length > 0) this.#startDeadline(answerTimeoutMs)
    else this.#thread.unref()
    if (answer.kind === 'conflict') waiting?.reject(new TrustError('log-conflict', answer.message))
    else waiting?.resolve(answer.value)
  }

  #startDeadline(timeoutMs: number): void {
    this.#deadline = this.#world?.after(timeoutMs, () =>
      this.#fail(`there is no answer within ${timeoutMs / 1000} s`),
    )
  }

  #fail(why: string, cause?: unknown): void {
    this.#failure ??= new ProxyError(
      'log',
      `The log ${this.#path} cannot be used: ${why}. What was asked last may be there or not: mend the ` +
        'cause, and open it again',
      { cause },
    )
    this.#deadline?.cancel()
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
    this.#thread.unref()
  }
}

/** The thread's file lies beside this one and has the same ending, compiled or not. */
function threadFile(): URL {
  return new URL(import.meta.url.replace(/sqlite-log-store(\.\w+)(?:[?#].*)?$/, 'sqlite-log-thread$1'))
}
