import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  inclusionProof,
  leafHash,
  LogAppender,
  type LogCommit,
  type LogEntry,
  type LogStore,
  noteKey,
  type NoteSigner,
  storedTiles,
  treeRoot,
  verifyCheckpoint,
  verifyInclusion,
} from '@cocoon/trust/log'
import { nodeLogCrypto as crypto } from '../../src/log/node-log-crypto.ts'

export const origin = 'cocoon/0:0000000000000000000000000000000000000000000000000000000000000001'
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const secretKey = createPrivateKey({
  key: Buffer.concat([pkcs8, Buffer.alloc(32, 1)]),
  format: 'der',
  type: 'pkcs8',
})
const publicKey = createPublicKey(secretKey).export({ format: 'der', type: 'spki' }).subarray(-32)
export const signer: NoteSigner = {
  key: noteKey(crypto, 'ed25519', origin, publicKey),
  sign: message => sign(null, message, secretKey),
}

export function appenderOf(store: LogStore, writer = 'queue'): Promise<LogAppender> {
  return LogAppender.open({ store, origin, signer, writer, ifEmpty: 'create', crypto })
}

export function entriesFrom(first: number, count: number): LogEntry[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `id ${first + at}`,
    entry: new TextEncoder().encode(`entry ${first + at}`),
  }))
}

/** Verifies all of a log that `entriesFrom` filled from 0 on, and gives its size. */
export async function checkStore(store: LogStore): Promise<number> {
  const { size, checkpoint } = (await store.head())!
  const { root, ...signed } = verifyCheckpoint(crypto, { origin, keys: [signer.key] }, checkpoint)
  assert.equal(signed.size, size)
  const tree = { size, tiles: storedTiles(store), sha256: crypto.sha256 }
  assert.deepEqual(await treeRoot(tree), root)
  for (let first = 0; first < size; first += 256) {
    const count = Math.min(256, size - first)
    const entries = await store.entries(first, 256)
    assert.deepEqual(
      entries.map(entry => new TextDecoder().decode(entry)),
      entriesFrom(first, count).map(({ entry }) => new TextDecoder().decode(entry)),
    )
    const index = first + count - 1
    const leaf = leafHash(crypto.sha256, entries[count - 1]!)
    assert.equal(await store.find(leaf), index)
    const proof = await inclusionProof(tree, index)
    assert.ok(verifyInclusion(crypto.sha256, { index, size, root, leaf, proof }))
  }
  return size
}

