import { after, before } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { openPostgresLedger, type PostgresLedgerOptions, type SharedLedger } from '../../src/index.ts'
import { PostgresServer } from '../database/postgres-server.ts'
import { ledgerCompliance } from './compliance.ts'
import { ledgerDurability } from './durability.ts'

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
