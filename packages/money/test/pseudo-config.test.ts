import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell } from '@ton/core'
import {
  addressKey,
  codeFromHex,
  contractAddress,
  emptyCode,
  isImageAllowed,
  isModelAllowed,
  modelBaseName,
  modelHash,
  parsePseudoConfig,
  proxyContractAddress,
  writePseudoConfig,
} from '../src/index.ts'
import { session } from './vectors.ts'

const file = session.pseudo_config
const refused = { name: 'MoneyError', code: 'config' }

test('the file of the recorded session', () => {
  const config = parsePseudoConfig(file)
  assert.equal(config.version, 3)
  assert.equal(config.paramsVersion, 1)
  assert.equal(config.structVersion, 1)
  assert.equal(config.uniqueId, 13)
  assert.equal(config.isTest, true)
  assert.equal(config.pricePerTokenNano, 2n)
  assert.equal(config.workerFeePerTokenNano, 1n)
  assert.deepEqual(config.multipliers, {
    prompt: 10_000,
    cached: 10_000,
    completion: 10_000,
    reasoning: 10_000,
  })
  assert.equal(config.proxyDelayBeforeCloseS, 600)
  assert.equal(config.clientDelayBeforeCloseS, 300)
  assert.equal(config.minProxyStakeNano, 1_000_000_000n)
  assert.equal(config.minClientStakeNano, 1_000_000_000n)
  assert.deepEqual(config.proxies, [
    {
      seqno: 1,
      workerEndpoint: { host: '127.0.0.1', port: 11_001 },
      clientEndpoint: { host: '127.0.0.1', port: 11_002 },
    },
  ])
  assert.equal(config.lastProxySeqno, 1)
  assert.equal(config.proxyHashes.size, 1)
  assert.equal(config.workerHashes.size, 1)
  // `model_names` is not a key of the schema.
  assert.equal(config.modelHashes.size, 0)
  assert.equal(config.codes.proxy, emptyCode)
})

test('keys that are missing', () => {
  const config = parsePseudoConfig({ root_owner_address: file['root_owner_address'] })
  assert.equal(config.version, 0)
  assert.equal(config.pricePerTokenNano, 0n)
  assert.deepEqual(config.proxies, [])
  assert.throws(() => parsePseudoConfig({}), { ...refused, message: /root_owner_address/ })
})

test('models', () => {
  const full = 'org/model@commit:weights'
  const hash = Buffer.from(modelHash(full), 'hex').toString('base64')
  const config = parsePseudoConfig({
    ...file,
    model_hashes: [hash],
    model_types: ['other@commit:weights', 'bare'],
  })
  assert.ok(isModelAllowed(config, full))
  assert.ok(isModelAllowed(config, 'other'))
  assert.ok(isModelAllowed(config, 'bare'))
  assert.ok(!isModelAllowed(config, 'other@commit:weights'))
  assert.ok(!isModelAllowed(config, 'org/model'))
  assert.equal(modelBaseName(full), 'org/model')
  assert.equal(modelBaseName('bare'), 'bare')
  assert.equal(modelBaseName('@commit'), '')
})

test('image hashes', () => {
  const config = parsePseudoConfig(file)
  const image = Buffer.from('WorkerWorkerWorkerWorkerWorkerWorkerWorkerU=', 'base64')
  assert.ok(isImageAllowed(config.workerHashes, image))
  assert.ok(!isImageAllowed(config.proxyHashes, image))
  assert.ok(!isImageAllowed(config.workerHashes, new Uint8Array(0)))
})

