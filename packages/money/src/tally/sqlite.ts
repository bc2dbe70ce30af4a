import type { World } from '@cocoon/wire'
import type { Disk, DiskSchema, SqlRow, SqlValue } from '../database/disk.ts'
import { openSqliteDisk } from '../database/sqlite-disk.ts'
import { hourOf, inOrder, tallyColumns, TallySheet } from './sheet.ts'
import type { Tally, TallyEntry, TallyRow } from './tally.ts'

export interface SqliteTallyOptions {
  path: string
  world: Pick<World, 'after' | 'now'>
  /** Called once, when the file cannot be written any more: what is added from then on is lost. */
  onFailure?: (error: unknown) => void
}

const writeEveryMs = 1_000
/** Hours that the file keeps: somewhat more than a year. */
const maxHours = 9_600

const readHours = 0
const writeRow = 1
const forgetHours = 2

const columns = ['hour', 'model', 'counterparty', ...tallyColumns]

export const tallySchema: DiskSchema = {
  // "Ctal"
  applicationId: 0x4374616c,
  what: 'tally',
  migrations: [
    `CREATE TABLE tally (
      hour INTEGER NOT NULL, model TEXT NOT NULL, counterparty TEXT NOT NULL,
      ${tallyColumns.map(column => `${column} TEXT NOT NULL`).join(', ')},
      PRIMARY KEY (hour, model, counterparty)
    ) STRICT, WITHOUT ROWID`,
  ],
  statements: [
    'SELECT * FROM tally WHERE hour >= ? AND hour < ?',
    `INSERT OR REPLACE INTO tally (${columns.join()}) VALUES (${columns.map(() => '?').join()})`,
    'DELETE FROM tally WHERE hour < ?',
  ],
}

/** Opens or makes a tally in a SQLite file of its own. Rejects with `MoneyError('storage')`. */
export async function openSqliteTally(options: SqliteTallyOptions): Promise<Tally> {
  const { path, world } = options
  return openTallyOn(await openSqliteDisk({ path, world, schema: tallySchema }), options)
}

/** The same, on a disk that is open: it ends with the tally. */
export async function openTallyOn(disk: Disk, options: Omit<SqliteTallyOptions, 'path'>): Promise<Tally> {
  try {
    const hourS = hourOf(options.world.now(), 0)
    const rows = (await disk.read(readHours, [hourS, Number.MAX_SAFE_INTEGER])).map(rowFrom)
    // The clock may have been set back since: the newest hour goes on.
    const newestS = rows.reduce((newest, row) => Math.max(newest, row.hourS), hourS)
    return new SqliteTally(
      disk,
      options,
      new TallySheet(
        newestS,
        rows.filter(row => row.hourS === newestS),
      ),
    )
  } catch (error) {
    await disk[Symbol.asyncDispose]()
    throw error
  }
}

/** The hour of now is in memory, and written as it stands when it has changed. */
class SqliteTally implements Tally {
  readonly #disk: Disk
  readonly #options: Omit<SqliteTallyOptions, 'path'>
  #sheet: TallySheet
  #isWaiting = false
  #hasFailed = false

  constructor(disk: Disk, options: Omit<SqliteTallyOptions, 'path'>, sheet: TallySheet) {
    this.#disk = disk
    this.#options = options
    this.#sheet = sheet
  }

  add(entry: TallyEntry): void {
    const hourS = hourOf(this.#options.world.now(), this.#sheet.hourS)
    if (hourS !== this.#sheet.hourS) {
      void this.#write()
      this.#sheet = new TallySheet(hourS)
    }
    this.#sheet.add(entry)
    this.#writeLater()
  }

  async rows({ fromS, toS }: { fromS: number; toS: number }): Promise<TallyRow[]> {
    await this.#write()
    return inOrder((await this.#disk.read(readHours, [Math.trunc(fromS), Math.trunc(toS)])).map(rowFrom))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#write()
    await this.#disk[Symbol.asyncDispose]()
  }

  #writeLater(): void {
    if (this.#isWaiting || this.#hasFailed) return
    this.#isWaiting = true
    this.#options.world.after(writeEveryMs, () => {
      this.#isWaiting = false
      void this.#write()
    })
  }

  async #write(): Promise<void> {
    if (!this.#sheet.hasChanged || this.#hasFailed) return
    const { hourS } = this.#sheet
    const rows = this.#sheet.takeChanged().map(valuesOf)
    try {
      await this.#disk.write([
        { statement: writeRow, rows },
        { statement: forgetHours, rows: [[hourS - maxHours * 3_600]] },
      ])
    } catch (error) {
      if (!this.#hasFailed) this.#options.onFailure?.(error)
      this.#hasFailed = true
    }
  }
}

function valuesOf(row: TallyRow): SqlValue[] {
  return [row.hourS, row.model, row.counterparty, ...tallyColumns.map(column => String(row[column]))]
}

function rowFrom(row: SqlRow): TallyRow {
  const sums = Object.fromEntries(
    tallyColumns.map(column => [column, BigInt(String(row[column] ?? 0))]),
  ) as Record<(typeof tallyColumns)[number], bigint>
  return {
    hourS: Number(row['hour']),
    model: String(row['model']),
    counterparty: String(row['counterparty']),
    ...sums,
  }
}
