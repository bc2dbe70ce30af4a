import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  leafHash,
  type LogAppender,
  type LogEntry,
  type LogStore,
  MemoryLogStore,
  storedTiles,
  treeRoot,
  verifyCheckpoint,
} from '../../src/log/index.ts'
import { TrustError } from '../../src/error.ts'
import { crypto, entriesFrom, logSigner, openLog, origin, signerOf } from './fixture.ts'

async function contentsOf(store: LogStore): Promise<string[]> {
  const { size } = (await store.head())!
  const contents: string[] = []
  while (contents.length < size) {
    const entries = await store.entries(contents.length, 256)
    contents.push(...entries.map(entry => new TextDecoder().decode(entry)))
  }
  return contents
}

async function checkHead(store: LogStore): Promise<number> {
  const { size, checkpoint } = (await store.head())!
  const { root, ...signed } = verifyCheckpoint(crypto, { origin, keys: [logSigner.key] }, checkpoint)
  assert.equal(signed.size, size)
  assert.deepEqual(await treeRoot({ size, tiles: storedTiles(store), sha256: crypto.sha256 }), root)
  return size
}

test('batches of any size, by appenders that come and go', async () => {
  const lengths = fc.array(fc.oneof(fc.nat(4), fc.nat(600)), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(lengths, fc.array(fc.boolean()), async (batches, reopened) => {
      const store = new MemoryLogStore()
      let log = await openLog(store)
      let size = 0
      for (const [at, length] of batches.entries()) {
        if (reopened[at]) log = await openLog(store, { ifEmpty: 'refuse' })
        const { indices, head } = await log.append(entriesFrom(size, length))
        assert.deepEqual(
          indices,
          Array.from({ length }, (_, index) => size + index),
        )
        size += length
        assert.equal(head.size, size)
        assert.equal(await checkHead(store), size)
      }
      assert.deepEqual(
        await contentsOf(store),
        entriesFrom(0, size).map(({ entry }) => new TextDecoder().decode(entry)),
      )
    }),
    { numRuns: 40 },
  )
})

test('a batch that was committed is not appended again', async () => {
  const store = new MemoryLogStore()
  await (await openLog(store)).append(entriesFrom(0, 10))
  const again = await openLog(store)
  assert.deepEqual((await again.append(entriesFrom(0, 10))).indices, [...Array(10).keys()])
  assert.deepEqual(
    (await again.append(entriesFrom(5, 10))).indices,
    [...Array(10).keys()].map(index => index + 5),
  )
  // All of the last batch is remembered, also what was known before.
  const third = await openLog(store)
  assert.deepEqual(
    (await third.append(entriesFrom(5, 12))).indices,
    [...Array(12).keys()].map(index => index + 5),
  )
  assert.equal((await store.head())!.size, 17)
  assert.deepEqual(
    (await store.lastBatch('queue'))!.map(({ index }) => index),
    [...Array(12).keys()].map(index => index + 5),
  )
})

test('writers share a log, and each knows its own last batch', async () => {
  const store = new MemoryLogStore()
  const logs = await Promise.all(['a', 'b', 'c'].map(writer => openLog(store, { writer })))
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      logs.map((log, at) =>
        log.append(
          entriesFrom(round * 2, 2).map(({ id, entry }) => ({ id, entry: Uint8Array.of(at, ...entry) })),
        ),
      ),
    )
  }
  assert.equal(await checkHead(store), 120)
  assert.equal(new Set(await contentsOf(store)).size, 120)
  const { indices } = await (await openLog(store, { writer: 'b' })).append(entriesFrom(38, 2))
  assert.deepEqual(
    indices,
    (await store.lastBatch('b'))!.map(({ index }) => index),
  )
})

test('a log is made only where that was asked for', async () => {
  await assert.rejects(openLog(new MemoryLogStore(), { ifEmpty: 'refuse' }), { code: 'log-inconsistent' })
})

test('checkpoints wait for witnesses where there are some', async () => {
  const store = new MemoryLogStore()
  const log = await openLog(store, { isWitnessed: true })
  const { head } = await log.append(entriesFrom(0, 3))
  assert.equal(await store.published(), undefined)
  await store.publish(head)
  assert.deepEqual(await store.published(), head)
  await assert.rejects(store.publish({ ...head, size: 2 }), { code: 'log-conflict' })
  await assert.rejects(store.publish({ ...head, size: 4 }), { code: 'log-conflict' })
})

