import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bytesSize,
  type CombinatorName,
  decode,
  decodeAny,
  encode,
  encodeAny,
  peekId,
  tcpPacket,
} from '../../src/tl/index.ts'
import { WireError } from '../../src/error.ts'
import { codecOf, fromHex, fromNeutral, type Neutral, readVectors, toHex, toNeutral } from './neutral.ts'

interface ValidVector {
  readonly name: string
  readonly value: Neutral
  readonly hex: string
}

const { canonical, accepted, lengths } = readVectors<{
  canonical: ValidVector[]
  accepted: ValidVector[]
  lengths: { contentBytes: number; encodedBytes: number; start: string }[]
}>('tl-vectors.json')

const invalid = readVectors<{ name: string; combinator: CombinatorName; hex: string }[]>('tl-invalid.json')

const isMalformed = (error: unknown) => error instanceof WireError && error.code === 'malformed'

for (const { name, value, hex } of canonical) {
  test(`${name}, both ways`, () => {
    assert.equal(toHex(encodeAny(fromNeutral(value))), hex)
    assert.deepEqual(toNeutral(decodeAny(fromHex(hex)), value), value)
    assert.deepEqual(decode(codecOf(value._), fromHex(hex)), decodeAny(fromHex(hex)))
    assert.equal(peekId(fromHex(hex)), codecOf(value._).id)
  })

  test(`${name}, cut short at every length and too long`, () => {
    const bytes = fromHex(hex)
    for (let size = 0; size < bytes.length; size++)
      assert.throws(() => decodeAny(bytes.subarray(0, size)), isMalformed, `${size} bytes`)
    for (const extra of [1, 4])
      assert.throws(() => decodeAny(new Uint8Array([...bytes, ...Array(extra).fill(0)])), isMalformed)
  })
}

for (const { name, value, hex } of accepted) {
  test(`accepted, not written: ${name}`, () => {
    assert.deepEqual(toNeutral(decodeAny(fromHex(hex)), value), value)
    assert.notEqual(toHex(encodeAny(fromNeutral(value))), hex)
  })
}

for (const { name, combinator, hex } of invalid) {
  test(`refused: ${name}`, () => {
    assert.throws(() => decode(codecOf(combinator), fromHex(hex)), isMalformed)
    if (name !== 'another id') assert.throws(() => decodeAny(fromHex(hex)), isMalformed)
  })
}

for (const { contentBytes, encodedBytes, start } of lengths) {
  test(`${contentBytes} bytes take ${encodedBytes}`, () => {
    const data = new Uint8Array(contentBytes).fill('x'.charCodeAt(0))
    const bytes = encode(tcpPacket, { _: 'tcp.packet', data })
    assert.equal(bytesSize(data), encodedBytes)
    assert.equal(bytes.length, 4 + encodedBytes)
    assert.equal(toHex(bytes.subarray(4, 4 + start.length / 2)), start)
    assert.equal(Buffer.compare(decode(tcpPacket, bytes).data, data), 0)
  })
}
