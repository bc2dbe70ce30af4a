import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PostgresServer } from '../database/postgres-server.ts'
import { SqlitePlace } from '../database/sqlite-place.ts'
import { postgresBooks, sqliteBooks } from './killed-books.ts'
import { type KilledBooks, killProcesses } from './kills.ts'
import { account } from './model.ts'

/** `kill-run.ts` does it more often. */
const kills = 3

test('sqlite: processes that are killed lose nothing and charge nothing twice', async () => {
  await survive(sqliteBooks(new SqlitePlace().path), false)
  await survive(sqliteBooks(new SqlitePlace().path), true)
})

test('postgres: processes that are killed lose nothing and charge nothing twice', async () => {
  await using server = await PostgresServer.start()
  await survive(postgresBooks(server.url, account(100)), false)
  await survive(postgresBooks(server.url, `0:${'2'.repeat(64)}`), true)
})

async function survive(books: KilledBooks, drops: boolean): Promise<void> {
  const { acknowledged, droppedNotes } = await killProcesses(books, kills, drops)
  assert.ok(acknowledged > kills)
  assert.equal(droppedNotes > 0, drops)
}
