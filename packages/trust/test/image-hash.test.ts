import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { imageHash, zeroMeasurements } from '../src/index.ts'

test('zero measurements have the image hash of fake TDX', async () => {
  const hash = await imageHash(zeroMeasurements())
  assert.equal(
    Buffer.from(hash).toString('hex'),
    '5c55c8f4db4010ba9203d83536d0609856af8c847ac039e37e7dde8fbd574b61',
  )
})

test('measurements are hashed in the order of the quote, with zeros for the report data', async () => {
  const field = (byte: number): Uint8Array => new Uint8Array(48).fill(byte)
  const hash = await imageHash({
    mrTd: field(1),
    mrConfigId: field(2),
    mrOwner: field(3),
    mrOwnerConfig: field(4),
    rtmr: [field(5), field(6), field(7), field(8)],
  })
  const expected = createHash('sha256')
  for (let byte = 1; byte <= 8; byte += 1) expected.update(field(byte))
  assert.deepEqual(Buffer.from(hash), expected.update(new Uint8Array(64)).digest())
})

test('a measurement of another size is a mistake of the caller', () => {
  assert.throws(() => imageHash({ ...zeroMeasurements(), mrTd: new Uint8Array(47) }), RangeError)
})
