import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresServer } from '../database/postgres-server.ts'
import { postgresBooks, sqliteBooks } from './killed-books.ts'
import { killProcesses } from './kills.ts'
import { account } from './model.ts'

// Kills processes that charge, so often for each database as the argument says; ends with an error where
// something was lost or charged twice.

const kills = Number(process.argv[2] ?? 100)
const folder = mkdtempSync(join(tmpdir(), 'cocoon-kills-'))
try {
  await using server = await PostgresServer.start()
  for (const books of [sqliteBooks(join(folder, 'ledger.sqlite')), postgresBooks(server.url, account(100))]) {
    const startedAt = Date.now()
    const result = await killProcesses(books, kills)
    console.log(books.kind, result, `${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
