import type { World } from '@cocoon/wire'
import type { ClientCredit } from '../credit.ts'
import type { Disk } from '../database/disk.ts'
import { openSqliteDisk } from '../database/sqlite-disk.ts'
import type { AccountKey, Charge, ClientView, Ledger, Reservation, WorkerView } from '../ledger.ts'
import { Books, type BooksLimits, chargeOf } from './books.ts'
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
 * Opens the books of one proxy contract in a SQLite file. One process has it open at a time. Rejects with
 * `MoneyError('storage')`, `contract` for the file of another contract, and `unbalanced`.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<Ledger> {
  const { path, world } = options
  return openLedgerOn(await openSqliteDisk({ path, schema: ledgerSchema, world }), options)
}

/** The same, on a disk that is open: it ends with the ledger, and when it does not hold one. */
export async function openLedgerOn(disk: Disk, options: Omit<SqliteLedgerOptions, 'path'>): Promise<Ledger> {
  const { maxAccounts = 100_000, maxReservations = 100_000, rememberedRequests = 4_096 } = options
  const books = new Books({ maxAccounts, maxReservations, rememberedRequests })
  const { contract } = options
  const journal = new SqliteJournal({ disk, books, contract, keptCharges: rememberedRequests })
  try {
    await journal.load()
  } catch (error) {
    await disk[Symbol.asyncDispose]()
    throw error
  }
  return new SqliteLedger(options.world, disk, books, journal)
}

/**
 * The books in memory decide, the file remembers: a charge is answered after the commit that holds it. After a
 * commit that failed, every operation rejects until the file is opened again.
 */
class SqliteLedger implements Ledger {
  readonly #disk: Disk
  readonly #books: Books
  readonly #commits: GroupCommit
  #durableSeqno: number

  constructor(world: SqliteLedgerOptions['world'], disk: Disk, books: Books, journal: SqliteJournal) {
    this.#disk = disk
    this.#books = books
    this.#commits = new GroupCommit({ world, write: () => journal.write(), hold: () => disk.hold() })
    this.#durableSeqno = books.lastSeqno
  }

  async openClient(owner: AccountKey, credit: ClientCredit): Promise<ClientView> {
    this.#commits.requireSound()
    return this.#books.openClient(owner, credit).view()
  }

  async openWorker(owner: AccountKey): Promise<WorkerView> {
    this.#commits.requireSound()
    return this.#books.openWorker(owner).view()
  }

  async reserve(reservation: Reservation): Promise<Reservation> {
    this.#commits.requireSound()
    return this.#books.reserve(reservation)
  }

  async charge(request: { requestId: string; worker: AccountKey; tokens: bigint }): Promise<Charge> {
    this.#commits.requireSound()
    const charged = this.#books.charge(request)
    // A repeated one waits as well: the first may not be durable yet.
    await this.#commits.commit()
    return chargeOf(charged)
  }

  async release(requestId: string): Promise<boolean> {
    this.#commits.requireSound()
    return this.#books.release(requestId)
  }

  client(owner: AccountKey): ClientView {
    return this.#books.clients.get(owner).view()
  }

  worker(owner: AccountKey): WorkerView {
    return this.#books.workers.get(owner).view()
  }

  clients(): ClientView[] {
    return this.#books.clients.all().map(account => account.view())
  }

  workers(): WorkerView[] {
    return this.#books.workers.all().map(account => account.view())
  }

  recordPaid(owner: AccountKey, tokens: bigint): void {
    this.#books.recordPaid(owner, tokens)
  }

  async announce(): Promise<number> {
    this.#commits.requireSound()
    const seqno = this.#books.announce()
    await this.#commits.commit()
    this.#durableSeqno = seqno
    return seqno
  }

  async confirm(seqno: number): Promise<void> {
    this.#commits.requireSound()
    // Nobody was told the number of a state that is not durable.
    if (seqno <= this.#durableSeqno && this.#books.confirm(seqno)) await this.#commits.commit()
  }

  async commit(): Promise<void> {
    await this.confirm(await this.announce())
  }

  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void {
    this.#commits.requireSound()
    this.#books.recordSigned(party, owner, tokens)
  }

  assertConserved(): void {
    this.#books.assertConserved()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What failed has been told to whoever waited for it.
    if (this.#books.hasChanged) await this.#commits.commit().catch(() => {})
    this.#commits.close()
    await this.#disk[Symbol.asyncDispose]()
  }
}
