import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clientAuthorizeWithProxyShort,
  clientConnectToProxy,
  clientProxyConnectionAuthAny,
  clientQueryAnswerEx,
  clientRunQueryEx,
  clientWorkerInstanceV2,
  decode,
  decodeBoxed,
  encode,
  encodeBoxed,
  encodedSize,
  type ClientQueryAnswerEx,
  type ClientRunQueryEx,
  paddedSize,
  peekId,
  proxySignedPayment,
  proxySignedPaymentAny,
  tcpPacket,
  tcpPing,
  tcpQueryError,
  workerEnabledDisabled,
  writeBoxed,
  Writer,
} from '../../src/tl/index.ts'

const requestId = new Uint8Array(32).fill(7)

const query: ClientRunQueryEx = {
  _: 'client.runQueryEx',
  modelName: 'm',
  query: new Uint8Array([1, 2, 3]),
  maxCoefficient: 4000,
  maxTokens: 1000,
  timeout: 114,
  requestId,
  minConfigVersion: 7,
  flags: 0,
}

test('byte fields are views of what was decoded', () => {
  const bytes = encode(clientRunQueryEx, query)
  const value = decode(clientRunQueryEx, bytes)
  assert.equal(value.query.buffer, bytes.buffer)
  assert.equal(value.requestId.buffer, bytes.buffer)
  bytes.fill(0)
  assert.deepEqual(value.query, new Uint8Array(3))
})

test('a Buffer decodes to plain arrays, wherever it lies in its memory', () => {
  const bytes = encode(clientRunQueryEx, query)
  const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)
  assert.deepEqual(decode(clientRunQueryEx, shifted), query)
})

test('a conditional property is there exactly when its flag is', () => {
  const off = decode(clientRunQueryEx, encode(clientRunQueryEx, { ...query, flags: 0, enableDebug: true }))
  assert.ok(!('enableDebug' in off))
  const on = decode(clientRunQueryEx, encode(clientRunQueryEx, { ...query, flags: 1 }))
  assert.equal(on.enableDebug, false)
})

test('a flag without its value writes an empty value', () => {
  const answer: ClientQueryAnswerEx = {
    _: 'client.queryAnswerEx',
    requestId,
    answer: new Uint8Array(0),
    flags: 1,
  }
  const { finalInfo } = decode(clientQueryAnswerEx, encode(clientQueryAnswerEx, answer))
  assert.equal(finalInfo?.flags, 0)
  assert.equal(finalInfo.tokensUsed.totalTokensUsed, 0n)
})

test('a boxed type takes any of its combinators', () => {
  for (const value of [
    { _: 'client.proxyConnectionAuthShort', secretHash: requestId, nonce: 5n },
    { _: 'client.proxyConnectionAuthLong', nonce: -5n },
  ] as const)
    assert.deepEqual(
      decodeBoxed(clientProxyConnectionAuthAny, encodeBoxed(clientProxyConnectionAuthAny, value)),
      value,
    )
})

test('a combinator and its boxed type write the same bytes', () => {
  const value = { _: 'proxy.signedPayment', data: requestId } as const
  assert.deepEqual(encodeBoxed(proxySignedPaymentAny, value), encode(proxySignedPayment, value))
})

test('a function names the type of its answer', () => {
  assert.equal(clientConnectToProxy.result.name, 'client.ConnectedToProxy')
})

test('a nested object can be written in place', () => {
  for (const size of [0, 1, 3, 245, 250, 300, 70_000]) {
    const inner = { _: 'client.authorizeWithProxyShort', data: new Uint8Array(size).fill(1) } as const
    const innerSize = encodedSize(clientAuthorizeWithProxyShort, inner)
    const writer = new Writer(new Uint8Array(8 + 4 + paddedSize(innerSize)), 8)
    writer.id(tcpPacket.id)
    writer.startBytes(innerSize)
    writeBoxed(writer, clientAuthorizeWithProxyShort, inner)
    writer.endBytes(innerSize)
    const data = encode(clientAuthorizeWithProxyShort, inner)
    assert.deepEqual(writer.finish().subarray(8), encode(tcpPacket, { _: 'tcp.packet', data }))
  }
})

test('encoded messages do not share bytes', () => {
  const messages = Array.from({ length: 2000 }, (_, id) => encode(tcpPing, { _: 'tcp.ping', id: BigInt(id) }))
  for (const [id, message] of messages.entries()) assert.equal(decode(tcpPing, message).id, BigInt(id))
})

test('peekId reads the id as an unsigned number', () => {
  assert.equal(peekId(encode(tcpPing, { _: 'tcp.ping', id: 1n })), 0xbbe9627c)
  assert.throws(() => peekId(new Uint8Array(3)), { code: 'malformed' })
})

test('the longest lengths survive', () => {
  const data = new Uint8Array(0x100_0003).fill(9)
  assert.equal(Buffer.compare(decode(tcpPacket, encode(tcpPacket, { _: 'tcp.packet', data })).data, data), 0)
})

test('the writer refuses values that a field cannot hold', () => {
  const refuses = (write: () => unknown) => assert.throws(write, RangeError)
  for (const disabled of [2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN])
    refuses(() => encode(workerEnabledDisabled, { _: 'worker.enabledDisabled', disabled }))
  for (const id of [2n ** 63n, -(2n ** 63n) - 1n]) refuses(() => encode(tcpPing, { _: 'tcp.ping', id }))
  for (const size of [0, 31, 33])
    refuses(() => encode(clientRunQueryEx, { ...query, requestId: new Uint8Array(size) }))
  for (const flags of [-1, 2 ** 31]) refuses(() => encode(clientRunQueryEx, { ...query, flags }))
  refuses(() => new Writer(new Uint8Array(5)).finish())
})

test('flags of any bits but the last are kept', () => {
  const value = {
    _: 'client.workerInstanceV2',
    coefficient: 1,
    activeRequests: 2,
    maxActiveRequests: 3,
  } as const
  for (const flags of [0, 1, 0x4000_0000, 0x7fff_ffff]) {
    const bytes = encode(clientWorkerInstanceV2, { ...value, flags })
    assert.equal(decode(clientWorkerInstanceV2, bytes).flags, flags)
  }
})

test('a lone surrogate is written as U+FFFD', () => {
  for (const filler of ['', 'x'.repeat(30)]) {
    const bytes = encode(tcpQueryError, { _: 'tcp.queryError', id: 1n, code: 0, message: `${filler}\ud800` })
    assert.equal(decode(tcpQueryError, bytes).message, `${filler}\ufffd`)
  }
})
