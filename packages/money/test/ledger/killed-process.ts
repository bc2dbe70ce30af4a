import { writeSync } from 'node:fs'
import { systemWorld as world } from '@cocoon/wire/node'
import type { Ledger } from '../../src/ledger.ts'
import { openPostgresLedger } from '../../src/ledger/postgres.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite.ts'

// Charges as fast as it can, and says of each request that it is about to be charged, then that it was: `?id` and
// `!id`. Every eighth request costs nothing. Each leaves a note; where notes are dropped, it says so before and
// after: `-id` and `~id`. It ends only when it is killed.

const [kind, place = '', contract = '', prefix = '', dropping] = process.argv.slice(2)
const atOnce = 24
const credit = { paid: 10n ** 15n, stake: 10n ** 15n, charged: 0n, lt: 0n }

const ledger: Ledger = await (kind === 'sqlite'
  ? openSqliteLedger({ path: place, contract, world, rememberedRequests: 500_000 })
  : openPostgresLedger({ url: place, contract, world, rememberedRequests: 500_000, leaseMs: 2_000 }))
for (let index = 0; index < 4; index++) {
  await ledger.openClient(account(1 + index), credit)
  await ledger.openWorker(account(11 + index))
}
let requests = 0
const spending = Array.from({ length: atOnce }, (_, index) => spend(index))
await Promise.all(dropping === 'drops' ? [...spending, drop()] : spending)

async function spend(index: number): Promise<never> {
  for (;;) {
    const isFree = requests % 8 === 0
    const requestId = `${prefix}-${requests++}-${index % 4}${isFree ? '-free' : ''}`
    await ledger.reserve({ requestId, client: account(1 + (index % 4)), tokens: 10n })
    writeSync(1, `?${requestId}\n`)
    const note = Buffer.from(`note of ${requestId}`)
    if (isFree) await ledger.release(requestId, note)
    else await ledger.charge({ requestId, worker: account(11 + (requests % 4)), tokens: 7n, note })
    writeSync(1, `!${requestId}\n`)
    if (requests % 64 === 0) await ledger.commit()
  }
}

async function drop(): Promise<never> {
  for (;;) {
    const ids = (await ledger.notes(50)).map(({ id }) => id)
    for (const id of ids) writeSync(1, `-${id}\n`)
    await ledger.dropNotes(ids)
    for (const id of ids) writeSync(1, `~${id}\n`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** The same as that of the model, without all that comes with it: the process is to start fast. */
function account(number: number): string {
  return `0:${number.toString(16).padStart(64, '0')}`
}
