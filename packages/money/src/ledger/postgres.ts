import assert from 'node:assert/strict'
import type { Timer, World } from '@cocoon/wire'
import type { ClientCredit } from '../credit.ts'
import { Leadership } from '../database/leadership.ts'
import { PostgresConnection } from '../database/postgres.ts'
import { MoneyError } from '../error.ts'
import type {
  AccountKey,
  Charge,
  ChargeRequest,
  ClientView,
  Ledger,
  Note,
  Reservation,
  WorkerView,
} from '../ledger.ts'
import { ClientAccount, WorkerAccount } from './accounts.ts'
import { PostgresAccounts } from './postgres-accounts.ts'
import { PostgresRequests } from './postgres-requests.ts'
import { schemaOf } from './postgres-schema.ts'
import { beginSession, defaultLeaseMs, findBreach, isSessionOver } from './postgres-session.ts'
import { requireAmount, requireNote } from './refusals.ts'

export interface PostgresLedgerOptions {
  /** `postgres://user:password@host:5432/database`; `?host=/folder` for a socket of this machine. */
  url: string
  /** The proxy contract whose books these are, in raw form. Each contract has a schema of its own. */
  contract: AccountKey
  world: Pick<World, 'after' | 'monotonic'>
  /** Most accounts of clients, and most of workers. */
  maxAccounts?: number
  /** Most reservations that this process has open at once. */
  maxReservations?: number
  /** How many ended requests are remembered, to know a repeated call. */
  rememberedRequests?: number
  /** Reservations of a process that was not heard of for so long are given back. */
  leaseMs?: number
}

/** A ledger that several processes have open at once. */
export interface SharedLedger extends Ledger {
  refresh(): Promise<void>
  /** The lease is over, or the ledger was closed: it refuses everything, and has to be opened again. */
  readonly hasEnded: boolean
  /** True if this process is the one that speaks to the chain, until `onLost` is called. */
  tryLead(onLost: () => void): Promise<boolean>
}

/** Between two looks at what other processes did. */
const refreshEveryMs = 1_000
/** Refreshes to a renewal of the lease, and to an audit of all accounts. */
const refreshesPerRenewal = 3
const refreshesPerAudit = 10
/** Refreshes until a reservation that may have been made, or not, is released. */
const refreshesInDoubt = 20
const maxReleasedAtOnce = 1_000

/**
 * Opens the books of one proxy contract in a PostgreSQL database, together with other processes. Rejects with
 * `MoneyError('storage')`, `contract`, `unbalanced`, and `config` for an address that is none.
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<SharedLedger> {
  const { url, contract, world, leaseMs = defaultLeaseMs } = options
  const connection = new PostgresConnection({ url, world, schema: schemaOf(contract) })
  try {
    const session = await beginSession(connection, contract, leaseMs)
    const ledger = new PostgresLedger(connection, session, options)
    await ledger.begin()
    return ledger
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
}

/** The server decides and remembers. An operation that fails with `storage` may be repeated on the same ledger. */
class PostgresLedger implements SharedLedger {
  readonly #connection: PostgresConnection
  readonly #session: string
  readonly #options: Required<PostgresLedgerOptions>
  readonly #accounts: PostgresAccounts
  readonly #requests: PostgresRequests
  readonly #leadership: Leadership
  /** Reservations that this process has open. */
  readonly #open = new Set<string>()
  /** Requests that may hold a reservation which nobody knows of, and the refresh that releases it. */
  readonly #inDoubt = new Map<string, number>()
  #timer: Timer | undefined
  #refreshes = 0
  #breach: string | undefined
  #end: MoneyError | undefined

  constructor(connection: PostgresConnection, session: string, options: PostgresLedgerOptions) {
    this.#connection = connection
    this.#session = session
    this.#options = {
      maxAccounts: 100_000,
      maxReservations: 100_000,
      rememberedRequests: 65_536,
      leaseMs: defaultLeaseMs,
      ...options,
    }
    const { world, url, contract, maxAccounts } = this.#options
    const accounts = (this.#accounts = new PostgresAccounts(connection, maxAccounts))
    this.#requests = new PostgresRequests({ world, connection, accounts, session })
    this.#leadership = new Leadership({ url, world, name: schemaOf(contract) })
  }

