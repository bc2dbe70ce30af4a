import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveMap } from '../src/live-map.ts'

test('holds what was set, in the order of the keys', () => {
  const live = new LiveMap<string, { name: string }>()
  live.set('a', { name: 'first' })
  live.set('b', { name: 'second' })
  live.set('a', { name: 'again' })
  assert.deepEqual(
    [...live.values()].map(({ name }) => name),
    ['again', 'second'],
  )
  assert.deepEqual([live.size, live.has('b'), live.has('c'), live.get('c')], [2, true, false, undefined])
  assert.deepEqual(
    [live.delete('b'), live.delete('b'), live.get('b'), live.size],
    [true, false, undefined, 1],
  )
  live.clear()
  assert.deepEqual([live.size, [...live.values()]], [0, []])
})

test('entries can be removed and added while it is walked through', () => {
  const live = new LiveMap<number, { at: number }>()
  for (const at of [1, 2, 3]) live.set(at, { at })
  const seen: number[] = []
  for (const { at } of live.values()) {
    seen.push(at)
    if (at === 1) live.delete(2)
    if (at === 3) live.set(4, { at: 4 })
  }
  assert.deepEqual(seen, [1, 3, 4])
})
