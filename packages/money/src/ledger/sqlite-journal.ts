import { AssertionError } from 'node:assert/strict'
import type { Disk, SqlRow, SqlValue, Write } from '../database/disk.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey, Note } from '../ledger.ts'
import { type Account, ClientAccount, WorkerAccount } from './accounts.ts'
import type { Books, ChargedRequest } from './books.ts'
import { statement } from './sqlite-schema.ts'

/** Charges that are deleted at once. */
const pruneEvery = 1_024

/** Carries the books to a database file and back. */
export class SqliteJournal {
  readonly #disk: Disk
  readonly #books: Books
  readonly #contract: AccountKey
  /** Charges that the file keeps at least. */
  #lastCharge = 0
  #prunedAt = 0
  /** Nothing else changes the books without changing an account. */
  #writtenSeqno = 0
  /** Requests whose notes go with the next commit. */
  #dropped: string[] = []

  constructor(options: { disk: Disk; books: Books; contract: AccountKey }) {
    this.#disk = options.disk
    this.#books = options.books
    this.#contract = options.contract
  }

  /**
   * Reads the file into the books, or begins a new one. Rejects with `contract` where the file has the books of
   * another one, and `unbalanced` where they do not add up.
   */
  async load(): Promise<void> {
    const [book] = await this.#disk.read(statement.readBook)
    if (book === undefined) return this.#disk.write([this.#bookRow()])
    if (book['contract'] !== this.#contract) {
      throw new MoneyError(
        'contract',
        `The file has the books of ${book['contract']}, not of ${this.#contract}. Name the file of this contract`,
      )
    }
    const clients = (await this.#disk.read(statement.readClients)).map(clientFrom)
    const workers = (await this.#disk.read(statement.readWorkers)).map(workerFrom)
    const charges = chargesFrom(await this.#disk.read(statement.readCharges), clients, workers)
    this.#lastCharge = Number(book['last_charge'])
    this.#prunedAt = this.#lastCharge
    this.#writtenSeqno = Number(book['last_seqno'])
    try {
      this.#books.restore({
        clients,
        workers,
        charges,
        lastSeqno: Number(book['last_seqno']),
        isWaiting: book['is_waiting'] === 1,
        spent: amount(book, 'spent'),
        earned: amount(book, 'earned'),
      })
    } catch (cause) {
      if (!(cause instanceof AssertionError)) throw cause
      throw new MoneyError('unbalanced', `The books in the file do not balance: ${cause.message}`, { cause })
    }
  }

  /** One transaction with all that changed in the books up to now. */
  async write(): Promise<void> {
    const { accounts, charges, notes } = this.#books.take()
    const dropped = this.#dropped
    this.#dropped = []
    const isUnchanged = accounts.size === 0 && notes.length === 0 && dropped.length === 0
    if (isUnchanged && this.#writtenSeqno === this.#books.lastSeqno) return
    const saved: Array<{ account: Account; max: bigint; committed: bigint }> = []
    const clients: SqlValue[][] = []
    const workers: SqlValue[][] = []
    for (const account of accounts) {
      saved.push({ account, max: account.max, committed: account.committed })
      if (account instanceof ClientAccount) clients.push(clientRow(account))
      else if (account instanceof WorkerAccount) workers.push(workerRow(account))
    }
    const writes: Write[] = [
      { statement: statement.writeCharge, rows: charges.map(charge => this.#chargeRow(charge)) },
      { statement: statement.writeNote, rows: notes.map(noteRow) },
      { statement: statement.dropNote, rows: dropped.map(requestId => [requestId]) },
      { statement: statement.writeClient, rows: clients },
      { statement: statement.writeWorker, rows: workers },
      ...this.#prune(),
      this.#bookRow(),
    ]
    this.#writtenSeqno = this.#books.lastSeqno
    await this.#disk.write(writes)
    for (const { account, max, committed } of saved) account.persisted(max, committed)
  }

  async notes(most: number): Promise<Note[]> {
    return (await this.#disk.read(statement.readNotes, [most])).map(noteFrom)
  }

  dropNotes(requestIds: readonly string[]): void {
    for (const requestId of requestIds) this.#dropped.push(requestId)
  }

  #bookRow(): Write {
    const { lastSeqno, isWaiting, spent, earned } = this.#books
    const sums = [String(spent), String(earned)]
    return {
      statement: statement.writeBook,
      rows: [[this.#contract, lastSeqno, isWaiting ? 1 : 0, this.#lastCharge, ...sums]],
    }
  }

  #chargeRow({ requestId, client, worker, tokens, chargedTokens }: ChargedRequest): SqlValue[] {
    return [++this.#lastCharge, requestId, client.id, worker.id, String(tokens), String(chargedTokens)]
  }

  #prune(): Write[] {
    if (this.#lastCharge < this.#prunedAt + pruneEvery) return []
    this.#prunedAt = this.#lastCharge
    return [
      { statement: statement.pruneCharges, rows: [[this.#lastCharge - this.#books.rememberedRequests]] },
    ]
  }
}

function clientRow({ id, owner, credit, max, announced, committed, signed }: ClientAccount): SqlValue[] {
  const { paid, stake, charged, lt } = credit
  return [
    id,
    owner,
    ...[paid, stake, charged, max].map(String),
    text(announced),
    ...[committed, signed, lt].map(String),
  ]
}

function workerRow({ id, owner, paid, max, announced, committed, signed }: WorkerAccount): SqlValue[] {
  return [id, owner, String(paid), String(max), text(announced), String(committed), String(signed)]
}

function noteRow({ id, bytes, chargedTokens }: Note): SqlValue[] {
  return [id, bytes, String(chargedTokens)]
}

function noteFrom(row: SqlRow): Note {
  const { request_id: id, bytes } = row
  return { id: String(id), bytes: bytes as Uint8Array, chargedTokens: amount(row, 'charged') }
}

function clientFrom(row: SqlRow): ClientAccount {
  const credit = {
    paid: amount(row, 'paid'),
    stake: amount(row, 'stake'),
    charged: amount(row, 'charged'),
    lt: amount(row, 'credit_lt'),
  }
  return withTotals(new ClientAccount(Number(row['id']), String(row['owner']), credit), row)
}

function workerFrom(row: SqlRow): WorkerAccount {
  const worker = withTotals(new WorkerAccount(Number(row['id']), String(row['owner'])), row)
  worker.paid = amount(row, 'paid')
  return worker
}

function withTotals<A extends Account>(account: A, row: SqlRow): A {
  account.max = amount(row, 'total')
  account.announced = row['announced'] === null ? undefined : amount(row, 'announced')
  account.committed = amount(row, 'committed')
  account.signed = amount(row, 'signed')
  account.persisted(account.max, account.committed)
  return account
}

function chargesFrom(
  rows: readonly SqlRow[],
  clients: readonly ClientAccount[],
  workers: readonly WorkerAccount[],
): ChargedRequest[] {
  const clientOf = new Map(clients.map(client => [client.id, client]))
  const workerOf = new Map(workers.map(worker => [worker.id, worker]))
  return rows.map(row => {
    const client = clientOf.get(Number(row['client']))
    const worker = workerOf.get(Number(row['worker']))
    if (client === undefined || worker === undefined) {
      throw new MoneyError(
        'unbalanced',
        `Charge ${row['number']} in the file names an account that is not there`,
      )
    }
    const requestId = String(row['request_id'])
    const tokens = amount(row, 'asked')
    return { kind: 'charged', requestId, client, worker, tokens, chargedTokens: amount(row, 'charged') }
  })
}

function amount(row: SqlRow, column: string): bigint {
  const value = row[column]
  if (typeof value !== 'string' || !/^\d{1,26}$/.test(value)) {
    throw new MoneyError('unbalanced', `The file has ${JSON.stringify(value)} where ${column} belongs`)
  }
  return BigInt(value)
}

function text(tokens: bigint | undefined): string | null {
  return tokens === undefined ? null : String(tokens)
}
