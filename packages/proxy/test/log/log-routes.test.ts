import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type GetResource, type LogStore, LogReader, MemoryLogStore } from '@cocoon/trust/log'
import { serveLog } from '../../src/log/log-routes.ts'
import { appenderOf, entriesFrom, origin, signer } from './log-store-suite.ts'

const published = 700

/** A log of 900 entries, of which 700 are published. */
async function servedStore(): Promise<LogStore> {
  const store = new MemoryLogStore()
  const log = await appenderOf(store)
  await log.append(entriesFrom(0, published))
  const { head, published: latest } = { head: await store.head(), published: await store.published() }
  assert.deepEqual(head, latest)
  await store.commit({
    oldSize: published,
    head: { size: 900, checkpoint: 'not for everybody yet' },
    isPublished: false,
    tiles: [{ level: 0, index: 3, hashes: new Uint8Array(132 * 32) }],
    entries: Array.from({ length: 200 }, () => ({ leaf: new Uint8Array(32), entry: new Uint8Array() })),
    writer: 'queue',
    batch: [],
  })
  return store
}

test('a log is read over its routes', async () => {
  const store = await servedStore()
  const get: GetResource = async path => {
    const response = await serveLog(store, `/${path}`)
    assert.equal(response!.headers['access-control-allow-origin'], '*')
    return response!.status === 200 ? response!.body : undefined
  }
  const reader = new LogReader({ log: { origin, keys: [signer.key] }, get })
  const checkpoint = await reader.checkpoint()
  assert.equal(checkpoint.size, published)
  const entries: string[] = []
  for await (const { entry } of reader.entries(checkpoint)) entries.push(new TextDecoder().decode(entry))
  assert.deepEqual(
    entries,
    entriesFrom(0, published).map(({ entry }) => new TextDecoder().decode(entry)),
  )
})

test('each kind has its content type and caching', async () => {
  const store = await servedStore()
  const headers = async (path: string): Promise<unknown[]> => {
    const { status, headers: named } = (await serveLog(store, path))!
    return [status, named['content-type'], named['cache-control']]
  }
  const immutable = [200, 'application/octet-stream', 'public, max-age=31536000, immutable']
  assert.deepEqual(await headers('/checkpoint'), [200, 'text/plain; charset=utf-8', 'no-cache'])
  assert.deepEqual(await headers('/tile/0/001'), immutable)
  assert.deepEqual(await headers('/tile/entries/001'), immutable)
  const partial = [200, 'application/octet-stream', 'public, max-age=86400']
  assert.deepEqual(await headers('/tile/0/002.p/188'), partial)
  assert.deepEqual(await headers('/tile/1/000.p/2'), partial)
  assert.deepEqual(await headers('/tile/entries/002.p/5'), partial)
})

test('nothing else can be read', async () => {
  const store = await servedStore()
  const missing = [
    '/tile/0/002',
    '/tile/0/002.p/189',
    '/tile/0/003.p/1',
    '/tile/entries/002.p/189',
    '/tile/entries/002',
    '/tile/1/000.p/3',
    '/tile/2/000.p/1',
    '/tile/63/000.p/1',
    '/tile/',
    '/tile/0/../../etc/passwd',
    '/tile/0/%2e%2e/000',
    '/tile//0/000',
    '/tile/0/000/',
    '/tile/0/000?x',
    '/tile/0/x999/x999/x999/x999/x999/999',
  ]
  for (const path of missing) assert.equal((await serveLog(store, path))?.status, 404, path)
  for (const path of [
    '',
    '/',
    'checkpoint',
    '/checkpoint/',
    '/tile',
    '/tiles/0/000',
    '/metrics',
    '//tile/0/000',
  ]) {
    assert.equal(await serveLog(store, path), undefined, path)
  }
  assert.equal((await serveLog(new MemoryLogStore(), '/checkpoint'))?.status, 404)
  await fc.assert(
    fc.asyncProperty(
      fc.string(),
      fc.constantFrom('/tile/', '/tile/0/', '/tile/entries/', '/'),
      async (tail, head) => {
        const response = await serveLog(store, head + tail)
        assert.ok(
          response === undefined ||
            response.status === 404 ||
            /^\d{3}$|^\d\/\d{3}$|^entries\/\d{3}$|^checkpoint$/.test(tail),
        )
      },
    ),
  )
})
