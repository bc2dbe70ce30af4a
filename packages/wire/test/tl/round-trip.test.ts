import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type CombinatorName,
  combinators,
  decode,
  decodeAny,
  encode,
  encodeAny,
  encodedSize,
} from '../../src/tl/index.ts'
import { arbitraryValue } from './arbitrary.ts'
import { codecOf } from './neutral.ts'

for (const name of Object.keys(combinators) as CombinatorName[]) {
  test(`${name}: what is written is read, in the size foretold`, () => {
    const codec = codecOf(name)
    const writesWhatItReads = fc.property(arbitraryValue(name), value => {
      const bytes = encode(codec, value)
      assert.deepEqual(decode(codec, bytes), value)
      assert.deepEqual(decodeAny(bytes), value)
      assert.deepEqual(encodeAny(value), bytes)
      assert.equal(encodedSize(codec, value), bytes.length)
    })
    fc.assert(writesWhatItReads, { numRuns: 10 })
  })
}
