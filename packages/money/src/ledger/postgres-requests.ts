import type { World } from '@cocoon/wire'
import type { PostgresConnection, PostgresRow, PostgresValue } from '../database/postgres.ts'
import { sqlState } from '../database/postgres.ts'
import { MoneyError } from '../error.ts'
import type { Reservation } from '../ledger.ts'
import { clientOf, type PostgresAccounts, workerOf } from './postgres-accounts.ts'
import { balanceTooLow, requestReleased, requestUnknown, usedBefore } from './refusals.ts'
import { Turns } from './turns.ts'

/** Ends a request: with a charge where a worker is named. */
interface Finish {
  readonly requestId: string
  readonly worker: string | undefined
  readonly tokens: bigint | undefined
}

type Ask = Reservation | Finish

/** SQLSTATE of transactions that the server gave up for the sake of others, having changed nothing. */
const givenUp = new Set(['40001', '40P01'])
const maxAttempts = 3

const reserveSql = `SELECT code, ${clientOf('account')} FROM reserve($1::bigint, $2::text[], $3::text[], $4::numeric[])`
const finishSql = `SELECT code, charged, ${clientOf('spender')}, ${workerOf('earner')}
  FROM finish($1::bigint, $2::text[], $3::text[], $4::numeric[])`

/** Reservations and their ends: the server decides, for all processes; the rows that it changed are seen here. */
export class PostgresRequests {
  readonly #connection: PostgresConnection
  readonly #accounts: PostgresAccounts
  readonly #session: string
  readonly #turns: Turns<Ask, PostgresRow>

  constructor(options: {
    world: Pick<World, 'after' | 'monotonic'>
    connection: PostgresConnection
    accounts: PostgresAccounts
    session: string
  }) {
    this.#connection = options.connection
    this.#accounts = options.accounts
    this.#session = options.session
    this.#turns = new Turns(options.world, asks => this.#run(asks))
  }

  async reserve(reservation: Reservation): Promise<void> {
    const { requestId, client: owner, tokens: requested } = reservation
    const { code } = await this.#turns.ask(reservation)
    if (code === 'balance') {
      const { available, credit, max: used, reserved } = this.#accounts.clients.get(owner)
      throw balanceTooLow({ requested, available, credit, used, reserved })
    }
    requireDone(code, requestId)
  }

  /** What was charged. */
  async charge(request: {
    requestId: string
    worker: string
    tokens: bigint
  }): Promise<{ client: string; tokens: bigint }> {
    const row = await this.#turns.ask(request)
    requireDone(row['code'], request.requestId)
    return { client: String(row['client_owner']), tokens: BigInt(row['charged'] ?? 0) }
  }

  async release(requestId: string): Promise<boolean> {
    const { code } = await this.#turns.ask({ requestId, worker: undefined, tokens: undefined })
    return code === ''
  }

  async #run(asks: readonly Ask[]): Promise<PostgresRow[]> {
    const reservations = asks.filter(ask => 'client' in ask)
    const ends = asks.filter(ask => 'worker' in ask)
    // Both are on their way at once; the server does them in this order.
    const [reserved, ended] = await Promise.all([this.#reserve(reservations), this.#finish(ends)])
    return asks.map(ask => ('client' in ask ? reserved.shift() : ended.shift())!)
  }

  async #reserve(asks: readonly Reservation[]): Promise<PostgresRow[]> {
    if (asks.length === 0) return []
    const owners = asks.map(({ client }) => client)
    const kept = this.#accounts.keepClients(owners)
    const amounts = asks.map(({ tokens }) => String(tokens))
    const rows = this.#ask(reserveSql, [
      this.#session,
      asks.map(({ requestId }) => requestId),
      owners,
      amounts,
    ])
    await Promise.all([kept, rows])
    for (const row of await rows) this.#accounts.seeClient(row)
    return rows
  }

  async #finish(asks: readonly Finish[]): Promise<PostgresRow[]> {
    if (asks.length === 0) return []
    const kept = this.#accounts.keepWorkers(asks.flatMap(({ worker }) => worker ?? []))
    const workers = asks.map(({ worker }) => worker ?? null)
    const amounts = asks.map(({ tokens }) => (tokens === undefined ? null : String(tokens)))
    const rows = this.#ask(finishSql, [
      this.#session,
      asks.map(({ requestId }) => requestId),
      workers,
      amounts,
    ])
    await Promise.all([kept, rows])
    for (const row of await rows) {
      this.#accounts.seeClient(row)
      this.#accounts.seeWorker(row)
    }
    return rows
  }

  async #ask(sql: string, parameters: PostgresValue[]): Promise<PostgresRow[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connection.query(sql, parameters)
      } catch (error) {
        if (attempt >= maxAttempts || !givenUp.has(sqlState(error) ?? '')) throw error
      }
    }
  }
}

function requireDone(code: PostgresRow[string] | undefined, requestId: string): void {
  if (code === '') return
  if (code === 'request-conflict') throw usedBefore(requestId)
  if (code === 'request-released') throw requestReleased(requestId)
  if (code === 'request-unknown') throw requestUnknown(requestId)
  throw new MoneyError('account-unknown', `The account of request ${requestId} is not in the database`)
}
