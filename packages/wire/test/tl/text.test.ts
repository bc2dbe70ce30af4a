import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as nodeText from '../../src/tl/text.ts'

/** The same module as a browser has it, without Node's Buffer. */
async function withoutBuffer(): Promise<typeof nodeText> {
  const { Buffer } = globalThis
  Reflect.deleteProperty(globalThis, 'Buffer')
  try {
    const url = new URL('../../src/tl/text.ts?without-buffer', import.meta.url)
    return (await import(url.href)) as typeof nodeText
  } finally {
    globalThis.Buffer = Buffer
  }
}

const webText = await withoutBuffer()
assert.notEqual(webText.readText, nodeText.readText)
const reference = new TextEncoder()

/** Code units rather than characters: lone surrogates included. */
const anyText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 60 })
  .map(units => String.fromCharCode(...units))

for (const [where, text] of [
  ['Node', nodeText],
  ['a browser', webText],
] as const) {
  test(`in ${where}, any text is written as the Web's encoder writes it`, () => {
    const agrees = fc.property(anyText, value => {
      const expected = reference.encode(value)
      assert.equal(text.textSize(value), expected.length)
      const bytes = new Uint8Array(expected.length + 2)
      text.writeText(bytes, 1, expected.length, value)
      assert.deepEqual(bytes.subarray(1, -1), expected)
      if (text.writeShortAscii(bytes, 1, value)) assert.deepEqual(bytes.subarray(1, -1), expected)
    })
    fc.assert(agrees, { numRuns: 300 })
  })

  test(`in ${where}, any bytes are read as the Web's decoder reads them`, () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const utf8Like = fc
      .array(
        fc.oneof(
          fc.constantFrom(0x41, 0xc2, 0xe2, 0xed, 0xef, 0xbb, 0xbf, 0xf0, 0xf4, 0x80, 0x9f, 0xa0),
          fc.nat(255),
        ),
      )
      .map(bytes => Uint8Array.from(bytes))
    const agrees = fc.property(utf8Like, bytes => {
      const padded = new Uint8Array([0xff, ...bytes, 0xff])
      assert.equal(text.readText(padded, 1, 1 + bytes.length), decoder.decode(bytes))
    })
    fc.assert(agrees, { numRuns: 300 })
  })
}
