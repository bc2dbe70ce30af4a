import { MoneyError } from '@cocoon/money'
import { PostgresConnection, type PostgresRow, type PostgresValue } from '@cocoon/money/postgres'
import type { World } from '@cocoon/wire'
import {
  conflict,
  type LogBatch,
  type LogCommit,
  type LogHead,
  type LogStore,
  tileWidth,
} from '@cocoon/trust/log'
import { ProxyError } from '../error.ts'
import { decodeBatch, encodeBatch } from './batch-text.ts'

export interface PostgresLogOptions {
  /** `postgres://user:password@host:5432/database`; `?host=/folder` for a socket of this machine. */
  readonly url: string
  /** Of the log: a database holds any number. */
  readonly name: string
  readonly world: Pick<World, 'after'>
}

/** A batch has ten thousand entries. */
const timeouts = { statementMs: 10_000, lockMs: 5_000, answerMs: 15_000 } as const

const schema = 'cocoon_log'

/**
 * Every log of the database, by its name. `grow` is one transaction: the row of the head is locked by the comparison
 * of its size, so that of two writers who build on the same size one finds another size and changes nothing.
 */
const sql = `
  BEGIN;
  SELECT pg_advisory_xact_lock(hashtextextended('${schema}', 1));
  CREATE SCHEMA IF NOT EXISTS ${schema};
  CREATE TABLE IF NOT EXISTS ${schema}.head (
    log text PRIMARY KEY, size bigint NOT NULL, checkpoint text NOT NULL,
    published_size bigint, published text
  );
  CREATE TABLE IF NOT EXISTS ${schema}.tile (
    log text NOT NULL, level smallint NOT NULL, number bigint NOT NULL, hashes bytea NOT NULL,
    PRIMARY KEY (log, level, number)
  );
  CREATE TABLE IF NOT EXISTS ${schema}.entry (
    log text NOT NULL, number bigint NOT NULL, leaf bytea NOT NULL, entry bytea NOT NULL,
    PRIMARY KEY (log, number)
  );
  CREATE INDEX IF NOT EXISTS leaf ON ${schema}.entry (log, leaf, number);
  CREATE TABLE IF NOT EXISTS ${schema}.batch (
    log text NOT NULL, writer text NOT NULL, batch text NOT NULL, PRIMARY KEY (log, writer)
  );
  CREATE OR REPLACE FUNCTION ${schema}.grow(
    of_log text, old_size bigint, new_size bigint, new_checkpoint text, is_published boolean,
    levels smallint[], numbers bigint[], new_hashes text[], leaves text[], entries text[],
    of_writer text, new_batch text
  ) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    IF old_size IS NULL THEN
      INSERT INTO head (log, size, checkpoint) VALUES (of_log, new_size, new_checkpoint) ON CONFLICT DO NOTHING;
    ELSE
      UPDATE head SET size = new_size, checkpoint = new_checkpoint WHERE log = of_log AND size = old_size;
    END IF;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO tile SELECT of_log, t.level, t.number, decode(t.hashes, 'base64')
      FROM unnest(levels, numbers, new_hashes) t (level, number, hashes)
      ON CONFLICT (log, level, number) DO UPDATE SET hashes = excluded.hashes;
    INSERT INTO entry
      SELECT of_log, new_size - cardinality(leaves) + t.at - 1, decode(t.leaf, 'base64'), decode(t.entry, 'base64')
      FROM unnest(leaves, entries) WITH ORDINALITY t (leaf, entry, at);
    INSERT INTO batch VALUES (of_log, of_writer, new_batch)
      ON CONFLICT (log, writer) DO UPDATE SET batch = excluded.batch;
    IF is_published THEN
      UPDATE head SET published_size = new_size, published = new_checkpoint WHERE log = of_log;
    END IF;
    RETURN true;
  END $$;
  COMMIT
`

/**
 * Opens a log by its name in a PostgreSQL database. Several processes may write into it: a commit compares the size of
 * the tree and sets it, so that the log never forks. Rejects with `ProxyError('configuration')` for an address that is
 * none, and, now and in each call, with `ProxyError('log')` where the server did not do what was asked; then it may be
 * there or not, and may be asked again.
 */
