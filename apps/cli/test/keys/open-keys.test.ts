import assert from 'node:assert/strict'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { createKey, type KeyEntry } from '@cocoon/client/role'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import type { RoleEvent } from '../../src/event.ts'
import { openKeys } from '../../src/keys/open-keys.ts'
import { type Folder, makeFolder } from '../support/files.ts'

/** A world whose timers run when the test says so. */
function handWorld(): World & { runTimers(): void } {
  const waiting = new Set<() => void>()
  return {
    ...systemWorld,
    after: (_delayMs, run) => {
      waiting.add(run)
      return { cancel: () => void waiting.delete(run) }
    },
    runTimers: () => {
      const due = [...waiting]
      waiting.clear()
      for (const run of due) run()
    },
  }
}

async function openIn(folder: Folder, entries: KeyEntry[]) {
  const world = handWorld()
  const keysFile = await folder.write('keys.json', { keys: entries })
  const spentFile = `${folder.path}/state/client-1.spent.json`
  const events: RoleEvent[] = []
  let heard = Promise.withResolvers<RoleEvent>()
  const report = (event: RoleEvent): void => {
    events.push(event)
    heard.resolve(event)
    heard = Promise.withResolvers()
  }
  const onReload = () => ({ [Symbol.dispose]: () => {} })
  const open = () => openKeys({ world, report, keysFile, spentFile, onReload })
  return { world, keysFile, spentFile, events, open, next: () => heard.promise }
}

const headers = (key: string) => ({ authorization: `Bearer ${key}` })

test('a changed key file is read again; one that does not fit leaves the keys as they are', async () => {
  await using folder = await makeFolder()
  const [ann, bob] = [createKey(systemWorld, { name: 'Ann' }), createKey(systemWorld, { name: 'Bob' })]
  const { world, keysFile, events, open, next } = await openIn(folder, [ann.entry])
  await using keys = await open()
  assert.deepEqual(events, [{ event: 'keys-loaded', file: keysFile, keys: 1 }])
  assert.equal(keys.book.find(headers(ann.key)).id, ann.entry.id)
  assert.throws(() => keys.book.find(headers(bob.key)), { code: 'unauthorized' })

  const polled = async (): Promise<RoleEvent> => {
    const heard = next()
    world.runTimers()
    return heard
  }
  // The timer of the next look is set once a look is over.
  const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

  await folder.write('keys.json', { keys: [bob.entry, { ...ann.entry, expires: '2001-01-01' }] })
  assert.deepEqual(await polled(), { event: 'keys-loaded', file: keysFile, keys: 2 })
  assert.equal(keys.book.find(headers(bob.key)).id, bob.entry.id)
  assert.throws(() => keys.book.find(headers(ann.key)), /expired/)

  await settled()
  await folder.write('keys.json', '{"keys":')
  const broken = await polled()
  assert.equal(broken.event, 'keys-not-loaded')
  assert.ok('why' in broken && /is not JSON/.test(broken.why))
  assert.equal(keys.book.find(headers(bob.key)).id, bob.entry.id)

  await settled()
  await rm(keysFile)
  const missing = await polled()
  assert.ok('why' in missing && /does not exist/.test(missing.why))
  assert.equal(keys.book.find(headers(bob.key)).id, bob.entry.id)

  await settled()
  await folder.write('keys.json', { keys: [] })
  assert.deepEqual(await polled(), { event: 'keys-loaded', file: keysFile, keys: 0 })
  assert.throws(() => keys.book.find(headers(bob.key)), { code: 'unauthorized' })
})

test('what keys spent outlives the process, in a file for its owner alone', async () => {
  await using folder = await makeFolder()
  const { key, entry } = createKey(systemWorld, { name: 'Ann', budgetNano: '9007199254740993001' })
  const { spentFile, open } = await openIn(folder, [entry])
  {
    await using keys = await open()
    keys.book.find(headers(key)).charge(0n, 9007199254740993000n)
    keys.book.find(headers(key)).reserve(1n)
  }
  assert.equal((await stat(spentFile)).mode & 0o777, 0o600)
  const { spent } = JSON.parse(await readFile(spentFile, 'utf8'))
  assert.deepEqual(spent, [{ id: entry.id, day: spent[0].day, spentNano: '9007199254740993000' }])

  await using again = await open()
  const found = again.book.find(headers(key))
  assert.throws(() => found.reserve(2n), { code: 'budget-exhausted' })
  found.reserve(1n)
})

test('a file of what keys spent that does not fit stops the start; one that cannot be written does not', async () => {
  await using folder = await makeFolder()
  const { key, entry } = createKey(systemWorld, { name: 'Ann' })
  const { spentFile, events, open } = await openIn(folder, [entry])
  // A file where the folder should be.
  await folder.write('state', '')
  {
    await using keys = await open()
    keys.book.find(headers(key)).charge(0n, 1n)
  }
  const [, failed] = events
  assert.equal(failed?.event, 'spent-not-saved')
  assert.ok('file' in failed && failed.file === spentFile)

  await rm(`${folder.path}/state`)
  await mkdir(`${folder.path}/state`)
  for (const text of ['{', '{}', '{"spent":[{"id":"a","day":1,"spentNano":-1}]}']) {
    await writeFile(spentFile, text)
    await assert.rejects(open(), { code: 'config' })
  }
})