  async begin(): Promise<void> {
    await this.#renew()
    await this.#accounts.refresh()
    this.#breach = await findBreach(this.#connection)
    if (this.#breach !== undefined) {
      throw new MoneyError('unbalanced', `The books in the database do not balance: ${this.#breach}`)
    }
    this.#refreshLater()
  }

  async openClient(owner: AccountKey, credit: ClientCredit): Promise<ClientView> {
    this.#requireOpen()
    const account = this.#accounts.clients.open(owner, () => new ClientAccount(0, owner, credit))
    if (credit.lt >= account.credit.lt) account.credit = credit
    await this.#accounts.writeCredit(account)
    return account.view()
  }

  async openWorker(owner: AccountKey): Promise<WorkerView> {
    this.#requireOpen()
    const account = this.#accounts.workers.open(owner, () => new WorkerAccount(0, owner))
    // A worker that has earned at another process holds its totals against those of this one.
    await this.#accounts.refresh()
    return account.view()
  }

  async reserve(reservation: Reservation): Promise<Reservation> {
    const { requestId, client, tokens } = reservation
    requireAmount(tokens)
    this.#requireOpen()
    this.#requireBalanced()
    this.#accounts.clients.get(client)
    if (this.#open.size >= this.#options.maxReservations && !this.#open.has(requestId)) {
      throw new MoneyError(
        'limit',
        `${this.#open.size} reservations are open, and no more may be. Retry later`,
      )
    }
    await this.#asking(this.#requests.reserve(reservation), requestId)
    this.#open.add(requestId)
    return { requestId, client, tokens }
  }

