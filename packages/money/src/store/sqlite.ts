import type { World } from '@cocoon/wire'
import type { Disk, DiskSchema } from '../database/disk.ts'
import { openSqliteDisk } from '../database/sqlite-disk.ts'
import { Records, type StoreChange } from './records.ts'
import type { Store } from './store.ts'

const readAll = 0
const put = 1
const remove = 2

export const storeSchema: DiskSchema = {
  // "Csto"
  applicationId: 0x4373746f,
  what: 'store',
  migrations: ['CREATE TABLE record (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID'],
  statements: [
    'SELECT key, value FROM record',
    'INSERT OR REPLACE INTO record VALUES (?, ?)',
    'DELETE FROM record WHERE key = ?',
  ],
}

/** Opens or makes a store in a SQLite file of its own. Rejects with `MoneyError('storage')`. */
export async function openSqliteStore(options: {
  path: string
  world: Pick<World, 'after'>
}): Promise<Store> {
  return openStoreOn(await openSqliteDisk({ ...options, schema: storeSchema }))
}

/** The same, on a disk that is open: it ends with the store. */
export async function openStoreOn(disk: Disk): Promise<Store> {
  try {
    const rows = await disk.read(readAll)
    return new SqliteStore(
      disk,
      rows.map(({ key, value }) => [String(key), String(value)]),
    )
  } catch (error) {
    await disk[Symbol.asyncDispose]()
    throw error
  }
}

class SqliteStore extends Records {
  readonly #disk: Disk

  constructor(disk: Disk, records: Array<[key: string, value: string]>) {
    super(records)
    this.#disk = disk
  }

  protected async persist(changes: StoreChange): Promise<void> {
    const writes = Array.from(changes, ([key, value]) =>
      value === undefined ? { statement: remove, rows: [[key]] } : { statement: put, rows: [[key, value]] },
    )
    await this.#disk.write(writes)
  }

  protected async close(): Promise<void> {
    await this.#disk[Symbol.asyncDispose]()
  }
}
