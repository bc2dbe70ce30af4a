import type { ClientCredit } from '../credit.ts'
import type { PostgresConnection } from '../database/postgres.ts'
import { Accounts, type Account, ClientAccount, WorkerAccount } from './accounts.ts'

/** A client as the database tells it: owner, paid, stake, charged, reserved, total, committed, signed, credit_lt. */
type SeenClient = readonly string[]
/** A worker: owner, paid, total, committed, signed. */
type SeenWorker = readonly string[]

/** Accounts as they stood when the database answered. */
export interface SeenAccounts {
  readonly clients?: readonly SeenClient[] | null
  readonly workers?: readonly SeenWorker[] | null
}

const refreshSql = `SELECT json_build_object(
  'seen', pg_snapshot_xmin(pg_current_snapshot())::text,
  'clients', (SELECT json_agg(seen(c)) FROM client c WHERE moved_at >= $1::text::xid8),
  'workers', (SELECT json_agg(seen(w)) FROM worker w WHERE moved_at >= $1::text::xid8)
) AS answer`

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
  /** Whose credit in the database is an earlier one. */
  readonly #credited = new Set<ClientAccount>()

  constructor(connection: PostgresConnection, maxAccounts: number) {
    this.#connection = connection
    this.clients = new Accounts(maxAccounts)
    this.workers = new Accounts(maxAccounts)
  }

  /** Reads what changed since the last call. A change that was under way then is read now. */
  async refresh(): Promise<void> {
    const answer = await this.#connection.ask<SeenAccounts & { seen: string }>(refreshSql, [this.#seen])
    this.see(answer)
    this.#seen = answer.seen
  }

  see({ clients, workers }: SeenAccounts): void {
    for (const client of clients ?? []) this.#seeClient(client)
    for (const worker of workers ?? []) this.#seeWorker(worker)
  }

  #seeClient([owner = '', ...amounts]: SeenClient): void {
    const [
      paid = 0n,
      stake = 0n,
      charged = 0n,
      reserved = 0n,
      total = 0n,
      committed = 0n,
      signed = 0n,
      lt = 0n,
    ] = amounts.map(BigInt)
    const credit = { paid, stake, charged, lt }
    let account = this.clients.find(owner)
    if (account === undefined) this.clients.restore((account = new ClientAccount(0, owner, credit)))
    if (credit.lt >= account.credit.lt) account.credit = credit
    else this.#credited.add(account)
    this.clients.keep(account)
    account.reserved = reserved
    seeTotals(account, [total, committed, signed])
  }

  #seeWorker([owner = '', ...amounts]: SeenWorker): void {
    const [paid = 0n, ...totals] = amounts.map(BigInt)
    let account = this.workers.find(owner)
    if (account === undefined) this.workers.restore((account = new WorkerAccount(0, owner)))
    this.workers.keep(account)
    if (paid > account.paid) account.paid = paid
    seeTotals(account, totals)
  }

  /** Puts those of the accounts into the database that are not known to be there, with the credit of now. */
  async keepClients(owners: readonly string[]): Promise<void> {
    const fresh = distinct(owners)
      .map(owner => this.clients.get(owner))
      .filter(account => !this.clients.isKept(account))
    if (fresh.length === 0) return
    const credit = (part: keyof ClientCredit): string[] => fresh.map(account => String(account.credit[part]))
    await this.#connection.query(
      `INSERT INTO client (owner, paid, stake, charged, credit_lt) SELECT * FROM
        unnest($1::text[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[]) t ORDER BY 1
        ON CONFLICT (owner) DO UPDATE SET (paid, stake, charged, credit_lt, moved_at) =
          (excluded.paid, excluded.stake, excluded.charged, excluded.credit_lt, pg_current_xact_id())
          WHERE client.credit_lt <= excluded.credit_lt`,
      [fresh.map(({ owner }) => owner), credit('paid'), credit('stake'), credit('charged'), credit('lt')],
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

  /**
   * Tells the database the credit of an account that may be there, and sees the account if it is: with a later
   * credit, where another process has told of one.
   */
  async writeCredit({ owner, credit }: ClientAccount): Promise<void> {
    const { paid, stake, charged, lt } = credit
    const seen = await this.#connection.query(
      `WITH told AS (
        UPDATE client SET paid = $2::numeric, stake = $3::numeric, charged = $4::numeric, credit_lt = $5::numeric,
          moved_at = pg_current_xact_id() WHERE owner = $1 AND credit_lt <= $5::numeric RETURNING seen(client) AS answer
      ) SELECT answer FROM told
        UNION ALL SELECT seen(client) FROM client WHERE owner = $1 AND NOT EXISTS (SELECT FROM told)`,
      [owner, String(paid), String(stake), String(charged), String(lt)],
    )
    this.see({ clients: seen.map(({ answer }) => answer as unknown as SeenClient) })
  }

  /** The figures of an account that are not worth a commit of their own are written with the next `writeNotes`. */
  note(account: Account): void {
    this.#noted.add(account)
  }

  async writeNotes(): Promise<void> {
    for (const account of this.#credited) {
      await this.writeCredit(account)
      this.#credited.delete(account)
    }
    const noted = [...this.#noted]
    if (noted.length === 0) return
    this.#noted.clear()
    try {
      await this.#writeFigures(noted)
    } catch (error) {
      for (const account of noted) this.#noted.add(account)
      throw error
    }
  }

  async #writeFigures(noted: readonly Account[]): Promise<void> {
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
function seeTotals(account: Account, [total = 0n, committed = 0n, signed = 0n]: readonly bigint[]): void {
  if (total > account.max) account.max = total
  if (committed > account.committed) account.committed = committed
  if (signed > account.signed) account.signed = signed
  account.persisted(account.max, account.committed)
}

function distinct(owners: readonly string[]): string[] {
  return [...new Set(owners)]
}
