import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHead } from '../../src/http/answer-head.ts'

test('statuses that no caller can be given are refused', () => {
  for (const status of [0, 100, 101, 199, 600, 999, -1, 200.5, Number.NaN])
    assert.equal(readHead(status, []), undefined)
  for (const status of [200, 404, 599]) assert.equal(readHead(status, [])?.status, status)
})

test('only listed headers get through, once, and only when they are plain', () => {
  const head = readHead(200, [
    ['set-cookie', 'a=b'],
    ['transfer-encoding', 'chunked'],
    ['content-length', '5'],
    ['connection', 'close'],
    ['location', 'http://elsewhere'],
    ['access-control-allow-origin', '*'],
    ['x-cocoon-protection', 'sealed'],
    ['x-cocoon-total-cost', '0'],
    ['x-ratelimit-limit-requests', '1'],
    ['x-request-id', 'one'],
    ['x-request-id', 'two'],
    ['retry-after', '1\r\nset-cookie: a=b'],
    ['openai-version', 'x'.repeat(1025)],
    ['x-cocoon-worker-start', '1.5'],
    ['bad name', 'x'],
    ['content-type', 'Application/JSON; charset=utf-8'],
    ['content-type', 'text/html'],
  ])
  assert.deepEqual(head?.headers, [
    'x-request-id',
    'one',
    'x-cocoon-worker-start',
    '1.5',
    'content-type',
    'application/json',
  ])
  assert.equal(head?.body, 'json')
})

test('a content type that a browser could run becomes plain bytes', () => {
  for (const type of ['text/html', 'image/svg+xml', 'application/javascript', '', 'a\r\nb: c']) {
    const head = readHead(200, [['content-type', type]])
    assert.deepEqual(head?.headers, ['content-type', 'application/octet-stream'])
    assert.equal(head?.body, 'other')
  }
  assert.equal(readHead(200, [['content-type', 'text/event-stream;charset=x']])?.body, 'events')
})

test('a head with very many headers is read in part', () => {
  const many = Array.from({ length: 10_000 }, (): [string, string] => ['x', 'y'])
  assert.equal(readHead(200, [...many, ['content-type', 'application/json']])?.body, 'other')
})
