import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Store } from '../../src/index.ts'

/** What every store does. `open` gives an empty one, which is disposed of here. */
export function storeCompliance(name: string, open: () => Promise<Store>): void {
  const check = (what: string, run: (store: Store) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      await using store = await open()
      await run(store)
    })

  check('an empty store', async store => {
    assert.equal(store.get('a'), undefined)
    assert.deepEqual(store.entries(''), [])
  })

  check('records are written, replaced and deleted together', async store => {
    await store.write(changes({ 'outbox/2': 'two', 'outbox/10': 'ten', outbox: 'none', other: '{}' }))
    assert.equal(store.get('outbox/2'), 'two')
    assert.deepEqual(store.entries('outbox/'), [
      ['outbox/10', 'ten'],
      ['outbox/2', 'two'],
    ])
    await store.write(changes({ 'outbox/2': undefined, 'outbox/10': '10', missing: undefined }))
    assert.deepEqual(store.entries('out'), [
      ['outbox', 'none'],
      ['outbox/10', '10'],
    ])
    assert.equal(store.get('outbox/2'), undefined)
  })

  check('what is written is seen once it is durable, whatever becomes of the map', async store => {
    const map = new Map([['a', '1']])
    const written = store.write(map)
    map.set('a', '2')
    assert.equal(store.get('a'), undefined)
    await written
    assert.equal(store.get('a'), '1')
  })

  check('writes at the same moment are done in order', async store => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.write(changes({ a: String(index) }))))
    assert.equal(store.get('a'), '19')
  })

  check('any keys and values', async store => {
    const records = new Map<string, string>()
    const batches = fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.option(fc.string())))
    await fc.assert(
      fc.asyncProperty(batches, async list => {
        for (const batch of list) {
          const written = Object.entries(batch).map(([key, value]) => [key, value ?? undefined] as const)
          await store.write(new Map(written))
          for (const [key, value] of written) {
            if (value === undefined) records.delete(key)
            else records.set(key, value)
          }
        }
        assert.deepEqual(new Map(store.entries('')), records)
      }),
      { numRuns: 15 },
    )
  })
}

/** What a store that outlives its process does. `place` names a new one, which can be opened again and again. */
export function storeDurability(name: string, place: () => () => Promise<Store>): void {
  test(`${name}: records are there again`, async () => {
    const open = place()
    {
      await using store = await open()
      await store.write(changes({ a: '1', b: '2', 'c"\u{1f30d}': '\u{1f30d}\n' }))
      await store.write(changes({ b: undefined }))
    }
    await using store = await open()
    assert.deepEqual(store.entries(''), [
      ['a', '1'],
      ['c"\u{1f30d}', '\u{1f30d}\n'],
    ])
  })
}

function changes(records: Record<string, string | undefined>): Map<string, string | undefined> {
  return new Map(Object.entries(records))
}