  async charge(request: ChargeRequest): Promise<Charge> {
    const { requestId, tokens, note } = request
    requireAmount(tokens)
    requireNote(note)
    this.#requireOpen()
    this.#requireBalanced()
    const worker = this.#accounts.workers.get(request.worker)
    const charged = await this.#asking(this.#requests.charge(request)).catch((error: unknown) => {
      // A server that died may have forgotten the reservation.
      if (error instanceof MoneyError && /^request-(?:unknown|released)$/.test(error.code)) {
        this.#open.delete(requestId)
      }
      throw error
    })
    this.#open.delete(requestId)
    const client = this.#accounts.clients.get(charged.client).grades()
    const { tokens: chargedTokens } = charged
    return { client, worker: worker.grades(), chargedTokens, cutTokens: tokens - chargedTokens }
  }

  async release(requestId: string, note?: Uint8Array): Promise<boolean> {
    requireNote(note)
    this.#requireOpen()
    const isReleased = await this.#asking(this.#requests.release(requestId, note), requestId)
    this.#open.delete(requestId)
    return isReleased
  }

  async notes(most: number): Promise<Note[]> {
    this.#requireOpen()
    return this.#requests.notes(most)
  }

  async dropNotes(requestIds: readonly string[]): Promise<void> {
    this.#requireOpen()
    await this.#requests.dropNotes(requestIds)
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  async refresh(): Promise<void> {
    this.#requireOpen()
    await this.#accounts.refresh()
  }

  client(owner: AccountKey): ClientView {
    return this.#accounts.clients.get(owner).view()
  }

  worker(owner: AccountKey): WorkerView {
    return this.#accounts.workers.get(owner).view()
  }

  clients(): ClientView[] {
    return this.#accounts.clients.all().map(account => account.view())
  }

  workers(): WorkerView[] {
    return this.#accounts.workers.all().map(account => account.view())
  }

  recordPaid(owner: AccountKey, tokens: bigint): void {
    requireAmount(tokens)
    const account = this.#accounts.workers.get(owner)
    if (tokens <= account.paid) return
    account.paid = tokens
    this.#accounts.note(account)
  }

  async announce(): Promise<number> {
    this.#requireOpen()
    const [row] = await this.#connection.query('SELECT announce() AS seqno')
    return Number(row?.['seqno'])
  }

  async confirm(seqno: number): Promise<void> {
    this.#requireOpen()
    await this.#connection.query('SELECT confirm($1::integer)', [seqno])
    await this.#accounts.refresh()
  }

  async commit(): Promise<void> {
    await this.confirm(await this.announce())
  }

  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void {
    requireAmount(tokens)
    this.#requireOpen()
    const account = this.#accounts[party === 'client' ? 'clients' : 'workers'].get(owner)
    account.sign(tokens)
    this.#accounts.note(account)
  }

  /** Says what the last audit found, which is some seconds old: it adds up what all processes did. */
  assertConserved(): void {
    assert.ok(this.#breach === undefined, `The books in the database do not balance: ${this.#breach}`)
  }

  tryLead(onLost: () => void): Promise<boolean> {
    this.#requireOpen()
    return this.#leadership.tryLead(onLost)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= new MoneyError('storage', 'The ledger is closed. Open it again')
    this.#timer?.cancel()
    await this.#leadership[Symbol.asyncDispose]()
    // A session that cannot be ended now ends with its lease.
    await this.#accounts.writeNotes().catch(() => {})
    await this.#connection.query('SELECT leave($1::bigint)', [this.#session]).catch(() => {})
    await this.#connection[Symbol.asyncDispose]()
  }

  #requireOpen(): void {
    if (this.#end !== undefined) throw this.#end
  }

  #requireBalanced(): void {
    if (this.#breach !== undefined) {
      throw new MoneyError('unbalanced', `The books do not balance (${this.#breach}): nothing is charged`)
    }
  }

  /** `inDoubt` is a request that holds a reservation, or does not, if the answer is a failure of the database. */
  async #asking<T>(answer: Promise<T>, inDoubt?: string): Promise<T> {
    try {
      const given = await answer
      if (inDoubt !== undefined) this.#inDoubt.delete(inDoubt)
      return given
    } catch (error) {
      this.#noteEnd(error)
      const isStorage = error instanceof MoneyError && error.code === 'storage'
      if (isStorage && inDoubt !== undefined && this.#inDoubt.size < this.#options.maxReservations) {
        this.#inDoubt.set(inDoubt, this.#refreshes + refreshesInDoubt)
      }
      throw error
    }
  }

  /** Whoever wanted to repeat what failed has done so by now. */
  async #releaseDoubtful(): Promise<void> {
    const due = [...this.#inDoubt].filter(([, at]) => at <= this.#refreshes).slice(0, maxReleasedAtOnce)
    await Promise.all(due.map(([requestId]) => this.release(requestId)))
  }

  /** Reservations of a session whose lease is over are gone: the process has to begin anew. */
  #noteEnd(error: unknown): void {
    if (!isSessionOver(error)) return
    this.#end ??= new MoneyError(
      'storage',
      'The lease of this process is over, its reservations were given back. Open the ledger again',
      { cause: error },
    )
  }

  #refreshLater(): void {
    if (this.#end !== undefined) return
    this.#timer = this.#options.world.after(refreshEveryMs, () => {
      this.#refresh()
        // Whoever asks meanwhile is told that the database is away; the next look may find it.
        .catch((error: unknown) => this.#noteEnd(error))
        .finally(() => this.#refreshLater())
    })
  }

  async #refresh(): Promise<void> {
    this.#refreshes++
    if (this.#refreshes % refreshesPerRenewal === 0) await this.#renew()
    await this.#accounts.writeNotes()
    await this.#releaseDoubtful()
    await this.#accounts.refresh()
    if (this.#refreshes % refreshesPerAudit === 0) this.#breach ??= await findBreach(this.#connection)
  }

  /** Prolongs the lease, gives back what a dead session left, and forgets old requests. */
  async #renew(): Promise<void> {
    const { leaseMs, rememberedRequests } = this.#options
    await this.#connection.query('SELECT renew($1::bigint, make_interval(secs => $2::float8), $3::bigint)', [
      this.#session,
      leaseMs / 1000,
      rememberedRequests,
    ])
  }
}
