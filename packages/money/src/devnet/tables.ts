import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MoneyError } from '../error.ts'
import type { BlockRecord, TransactionRecord } from './records.ts'

const layoutVersion = 1

/** The tables that make up a chain; a snapshot has a copy of each. */
const tables = {
  block:
    'seqno INTEGER PRIMARY KEY, time_s INTEGER, start_lt INTEGER, end_lt INTEGER, hash TEXT, count INTEGER',
  transfer:
    'lt INTEGER PRIMARY KEY, account TEXT, hash TEXT, seqno INTEGER, boc BLOB, after TEXT, message TEXT, norm TEXT',
  account: 'address TEXT PRIMARY KEY, state TEXT',
  waiting: 'position INTEGER PRIMARY KEY, hash TEXT UNIQUE, boc BLOB',
  carried: 'seqno INTEGER, position INTEGER, boc BLOB',
  setting: 'name TEXT PRIMARY KEY, value TEXT',
} as const
export const tableNames = Object.keys(tables) as Array<keyof typeof tables>

const indices = [
  'CREATE INDEX transfer_account ON transfer (account, lt)',
  'CREATE INDEX transfer_seqno ON transfer (seqno)',
  'CREATE INDEX transfer_hash ON transfer (hash)',
  'CREATE INDEX transfer_message ON transfer (message)',
  'CREATE INDEX transfer_norm ON transfer (norm)',
  'CREATE INDEX block_time ON block (time_s)',
]

/** A row as SQLite gives it. */
export type Row = Record<string, unknown>

/** Names of a table's columns, with commas between them. */
export function columnsOf(table: keyof typeof tables): string {
  return tables[table]
    .split(', ')
    .map(column => column.split(' ', 1)[0])
    .join(', ')
}

/**
 * Opens the database of a folder, or one in memory, and lays its tables out where they are not there yet. Throws
 * `MoneyError('storage')`.
 */
export function openTables(directory: string | undefined): DatabaseSync {
  return guarded(() => {
    const database = directory === undefined ? new DatabaseSync(':memory:') : openFile(directory)
    try {
      layOut(database)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}

function openFile(directory: string): DatabaseSync {
  mkdirSync(directory, { recursive: true })
  const database = new DatabaseSync(join(directory, 'devnet.sqlite'))
  try {
    // One process at a time: a second one is told so instead of writing in between.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function layOut(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version === layoutVersion) return
  if (version !== 0) {
    throw new MoneyError(
      'storage',
      `The folder holds a devnet of layout ${version}; this version reads ${layoutVersion}. Choose another folder`,
    )
  }
  const statements = [
    'CREATE TABLE snapshot (name TEXT PRIMARY KEY)',
    ...tableNames.flatMap(table => [
      `CREATE TABLE ${table} (${tables[table]})`,
      `CREATE TABLE saved_${table} (snapshot TEXT, ${columnsOf(table)})`,
      `CREATE INDEX saved_${table}_name ON saved_${table} (snapshot)`,
    ]),
    ...indices,
    `PRAGMA user_version = ${layoutVersion}`,
  ]
  database.exec(`BEGIN; ${statements.join('; ')}; COMMIT`)
}

/** Every failure of the database is `MoneyError('storage')`. */
export function guarded<T>(access: () => T): T {
  try {
    return access()
  } catch (cause) {
    if (cause instanceof MoneyError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    const advice = reason.includes('locked')
      ? 'Another process has it open: stop that one first'
      : 'Look at the disk'
    throw new MoneyError('storage', `The database of the devnet cannot be used: ${reason}. ${advice}`, {
      cause,
    })
  }
}

export function blockOf(row: Row): BlockRecord {
  return {
    seqno: Number(row['seqno']),
    timeS: Number(row['time_s']),
    startLt: BigInt(row['start_lt'] as number),
    endLt: BigInt(row['end_lt'] as number),
    hash: row['hash'] as string,
    transactionCount: Number(row['count']),
  }
}

export function transactionOf(row: Row): TransactionRecord {
  return {
    account: row['account'] as string,
    lt: BigInt(row['lt'] as number),
    hash: row['hash'] as string,
    seqno: Number(row['seqno']),
    boc: row['boc'] as Uint8Array,
    accountAfter: row['after'] as string,
    inMessageHash: row['message'] as string,
    inMessageNormHash: row['norm'] as string,
  }
}
