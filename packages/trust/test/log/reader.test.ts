import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { TrustError } from '../../src/error.ts'
import {
  type GetResource,
  type KnownLog,
  LogReader,
  LogWatcher,
  parseNoteKey,
  parseResourcePath,
  verifyConsistency,
  verifyInclusion,
} from '../../src/log/index.ts'
import { crypto, entriesFrom, servedLog } from './fixture.ts'

const unverified = { code: 'log-unverified' }
const tessera = new URL('../../../../vectors/log/tessera/', import.meta.url)
const tesseraLog: KnownLog = {
  origin: 'example.com/log/testdata',
  keys: [
    parseNoteKey(crypto, 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'),
  ],
}

/** The log as it was when it had so many entries. */
function tesseraAt(size: number): GetResource {
  return async path => {
    try {
      return await readFile(new URL(path === 'checkpoint' ? `checkpoint.${size}` : path, tessera))
    } catch {
      return undefined
    }
  }
}

function recorded(get: GetResource, paths: string[]): GetResource {
  return (path, options) => {
    paths.push(path)
    return get(path, options)
  }
}

async function all(reader: LogReader, from = 0): Promise<string[]> {
  const entries: string[] = []
  for await (const { index, entry } of reader.entries(await reader.checkpoint(), { from })) {
    assert.equal(index, from + entries.length)
    entries.push(new TextDecoder().decode(entry))
  }
  return entries
}

test('the log of transparency-dev/tessera, at every size', async () => {
  const watcher = new LogWatcher({ log: tesseraLog })
  for (let size = 0; size <= 15; size++) {
    const reader = new LogReader({ log: tesseraLog, get: tesseraAt(size), crypto })
    const checkpoint = await reader.checkpoint()
    assert.equal(checkpoint.size, size)
    assert.equal((await all(reader)).length, size)
    for (let index = 0; index < size; index++) {
      const { leaf, proof, entry } = await reader.entry(checkpoint, index)
      assert.ok(verifyInclusion(crypto.sha256, { index, size, root: checkpoint.root, leaf, proof }))
      assert.equal(new TextDecoder().decode(entry), (await all(reader, index))[0])
    }
    const prefix: LogReader['prefixProof'] = (newer, oldSize) => reader.prefixProof(newer, oldSize)
    assert.equal((await watcher.observe(checkpoint.note, { prefix })).kind, 'accepted')
  }
  const reader = new LogReader({ log: tesseraLog, get: tesseraAt(15) })
  assert.deepEqual((await all(reader)).slice(0, 3), ['one', 'two', 'three'])
  const newest = await reader.checkpoint()
  for (let oldSize = 0; oldSize <= 15; oldSize++) {
    const old = await new LogReader({ log: tesseraLog, get: tesseraAt(oldSize) }).checkpoint()
    const proof = await reader.consistencyProof(newest, oldSize)
    const claim = { oldSize, oldRoot: old.root, size: 15, root: newest.root, proof }
    assert.ok(verifyConsistency(crypto.sha256, claim))
    // An older checkpoint is known to be part of the newest.
    const prefix: LogReader['prefixProof'] = (newer, size) => reader.prefixProof(newer, size)
    assert.equal((await watcher.observe(old.note, { prefix })).kind, oldSize === 15 ? 'accepted' : 'older')
  }
})

test('logs of any size are read to the last entry, in few requests', async () => {
  const lengths = fc.array(fc.oneof(fc.nat(5), fc.nat(900)), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat(), async (batches, from) => {
      const { log, get, append } = await servedLog()
      let size = 0
      for (const length of batches) {
        await append(entriesFrom(size, length))
        size += length
      }
      const paths: string[] = []
      const reader = new LogReader({ log, get: recorded(get, paths) })
      const start = from % (size + 1)
      const due = entriesFrom(start, size - start).map(({ entry }) => new TextDecoder().decode(entry))
      assert.deepEqual(await all(reader, start), due)
      assert.ok(paths.length <= 1 + 2 + 1 + Math.ceil(size / 256) + 1)
    }),
    { numRuns: 25 },
  )
})

test('a partial tile that is gone is read as part of the full one', async () => {
  const { log, get, append } = await servedLog()
  await append(entriesFrom(0, 100))
  const reader = new LogReader({
    log,
    get: async (path, options) => (path.includes('.p/') ? undefined : get(path, options)),
  })
  const early = await reader.checkpoint()
  await assert.rejects(reader.inclusionProof(early, 3), unverified)
  await append(entriesFrom(100, 200))
  const proof = await reader.inclusionProof(early, 3)
  const { leaf } = await reader.entry(early, 3)
  assert.ok(verifyInclusion(crypto.sha256, { index: 3, size: 100, root: early.root, leaf, proof }))
})

test('any changed byte of what a log serves is noticed', async () => {
  const { log, get, append } = await servedLog()
  await append(entriesFrom(0, 700))
  const paths: string[] = []
  const honest = new LogReader({ log, get: recorded(get, paths) })
  await all(honest)
  await honest.entry(await honest.checkpoint(), 300)
  assert.ok(paths.every(path => parseResourcePath(path) !== undefined))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...new Set(paths)),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (changed, at, change) => {
        const altered: GetResource = async (path, options) => {
          const bytes = await get(path, options)
          const where = at % (bytes?.length ?? 1)
          return path === changed ? bytes?.with(where, bytes[where]! ^ change) : bytes
        }
        const reader = new LogReader({ log, get: altered })
        await assert.rejects(async () => {
          await all(reader)
          await reader.entry(await reader.checkpoint(), 300)
        }, TrustError)
      },
    ),
    { numRuns: 100 },
  )
})

test('whatever else comes is refused', async () => {
  const { log, get, append } = await servedLog()
  await append(entriesFrom(0, 300))
  const checkpoint = await new LogReader({ log, get }).checkpoint()
  const changes: ((bytes: Uint8Array | undefined) => Uint8Array | undefined)[] = [
    () => undefined,
    () => new Uint8Array(),
    () => new Uint8Array(20_000_000),
    bytes => bytes?.subarray(1),
    bytes => bytes && Uint8Array.of(...bytes, 0),
  ]
  for (const change of changes) {
    const reader = new LogReader({ log, get: async (...args) => change(await get(...args)) })
    await assert.rejects(reader.entry(checkpoint, 299), TrustError)
    await assert.rejects(reader.checkpoint(), TrustError)
  }
  await assert.rejects(new LogReader({ log, get }).entry(checkpoint, 300), { code: 'log-malformed' })
  const stopped = AbortSignal.abort()
  await assert.rejects(new LogReader({ log, get }).entry(checkpoint, 3, stopped), { name: 'AbortError' })
})
