import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { type Ledger, openSqliteLedger, type SqliteLedgerOptions } from '../../src/index.ts'
import { account } from './model.ts'

/** A folder that is gone after the tests, with one ledger in it. */
export class SqlitePlace {
  readonly folder = mkdtempSync(join(tmpdir(), 'cocoon-ledger-'))
  readonly path = join(this.folder, 'ledger.sqlite')

  constructor() {
    after(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  open(options: Partial<SqliteLedgerOptions> = {}): Promise<Ledger> {
    return openSqliteLedger({ path: this.path, contract: account(100), world, ...options })
  }
}
