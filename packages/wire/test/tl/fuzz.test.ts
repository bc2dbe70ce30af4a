import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WireError } from '../../src/error.ts'
import { type CombinatorName, combinators, decode, decodeAny } from '../../src/tl/index.ts'
import { codecOf, fromHex, readVectors, toHex } from './neutral.ts'

const names = Object.keys(combinators) as CombinatorName[]
const frames = readVectors<{ hex: string; decoded?: unknown }[]>('frames.json')
const payloads = frames
  .filter(({ decoded }) => decoded !== undefined)
  .map(({ hex }) => fromHex(hex).subarray(8))

/** Decodes, and nested bytes too; passes when each step gives a value or says `malformed`. */
function probe(bytes: Uint8Array): void {
  try {
    const value = decodeAny(bytes)
    if ('data' in value) probe(value.data)
    if ('query' in value) probe(value.query instanceof Uint8Array ? value.query : value.query.header)
    if ('answer' in value) probe(value.answer)
  } catch (error) {
    assert.ok(error instanceof WireError && error.code === 'malformed', `${toHex(bytes)}: ${String(error)}`)
  }
}

test('random bytes after every constructor id', () => {
  const survives = fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 200 }), (name, body) => {
    const bytes = new Uint8Array(4 + body.length)
    new DataView(bytes.buffer).setUint32(0, codecOf(name).id, true)
    bytes.set(body, 4)
    probe(bytes)
  })
  fc.assert(survives, { numRuns: 3000 })
})

test('recorded frames with bytes changed', () => {
  const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff), fc.nat(255)))
  const survives = fc.property(
    fc.constantFrom(...payloads),
    fc.array(change, { minLength: 1, maxLength: 4 }),
    (payload, changes) => {
      const bytes = payload.slice()
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      probe(bytes)
    },
  )
  fc.assert(survives, { numRuns: 3000 })
})

test('recorded frames cut short are never taken', () => {
  const refused = fc.property(fc.constantFrom(...payloads), fc.nat(), (payload, at) => {
    assert.throws(() => decodeAny(payload.subarray(0, at % payload.length)), { code: 'malformed' })
  })
  fc.assert(refused, { numRuns: 1000 })
})

test('a vector that announces 16 Mi elements is refused before any is made', () => {
  const id = codecOf('keyManager.privateKeys').id
  const frame = new Uint8Array(1 << 20)
  const view = new DataView(frame.buffer)
  view.setUint32(0, id, true)
  view.setInt32(4, 1 << 24, true)
  assert.throws(() => decode(codecOf('keyManager.privateKeys'), frame), {
    message: /a vector of 16777216 elements/,
  })
  // An element takes 36 bytes, so even a count that is below the number of bytes is refused.
  view.setInt32(4, frame.length / 36 + 1, true)
  assert.throws(() => decode(codecOf('keyManager.privateKeys'), frame), {
    message: /a vector of 29128 elements/,
  })
})
