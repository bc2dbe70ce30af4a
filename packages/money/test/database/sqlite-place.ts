import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { type Ledger, openSqliteLedger, type SqliteLedgerOptions } from '../../src/index.ts'
import { account } from '../ledger/model.ts'

/** A folder that is gone after the test, with one database in it. */
export class SqlitePlace {
  readonly folder = mkdtempSync(join(tmpdir(), 'cocoon-money-'))
  readonly path = join(this.folder, 'money.sqlite')

  constructor() {
    after(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  openLedger(options: Partial<SqliteLedgerOptions> = {}): Promise<Ledger> {
    return openSqliteLedger({ path: this.path, contract: account(100), world, ...options })
  }
}
