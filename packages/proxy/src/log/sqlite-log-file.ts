import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { createFile, isBusy, syncFolder } from '@cocoon/money/owned-file'
import {
  conflict,
  decodeBundle,
  type LogBatch,
  type LogCommit,
  type LogHead,
  tileWidth,
} from '@cocoon/trust/log'
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

/** What is committed, in few pieces: it goes from thread to thread. */
export interface PackedCommit extends Omit<LogCommit, 'entries'> {
  /** 32 bytes each. */
  readonly leaves: Uint8Array
  /** Entries as in a bundle of the log. */
  readonly bundle: Uint8Array
}

/**
 * A log in a SQLite file, opened for this owner alone: a write-ahead log, and a full sync at each commit. Throws
 * `log-conflict` where nothing was done, and whatever SQLite throws otherwise: then the file is to be opened again.
 */
export class SqliteLogFile {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #statements: Statements

  constructor(path: string) {
    this.#path = path
    const isNew = createFile(path)
    this.#database = new DatabaseSync(path, { timeout: 0 })
    try {
      this.#prepare(isNew)
      const prepared = Object.entries(statements).map(([name, sql]) => [name, this.#database.prepare(sql)])
      this.#statements = Object.fromEntries(prepared) as Statements
    } catch (error) {
      this.#database.close()
      throw isBusy(error) ? new Error('another process has it open', { cause: error }) : error
    }
  }

  head(): LogHead | undefined {
    return headOf(this.#statements.head.get())
  }

  published(): LogHead | undefined {
    return headOf(this.#statements.published.get())
  }

  tile(level: number, index: number): Uint8Array | undefined {
    return this.#statements.tile.get(level, index)?.['hashes'] as Uint8Array | undefined
  }

  entries(first: number, count: number): Uint8Array[] {
    const rows = this.#statements.entries.all(first, Math.min(count, tileWidth))
    return rows.map(({ entry }) => entry as Uint8Array)
  }

  find(leaf: Uint8Array): number | undefined {
    return (this.#statements.find.get(leaf)?.['number'] as number | null) ?? undefined
  }

  lastBatch(writer: string): LogBatch | undefined {
    const batch = this.#statements.batch.get(writer)?.['batch']
    return typeof batch === 'string' ? decodeBatch(batch) : undefined
  }

  commit(commit: PackedCommit): void {
    this.#write(() => this.#commit(commit))
  }

  publish(head: LogHead): void {
    this.#write(() => this.#publish(head))
  }

  /** Moves the write-ahead log into the file, and lets go of it. */
  close(): void {
    this.#database.close()
  }

  #commit({ oldSize, head, isPublished, tiles, leaves, bundle, writer, batch }: PackedCommit): void {
    const { create: make, grow, setTile, addEntry, addLeaf, setBatch } = this.#statements
    const { size, checkpoint } = head
    const { changes } =
      oldSize === undefined ? make.run(size, checkpoint) : grow.run(size, checkpoint, oldSize)
    if (changes !== 1) throw conflict('The log has grown')
    for (const { level, index, hashes } of tiles) setTile.run(level, index, hashes)
    const count = leaves.length / 32
    for (const [at, entry] of decodeBundle(bundle, count).entries()) {
      const number = size - count + at
      addEntry.run(number, entry)
      addLeaf.run(leaves.subarray(32 * at, 32 * at + 32), number)
    }
    setBatch.run(writer, encodeBatch(batch))
    if (isPublished) this.#publish(head)
  }

  #publish({ size, checkpoint }: LogHead): void {
    const { changes } = this.#statements.publish.run(size, checkpoint)
    if (changes !== 1) throw conflict(`A checkpoint of ${size} entries is not the newest`)
  }

  /** One transaction, or nothing. */
  #write(act: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      act()
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
    this.#database.exec('COMMIT')
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
