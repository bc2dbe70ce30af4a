import { type PostgresConnection, sqlState } from '../database/postgres.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import {
  auditSql,
  ledgerMigration,
  ledgerSql,
  ledgerVersion,
  schemaOf,
  sessionOver,
} from './postgres-schema.ts'

/** What a process may leave its lease without: its reservations are given back then. */
export const defaultLeaseMs = 20_000

/** Opens the books of a contract, or begins them, and takes a lease. Returns the number of the session. */
export async function beginSession(
  connection: PostgresConnection,
  contract: AccountKey,
  leaseMs: number,
): Promise<string> {
  const schema = schemaOf(contract)
  // Two processes that begin the same books take turns; the second finds them.
  await connection.run(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtextextended('${schema}', 1));
    CREATE SCHEMA IF NOT EXISTS ${schema};
    DO $do$ BEGIN
      IF to_regclass('${schema}.book') IS NULL THEN
        ${ledgerSql}
        INSERT INTO book VALUES (1, ${ledgerVersion}, '${contract}', 0, false);
      ELSIF EXISTS (SELECT FROM book WHERE contract = '${contract}') THEN
        ${ledgerMigration}
      END IF;
    END $do$;
    COMMIT
  `)
  const [book] = await connection.query('SELECT version, contract FROM book')
  if (book?.['contract'] !== contract) {
    throw new MoneyError(
      'contract',
      `Schema ${schema} has the books of ${book?.['contract']}, not of ${contract}`,
    )
  }
  if (book['version'] !== ledgerVersion) {
    throw new MoneyError(
      'storage',
      `The books in schema ${schema} have version ${book['version']}; this release knows ${ledgerVersion}`,
    )
  }
  const [session] = await connection.query(
    'INSERT INTO session (alive_until) VALUES (clock_timestamp() + make_interval(secs => $1::float8)) RETURNING id::text',
    [leaseMs / 1000],
  )
  return String(session?.['id'])
}

/** Why the books do not balance; undefined if they do. One statement, which sees one moment. */
export async function findBreach(connection: PostgresConnection): Promise<string | undefined> {
  const [sums] = await connection.query(auditSql)
  const wrong = Object.entries(sums ?? {}).filter(([, value]) => value !== '0')
  return wrong.length === 0 ? undefined : wrong.map(([what, value]) => `${what}: ${value}`).join(', ')
}

export function isSessionOver(error: unknown): boolean {
  return sqlState(error) === sessionOver
}
