import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bucketOf, frameRoom, padded, unpadded } from '../../src/seal/padding.ts'
import { assertBytes } from './fixture.ts'

test('buckets: three small ones, then Padmé', () => {
  const due: readonly (readonly [size: number, bucket: number])[] = [
    [0, 256],
    [4, 256],
    [256, 256],
    [257, 512],
    [512, 512],
    [513, 1024],
    [1024, 1024],
    // E = 10, S = 4: steps of 64.
    [1025, 1088],
    [1088, 1088],
    [1089, 1152],
    [2047, 2048],
    // E = 11, S = 4: steps of 128.
    [2049, 2176],
    // E = 16, S = 5: steps of 2048.
    [65_537, 67_584],
    // E = 20, S = 5: steps of 32 768.
    [(1 << 20) + 1, (1 << 20) + 32_768],
  ]
  for (const [size, bucket] of due) assert.equal(bucketOf(size), bucket, String(size))
})

test('a bucket holds what it is for, wastes little, and is its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 << 20 }), size => {
      const bucket = bucketOf(size)
      assert.ok(bucket >= size)
      if (size > 1024) assert.ok((bucket - size) / size <= 0.12)
      assert.equal(bucketOf(bucket), bucket)
    }),
    { numRuns: 1000 },
  )
})

test('sizes up to 16 MiB fall in few buckets', () => {
  let buckets = 0
  for (let size = 1; size <= 16 << 20; size = bucketOf(size) + 1) buckets++
  assert.ok(buckets < 400, String(buckets))
})

test('what is padded comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat({ max: 300 }), (content, more) => {
      const frame = padded(content)
      assert.equal(frame.length, bucketOf(content.length + 4))
      assertBytes(unpadded(frame), content)
      const exact = padded(content, content.length + 4 + more)
      assert.equal(exact.length, content.length + 4 + more)
      assertBytes(unpadded(exact), content)
    }),
  )
})

test('a frame that is too small for its content', () => {
  assert.equal(frameRoom(128), 124)
  assertBytes(unpadded(padded(new Uint8Array(124).fill(1), 128)), new Uint8Array(124).fill(1))
  assert.throws(() => padded(new Uint8Array(125), 128), RangeError)
})

test('a length that does not fit, and padding that is not zeros', () => {
  const frame = padded(Uint8Array.of(1, 2, 3))
  for (let at = 7; at < frame.length; at++) {
    const changed = Uint8Array.from(frame)
    changed[at] = 1
    assert.equal(unpadded(changed), undefined)
  }
  for (const length of [253, 256, 2 ** 31, 2 ** 32 - 1]) {
    const changed = new Uint8Array(256)
    new DataView(changed.buffer).setUint32(0, length, true)
    assert.equal(unpadded(changed), undefined)
  }
  // A shorter length leaves content where zeros should be.
  const shorter = Uint8Array.from(frame)
  shorter[0] = 2
  assert.equal(unpadded(shorter), undefined)
  for (let length = 0; length < 4; length++) assert.equal(unpadded(new Uint8Array(length)), undefined)
  assertBytes(unpadded(new Uint8Array(4)), new Uint8Array(0))
})

test('a view into a larger buffer', () => {
  const buffer = new Uint8Array(600).fill(0xff)
  buffer.set(padded(Uint8Array.of(9)), 100)
  assertBytes(unpadded(buffer.subarray(100, 356)), Uint8Array.of(9))
  assert.equal(unpadded(buffer.subarray(100, 357)), undefined)
})
