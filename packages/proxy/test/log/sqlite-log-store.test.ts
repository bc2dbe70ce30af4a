import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import type { LogStore } from '@cocoon/trust/log'
import { openSqliteLogStore } from '../../src/log/sqlite-log-store.ts'
import {
  appenderOf,
  checkStore,
  entriesFrom,
  logStoreCompliance,
  logStoreDurability,
} from './log-store-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'cocoon-log-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const openAt = (path: string): LogStore => openSqliteLogStore(path, world)
const newPath = (): string => join(folder, `log ${files++}.db`)

logStoreCompliance('sqlite', async () => openAt(newPath()))
logStoreDurability('sqlite', () => {
  const path = newPath()
  return async () => openAt(path)
})

const unusable = { name: 'ProxyError', code: 'log' }

test('files that hold no log, or one of a later version', async () => {
  const text = newPath()
  writeFileSync(text, 'this is not a database, however long the text of it may be'.repeat(100))
  await assert.rejects(openAt(text).head(), unusable)
  const other = newPath()
  using database = new DatabaseSync(other)
  database.exec('CREATE TABLE a (b); PRAGMA user_version = 1')
  database.close()
  await assert.rejects(openAt(other).head(), unusable)
  await assert.rejects(openAt(join(folder, 'nowhere', 'log.db')).head(), unusable)
  const later = newPath()
  await openAt(later)[Symbol.asyncDispose]()
  using newer = new DatabaseSync(later)
  newer.exec('PRAGMA user_version = 2')
  newer.close()
  await assert.rejects(openAt(later).head(), unusable)
})

test('a file has one owner', async () => {
  const path = newPath()
  await using store = openAt(path)
  await store.head()
  await assert.rejects(openAt(path).head(), { ...unusable, message: /another process/ })
  await (await appenderOf(store)).append(entriesFrom(0, 3))
  assert.equal(await checkStore(store), 3)
})

test('after a failure the store is to be opened again', async () => {
  const path = newPath()
  {
    await using store = openAt(path)
    const log = await appenderOf(store)
    await log.append(entriesFrom(0, 3))
    const head = { size: 4, checkpoint: 'four' }
    const tiles = [{ level: 0, index: 0, hashes: undefined as unknown as Uint8Array }]
    const broken = { oldSize: 3, head, isPublished: true, tiles, entries: [], writer: 'queue', batch: [] }
    await assert.rejects(store.commit(broken), unusable)
    await assert.rejects(store.head(), unusable)
    await assert.rejects(log.append(entriesFrom(3, 3)), unusable)
  }
  await using store = openAt(path)
  assert.equal(await checkStore(store), 3)
})
