import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import type { LogStore } from '@cocoon/trust/log'
import { PostgresServer } from '../../../money/test/database/postgres-server.ts'
import { openPostgresLogStore } from '../../src/log/postgres-log-store.ts'
import {
  appenderOf,
  checkStore,
  entriesFrom,
  logStoreCompliance,
  logStoreDurability,
} from './log-store-suite.ts'

let server: PostgresServer
let logs = 0

before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

function place(): () => Promise<LogStore> {
  const name = `log ${logs++}`
  return () => openPostgresLogStore({ url: server.url, world, name })
}

logStoreCompliance('postgres', () => place()())
logStoreDurability('postgres', place)

test('processes that share a log never fork it', async () => {
  const open = place()
  await using first = await open()
  await using second = await open()
  // Each takes the batches that it finds not done yet, both the same ones.
  const logsOfBoth = await Promise.all([first, second].map(store => appenderOf(store)))
  for (let batch = 0; batch < 12; batch++) {
    const heads = await Promise.all(logsOfBoth.map(log => log.append(entriesFrom(40 * batch, 40))))
    assert.deepEqual(heads[0], heads[1])
  }
  assert.equal(await checkStore(first), 480)
  assert.equal(await checkStore(second), 480)
})

test('a server that is gone for a while', async () => {
  await using store = await place()()
  const log = await appenderOf(store)
  await log.append(entriesFrom(0, 10))
  await server.kill()
  await assert.rejects(log.append(entriesFrom(10, 10)), { name: 'ProxyError', code: 'log' })
  await server.run()
  await log.append(entriesFrom(10, 10))
  assert.equal(await checkStore(store), 20)
})

test('an address that is none', async () => {
  const open = openPostgresLogStore({ url: 'mysql://secret@host', world, name: 'log' })
  await assert.rejects(open, ({ code, message }) => code === 'configuration' && !message.includes('secret'))
})