test('batches that no log takes', async () => {
  const log = await openLog(new MemoryLogStore())
  const [one] = entriesFrom(0, 1) as [LogEntry]
  const refused = [
    entriesFrom(0, 10_001),
    [one, one],
    [{ ...one, id: '' }],
    [{ ...one, id: 'x'.repeat(257) }],
    [{ ...one, entry: new Uint8Array(65_536) }],
    Array.from({ length: 300 }, (_, at) => ({ id: String(at), entry: new Uint8Array(65_535) })),
  ]
  for (const batch of refused) await assert.rejects(log.append(batch), { code: 'log-malformed' })
  const running = log.append([one])
  await assert.rejects(log.append([one]), { code: 'log-conflict' })
  assert.deepEqual((await running).indices, [0])
})

/** A store of which one thing is not as it was. */
function tampered(store: LogStore, change: Partial<LogStore>): LogStore {
  return new Proxy(store, {
    get: (_, name) => {
      const own = change[name as keyof LogStore] ?? store[name as keyof LogStore]
      return own.bind(store)
    },
  })
}

test('a store whose parts do not belong together is not appended to', async () => {
  const store = new MemoryLogStore()
  const log = await openLog(store)
  await log.append(entriesFrom(0, 100))
  const { checkpoint: early } = (await store.head())!
  await log.append(entriesFrom(100, 200))
  const flip = (bytes: Uint8Array | undefined): Uint8Array => bytes!.with(5, bytes![5]! ^ 1)
  const changes: Partial<LogStore>[] = [
    { tile: async (level, index) => flip(await store.tile(level, index)) },
    { tile: async () => undefined },
    { tile: async (level, index) => (await store.tile(level, index))?.subarray(32) },
    { entries: async (first, count) => (await store.entries(first, count)).map(flip) },
    { entries: async (first, count) => (await store.entries(first, count)).slice(1) },
    { head: async () => ({ size: 300, checkpoint: early }) },
    { head: async () => ({ size: 301, checkpoint: (await store.head())!.checkpoint }) },
    { lastBatch: async () => [{ id: 'id 300', index: 300 }] },
  ]
  for (const change of changes) {
    await assert.rejects(
      openLog(tampered(store, change)),
      { code: 'log-inconsistent' },
      Object.keys(change).join(),
    )
  }
  await assert.rejects(openLog(store, { signer: signerOf('ed25519', origin, 2) }), { code: 'log-unverified' })
  await assert.rejects(openLog(store, { origin: 'other.example' }), { code: 'log-unverified' })
  assert.equal(await checkHead(store), 300)
})

test('a signer that signs with another key signs nothing here', async () => {
  const signer = { ...logSigner, sign: signerOf('ed25519', origin, 2).sign }
  const store = new MemoryLogStore()
  await assert.rejects(openLog(store, { signer }), { code: 'log-unverified' })
  assert.equal(await store.head(), undefined)
})

const steps = ['head', 'tile', 'entries', 'lastBatch', 'commit'] as const
const faults = ['failed', 'failed but persisted'] as const

for (const step of steps) {
  for (const fault of faults) {
    test(`an append whose ${step} has ${fault}, wherever that is`, async () => {
      for (let spared = 0; spared < 12; spared++) await appendWithFault(step, fault, spared)
    })
  }
}

/** The writer takes entries from a queue, and takes those that it had no answer for again: in the same process or the next. */
async function appendWithFault(
  step: (typeof steps)[number],
  fault: (typeof faults)[number],
  spared: number,
): Promise<void> {
  const store = new MemoryLogStore()
  let left = spared
  const faulty = tampered(store, {
    [step]: async (...args: never[]) => {
      const isFault = left-- === 0
      if (isFault && fault === 'failed') throw new Error('the disk is full')
      const answer = await (store[step] as (...args: never[]) => Promise<unknown>)(...args)
      if (isFault) throw new Error('the answer was lost')
      return answer
    },
  })
  const queue = entriesFrom(0, 700)
  let log: LogAppender | undefined
  let failures = 0
  while (queue.length > 0) {
    try {
      log ??= await openLog(faulty)
      await log.append(queue.slice(0, 130))
      queue.splice(0, 130)
    } catch (error) {
      assert.ok(!(error instanceof TrustError))
      failures++
      if (spared % 2 === 0) log = undefined
    }
  }
  assert.ok(failures <= 1)
  assert.equal(await checkHead(store), 700)
  for (const [index, { entry }] of entriesFrom(0, 700).entries()) {
    assert.equal(await store.find(leafHash(crypto.sha256, entry)), index)
  }
}
