import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NewestMap } from '../src/newest-map.ts'

test('holds the newest entries', () => {
  const newest = new NewestMap<number>(3)
  for (let number = 0; number < 100; number++) newest.set(`${number}`, number)
  assert.deepEqual(
    ['96', '97', '98', '99'].map(key => newest.get(key)),
    [undefined, 97, 98, 99],
  )
  assert.equal(newest.size, 3)
})

test('replaces what a key had, in its old place', () => {
  const newest = new NewestMap<string>(2)
  newest.set('a', 'first')
  newest.set('b', 'second')
  newest.set('a', 'again')
  assert.deepEqual([newest.get('a'), newest.size], ['again', 2])
  newest.set('c', 'third')
  assert.deepEqual([newest.get('a'), newest.get('b'), newest.size], [undefined, 'second', 2])
})

test('drops from the oldest on, up to the first that stays', () => {
  const newest = new NewestMap<number>(10)
  for (const number of [1, 2, 9, 3]) newest.set(`${number}`, number)
  newest.dropWhile(number => number < 5)
  assert.deepEqual(
    [1, 2, 9, 3].map(number => newest.get(`${number}`)),
    [undefined, undefined, 9, 3],
  )
  newest.dropWhile(() => true)
  assert.equal(newest.size, 0)
  newest.set('4', 4)
  assert.equal(newest.get('4'), 4)
})
