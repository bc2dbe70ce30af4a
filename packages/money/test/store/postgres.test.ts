import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { openPostgresStore, type Store } from '../../src/index.ts'
import { CutLine } from '../database/cut-line.ts'
import { PostgresServer } from '../database/postgres-server.ts'
import { storeCompliance, storeDurability } from './compliance.ts'

let server: PostgresServer
let stores = 0

before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

function place(): () => Promise<Store> {
  const name = `store ${stores++}`
  return () => openPostgresStore({ url: server.url, world, name })
}

storeCompliance('postgres', () => place()())
storeDurability('postgres', place)

test('who opens a store shuts out whoever had it open', async () => {
  const open = place()
  await using first = await open()
  await first.write(new Map([['a', '1']]))
  await using second = await open()
  await assert.rejects(first.write(new Map([['a', '2']])), { code: 'storage' })
  assert.throws(() => first.get('a'), { code: 'storage' })
  await second.write(new Map([['b', '3']]))
  assert.deepEqual(second.entries(''), [
    ['a', '1'],
    ['b', '3'],
  ])
})

for (const cut of ['before the server', 'before the answer'] as const) {
  test(`a write, with the line cut ${cut}`, async () => {
    await using line = await CutLine.open(server.folder)
    const name = `store ${stores++}`
    {
      await using store = await openPostgresStore({ url: line.url, world, name })
      await store.write(new Map([['a', '1']]))
      line.cutNext(cut, 'a new value')
      await assert.rejects(store.write(new Map([['a', 'a new value']])), { code: 'storage' })
      assert.throws(() => store.get('a'), { code: 'storage' })
    }
    await using store = await openPostgresStore({ url: line.url, world, name })
    assert.equal(store.get('a'), cut === 'before the server' ? '1' : 'a new value')
  })
}
