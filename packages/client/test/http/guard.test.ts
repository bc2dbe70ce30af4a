import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { Guard, type GuardOptions } from '../../src/http/guard.ts'

function refusal(options: Partial<GuardOptions>, headers: Record<string, string>): string | null | undefined {
  const guard = new Guard({ host: '127.0.0.1', cors: false, hostNames: [], ...options })
  return guard.check({ headers } as unknown as IncomingMessage)?.error.code
}

test('on loopback only loopback names and configured ones are served', () => {
  for (const host of [
    'localhost:1',
    'LOCALHOST',
    'localhost.',
    '127.0.0.1:1',
    '127.9.9.9',
    '[::1]:1',
    'a.localhost',
  ]) {
    assert.equal(refusal({}, { host }), undefined, host)
  }
  for (const host of [
    'evil.example:1',
    '192.168.0.1',
    '127.0.0.1.evil.example',
    '',
    '[::2]',
    'localhost.evil',
    '[::1',
  ]) {
    assert.equal(refusal({}, { host }), 'host_not_allowed', host)
  }
  assert.equal(refusal({ hostNames: ['Box.lan'] }, { host: 'box.lan:1' }), undefined)
  assert.equal(refusal({ hostNames: false }, { host: 'evil.example' }), undefined)
  assert.equal(refusal({ host: '0.0.0.0' }, { host: 'evil.example' }), undefined)
  assert.equal(
    refusal({ host: '0.0.0.0', hostNames: ['box.lan'] }, { host: 'evil.example' }),
    'host_not_allowed',
  )
  assert.equal(refusal({}, {}), undefined)
})

test('one allowed host does not let others in', () => {
  const guard = new Guard({ host: '127.0.0.1', cors: false, hostNames: [] })
  const check = (host: string): unknown => guard.check({ headers: { host } } as unknown as IncomingMessage)
  assert.equal(check('localhost:1'), undefined)
  assert.notEqual(check('evil.example'), undefined)
  assert.notEqual(check('evil.example'), undefined)
})

test('pages of foreign origins are refused unless they are let in', () => {
  const host = 'localhost:1'
  for (const origin of [
    'https://evil.example',
    'null',
    'file://',
    'http://localhost.evil.example',
    'http://',
  ]) {
    assert.equal(refusal({}, { host, origin }), 'origin_not_allowed', origin)
    assert.equal(refusal({ cors: ['https://app.example'] }, { host, origin }), 'origin_not_allowed', origin)
    assert.equal(refusal({ cors: ['*'] }, { host, origin }), undefined, origin)
  }
  assert.equal(refusal({}, { host, origin: 'http://localhost:3000' }), undefined)
  assert.equal(refusal({ cors: ['https://App.example'] }, { host, origin: 'https://app.example' }), undefined)
  const open = { host: '0.0.0.0' }
  assert.equal(refusal(open, { host: 'box.lan', origin: 'http://box.lan' }), undefined)
  assert.equal(refusal(open, { host: 'box.lan', origin: 'http://localhost' }), 'origin_not_allowed')
})
