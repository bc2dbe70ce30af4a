import type { PostgresConnection, PostgresRow } from '../database/postgres.ts'
import { Accounts, type Account, ClientAccount, WorkerAccount } from './accounts.ts'

const clientColumns = ['paid', 'stake', 'charged', 'reserved', 'total', 'committed', 'signed']
const workerColumns = ['paid', 'total', 'committed', 'signed']

/** Columns of a client in a row that a function returned as a whole, each named with `client_` before it. */
export const clientOf = (row: string): string => columnsOf(row, 'client', clientColumns)
export const workerOf = (row: string): string => columnsOf(row, 'worker', workerColumns)

/**
 * What this process has seen of the accounts in the database: its own operations bring the rows that they
 * changed, and a poll brings those that other processes changed. An account that was never used is here alone.
 */
export class PostgresAccounts {
  readonly clients: Accounts<ClientAccount>
  readonly workers: Accounts<WorkerAccount>
  readonly #connection: PostgresConnection
  /** Every transaction before this one has been seen. */
  #seen = '0'
  /** What was signed and paid, to be noted in the database. */
  readonly #noted = new Set<Account>()

  constructor(connection: PostgresConnection, maxAccounts: number) {
    this.#connection = connection
    this.clients = new Accounts(maxAccounts)
    this.workers = new Accounts(maxAccounts)
  }

  /** Reads what changed since the last call. A change that was under way then is read now. */
  async refresh(): Promise<void> {
    const [snapshot, clients, workers] = await Promise.all([
      this.#connection.query('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS seen'),
      this.#connection.query(`SELECT ${clientOf('client')} FROM client WHERE moved_at >= $1::text::xid8`, [
        this.#seen,
      ]),
      this.#connection.query(`SELECT ${workerOf('worker')} FROM worker WHERE moved_at >= $1::text::xid8`, [
        this.#seen,
      ]),
    ])
    for (const row of clients) this.seeClient(row)
    for (const row of workers) this.seeWorker(row)
    this.#seen = String(snapshot[0]?.['seen'])
  }

  /** Takes a row with the columns of `clientOf`, if it has them. */
  seeClient(row: PostgresRow): void {
    const owner = row['client_owner']
    if (typeof owner !== 'string') return
    const amount = (column: string): bigint => BigInt(row[`client_${column}`] ?? 0)
    const credit = { paid: amount('paid'), stake: amount('stake'), charged: amount('charged') }
    let account = this.clients.find(owner)
    if (account === undefined) this.clients.restore((account = new ClientAccount(0, owner, credit)))
    this.clients.keep(account)
    account.credit = credit
    account.reserved = amount('reserved')
    seeTotals(account, amount)
  }

  seeWorker(row: PostgresRow): void {
    const owner = row['worker_owner']
    if (typeof owner !== 'string') return
    const amount = (column: string): bigint => BigInt(row[`worker_${column}`] ?? 0)
    let account = this.workers.find(owner)
    if (account === undefined) this.workers.restore((account = new WorkerAccount(0, owner)))
    this.workers.keep(account)
    if (amount('paid') > account.paid) account.paid = amount('paid')
    seeTotals(account, amount)
  }

  /** Puts those of the accounts into the database that are not there. */
  async keepClients(owners: readonly string[]): Promise<void> {
    const fresh = distinct(owners)
      .map(owner => this.clients.get(owner))
      .filter(account => !this.clients.isKept(account))
    if (fresh.length === 0) return
    const credit = (part: 'paid' | 'stake' | 'charged'): string[] =>
      fresh.map(account => String(account.credit[part]))
    await this.#connection.query(
      `INSERT INTO client (owner, paid, stake, charged) SELECT * FROM
        unnest($1::text[], $2::numeric[], $3::numeric[], $4::numeric[]) t ORDER BY 1 ON CONFLICT DO NOTHING`,
      [fresh.map(({ owner }) => owner), credit('paid'), credit('stake'), credit('charged')],
    )
  }

  async keepWorkers(owners: readonly string[]): Promise<void> {
    const fresh = distinct(owners).filter(owner => !this.workers.isKept(this.workers.get(owner)))
    if (fresh.length === 0) return
    await this.#connection.query(
      'INSERT INTO worker (owner) SELECT * FROM unnest($1::text[]) t ORDER BY 1 ON CONFLICT DO NOTHING',
      [fresh],
    )
  }

  /** The figures of an account that are not worth a commit of their own are written with the next `writeNotes`. */
  note(account: Account): void {
    this.#noted.add(account)
  }

  async writeNotes(): Promise<void> {
    const noted = [...this.#noted]
    if (noted.length === 0) return
    this.#noted.clear()
    const clients = noted.filter(account => account instanceof ClientAccount)
    const workers = noted.filter(account => account instanceof WorkerAccount)
    await this.#connection.query(
      'SELECT note($1::text[], $2::numeric[], $3::text[], $4::numeric[], $5::numeric[])',
      [
        clients.map(({ owner }) => owner),
        clients.map(({ signed }) => String(signed)),
        workers.map(({ owner }) => owner),
        workers.map(({ signed }) => String(signed)),
        workers.map(({ paid }) => String(paid)),
      ],
    )
  }
}

/** Totals never go back: an older view that comes late changes nothing. */
function seeTotals(account: Account, amount: (column: string) => bigint): void {
  if (amount('total') > account.max) account.max = amount('total')
  if (amount('committed') > account.committed) account.committed = amount('committed')
  if (amount('signed') > account.signed) account.signed = amount('signed')
  account.persisted(account.max, account.committed)
}

function columnsOf(row: string, prefix: string, columns: readonly string[]): string {
  return ['owner', ...columns].map(column => `(${row}).${column} AS ${prefix}_${column}`).join(', ')
}

function distinct(owners: readonly string[]): string[] {
  return [...new Set(owners)]
}
