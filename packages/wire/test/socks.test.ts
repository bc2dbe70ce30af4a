import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkSocksMethod, checkSocksReply, encodeSocksConnect, socksGreeting } from '../src/index.ts'

describe('SOCKS5', () => {
  test('offers no authentication', () => {
    assert.deepEqual(socksGreeting, Uint8Array.of(5, 1, 0))
    checkSocksMethod(Uint8Array.of(5, 0))
    for (const answer of [[5, 0xff], [4, 0], [5], []]) {
      assert.throws(() => checkSocksMethod(Uint8Array.from(answer)), { name: 'WireError', code: 'handshake' })
    }
  })

  test('connects to IPv4 addresses', () => {
    const request = encodeSocksConnect('10.0.255.1', 11_002)
    assert.deepEqual(request, Uint8Array.of(5, 1, 0, 1, 10, 0, 255, 1, 0x2a, 0xfa))
    for (const host of ['localhost', '::1', '1.2.3', '1.2.3.256', '1.2.3.4.5', '1.2.3.-4', '1.2.3.', '']) {
      assert.throws(() => encodeSocksConnect(host, 1), { name: 'WireError', code: 'handshake' })
    }
  })

  test('takes success and explains failure', () => {
    checkSocksReply(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 1))
    assert.throws(() => checkSocksReply(Uint8Array.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)), /connection refused/)
    assert.throws(() => checkSocksReply(Uint8Array.of(5, 77, 0, 1, 0, 0, 0, 0, 0, 0)), /code 77/)
    assert.throws(() => checkSocksReply(Uint8Array.of(4, 0, 0, 1, 0, 0, 0, 0, 0, 0)), /malformed/)
    assert.throws(() => checkSocksReply(Uint8Array.of(5, 0, 0, 3, 0, 0, 0, 0, 0, 0)), /malformed/)
  })
})
