import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decode, encode, httpResponse, WireError } from '@cocoon/wire'
import { readHead, stampedHead } from '../src/response-head.ts'
import { response } from './network.ts'

const headers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ _: 'http.header' as const, name: `h${index}`, value: 'x' }))

describe('readHead', () => {
  test('takes statuses that a caller can be given', () => {
    for (const status of [200, 404, 503, 599]) {
      const encoded = encode(httpResponse, response(status, 'body'))
      assert.deepEqual(readHead(encoded), { status, encoded })
    }
    for (const status of [-1, 0, 99, 100, 101, 199, 600, 2 ** 31 - 1]) {
      assert.equal(readHead(encode(httpResponse, response(status))), undefined)
    }
  })

  test('bounds headers by number and size', () => {
    const head = (count: number) => encode(httpResponse, { ...response(200), headers: headers(count) })
    assert.ok(readHead(head(100)) !== undefined)
    assert.equal(readHead(head(101)), undefined)
    const long = [{ _: 'http.header' as const, name: 'h', value: 'x'.repeat(100_000) }]
    assert.equal(readHead(encode(httpResponse, { ...response(200), headers: long })), undefined)
    assert.equal(readHead(encode(httpResponse, { ...response(200), reason: 'x'.repeat(100_000) })), undefined)
    assert.ok(readHead(encode(httpResponse, response(200, 'x'.repeat(1_000_000)))) !== undefined)
  })

  test('accepts exactly what can be decoded, as far as its bounds reach', () => {
    const valid = encode(httpResponse, { ...response(200, 'some body'), headers: headers(3) })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 3 }),
        fc.integer({ min: -8, max: 8 }),
        (changes, stretch) => {
          const bytes = new Uint8Array(valid.length + stretch)
          bytes.set(valid.subarray(0, bytes.length))
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
          const outcome = (read: () => unknown): string => {
            try {
              read()
              return 'read'
            } catch (error) {
              assert.ok(error instanceof WireError && error.code === 'malformed')
              return 'malformed'
            }
          }
          assert.equal(
            outcome(() => readHead(bytes)),
            outcome(() => decode(httpResponse, bytes)),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  test('a count of headers that cannot be there is refused without counting', () => {
    const encoded = new Uint8Array(
      encode(httpResponse, { ...response(200), httpVersion: '', reason: '', headers: [] }),
    )
    new DataView(encoded.buffer).setInt32(16, 2 ** 31 - 1, true)
    assert.throws(() => readHead(encoded), WireError)
  })
})

describe('stampedHead', () => {
  test('adds the times of the proxy and keeps everything else', () => {
    const encoded = encode(httpResponse, { ...response(201, 'body'), headers: headers(2) })
    const head = stampedHead(readHead(encoded)!, 1_700_000_000.25, 1_700_000_001.5)
    assert.deepEqual(
      [head.statusCode, head.reason, Buffer.from(head.payload).toString()],
      [201, 'Whatever', 'body'],
    )
    assert.deepEqual(
      head.headers.map(({ name, value }) => `${name}: ${value}`),
      ['h0: x', 'h1: x', 'X-Cocoon-Proxy-Start: 1700000000.250000', 'X-Cocoon-Proxy-End: 1700000001.500000'],
    )
  })

  test('gives an HTTP version that clients know', () => {
    for (const [stated, told] of [
      ['HTTP/1.0', 'HTTP/1.0'],
      ['HTTP/1.1', 'HTTP/1.1'],
      ['HTTP/2', 'HTTP/1.1'],
      ['', 'HTTP/1.1'],
    ] as const) {
      const encoded = encode(httpResponse, { ...response(200), httpVersion: stated })
      assert.equal(stampedHead(readHead(encoded)!, 1, 2).httpVersion, told)
    }
  })
})
