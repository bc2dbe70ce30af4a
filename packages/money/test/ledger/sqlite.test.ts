import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { MoneyError } from '../../src/index.ts'
import { ledgerCompliance } from './compliance.ts'
import { ledgerDurability } from './durability.ts'
import { account, codeOf } from './model.ts'
import { SqlitePlace } from '../database/sqlite-place.ts'

const credit = { paid: 1000n, stake: 1000n, charged: 0n, lt: 0n }

ledgerCompliance('sqlite', () => new SqlitePlace().openLedger(), { sequences: 6 })
ledgerDurability('sqlite', () => {
  const place = new SqlitePlace()
  return options => place.openLedger(options)
})

test('a second owner is refused, and the first goes on', async () => {
  const place = new SqlitePlace()
  await using ledger = await place.openLedger()
  await assert.rejects(place.openLedger(), (error: unknown) => {
    assert.ok(error instanceof MoneyError && error.code === 'storage')
    assert.match(error.message, /another process has it open/)
    return true
  })
  await ledger.openClient(account(1), credit)
  await ledger.openWorker(account(2))
  await ledger.reserve({ requestId: 'r', client: account(1), tokens: 5n })
  await ledger.charge({ requestId: 'r', worker: account(2), tokens: 5n })
  // Asking for it did not end the lock of the one that has it.
  assert.equal(await codeOf(place.openLedger()), 'storage')
})

test('the books of another contract', async () => {
  const place = new SqlitePlace()
  await (await place.openLedger())[Symbol.asyncDispose]()
  assert.equal(await codeOf(place.openLedger({ contract: account(101) })), 'contract')
  await (await place.openLedger())[Symbol.asyncDispose]()
})

test('a file that holds no ledger', async () => {
  for (const damage of [
    (path: string) =>
      writeFileSync(path, 'This is a text, and long enough to have the size of a head.'.repeat(90)),
    (path: string) => inDatabase(path, 'CREATE TABLE t (a)'),
    (path: string) =>
      inDatabase(path, 'CREATE TABLE t (a); PRAGMA application_id = 7; PRAGMA user_version = 1'),
  ]) {
    const place = new SqlitePlace()
    damage(place.path)
    assert.equal(await codeOf(place.openLedger()), 'storage')
  }
})

test('a file of a later version, or whose figures were changed', async () => {
  for (const [change, code] of [
    ['PRAGMA user_version = 99', 'storage'],
    [`UPDATE client SET total = '4'`, 'unbalanced'],
    [`UPDATE worker SET total = '-5'`, 'unbalanced'],
    [`UPDATE client SET committed = '6'`, 'unbalanced'],
    [`DELETE FROM client`, 'unbalanced'],
  ] as const) {
    const place = new SqlitePlace()
    {
      await using ledger = await place.openLedger()
      await ledger.openClient(account(1), credit)
      await ledger.openWorker(account(2))
      await ledger.reserve({ requestId: 'r', client: account(1), tokens: 5n })
      await ledger.charge({ requestId: 'r', worker: account(2), tokens: 5n })
    }
    inDatabase(place.path, change)
    assert.equal(await codeOf(place.openLedger()), code, change)
  }
})

test('a file of an earlier version keeps its books, and takes notes from now on', async () => {
  const place = new SqlitePlace()
  const request = { requestId: 'r', worker: account(2), tokens: 5n }
  {
    await using ledger = await place.openLedger()
    await ledger.openClient(account(1), credit)
    await ledger.openWorker(account(2))
    await ledger.reserve({ requestId: 'r', client: account(1), tokens: 5n })
    await ledger.charge(request)
  }
  inDatabase(place.path, 'DROP TABLE note; ALTER TABLE client DROP COLUMN credit_lt; PRAGMA user_version = 1')
  for (const noted of [0, 1]) {
    await using ledger = await place.openLedger()
    assert.equal((await ledger.notes(10)).length, noted)
    assert.equal((await ledger.charge({ ...request, note: Uint8Array.of(1) })).chargedTokens, 5n)
    await ledger.reserve({ requestId: `s${noted}`, client: account(1), tokens: 5n })
    await ledger.charge({ ...request, requestId: `s${noted}`, note: Uint8Array.of(1) })
    assert.equal(ledger.client(account(1)).max, 10n + 5n * BigInt(noted))
  }
})

test('a folder that is not there', async () => {
  const place = new SqlitePlace()
  assert.equal(await codeOf(place.openLedger({ path: `${place.folder}/missing/ledger.sqlite` })), 'storage')
})

function inDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}
