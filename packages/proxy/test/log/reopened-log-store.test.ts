import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import type { LogStore } from '@cocoon/trust/log'
import { ProxyError } from '../../src/error.ts'
import { reopenedLogStore } from '../../src/log/reopened-log-store.ts'
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
const newPath = (): string => join(folder, `log ${files++}.db`)
const { after: later } = systemWorld
const openAt = (path: string, monotonic = (): number => 0): LogStore =>
  reopenedLogStore(() => openSqliteLogStore(path, systemWorld), { monotonic, after: later })

logStoreCompliance('reopened', async () => openAt(newPath()))
logStoreDurability('reopened', () => {
  const path = newPath()
  return async () => openAt(path)
})

const unusable = { name: 'ProxyError', code: 'log' }
const broken = {
  oldSize: 3,
  head: { size: 4, checkpoint: 'four' },
  isPublished: true,
  tiles: [{ level: 0, index: 0, hashes: undefined as unknown as Uint8Array }],
  entries: [],
  writer: 'queue',
  batch: [],
}

test('goes on after a failure, a while later, with all that was committed', async () => {
  let now = 0
  await using store = openAt(newPath(), () => now)
  const log = await appenderOf(store)
  await log.append(entriesFrom(0, 3))
  await assert.rejects(store.commit(broken), unusable)
  now = 9_999
  await assert.rejects(log.append(entriesFrom(3, 3)), unusable)
  now = 10_000
  // All that come meanwhile wait for the one that opens it.
  const [head] = await Promise.all([store.head(), store.published(), store.tile(0, 0)])
  assert.equal(head!.size, 3)
  await log.append(entriesFrom(3, 3))
  assert.equal(await checkStore(store), 6)
})

test('what cannot be opened again fails as before, and is tried again', async () => {
  let now = 0
  let isThere = true
  const path = newPath()
  await using store = reopenedLogStore(
    () => openSqliteLogStore(isThere ? path : join(folder, 'nowhere', 'log.db'), systemWorld),
    { monotonic: () => now, after: later },
  )
  await (await appenderOf(store)).append(entriesFrom(0, 3))
  await assert.rejects(store.commit(broken), unusable)
  isThere = false
  now = 10_000
  await assert.rejects(store.head(), unusable)
  isThere = true
  now = 20_000
  assert.equal((await store.head())!.size, 3)
})

test('a disk that hangs holds nobody up: what is asked fails as before', async () => {
  let now = 0
  const failure = new ProxyError('log', 'The disk is gone.')
  const hung = {
    head: () => Promise.reject(failure),
    [Symbol.asyncDispose]: () => new Promise<void>(() => {}),
  } as unknown as LogStore
  const waits: number[] = []
  const store = reopenedLogStore(() => hung, {
    monotonic: () => now,
    after: (delayMs, run) => {
      waits.push(delayMs)
      return later(1, run)
    },
  })
  await assert.rejects(store.head(), failure)
  now = 10_000
  await assert.rejects(store.head(), failure)
  assert.deepEqual(waits, [10_000])
})
