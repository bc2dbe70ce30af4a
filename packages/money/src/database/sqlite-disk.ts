import { Worker } from 'node:worker_threads'
import type { Timer, World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'
import type { Disk, DiskSchema, SqlRow, SqlValue, Write } from './disk.ts'
import type { DiskAnswer, DiskQuestion } from './sqlite-thread.ts'

export interface SqliteDiskOptions {
  path: string
  schema: DiskSchema
  world: Pick<World, 'after'>
}

/** A disk that takes longer is given up. */
const answerTimeoutMs = 30_000
/** Opening reads through the whole file. */
const openTimeoutMs = 120_000

/**
 * Opens or makes a SQLite file, in a thread of its own: no event loop waits for the disk. Rejects with
 * `MoneyError('storage')` for a file that cannot be read, is damaged, is of another program or a later version,
 * or that another process has open.
 */
export async function openSqliteDisk(options: SqliteDiskOptions): Promise<Disk> {
  const disk = new SqliteDisk(options)
  try {
    await disk.opened
    return disk
  } catch (error) {
    await disk[Symbol.asyncDispose]()
    throw error
  }
}

interface Waiting {
  resolve: (rows: SqlRow[]) => void
  reject: (error: MoneyError) => void
}

class SqliteDisk implements Disk {
  readonly opened: Promise<unknown>
  readonly #path: string
  readonly #world: Pick<World, 'after'>
  readonly #thread: Worker
  /** The thread answers in order. */
  readonly #waiting: Waiting[] = []
  #holds = 0
  #deadline: Timer | undefined
  #failure: MoneyError | undefined

  constructor({ path, schema, world }: SqliteDiskOptions) {
    this.#path = path
    this.#world = world
    this.#thread = new Worker(threadFile(), { workerData: { path, schema } })
    this.#thread.on('message', (answer: DiskAnswer) => this.#answered(answer))
    this.#thread.on('error', cause => this.#fail(`The thread ended: ${cause.message}`, cause))
    this.#thread.on('exit', () => this.#fail('The file is closed'))
    this.opened = this.#wait(openTimeoutMs)
  }

  read(statement: number, parameters: readonly SqlValue[] = []): Promise<SqlRow[]> {
    return this.#ask({ kind: 'read', statement, parameters })
  }

  async write(writes: readonly Write[]): Promise<void> {
    await this.#ask({ kind: 'write', writes })
  }

  hold(): Disposable {
    this.#holds++
    this.#thread.ref()
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#holds--
        isHeld = false
        this.#letGo()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A file that has failed is left as it is: the next one to open it recovers what is durable.
    if (this.#failure === undefined) await this.#ask({ kind: 'close' }).catch(() => {})
    await this.#thread.terminate()
  }

  #ask(question: DiskQuestion): Promise<SqlRow[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#thread.postMessage(question)
    return this.#wait(answerTimeoutMs)
  }

  #wait(timeoutMs: number): Promise<SqlRow[]> {
    // Whoever waits for the disk is waited for; an idle file keeps no process alive.
    if (this.#waiting.length === 0) {
      this.#thread.ref()
      this.#startDeadline(timeoutMs)
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  #answered(answer: DiskAnswer): void {
    if ('failure' in answer) return this.#fail(answer.failure, answer.cause)
    this.#deadline?.cancel()
    const waiting = this.#waiting.shift()
    if (this.#waiting.length > 0) this.#startDeadline(answerTimeoutMs)
    this.#letGo()
    waiting?.resolve(answer.rows)
  }

  #letGo(): void {
    if (this.#waiting.length === 0 && this.#holds === 0) this.#thread.unref()
  }

  #startDeadline(timeoutMs: number): void {
    const slow = (): void => this.#fail(`No answer within ${timeoutMs / 1000} s`)
    this.#deadline = this.#world.after(timeoutMs, slow)
  }

  #fail(why: string, cause?: unknown): void {
    this.#failure ??= new MoneyError(
      'storage',
      `The database ${this.#path} cannot be used: ${why}. What was asked last may be there or not: ` +
        'mend the cause, open it again, then repeat',
      { cause },
    )
    this.#deadline?.cancel()
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
    this.#letGo()
  }
}

/** The thread's file lies beside this one and has the same ending, compiled or not. */
function threadFile(): URL {
  return new URL(import.meta.url.replace(/sqlite-disk(\.\w+)(?:[?#].*)?$/, 'sqlite-thread$1'))
}
