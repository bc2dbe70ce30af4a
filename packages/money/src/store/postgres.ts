import { PostgresConnection, type PostgresOptions } from '../database/postgres.ts'
import { MoneyError } from '../error.ts'
import { Records, type StoreChange } from './records.ts'
import type { Store } from './store.ts'

/**
 * Every store of the database is here, by name. Who opens one becomes its owner and writes with its number:
 * whoever had it open before writes nothing any more.
 */
const schema = 'cocoon_store'
const sql = `
  BEGIN;
  SELECT pg_advisory_xact_lock(hashtextextended('${schema}', 1));
  CREATE SCHEMA IF NOT EXISTS ${schema};
  CREATE TABLE IF NOT EXISTS ${schema}.owner (store text PRIMARY KEY, number bigint NOT NULL);
  CREATE TABLE IF NOT EXISTS ${schema}.record (
    store text NOT NULL, key text NOT NULL, value text NOT NULL, PRIMARY KEY (store, key)
  );
  CREATE OR REPLACE FUNCTION ${schema}.change(of_store text, of_number bigint, keys text[], new_values text[])
  RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM FROM owner WHERE store = of_store AND number = of_number FOR UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    DELETE FROM record WHERE store = of_store AND key = ANY (keys);
    INSERT INTO record SELECT of_store, t.key, t.value FROM unnest(keys, new_values) t (key, value)
      WHERE t.value IS NOT NULL;
    RETURN true;
  END $$;
  COMMIT
`

type Entry = readonly [key: string, value: string]

/**
 * Opens a store by its name in a PostgreSQL database. Whoever has it open already is shut out. Rejects with
 * `MoneyError('storage')`.
 */
export async function openPostgresStore(options: PostgresOptions & { name: string }): Promise<Store> {
  const connection = new PostgresConnection({ ...options, schema })
  const { name } = options
  try {
    await connection.run(sql)
    const [owner] = await connection.query(
      `INSERT INTO owner VALUES ($1, 1) ON CONFLICT (store) DO UPDATE SET number = owner.number + 1
        RETURNING number::text`,
      [name],
    )
    const records = await allRecords(connection, name)
    return new PostgresStore({ connection, name, number: String(owner?.['number']), records })
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
}

/** Reads a store that another process owns. Rejects with `MoneyError('storage')`, and may be asked again then. */
export class PostgresStoreReader implements AsyncDisposable {
  readonly #connection: PostgresConnection
  readonly #name: string

  constructor(options: PostgresOptions & { name: string }) {
    this.#connection = new PostgresConnection({ ...options, schema })
    this.#name = options.name
  }

  /** Makes the place for stores where there is none yet. */
  async prepare(): Promise<void> {
    await this.#connection.run(sql)
  }

  all(): Promise<Entry[]> {
    return allRecords(this.#connection, this.#name)
  }

  async get(key: string): Promise<string | undefined> {
    const [row] = await this.#connection.query('SELECT value FROM record WHERE store = $1 AND key = $2', [
      this.#name,
      key,
    ])
    return row === undefined ? undefined : String(row['value'])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }
}

async function allRecords(connection: PostgresConnection, name: string): Promise<Entry[]> {
  const rows = await connection.query('SELECT key, value FROM record WHERE store = $1', [name])
  return rows.map(({ key, value }) => [String(key), String(value)])
}

class PostgresStore extends Records {
  readonly #connection: PostgresConnection
  readonly #name: string
  readonly #number: string

  constructor(options: {
    connection: PostgresConnection
    name: string
    number: string
    records: Iterable<Entry>
  }) {
    super(options.records)
    this.#connection = options.connection
    this.#name = options.name
    this.#number = options.number
  }

  protected async persist(changes: StoreChange): Promise<void> {
    const values = Array.from(changes.values(), value => value ?? null)
    const [row] = await this.#connection.query(
      'SELECT change($1, $2::bigint, $3::text[], $4::text[]) AS is_owner',
      [this.#name, this.#number, [...changes.keys()], values],
    )
    if (row?.['is_owner'] !== true) {
      throw new MoneyError('storage', `Another process has opened the store ${this.#name}. Open it again`)
    }
  }

  protected async close(): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }
}
