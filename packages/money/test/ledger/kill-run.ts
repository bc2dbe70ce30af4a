import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresServer } from '../database/postgres-server.ts'
import { postgresBooks, sqliteBooks } from './killed-books.ts'
import { killProcesses } from './kills.ts'
import { account } from './model.ts'

// Kills processes that charge, so often for each database as the argument says, half of them processes that drop
// notes too; ends with an error where something was lost or charged twice.

const kills = Number(process.argv[2] ?? 100)
const folder = mkdtempSync(join(tmpdir(), 'cocoon-kills-'))
try {
  await using server = await PostgresServer.start()
  for (const [books, drops] of [
    [sqliteBooks(join(folder, 'kept.sqlite')), false],
    [sqliteBooks(join(folder, 'dropped.sqlite')), true],
    [postgresBooks(server.url, account(100)), false],
    [postgresBooks(server.url, `0:${'2'.repeat(64)}`), true],
  ] as const) {
    const startedAt = Date.now()
    const result = await killProcesses(books, Math.ceil(kills / 2), drops)
    console.log(books.kind, result, `${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