export async function openPostgresLogStore(options: PostgresLogOptions): Promise<LogStore> {
  const store = openStore(options)
  try {
    await store.prepare()
    return store
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

function openStore(options: PostgresLogOptions): PostgresLogStore {
  try {
    return new PostgresLogStore(options)
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause
    throw new ProxyError('configuration', cause.message, { cause })
  }
}

class PostgresLogStore implements LogStore {
  readonly #name: string
  readonly #connection: PostgresConnection

  constructor({ url, world, name }: PostgresLogOptions) {
    this.#name = name
    this.#connection = new PostgresConnection({ url, world, schema, timeouts })
  }

  prepare(): Promise<void> {
    return this.#connection.run(sql).catch(failed)
  }

  async head(): Promise<LogHead | undefined> {
    const [row] = await this.#query('SELECT size::text, checkpoint FROM head WHERE log = $1')
    return headOf(row)
  }

  async published(): Promise<LogHead | undefined> {
    const [row] = await this.#query(
      `SELECT published_size::text AS size, published AS checkpoint FROM head
        WHERE log = $1 AND published IS NOT NULL`,
    )
    return headOf(row)
  }

  async tile(level: number, index: number): Promise<Uint8Array | undefined> {
    const of = 'log = $1 AND level = $2::smallint AND number = $3::bigint'
    const [row] = await this.#query(`SELECT hashes FROM tile WHERE ${of}`, level, index)
    return row && plainBytes(row['hashes'])
  }

  async entries(first: number, count: number): Promise<Uint8Array[]> {
    const end = first + Math.min(count, tileWidth)
    const rows = await this.#query(
      `SELECT entry FROM entry WHERE log = $1 AND number >= $2::bigint AND number < $3::bigint ORDER BY number`,
      first,
      end,
    )
    return rows.map(({ entry }) => plainBytes(entry))
  }

  async find(leaf: Uint8Array): Promise<number | undefined> {
    const [row] = await this.#query(
      `SELECT number::text FROM entry WHERE log = $1 AND leaf = decode($2, 'base64') ORDER BY number LIMIT 1`,
      base64(leaf),
    )
    return row && Number(row['number'])
  }

  async lastBatch(writer: string): Promise<LogBatch | undefined> {
    const [row] = await this.#query('SELECT batch FROM batch WHERE log = $1 AND writer = $2', writer)
    return row && decodeBatch(String(row['batch']))
  }

  async commit({ oldSize, head, isPublished, tiles, entries, writer, batch }: LogCommit): Promise<void> {
    const [row] = await this.#query(
      `SELECT grow($1, $2::bigint, $3::bigint, $4, $5::boolean, $6::smallint[], $7::bigint[], $8::text[], $9::text[],
        $10::text[], $11, $12) AS is_done`,
      oldSize ?? null,
      head.size,
      head.checkpoint,
      isPublished,
      tiles.map(({ level }) => level),
      tiles.map(({ index }) => index),
      tiles.map(({ hashes }) => base64(hashes)),
      entries.map(({ leaf }) => base64(leaf)),
      entries.map(({ entry }) => base64(entry)),
      writer,
      encodeBatch(batch),
    )
    if (row?.['is_done'] !== true) throw conflict('The log has grown')
  }

  async publish({ size, checkpoint }: LogHead): Promise<void> {
    const rows = await this.#query(
      `UPDATE head SET published_size = $2::bigint, published = $3
        WHERE log = $1 AND coalesce(published_size, 0) <= $2::bigint AND $2::bigint <= size RETURNING log`,
      size,
      checkpoint,
    )
    if (rows.length === 0) throw conflict(`A checkpoint of ${size} entries is not the newest`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]()
  }

  /** One statement, a transaction of its own. The first parameter is the name of the log. */
  #query(text: string, ...parameters: PostgresValue[]): Promise<PostgresRow[]> {
    return this.#connection.query(text, [this.#name, ...parameters]).catch(failed)
  }
}

function headOf(row: PostgresRow | undefined): LogHead | undefined {
  return row && { size: Number(row['size']), checkpoint: String(row['checkpoint']) }
}

/** The library gives Buffers, which compare as other things than plain arrays. */
function plainBytes(value: PostgresRow[string] | undefined): Uint8Array {
  return Uint8Array.from(value as Uint8Array)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function failed(cause: unknown): never {
  throw new ProxyError('log', `The log: ${cause instanceof Error ? cause.message : 'unknown'}`, { cause })
}
