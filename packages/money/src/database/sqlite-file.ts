import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { DiskSchema, SqlRow, SqlValue, Write } from './disk.ts'
import { createFile, isBusy, syncFolder } from './owned-file.ts'

/** A SQLite file, opened for this owner alone: a write-ahead log, and a full sync at each commit. */
export class SqliteFile {
  readonly #database: DatabaseSync
  readonly #statements: StatementSync[]

  constructor(path: string, schema: DiskSchema) {
    const isNew = createFile(path)
    this.#database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false })
    try {
      this.#lock()
      if (isNew) syncFolder(path)
      this.#migrate(schema)
      this.#statements = schema.statements.map(sql => this.#database.prepare(sql))
    } catch (error) {
      this.abandon()
      throw isBusy(error) ? new Error('another process has it open', { cause: error }) : error
    }
  }

  read(statement: number, parameters: readonly SqlValue[]): SqlRow[] {
    return this.#statements[statement]!.all(...parameters) as SqlRow[]
  }

  write(writes: readonly Write[]): void {
    this.#database.exec('BEGIN')
    for (const { statement, rows } of writes) {
      const prepared = this.#statements[statement]!
      for (const row of rows) prepared.run(...row)
    }
    this.#database.exec('COMMIT')
  }

  /** Moves the write-ahead log into the file, and lets go of it. */
  close(): void {
    this.#database.close()
  }

  /** Lets go of the file as it is. */
  abandon(): void {
    try {
      this.#database.close()
    } catch {
      // Its locks end with the thread at the latest.
    }
  }

  /** The exclusive lock is taken by the first read and write, and stays until the file is closed. */
  #lock(): void {
    this.#database.exec('PRAGMA locking_mode = EXCLUSIVE')
    const { journal_mode: mode } = this.#database.prepare('PRAGMA journal_mode = WAL').get() ?? {}
    if (mode !== 'wal') throw new Error('its place allows no write-ahead log')
    this.#database.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT')
    const damages = this.#database.prepare('PRAGMA quick_check(1)').all()
    const found = String(damages[0]?.['quick_check'])
    if (found !== 'ok') throw new Error(`it is damaged: ${found}. Restore the newest copy`)
  }

  #migrate({ applicationId, what, migrations }: DiskSchema): void {
    const version = this.#pragma('user_version')
    const isEmpty = version === 0 && this.#pragma('schema_version') === 0
    if (!isEmpty && this.#pragma('application_id') !== applicationId) throw new Error(`it holds no ${what}`)
    if (version > migrations.length) {
      throw new Error(
        `its version is ${version}, and only ${migrations.length} is known. Use a newer release`,
      )
    }
    if (version === migrations.length) return
    this.#database.exec('BEGIN')
    for (const migration of migrations.slice(version)) this.#database.exec(migration)
    this.#database.exec(
      `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`,
    )
  }

  #pragma(name: string): number {
    return Number(this.#database.prepare(`PRAGMA ${name}`).get()?.[name])
  }
}
