import type { Timer } from '@cocoon/wire'
import { PostgresConnection, type PostgresOptions } from './postgres.ts'

/** How often a leader looks whether it still is one. */
const lookEveryMs = 3_000

/**
 * A lock that one process holds as long as its connection lives: the one that speaks to the chain for all. A
 * leader that is cut off learns it within seconds, another one may lead by then: what a leader does has to be safe
 * if two do it.
 */
export class Leadership implements AsyncDisposable {
  readonly #options: PostgresOptions
  readonly #name: string
  #connection: PostgresConnection | undefined
  #process: unknown
  #onLost: (() => void) | undefined
  #timer: Timer | undefined

  constructor(options: PostgresOptions & { name: string }) {
    this.#options = options
    this.#name = options.name
  }

  get isLeader(): boolean {
    return this.#onLost !== undefined
  }

  /** True if this process leads from now on, until `onLost` is called. Rejects with `MoneyError('storage')`. */
  async tryLead(onLost: () => void): Promise<boolean> {
    if (this.isLeader) return true
    const connection = (this.#connection ??= this.#connect())
    const [row] = await connection.query(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 2)) AS leads, pg_backend_pid() AS process',
      [this.#name],
    )
    if (row?.['leads'] !== true || this.#connection !== connection) return false
    this.#process = row['process']
    this.#onLost = onLost
    this.#lookLater(connection)
    return true
  }

  /** Lets another process lead. This one may try again later. */
  async resign(): Promise<void> {
    this.#onLost = undefined
    await this.#drop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resign()
  }

  #connect(): PostgresConnection {
    const connection: PostgresConnection = new PostgresConnection({
      ...this.#options,
      schema: 'public',
      onClose: () => {
        if (this.#connection === connection) this.#lose()
      },
    })
    return connection
  }

  #lookLater(connection: PostgresConnection): void {
    this.#timer = this.#options.world.after(lookEveryMs, () => {
      connection
        .query('SELECT pg_backend_pid() AS process')
        .then(
          ([row]) => row?.['process'] === this.#process,
          () => false,
        )
        .then(holds => {
          if (this.#connection !== connection || !this.isLeader) return
          if (holds) this.#lookLater(connection)
          else this.#lose()
        })
    })
  }

  #lose(): void {
    const onLost = this.#onLost
    this.#onLost = undefined
    void this.#drop()
    onLost?.()
  }

  async #drop(): Promise<void> {
    this.#timer?.cancel()
    const connection = this.#connection
    this.#connection = undefined
    await connection?.[Symbol.asyncDispose]()
  }
}
