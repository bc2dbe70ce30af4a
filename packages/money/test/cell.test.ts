import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell } from '@ton/core'
import fc from 'fast-check'
import { contractAddress } from '../src/index.ts'
import { CellWriter } from '../src/cell.ts'

/** One field, as both writers take it. */
type Field =
  | [kind: 'uint', value: bigint, bits: number]
  | [kind: 'coins', nano: bigint]
  | [kind: 'bytes', Uint8Array]

const anyField: fc.Arbitrary<Field> = fc.oneof(
  fc
    .integer({ min: 1, max: 64 })
    .chain(bits =>
      fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }).map((value): Field => ['uint', value, bits]),
    ),
  fc.bigInt({ min: 0n, max: (1n << 120n) - 1n }).map((nano): Field => ['coins', nano]),
  fc.uint8Array({ maxLength: 20 }).map((bytes): Field => ['bytes', bytes]),
)

test('hash, depth and bytes as @ton/core makes them', () => {
  fc.assert(
    fc.property(
      fc.array(anyField, { maxLength: 6 }),
      fc.integer({ min: 0, max: 4 }),
      (fields, references) => {
        const ours = new CellWriter()
        const theirs = beginCell()
        for (const field of fields) {
          if (field[0] === 'uint') {
            ours.uint(field[1], field[2])
            theirs.storeUint(field[1], field[2])
          } else if (field[0] === 'coins') {
            ours.coins(field[1])
            theirs.storeCoins(field[1])
          } else {
            ours.bytes(field[1])
            theirs.storeBuffer(Buffer.from(field[1]))
          }
        }
        for (let i = 0; i < references; i++) {
          ours.reference(new CellWriter().uint(i, 5).reference(new CellWriter().finish()).finish())
          theirs.storeRef(beginCell().storeUint(i, 5).storeRef(beginCell().endCell()).endCell())
        }
        const [cell, expected] = [ours.finish(), theirs.endCell()]
        assert.deepEqual(Buffer.from(cell.hash), expected.hash())
        assert.equal(cell.depth, expected.depth())
      },
    ),
  )
})

test('what does not fit is refused', () => {
  assert.throws(() => new CellWriter().uint(8, 3), RangeError)
  assert.throws(() => new CellWriter().uint(-1, 3), RangeError)
  assert.throws(() => new CellWriter().coins(-1n), RangeError)
  assert.throws(() => new CellWriter().coins(1n << 120n), RangeError)
  assert.throws(() => new CellWriter().bytes(new Uint8Array(128)), RangeError)
  const full = new CellWriter().bytes(new Uint8Array(127)).uint(0, 7)
  assert.throws(() => full.bit(true), RangeError)
  const leaf = new CellWriter().finish()
  const crowded = new CellWriter().reference(leaf).reference(leaf).reference(leaf).reference(leaf)
  assert.throws(() => crowded.reference(leaf), RangeError)
})

test('an address takes 267 bits', () => {
  const cell = new CellWriter().address(contractAddress(-1, 'ff'.repeat(32))).finish()
  assert.equal(Buffer.from(cell.body).toString('hex'), `00439${'f'.repeat(65)}f0`)
})
