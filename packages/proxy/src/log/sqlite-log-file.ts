import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  conflict,
  type LogBatch,
  type LogCommit,
  type LogHead,
  type LogStore,
  tileWidth,
} from '@cocoon/trust/log'
import { ProxyError } from '../error.ts'
import { decodeBatch, encodeBatch } from './batch-text.ts'

/** Written into the file, so that no other program's file is taken for it. */
const applicationId = 0x43_4f_4c_47

const schema = `
  CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, checkpoint TEXT NOT NULL,
    published_size INTEGER, published TEXT
  ) STRICT;
  CREATE TABLE tile (
    level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, number)
  ) STRICT;
  CREATE TABLE entry (number INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
  CREATE TABLE leaf (hash BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (hash, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE batch (writer TEXT PRIMARY KEY, batch TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

const statements = {
  head: 'SELECT size, checkpoint FROM head',
  published: 'SELECT published_size AS size, published AS checkpoint FROM head WHERE published IS NOT NULL',
  tile: 'SELECT hashes FROM tile WHERE level = ? AND number = ?',
  entries: 'SELECT entry FROM entry WHERE number >= ? ORDER BY number LIMIT ?',
  find: 'SELECT min(number) AS number FROM leaf WHERE hash = ?',
  batch: 'SELECT batch FROM batch WHERE writer = ?',
  create: 'INSERT INTO head (id, size, checkpoint) VALUES (1, ?, ?) ON CONFLICT DO NOTHING',
  grow: 'UPDATE head SET size = ?, checkpoint = ? WHERE size = ?',
  publish: `UPDATE head SET published_size = ?1, published = ?2
    WHERE coalesce(published_size, 0) <= ?1 AND ?1 <= size`,
  setTile: 'INSERT OR REPLACE INTO tile VALUES (?, ?, ?)',
  addEntry: 'INSERT INTO entry VALUES (?, ?)',
  addLeaf: 'INSERT INTO leaf VALUES (?, ?)',
  setBatch: 'INSERT OR REPLACE INTO batch VALUES (?, ?)',
} as const

type Statements = Readonly<Record<keyof typeof statements, StatementSync>>

/**
 * Opens or makes a log in a SQLite file, for this process alone: write-ahead log, and a full sync at each commit.
 * Commits are done on the thread of the caller, who waits a few milliseconds for each. Throws `ProxyError('log')` for
 * a file that cannot be read, is damaged, of another program or a later version, or open in another process. After
 * a failure that left open what was done, the store does nothing more: it is to be opened again.
 */
export function openSqliteLogStore(path: string): LogStore {
  try {
    return new SqliteLogStore(path)
  } catch (cause) {
    throw failure(path, cause)
  }
}

class SqliteLogStore implements LogStore {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #statements: Statements
  #failure: ProxyError | undefined

  constructor(path: string) {
    this.#path = path
    const isNew = create(path)
    this.#database = new DatabaseSync(path, { timeout: 0 })
    try {
      this.#prepare(isNew)
      const prepared = Object.entries(statements).map(([name, sql]) => [name, this.#database.prepare(sql)])
      this.#statements = Object.fromEntries(prepared) as Statements
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  async head(): Promise<LogHead | undefined> {
    return headOf(this.#get('head'))
  }

  async published(): Promise<LogHead | undefined> {
    return headOf(this.#get('published'))
  }

  async tile(level: number, index: number): Promise<Uint8Array | undefined> {
    return this.#get('tile', level, index)?.['hashes'] as Uint8Array | undefined
  }

  async entries(first: number, count: number): Promise<Uint8Array[]> {
    const rows = this.#read(() => this.#statements.entries.all(first, Math.min(count, tileWidth)))
    return rows.map(({ entry }) => entry as Uint8Array)
  }

  async find(leaf: Uint8Array): Promise<number | undefined> {
    const number = this.#get('find', leaf)?.['number']
    return typeof number === 'number' ? number : undefined
  }

  async lastBatch(writer: string): Promise<LogBatch | undefined> {
    const batch = this.#get('batch', writer)?.['batch']
    return typeof batch === 'string' ? decodeBatch(batch) : undefined
  }

  async commit(commit: LogCommit): Promise<void> {
    this.#write(() => this.#commit(commit))
  }

  async publish(head: LogHead): Promise<void> {
    this.#write(() => this.#publish(head))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  #commit({ oldSize, head, isPublished, tiles, entries, writer, batch }: LogCommit): void {
    const { create: make, grow, setTile, addEntry, addLeaf, setBatch } = this.#statements
    const { size, checkpoint } = head
    const { changes } =
      oldSize === undefined ? make.run(size, checkpoint) : grow.run(size, checkpoint, oldSize)
    if (changes !== 1) throw conflict('The log has grown')
    for (const { level, index, hashes } of tiles) setTile.run(level, index, hashes)
    for (const [at, { leaf, entry }] of entries.entries()) {
      const number = size - entries.length + at
      addEntry.run(number, entry)
      addLeaf.run(leaf, number)
    }
    setBatch.run(writer, encodeBatch(batch))
    if (isPublished) this.#publish(head)
  }

  #publish({ size, checkpoint }: LogHead): void {
    const { changes } = this.#statements.publish.run(size, checkpoint)
    if (changes !== 1) throw conflict(`A checkpoint of ${size} entries is not the newest`)
  }

  /** One transaction, or nothing where a conflict is found. */
  #write(act: () => void): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        act()
      } catch (error) {
        this.#database.exec('ROLLBACK')
        throw error
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      if (isConflict(error)) throw error
      throw this.#fail(error)
    }
  }

  #get(name: keyof typeof statements, ...parameters: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#read(() => this.#statements[name].get(...parameters))
  }

  #read<Result>(act: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return act()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #fail(cause: unknown): ProxyError {
    return (this.#failure ??= failure(this.#path, cause))
  }

  /** The exclusive lock is taken by the first read and write, and stays until the file is closed. */
  #prepare(isNew: boolean): void {
    this.#database.exec('PRAGMA locking_mode = EXCLUSIVE')
    const mode = this.#pragma('journal_mode = WAL', 'journal_mode')
    if (mode !== 'wal') throw new Error('its place allows no write-ahead log')
    this.#database.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT')
    if (isNew) syncFolder(this.#path)
    const version = Number(this.#pragma('user_version'))
    if (version === 0 && this.#pragma('schema_version') === 0) {
      this.#database.exec(
        `BEGIN; ${schema} PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1; COMMIT`,
      )
      return
    }
    if (this.#pragma('application_id') !== applicationId) throw new Error('it holds no log')
    if (version !== 1) throw new Error(`its version is ${version}, and only 1 is known. Use a newer release`)
    const found = this.#pragma('quick_check(1)', 'quick_check')
    if (found !== 'ok') throw new Error(`it is damaged: ${String(found)}. Restore the newest copy`)
  }

  #pragma(call: string, name = call): unknown {
    return this.#database.prepare(`PRAGMA ${call}`).get()?.[name]
  }
}

function headOf(row: Record<string, unknown> | undefined): LogHead | undefined {
  return row && { size: Number(row['size']), checkpoint: String(row['checkpoint']) }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'log-conflict'
}

/**
 * Makes a file that its owner alone may read; false if there is one. A file that is there is not opened here: closing
 * it would end the locks that this process holds on it.
 */
function create(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** A file is there after a loss of power only if its folder was written too. Windows has no such call. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function failure(path: string, cause: unknown): ProxyError {
  const busy = 5
  const isBusy = cause instanceof Error && 'errcode' in cause && cause.errcode === busy
  const why = isBusy ? 'another process has it open' : cause instanceof Error ? cause.message : String(cause)
  return new ProxyError(
    'log',
    `The log ${path} cannot be used: ${why}. What was written last may be there or not: mend the cause, open it again`,
    { cause },
  )
}
