import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import {
  MoneyError,
  openPostgresLedger,
  type PostgresLedgerOptions,
  type SharedLedger,
} from '../../src/index.ts'
import { PostgresServer } from '../database/postgres-server.ts'
import { ledgerCompliance } from './compliance.ts'
import { ledgerDurability } from './durability.ts'
import { codeOf } from './model.ts'

let server: PostgresServer
let contracts = 0

before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

/** Names new books, which can be opened again and again. */
function books(): (options?: Partial<PostgresLedgerOptions>) => Promise<SharedLedger> {
  const contract = `0:${String(++contracts).padEnd(64, 'f')}`
  return options => openPostgresLedger({ url: server.url, contract, world, ...options })
}

ledgerCompliance('postgres', () => books()(), { sequences: 10 })
ledgerDurability('postgres', books)

test('an address that is none, which may hold a password', async () => {
  for (const url of ['', 'secret', 'http://example:secret@localhost/db', 'postgres://u:secret@[/db']) {
    await assert.rejects(
      openPostgresLedger({ url, contract: `0:${'1'.repeat(64)}`, world }),
      (error: unknown) => {
        assert.ok(error instanceof MoneyError && error.code === 'config')
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  }
})

test('a server that is not there', async () => {
  const url = 'postgres://cocoon@localhost/db?host=%2Fnowhere'
  const opening = openPostgresLedger({ url, contract: `0:${'1'.repeat(64)}`, world })
  assert.equal(await codeOf(opening), 'storage')
})

test('the books of another contract whose schema has the same name', async () => {
  const contract = `0:${'7'.repeat(64)}`
  await using _ = await openPostgresLedger({ url: server.url, contract, world })
  const other = openPostgresLedger({ url: server.url, contract: `-1:${'7'.repeat(64)}`, world })
  assert.equal(await codeOf(other), 'contract')
})
