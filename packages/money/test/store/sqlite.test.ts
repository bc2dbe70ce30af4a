import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { openSqliteStore, type Store } from '../../src/index.ts'
import { openSqliteDisk } from '../../src/database/sqlite-disk.ts'
import { openStoreOn, storeSchema } from '../../src/store/sqlite.ts'
import { diskFaults, FaultyDisk } from '../database/faulty-disk.ts'
import { SqlitePlace } from '../database/sqlite-place.ts'
import { storeCompliance, storeDurability } from './compliance.ts'

function place(): () => Promise<Store> {
  const { path } = new SqlitePlace()
  return () => openSqliteStore({ path, world })
}

storeCompliance('sqlite', () => place()())
storeDurability('sqlite', place)

test('a ledger is no store', async () => {
  const file = new SqlitePlace()
  await (await file.openLedger())[Symbol.asyncDispose]()
  await assert.rejects(openSqliteStore({ path: file.path, world }), { code: 'storage' })
})

for (const fault of diskFaults) {
  test(`a write ${fault}`, async () => {
    const { path } = new SqlitePlace()
    {
      const disk = new FaultyDisk(await openSqliteDisk({ path, schema: storeSchema, world }))
      await using store = await openStoreOn(disk)
      await store.write(new Map([['a', '1']]))
      disk.fault = fault
      const both = [store.write(new Map([['a', '2']])), store.write(new Map([['b', '3']]))]
      for (const write of both) await assert.rejects(write, { code: 'storage' })
      await assert.rejects(store.write(new Map()), { code: 'storage' })
      assert.throws(() => store.get('a'), { code: 'storage' })
      assert.throws(() => store.entries(''), { code: 'storage' })
    }
    await using store = await openSqliteStore({ path, world })
    assert.deepEqual(store.entries(''), [['a', fault === 'fails' ? '1' : '2']])
  })
}
