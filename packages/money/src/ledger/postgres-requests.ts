import type { World } from '@cocoon/wire'
import { type PostgresConnection, type PostgresValue, sqlState } from '../database/postgres.ts'
import { MoneyError } from '../error.ts'
import { type ChargeRequest, maxNotesAtOnce, type Note, type Reservation } from '../ledger.ts'
import type { PostgresAccounts, SeenAccounts } from './postgres-accounts.ts'
import { balanceTooLow, requestReleased, requestUnknown, usedBefore } from './refusals.ts'
import { Turns } from './turns.ts'

/** Ends a request: with a charge where a worker is named. */
interface Finish {
  readonly requestId: string
  readonly worker: string | undefined
  readonly tokens: bigint | undefined
  /** In hex. */
  readonly note: string | null
}

type Ask = Reservation | Finish

/** SQLSTATE of transactions that the server gave up for the sake of others, having changed nothing. */
const givenUp = new Set(['40001', '40P01'])
const maxAttempts = 3

const reserveSql = 'SELECT reserve($1::bigint, $2::text[], $3::text[], $4::numeric[]) AS answer'
const finishSql = 'SELECT finish($1::bigint, $2::text[], $3::text[], $4::numeric[], $5::text[]) AS answer'
const notesSql = `SELECT request_id, encode(bytes, 'hex') AS bytes, charged::text FROM note ORDER BY number LIMIT $1::integer`

/** For each request its code, which is empty where it was done; and the accounts that were touched. */
interface Reserved extends SeenAccounts {
  readonly codes: readonly string[]
}

interface Finished extends Reserved {
  readonly charges: ReadonlyArray<string | null>
  /** The client of each request. */
  readonly spenders: ReadonlyArray<string | null>
}

interface Answer {
  readonly code: string
  readonly charged?: string | null
  readonly spender?: string | null
}

/** Reservations and their ends: the server decides, for all processes; the rows that it changed are seen here. */
export class PostgresRequests {
  readonly #connection: PostgresConnection
  readonly #accounts: PostgresAccounts
  readonly #session: string
  readonly #turns: Turns<Ask, Answer>

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
  async charge(request: ChargeRequest): Promise<{ client: string; tokens: bigint }> {
    const { requestId, worker, tokens, note } = request
    const { code, charged, spender } = await this.#turns.ask({ requestId, worker, tokens, note: hexOf(note) })
    requireDone(code, requestId)
    return { client: String(spender), tokens: BigInt(charged ?? 0) }
  }

  async release(requestId: string, note?: Uint8Array): Promise<boolean> {
    const end = { requestId, worker: undefined, tokens: undefined, note: hexOf(note) }
    const { code } = await this.#turns.ask(end)
    return code === ''
  }

  async notes(most: number): Promise<Note[]> {
    const rows = await this.#connection.query(notesSql, [Math.min(most, maxNotesAtOnce)])
    return rows.map(({ request_id: id, bytes, charged }) => ({
      id: String(id),
      bytes: new Uint8Array(Buffer.from(String(bytes), 'hex')),
      chargedTokens: BigInt(String(charged)),
    }))
  }

  async dropNotes(requestIds: readonly string[]): Promise<void> {
    if (requestIds.length > 0) await this.#connection.query('SELECT drop_notes($1::text[])', [requestIds])
  }

  async #run(asks: readonly Ask[]): Promise<Answer[]> {
    const reservations = asks.filter(ask => 'client' in ask)
    const ends = asks.filter(ask => 'worker' in ask)
    // Both are on their way at once; the server does them in this order.
    const [reserved, ended] = await Promise.all([this.#reserve(reservations), this.#finish(ends)])
    let reservation = 0
    let end = 0
    return asks.map(ask => ('client' in ask ? reserved[reservation++] : ended[end++])!)
  }

  async #reserve(asks: readonly Reservation[]): Promise<Answer[]> {
    if (asks.length === 0) return []
    const owners = asks.map(({ client }) => client)
    const amounts = asks.map(({ tokens }) => String(tokens))
    const [, answer] = await Promise.all([
      this.#accounts.keepClients(owners),
      this.#ask<Reserved>(reserveSql, [
        this.#session,
        asks.map(({ requestId }) => requestId),
        owners,
        amounts,
      ]),
    ])
    this.#accounts.see(answer)
    return answer.codes.map(code => ({ code }))
  }

  async #finish(asks: readonly Finish[]): Promise<Answer[]> {
    if (asks.length === 0) return []
    const workers = asks.map(({ worker }) => worker ?? null)
    const amounts = asks.map(({ tokens }) => (tokens === undefined ? null : String(tokens)))
    const [, answer] = await Promise.all([
      this.#accounts.keepWorkers(asks.flatMap(({ worker }) => worker ?? [])),
      this.#ask<Finished>(finishSql, [
        this.#session,
        asks.map(({ requestId }) => requestId),
        workers,
        amounts,
        asks.map(({ note }) => note),
      ]),
    ])
    this.#accounts.see(answer)
    const { codes, charges, spenders } = answer
    return codes.map((code, index) => ({ code, charged: charges[index]!, spender: spenders[index]! }))
  }

  async #ask<T>(sql: string, parameters: PostgresValue[]): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connection.ask<T>(sql, parameters)
      } catch (error) {
        if (attempt >= maxAttempts || !givenUp.has(sqlState(error) ?? '')) throw error
      }
    }
  }
}

function hexOf(note: Uint8Array | undefined): string | null {
  return note === undefined ? null : Buffer.from(note.buffer, note.byteOffset, note.length).toString('hex')
}

function requireDone(code: string, requestId: string): void {
  if (code === '') return
  if (code === 'request-conflict') throw usedBefore(requestId)
  if (code === 'request-released') throw requestReleased(requestId)
  if (code === 'request-unknown') throw requestUnknown(requestId)
  throw new MoneyError('account-unknown', `The account of request ${requestId} is not in the database`)
}
