import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseVersion } from '../src/version.ts'

test('the newest version that both sides know is chosen', () => {
  const cases: Array<[min: number | undefined, max: number | undefined, version: number | undefined]> = [
    [undefined, undefined, 0],
    [0, 0, 0],
    [0, 1, 1],
    [1, 2, 2],
    [0, 3, 3],
    [3, 3, 3],
    [0, 1_000, 3],
    [undefined, 2, 2],
    // Ranges that do not meet, and ranges that are none.
    [4, 9, undefined],
    [-5, -1, undefined],
    [2, 1, undefined],
    [1, undefined, undefined],
    [-1, 0, 0],
  ]
  for (const [min, max, version] of cases) assert.equal(chooseVersion(min, max), version, `${min} to ${max}`)
})
