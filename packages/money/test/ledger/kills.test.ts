import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PostgresServer } from '../database/postgres-server.ts'
import { SqlitePlace } from '../database/sqlite-place.ts'
import { postgresBooks, sqliteBooks } from './killed-books.ts'
import { type KilledBooks, killProcesses } from './kills.ts'
import { account } from './model.ts'

/** `kill-run.ts` does it more often. */
const kills = 6

test('sqlite: processes that are killed lose nothing and charge nothing twice', async () => {
  await survive(sqliteBooks(new SqlitePlace().path))
})

test('postgres: processes that are killed lose nothing and charge nothing twice', async () => {
  await using server = await PostgresServer.start()
  await survive(postgresBooks(server.url, account(100)))
})

async function survive(books: KilledBooks): Promise<void> {
  const { acknowledged } = await killProcesses(books, kills)
  assert.ok(acknowledged > kills)
}
