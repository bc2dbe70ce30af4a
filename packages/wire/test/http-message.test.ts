import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkHeaderCount,
  encode,
  httpRequest,
  httpResponse,
  maxHttpHeaders,
  tcpPing,
  WireError,
} from '../src/index.ts'

const headers = (count: number) =>
  Array.from({ length: count }, () => ({ _: 'http.header' as const, name: '', value: '' }))

const request = (count: number) =>
  encode(httpRequest, {
    _: 'http.request',
    method: 'POST',
    url: '/v1/chat/completions',
    httpVersion: 'HTTP/1.1',
    headers: headers(count),
    payload: new Uint8Array(3),
  })

const response = (count: number) =>
  encode(httpResponse, {
    _: 'http.response',
    httpVersion: 'HTTP/1.1',
    statusCode: 200,
    reason: 'OK',
    headers: headers(count),
    payload: new Uint8Array(3),
  })

const codeOf = (run: () => void): string | undefined => {
  try {
    run()
  } catch (error) {
    return error instanceof WireError ? error.code : 'another error'
  }
  return undefined
}

test('a message has as many headers as HTTP peers send, and no more', () => {
  for (const message of [request, response]) {
    assert.equal(
      codeOf(() => checkHeaderCount(message(maxHttpHeaders))),
      undefined,
    )
    assert.equal(
      codeOf(() => checkHeaderCount(message(maxHttpHeaders + 1))),
      'limit',
    )
    assert.equal(
      codeOf(() => checkHeaderCount(message(1).subarray(0, 20))),
      'malformed',
    )
  }
  assert.equal(
    codeOf(() => checkHeaderCount(encode(tcpPing, { _: 'tcp.ping', id: 1n }))),
    'malformed',
  )
})
