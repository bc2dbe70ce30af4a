import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  DerReader,
  decodeOid,
  decodeTime,
  encode,
  encodeOid,
  encodeTime,
  encodeUnsigned,
  tag,
} from '../src/der.ts'

describe('DER', () => {
  test('object identifiers come back as they were', () => {
    for (const dotted of [
      '1.3.101.112',
      '1.3.6.1.4.1.12345.1',
      '2.5.29.37',
      '2.999.1',
      '0.0',
      '1.39.4294967295',
    ]) {
      assert.equal(decodeOid(new DerReader(encodeOid(dotted)).next().content), dotted)
    }
  })

  test('object identifiers may have arcs of 128 bits', () => {
    const content = Buffer.from('6983baffffffffffffffffffffffffffffffff7f', 'hex')
    assert.match(decodeOid(content), /^2\.25\.\d{30,}$/)
  })

  test('times come back as they were, on both sides of 2050', () => {
    for (const timeMs of [
      Date.UTC(1970, 0),
      Date.UTC(2049, 11, 31, 23, 59, 59),
      Date.UTC(2050, 0),
      Date.UTC(2999, 5),
    ]) {
      assert.equal(decodeTime(new DerReader(encodeTime(timeMs)).next()), timeMs)
    }
  })

  test('elements of any size come back as they were', () => {
    for (const size of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const content = new Uint8Array(size).fill(7)
      const reader = new DerReader(encode(tag.octetString, content))
      assert.deepEqual(reader.next(tag.octetString).content, content)
      reader.end()
    }
  })

  test('integers are positive and minimal', () => {
    const hex = (...bytes: number[]): string =>
      Buffer.from(encodeUnsigned(Uint8Array.from(bytes))).toString('hex')
    assert.equal(hex(), '020100')
    assert.equal(hex(0), '020100')
    assert.equal(hex(0, 0, 1), '020101')
    assert.equal(hex(0x80), '02020080')
  })

  const refused: [string, string][] = [
    ['an indefinite length', '3080'],
    ['a length of four octets', '308400000001'],
    ['a length that fits into fewer octets', '30817f'],
    ['a leading zero in the length', '30820080'],
    ['a tag of several octets', '1f8101'],
    ['a length past the end', '300500'],
  ]
  for (const [name, hex] of refused) {
    test(`${name} is refused`, () => {
      const reader = new DerReader(Uint8Array.from(Buffer.from(hex, 'hex')))
      assert.throws(() => reader.next(), { code: 'certificate-malformed' })
    })
  }

  test('reading never goes past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        const reader = new DerReader(Uint8Array.from(bytes))
        let total = 0
        try {
          while (reader.more) total += reader.next().whole.length
        } catch {
          return
        }
        assert.equal(total, bytes.length)
      }),
    )
  })
})
