import type { World } from '@cocoon/wire'
import type { Disk } from '../database/disk.ts'
import { openSqliteDisk } from '../database/sqlite-disk.ts'
import type { AccountKey, Ledger } from '../ledger.ts'
import { Books, type BooksLimits } from './books.ts'
import { BooksLedger } from './books-ledger.ts'
import { GroupCommit } from './group-commit.ts'
import { SqliteJournal } from './sqlite-journal.ts'
import { ledgerSchema } from './sqlite-schema.ts'

export interface SqliteLedgerOptions extends Partial<BooksLimits> {
  /** Made if it is not there; beside it lies its write-ahead log, with `-wal` at the end of the name. */
  path: string
  /** The proxy contract whose books these are, in raw form. */
  contract: AccountKey
  world: Pick<World, 'after' | 'monotonic'>
}

/**
 * Opens the books of one proxy contract in a SQLite file. One process has it open at a time. After a commit that
 * failed, every operation rejects until the file is opened again. Rejects with `MoneyError('storage')`, `contract`
 * for the file of another contract, and `unbalanced`.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<Ledger> {
  const { path, world } = options
  return openLedgerOn(await openSqliteDisk({ path, schema: ledgerSchema, world }), options)
}

/** The same, on a disk that is open: it ends with the ledger, and when it does not hold one. */
export async function openLedgerOn(disk: Disk, options: Omit<SqliteLedgerOptions, 'path'>): Promise<Ledger> {
  const { contract, world } = options
  const books = new Books(options)
  const journal = new SqliteJournal({ disk, books, contract })
  try {
    await journal.load()
  } catch (error) {
    await disk[Symbol.asyncDispose]()
    throw error
  }
  const commits = new GroupCommit({ world, write: () => journal.write(), hold: () => disk.hold() })
  return new BooksLedger(books, {
    requireSound: () => commits.requireSound(),
    commit: () => commits.commit(),
    notes: most => journal.notes(most),
    dropNotes: requestIds => journal.dropNotes(requestIds),
    close: async () => {
      // What failed has been told to whoever waited for it.
      if (books.hasChanged) await commits.commit().catch(() => {})
      commits.close()
      await disk[Symbol.asyncDispose]()
    },
  })
}
