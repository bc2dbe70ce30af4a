import postgres from 'postgres'
import type { World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`; `?host=/folder` for a socket of this machine. */
  url: string
  world: Pick<World, 'after'>
}

export type PostgresRow = Readonly<Record<string, string | number | boolean | Uint8Array | null>>

/** Values of parameters; amounts are decimal text. */
export type PostgresValue =
  | string
  | number
  | boolean
  | Uint8Array
  | null
  | readonly (string | number | null)[]

/** Milliseconds. */
export interface PostgresTimeouts {
  /** The server gives up a statement, and a wait for a lock. */
  readonly statementMs: number
  readonly lockMs: number
  /** This side gives up: the server does not answer at all. */
  readonly answerMs: number
}

const usualTimeouts: PostgresTimeouts = { statementMs: 5_000, lockMs: 3_000, answerMs: 10_000 }
const connectTimeoutS = 5

interface ConnectionOptions extends PostgresOptions {
  /** The search path. */
  schema: string
  /** Hears when a connection is lost or ends. */
  onClose?: () => void
  timeouts?: PostgresTimeouts
}

/**
 * One connection to a PostgreSQL server, made when it is used and made anew after it was lost. Statements are
 * done in order. Rejects with `MoneyError('storage')`: what was asked may be there or not.
 */
export class PostgresConnection implements AsyncDisposable {
  readonly #options: ConnectionOptions
  readonly #timeouts: PostgresTimeouts
  #sql: postgres.Sql
  #isClosed = false

  /** Throws `MoneyError('config')` for an address that is none. */
  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#timeouts = options.timeouts ?? usualTimeouts
    this.#sql = this.#connect()
  }

  /** One statement, a transaction of its own unless one was begun. */
  query(text: string, parameters: readonly PostgresValue[] = []): Promise<PostgresRow[]> {
    return this.#answered(sql =>
      sql.unsafe<PostgresRow[]>(text, [...parameters] as never[], { prepare: true }),
    )
  }

  /** A statement with one row and one column, named `answer`, of JSON. */
  async ask<T>(text: string, parameters: readonly PostgresValue[] = []): Promise<T> {
    const [row] = await this.query(text, parameters)
    return row?.['answer'] as T
  }

  /** Several statements without parameters, done together or not at all. */
  async run(text: string): Promise<void> {
    await this.#answered(sql => sql.unsafe(text).simple())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.#sql.end({ timeout: 1 }).catch(() => {})
  }

  async #answered<T>(ask: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
    if (this.#isClosed) throw new MoneyError('storage', 'The connection to PostgreSQL is closed')
    const sql = this.#sql
    const { promise: late, reject } = Promise.withResolvers<never>()
    const { answerMs } = this.#timeouts
    const timer = this.#options.world.after(answerMs, () => {
      reject(new Error(`no answer within ${answerMs / 1000} s`))
      this.#renew(sql)
    })
    try {
      return await Promise.race([ask(sql), late])
    } catch (cause) {
      throw storageError(cause)
    } finally {
      timer.cancel()
    }
  }

  /** A connection that does not answer is not waited for. */
  #renew(silent: postgres.Sql): void {
    if (this.#sql !== silent || this.#isClosed) return
    this.#sql = this.#connect()
    silent.end({ timeout: 0 }).catch(() => {})
  }

  #connect(): postgres.Sql {
    const { url, schema, onClose } = this.#options
    // The text is not repeated: it may hold a password.
    if (!/^postgres(?:ql)?:/.test(url) || !URL.canParse(url)) {
      throw new MoneyError('config', 'A PostgreSQL is named as postgres://user:password@host:port/database')
    }
    const address = new URL(url)
    const socket = address.searchParams.get('host')
    address.searchParams.delete('host')
    return postgres(address.href, {
      ...(socket === null ? {} : { host: socket }),
      max: 1,
      connect_timeout: connectTimeoutS,
      max_lifetime: null,
      onnotice: () => {},
      onclose: () => onClose?.(),
      connection: {
        application_name: 'cocoon',
        search_path: schema,
        statement_timeout: this.#timeouts.statementMs,
        lock_timeout: this.#timeouts.lockMs,
        synchronous_commit: 'on',
        // A server that loses sight of this side frees its locks.
        tcp_keepalives_idle: 5,
        tcp_keepalives_interval: 5,
        tcp_keepalives_count: 3,
      } as never,
    })
  }
}

/** SQLSTATE of what a statement failed with, or a code of the connection. */
export function sqlState(error: unknown): string | undefined {
  const cause = error instanceof MoneyError ? error.cause : error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
}

function storageError(cause: unknown): MoneyError {
  const why = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new MoneyError(
    'storage',
    `PostgreSQL did not do what was asked: ${why}. It may be there or not: repeat it`,
    { cause },
  )
}