/** What every store does. `open` gives an empty one, which is disposed of here. */
export function logStoreCompliance(name: string, open: () => Promise<LogStore>): void {
  const check = (what: string, run: (store: LogStore) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      await using store = await open()
      await run(store)
    })
  }
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
  const leaf = (number: number): Uint8Array => new Uint8Array(32).fill(number)
  const commit: LogCommit = {
    oldSize: undefined,
    head: { size: 2, checkpoint: 'two "\u2014"\n' },
    isPublished: false,
    tiles: [{ level: 0, index: 0, hashes: bytes(0, 255, 92) }],
    entries: [
      { leaf: leaf(1), entry: bytes() },
      { leaf: leaf(2), entry: bytes(0, 34, 92, 39, 255) },
    ],
    writer: 'queue',
    batch: [
      { id: 'a "b" \\ {c}', index: 0 },
      { id: '\u{1f30d}', index: 1 },
    ],
  }
  const grow: LogCommit = {
    ...commit,
    oldSize: 2,
    head: { size: 3, checkpoint: 'three' },
    tiles: [
      { level: 0, index: 0, hashes: bytes(0, 255, 92, 7) },
      { level: 1, index: 2 ** 40, hashes: bytes(8) },
    ],
    entries: [{ leaf: leaf(2), entry: bytes(3) }],
    writer: 'other',
    batch: [],
  }
  const contentsOf = async (store: LogStore): Promise<unknown[]> => [
    await store.head(),
    await store.published(),
    await store.tile(0, 0),
    await store.tile(1, 2 ** 40),
    await store.entries(0, 1000),
    await Promise.all([1, 2, 3].map(number => store.find(leaf(number)))),
    await store.lastBatch('queue'),
    await store.lastBatch('other'),
  ]
  const plain = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, item: unknown) => (item instanceof Uint8Array ? [...item] : (item ?? null))),
    )

  check('an empty store', async store => {
    assert.deepEqual(
      plain(await contentsOf(store)),
      plain([null, null, null, null, [], [null, null, null], null, null]),
    )
  })

  check('what is committed is there, all of it', async store => {
    await store.commit(commit)
    const two = commit.entries.map(({ entry }) => entry)
    assert.deepEqual(
      plain(await contentsOf(store)),
      plain([commit.head, null, bytes(0, 255, 92), null, two, [0, 1, null], commit.batch, null]),
    )
    await store.commit(grow)
    // Of equal entries the first is found.
    assert.deepEqual(
      plain(await contentsOf(store)),
      plain([
        grow.head,
        null,
        bytes(0, 255, 92, 7),
        bytes(8),
        [...two, bytes(3)],
        [0, 1, null],
        commit.batch,
        [],
      ]),
    )
    assert.deepEqual(plain(await store.entries(1, 1)), plain([two[1]]))
    assert.deepEqual(await store.entries(3, 1), [])
  })

  check('a commit on another size than there is does nothing', async store => {
    const conflict = { code: 'log-conflict' }
    await assert.rejects(store.commit(grow), conflict)
    assert.equal(await store.head(), undefined)
    await store.commit(commit)
    const before = plain(await contentsOf(store))
    await assert.rejects(store.commit(commit), conflict)
    for (const oldSize of [undefined, 0, 1, 3])
      await assert.rejects(store.commit({ ...grow, oldSize }), conflict)
    assert.deepEqual(plain(await contentsOf(store)), before)
    await store.commit(grow)
  })

  check('what is published never shrinks, and is never ahead', async store => {
    await store.commit({ ...commit, isPublished: true })
    assert.deepEqual(await store.published(), commit.head)
    await store.commit(grow)
    assert.deepEqual(await store.published(), commit.head)
    await store.publish({ ...commit.head, checkpoint: 'two, cosigned' })
    await store.publish(grow.head)
    assert.deepEqual(await store.published(), grow.head)
    await assert.rejects(store.publish(commit.head), { code: 'log-conflict' })
    await assert.rejects(store.publish({ size: 4, checkpoint: 'four' }), { code: 'log-conflict' })
    assert.deepEqual(await store.published(), grow.head)
    assert.deepEqual(await store.head(), grow.head)
  })

  check('logs that grow by batches of any size', async store => {
    let log = await appenderOf(store)
    let size = 0
    const lengths = fc.array(fc.oneof(fc.nat(3), fc.nat(400)), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(lengths, fc.boolean(), async (batches, isReopened) => {
        if (isReopened) log = await appenderOf(store)
        for (const length of batches) {
          await log.append(entriesFrom(size, length))
          size += length
        }
        if (isReopened) assert.equal(await checkStore(store), size)
      }),
      { numRuns: 15 },
    )
    assert.equal(await checkStore(store), size)
  })

  check('several writers at once', async store => {
    const logs = await Promise.all(['a', 'b', 'c'].map(writer => appenderOf(store, writer)))
    await Promise.all(
      logs.map(async (log, at) => {
        for (let round = 0; round < 10; round++) {
          await log.append(entriesFrom(100 * at + 5 * round, 5))
        }
      }),
    )
    const entries = await store.entries(0, 256)
    assert.equal(entries.length, 150)
    assert.equal(new Set(entries.map(entry => new TextDecoder().decode(entry))).size, 150)
    assert.equal((await store.lastBatch('b'))?.length, 5)
  })
}

/** What a store that outlives its process does. `place` names a new one, which can be opened again and again. */
export function logStoreDurability(name: string, place: () => () => Promise<LogStore>): void {
  test(`${name}: a log is there again`, async () => {
    const open = place()
    for (let first = 0; first < 1500; first += 300) {
      await using store = await open()
      await (await appenderOf(store)).append(entriesFrom(first, 300))
    }
    await using store = await open()
    assert.equal(await checkStore(store), 1500)
    const { indices } = await (await appenderOf(store)).append(entriesFrom(1200, 310))
    assert.deepEqual([indices[0], indices[309]], [1200, 1509])
    assert.equal(await checkStore(store), 1510)
  })
}
