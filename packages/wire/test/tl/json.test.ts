import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireError } from '../../src/error.ts'
import { fromJson } from '../../src/tl/index.ts'

const key = new Uint8Array(32).fill(0x5c)
const keyBase64 = Buffer.from(key).toString('base64')
const zeros = new Uint8Array(32)

test('missing and null keys give empty values, unknown keys are ignored', () => {
  const expected = {
    _: 'rootConfig.registeredProxy',
    seqno: 0,
    address: '',
  }
  for (const json of [{}, { seqno: null, address: null }, { rpc_port: 10001, _: 'x' }])
    assert.deepEqual(fromJson('rootConfig.registeredProxy', json), expected)
  const config = fromJson('proxyRunner.config', {})
  assert.deepEqual(config.imageHash, zeros)
  assert.equal(config.checkWorkerHashes, false)
  assert.deepEqual(fromJson('rootConfig.pseudo', {}).proxyHashes, [])
  assert.equal(fromJson('rootConfig.configV5', {}).minProxyStake, 0n)
})

test('a worker configuration', () => {
  const config = fromJson('workerRunner.config', {
    is_test: 1,
    is_testnet: '0',
    http_port: '12000',
    owner_address: 'UQw',
    proxy_connections: 1,
    coefficient: -1,
    node_wallet_key: keyBase64,
    check_proxy_hashes: true,
  })
  assert.equal(config.isTest, true)
  assert.equal(config.isTestnet, false)
  assert.equal(config.checkProxyHashes, true)
  assert.equal(config.httpPort, 12000)
  assert.equal(config.coefficient, -1)
  assert.equal(config.ownerAddress, 'UQw')
  assert.deepEqual(config.nodeWalletKey, key)
})

test('vectors of hashes and of combinators', () => {
  const config = fromJson('rootConfig.pseudo', {
    proxy_hashes: [keyBase64, null],
    model_types: ['m'],
    registered_proxies: [{ seqno: 1, address: '127.0.0.1:11001 127.0.0.1:11002' }, {}],
  })
  assert.deepEqual(config.proxyHashes, [key, zeros])
  assert.deepEqual(config.modelTypes, ['m'])
  assert.deepEqual(config.registeredProxies, [
    { _: 'rootConfig.registeredProxy', seqno: 1, address: '127.0.0.1:11001 127.0.0.1:11002' },
    { _: 'rootConfig.registeredProxy', seqno: 0, address: '' },
  ])
})

test('long from numbers and decimal strings', () => {
  const read = (price_per_token: unknown) =>
    fromJson('rootConfig.configV5', { price_per_token }).pricePerToken
  assert.equal(read(20), 20n)
  assert.equal(read('9223372036854775807'), 2n ** 63n - 1n)
  assert.equal(read('-9223372036854775808'), -(2n ** 63n))
})

test('conditional fields follow the flags, boxed fields their @type', () => {
  assert.ok(!('isTest' in fromJson('client.params', { flags: 2, is_test: true })))
  assert.equal(fromJson('client.params', { flags: 3, is_test: true }).isTest, true)
  const status = fromJson('client.paymentStatus', {
    signed_payment: { '@type': 'proxy.signedPayment', data: 'AQI=' },
  })
  assert.deepEqual(status.signedPayment, { _: 'proxy.signedPayment', data: new Uint8Array([1, 2]) })
  assert.equal(fromJson('client.runQuery', { timeout: 1.5 }).timeout, 1.5)
})

const faults: readonly [unknown, string][] = [
  [null, 'The JSON must be an object, not missing'],
  [[], 'The JSON must be an object, not an array of 0'],
  [{ version: 1.5 }, 'version must be a 32-bit integer, not another number'],
  [{ version: 2 ** 31 }, 'version must be a 32-bit integer, not another number'],
  [{ version: '0x10' }, 'version must be a 32-bit integer, not a string of 4 characters'],
  [{ version: '' }, 'version must be a 32-bit integer, not a string of 0 characters'],
  [{ version: true }, 'version must be a 32-bit integer, not another boolean'],
  [{ price_per_token: 2 ** 53 }, 'price_per_token must be a 64-bit integer, not another number'],
  [
    { price_per_token: '9223372036854775808' },
    'price_per_token must be a 64-bit integer, not a string of 19 characters',
  ],
  [{ proxy_sc_code: 7 }, 'proxy_sc_code must be a string, not another number'],
  [{ proxy_hashes: 'x' }, 'proxy_hashes must be an array, not a string of 1 characters'],
  [
    { proxy_hashes: [keyBase64, keyBase64.slice(0, 40)] },
    'proxy_hashes[1] must be 32 bytes in standard base64 with padding, not a string of 40 characters',
  ],
  [
    { proxy_hashes: [keyBase64.slice(0, 43)] },
    'proxy_hashes[0] must be 32 bytes in standard base64 with padding, not a string of 43 characters',
  ],
  [
    { registered_proxies: [{}, { seqno: {} }] },
    'registered_proxies[1].seqno must be a 32-bit integer, not an object',
  ],
  [{ registered_proxies: [7] }, 'registered_proxies[0] must be an object, not another number'],
]

for (const [json, message] of faults)
  test(`refused: ${message}`, () => {
    assert.throws(() => fromJson('rootConfig.configV5', json), new WireError('malformed', message))
  })

test('other fields that are refused', () => {
  assert.throws(() => fromJson('clientRunner.config', { is_test: 'yes' }, 'client.json'), {
    message: 'client.json.is_test must be true or false, not a string of 3 characters',
  })
  assert.throws(() => fromJson('client.paymentStatus', {}), {
    message: /signed_payment must be an object whose @type is one of/,
  })
  assert.throws(() => fromJson('client.runQuery', { timeout: 'soon' }), {
    message: /timeout must be a number/,
  })
  assert.throws(() => fromJson('client.params', { flags: -1 }), {
    message: /flags must be flags of bits 0 to 30/,
  })
})
