import { join } from 'node:path'
import { openSqliteTally, type Tally } from '@cocoon/money'
import type { World } from '@cocoon/wire'
import type { Report } from '../event.ts'
import type { ChainSetup } from './chain-side.ts'

/** What a role earned or spent by hour, kept with its records. Rejects with a MoneyError. */
export function openTally({ directory }: ChainSetup, world: World, report: Report): Promise<Tally> {
  return openSqliteTally({
    path: tallyFile(directory),
    world,
    onFailure: error =>
      report({ event: 'tally-lost', why: error instanceof Error ? error.message : String(error) }),
  })
}

export function tallyFile(directory: string): string {
  return join(directory, 'tally.sqlite')
}