const endpoints: Record<string, [worker: string, client: string] | undefined> = {
  '10.0.0.1:1 10.0.0.2:65535': ['10.0.0.1:1', '10.0.0.2:65535'],
  '91.108.4.11:5222': ['91.108.4.11:5222', '91.108.4.11:5222'],
  '[1.2.3.4:5] 1.2.3.4:6': ['1.2.3.4:5', '1.2.3.4:6'],
  '[1.2.3.4:5]': ['1.2.3.4:5', '1.2.3.4:5'],
  '': undefined,
  'localhost:1': undefined,
  '1.2.3:5': undefined,
  '1.2.3.256:5': undefined,
  '01.2.3.4:5': undefined,
  '1.2.3.4': undefined,
  '1.2.3.4:0': undefined,
  '1.2.3.4:65536': undefined,
  '1.2.3.4:5x': undefined,
  '[1.2.3.4]:5': undefined,
  '[1.2.3.4:5': undefined,
  '1.2.3.4:5  1.2.3.4:6': undefined,
  '1.2.3.4:5 1.2.3.4:6 1.2.3.4:7': undefined,
  '::1:5': undefined,
  '1.2.3.4:5\n': undefined,
}
for (const [address, expected] of Object.entries(endpoints)) {
  test(`a proxy registered at ${JSON.stringify(address)}`, () => {
    const parse = () => parsePseudoConfig({ ...file, registered_proxies: [{ seqno: 5, address }] })
    if (expected === undefined) return assert.throws(parse, refused)
    const [proxy] = parse().proxies
    assert.equal(proxy?.seqno, 5)
    assert.equal(`${proxy.workerEndpoint.host}:${proxy.workerEndpoint.port}`, expected[0])
    assert.equal(`${proxy.clientEndpoint.host}:${proxy.clientEndpoint.port}`, expected[1])
  })
}

const wrong: Record<string, Record<string, unknown> | string | null> = {
  'no object': null,
  text: 'root',
  'a negative price': { price_per_token: -1 },
  'a negative version': { version: -1 },
  'a price with a fraction': { price_per_token: 1.5 },
  'a fee above the price': { price_per_token: 1, worker_fee_per_token: 2 },
  'a hash that is short': { worker_hashes: ['AAAA'] },
  'an owner that is no address': { root_owner_address: 'nobody' },
  'code that is no hex': { proxy_sc_code: 'xyz' },
  'code that is no bag of cells': { client_sc_code: '00112233' },
  'code with half a byte': { worker_sc_code: 'b5e' },
}
for (const [what, change] of Object.entries(wrong)) {
  test(`refused: ${what}`, () => {
    const json = change === null || typeof change === 'string' ? change : { ...file, ...change }
    assert.throws(() => parsePseudoConfig(json), refused)
  })
}

test('code as a bag of cells', () => {
  const cell = beginCell().storeUint(7, 13).storeRef(beginCell().storeUint(1, 1).endCell()).endCell()
  const code = codeFromHex(cell.toBoc().toString('hex'))
  assert.deepEqual(Buffer.from(code.hash), cell.hash())
  assert.equal(code.depth, 1)
  assert.deepEqual(Buffer.from(emptyCode.hash), beginCell().endCell().hash())
})

test('what is written reads back', () => {
  const proxies = [
    {
      seqno: 4,
      workerEndpoint: { host: '127.0.0.1', port: 1 },
      clientEndpoint: { host: '127.0.0.1', port: 2 },
    },
  ]
  const json = writePseudoConfig({
    ownerAddress: contractAddress(0, 'ab'.repeat(32)),
    proxies,
    proxyHashes: ['01'.repeat(32)],
    workerHashes: new Set(['02'.repeat(32), '03'.repeat(32)]),
    modelHashes: [modelHash('m@c:w')],
  })
  const config = parsePseudoConfig(JSON.parse(JSON.stringify(json)))
  assert.equal(config.version, 1)
  assert.equal(config.pricePerTokenNano, 2n)
  assert.equal(config.workerFeePerTokenNano, 1n)
  assert.equal(addressKey(config.ownerAddress), `0:${'ab'.repeat(32)}`)
  assert.deepEqual(config.proxies, proxies)
  assert.equal(config.lastProxySeqno, 4)
  assert.deepEqual([...config.proxyHashes], ['01'.repeat(32)])
  assert.equal(config.workerHashes.size, 2)
  assert.ok(isModelAllowed(config, 'm@c:w'))
})

test('parameters with a higher version give other addresses', () => {
  const owner = contractAddress(0, 'ab'.repeat(32))
  const of = { proxyPublicKey: new Uint8Array(32), proxyOwner: owner, root: owner }
  const address = (paramsVersion: number) =>
    addressKey(
      proxyContractAddress(parsePseudoConfig(writePseudoConfig({ ownerAddress: owner, paramsVersion })), of),
    )
  assert.equal(address(1), address(1))
  assert.notEqual(address(1), address(2))
})
