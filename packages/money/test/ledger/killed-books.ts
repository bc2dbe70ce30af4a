import { DatabaseSync } from 'node:sqlite'
import { systemWorld as world } from '@cocoon/wire/node'
import { openPostgresLedger, openSqliteLedger } from '../../src/index.ts'
import { PostgresConnection } from '../../src/database/postgres.ts'
import { schemaOf } from '../../src/ledger/postgres-schema.ts'
import type { Note } from '../../src/index.ts'
import type { KilledBooks } from './kills.ts'
import { account } from './model.ts'

export function sqliteBooks(path: string): KilledBooks {
  const contract = account(100)
  return {
    kind: 'sqlite',
    place: path,
    contract,
    open: () => openSqliteLedger({ path, contract, world, rememberedRequests: 500_000 }),
    charges: async () => {
      const database = new DatabaseSync(path)
      const rows = database.prepare('SELECT request_id, charged FROM charge').all()
      database.close()
      return chargesFrom(rows)
    },
    notes: async () => {
      const database = new DatabaseSync(path)
      const rows = database.prepare('SELECT request_id, hex(bytes) AS bytes, charged FROM note').all()
      database.close()
      return notesFrom(rows)
    },
  }
}

export function postgresBooks(url: string, contract: string): KilledBooks {
  return {
    kind: 'postgres',
    place: url,
    contract,
    open: () => openPostgresLedger({ url, contract, world, rememberedRequests: 500_000 }),
    charges: async () => {
      await using connection = new PostgresConnection({ url, world, schema: schemaOf(contract) })
      return chargesFrom(
        await connection.query('SELECT request_id, charged::text FROM ended WHERE worker IS NOT NULL'),
      )
    },
    notes: async () => {
      await using connection = new PostgresConnection({ url, world, schema: schemaOf(contract) })
      return notesFrom(
        await connection.query(`SELECT request_id, encode(bytes, 'hex') AS bytes, charged::text FROM note`),
      )
    },
  }
}

function notesFrom(rows: ReadonlyArray<Record<string, unknown>>): Note[] {
  return rows.map(row => ({
    id: String(row['request_id']),
    bytes: Buffer.from(String(row['bytes']), 'hex'),
    chargedTokens: BigInt(String(row['charged'])),
  }))
}

function chargesFrom(rows: ReadonlyArray<Record<string, unknown>>): Map<string, bigint> {
  const charges = new Map(rows.map(row => [String(row['request_id']), BigInt(String(row['charged']))]))
  if (charges.size !== rows.length) throw new Error('A request was charged twice')
  return charges
}
