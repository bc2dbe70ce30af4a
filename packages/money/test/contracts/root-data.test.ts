import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell, type Cell } from '@ton/core'
import {
  addressKey,
  codeFromHex,
  readGovernance,
  readKeyKeeper,
  readRootConfig,
  rootContractAddress,
  rootStateInit,
  writeRootData,
  type KeyKeeper,
  type RootConfig,
} from '../../src/index.ts'
import { readDictionary } from '../../src/contracts/dictionary.ts'
import { CellReader } from '../../src/contracts/reader.ts'
import { cell, deployableConfig, hashOf, vectors } from '../vectors.ts'

const unreadable = { name: 'MoneyError', code: 'contract-data' }
const hash = (number: number) => number.toString(16).padStart(64, '0')
const endpoint = (port: number) => ({ host: '91.108.4.11', port })

function fullConfig(structVersion: number): RootConfig {
  return {
    ...deployableConfig(structVersion),
    proxies: [{ seqno: 2, workerEndpoint: endpoint(5222), clientEndpoint: endpoint(8888) }],
    proxyHashes: new Set([hash(1), hash(2)]),
    workerHashes: new Set([hash(3)]),
    modelHashes: new Set([hash(4), hash(5)]),
  }
}

const emptyConfig = (structVersion: number) => ({
  ...deployableConfig(structVersion),
  version: 0,
  lastProxySeqno: 0,
})

const keeper: KeyKeeper = {
  keys: [
    { publicKey: hash(0x10), type: 1, expiresAtS: 1_800_000_100 },
    { publicKey: hash(0x20), type: 2, expiresAtS: 1_900_000_000 },
  ],
  publicKey: vectors.inputs.key_manager_key.public_key_hex,
  imageHash: '5a'.repeat(32),
  endpoint: '127.0.0.1:14000',
}
const nobody: KeyKeeper = { keys: [], publicKey: hash(0), imageHash: hash(0), endpoint: '' }

const roots = {
  v3_empty: [emptyConfig(3), undefined],
  v3_full: [fullConfig(3), undefined],
  v4_empty: [emptyConfig(4), nobody],
  v4_full: [fullConfig(4), nobody],
  v4_full_km: [fullConfig(4), keeper],
} as const

for (const [name, [config, keys]] of Object.entries(roots) as Array<
  [keyof typeof roots, readonly [RootConfig, KeyKeeper | undefined]]
>) {
  test(`root data ${name}`, () => {
    const data = cell(vectors.root[name])
    const read = readRootConfig(data)
    const { codes: readCodes, ...plain } = read
    const { codes: expectedCodes, ...expected } = config
    assert.deepEqual(plain, expected)
    for (const role of ['proxy', 'worker', 'client'] as const) {
      assert.deepEqual(readCodes[role].hash, expectedCodes[role].hash)
      assert.ok(readCodes[role].cell)
    }
    if (keys === undefined) assert.throws(() => readKeyKeeper(data), unreadable)
    else assert.deepEqual(readKeyKeeper(data), keys)
    assert.equal(hashOf(writeRootData(read, { keeper: keys })), vectors.root[name].hash)
  })
}

test('address of a root contract', () => {
  const code = codeFromHex(Buffer.from(vectors.inputs.synthetic_codes.root.boc, 'base64').toString('hex'))
  for (const version of [3, 4] as const) {
    const address = rootContractAddress(code, emptyConfig(version))
    assert.equal(addressKey(address), vectors.root[`v${version}_empty_address`].raw)
    assert.equal(hashOf(rootStateInit(code, emptyConfig(version))), address.hash)
  }
})

test('a root may keep more behind what is known, and its key manager does not matter to its configuration', () => {
  const data = cell(vectors.root.v4_full)
  const more = beginCell().storeSlice(data.beginParse()).storeUint(1, 5).storeRef(data).endCell()
  assert.deepEqual(readRootConfig(more), readRootConfig(data))
  const slice = data.beginParse()
  const other = beginCell()
    .storeBits(slice.loadBits(299))
    .storeRef(slice.loadRef())
    .storeRef(slice.loadRef())
    .storeRef(beginCell().storeUint(1, 1).endCell())
    .endCell()
  assert.deepEqual(readRootConfig(other), readRootConfig(data))
  assert.throws(() => readKeyKeeper(other), unreadable)
})

test('what waits at a root with a delay', () => {
  assert.equal(readGovernance(cell(vectors.root.v3_full)), undefined)
  assert.equal(readGovernance(cell(vectors.root.v4_full)), undefined)
  const fresh = writeRootData(fullConfig(4), { keeper, delayS: 3600 })
  assert.deepEqual(readGovernance(fresh), { delayS: 3600, counter: 0, pending: [] })
  assert.deepEqual(readKeyKeeper(fresh), keeper)
  assert.deepEqual(readRootConfig(fresh).proxies, fullConfig(4).proxies)
  const change = beginCell().storeUint(0b10, 2).storeUint(32, 6).storeUint(7, 32)
  const waiting = beginCell()
    .storeUint(60, 32)
    .storeUint(5, 32)
    .storeMaybeRef(change.storeUint(1000, 32).storeUint(9, 256).endCell())
    .endCell()
  const data = beginCell().storeSlice(cell(vectors.root.v4_full).beginParse()).storeRef(waiting).endCell()
  const pending = [{ operation: 7, readyAtS: 1000, content: hash(9) }]
  assert.deepEqual(readGovernance(data), { delayS: 60, counter: 5, pending })
})

/** The full root, with another registry. */
function withProxies(write: (key: number, text: string) => Cell, text: string): Cell {
  const slice = cell(vectors.root.v4_full).beginParse()
  const head = slice.loadBits(299)
  const registry = slice.loadRef().beginParse()
  const hashes = registry.loadBit() ? registry.loadRef() : undefined
  registry.skip(1).loadRef()
  const changed = beginCell()
    .storeMaybeRef(hashes ?? null)
    .storeBit(1)
    .storeRef(write(7, text))
    .storeSlice(registry)
  return beginCell().storeBits(head).storeRef(changed.endCell()).storeSlice(slice).endCell()
}

/** A dictionary of one entry of 32 bits: a label of the form `10 length key`, then the endpoint. */
const single = (key: number, text: string, type = 0) =>
  beginCell()
    .storeUint(0b10, 2)
    .storeUint(32, 6)
    .storeUint(key, 32)
    .storeUint(type, 1)
    .storeUint(text.length, 7)
    .storeBuffer(Buffer.from(text, 'latin1'))
    .endCell()

test('registered proxies', () => {
  const both = { host: '1.2.3.4', port: 5 }
  assert.deepEqual(readRootConfig(withProxies(single, '1.2.3.4:5')).proxies, [
    { seqno: 7, workerEndpoint: both, clientEndpoint: both },
  ])
  assert.deepEqual(readRootConfig(withProxies(single, '')).proxies, [])
  assert.throws(() => readRootConfig(withProxies(single, 'localhost')), unreadable)
  assert.throws(
    () => readRootConfig(withProxies((key, text) => single(key, text, 1), '1.2.3.4:5')),
    unreadable,
  )
  const longer = (key: number, text: string) =>
    beginCell().storeSlice(single(key, text).beginParse()).storeBit(1).endCell()
  assert.throws(() => readRootConfig(withProxies(longer, '1.2.3.4:5')), unreadable)
})

test('parameters that would harm', () => {
  const config = fullConfig(4)
  for (const [what, harmful] of Object.entries({
    'a worker gets more than the client pays': { ...config, workerFeePerTokenNano: 21n },
    'a multiplier that no usage can be weighed with': {
      ...config,
      multipliers: { ...config.multipliers, reasoning: 2 ** 31 },
    },
  })) {
    assert.throws(() => readRootConfig(writeRootData(harmful)), unreadable, what)
  }
})

test('a dictionary whose cells stand for more entries than there is memory', () => {
  // Every fork leads to the same cell twice: 2^256 entries in 257 cells.
  let node = beginCell().storeUint(0, 2).endCell()
  for (let depth = 0; depth < 256; depth++)
    node = beginCell().storeUint(0, 2).storeRef(node).storeRef(node).endCell()
  const reader = new CellReader(beginCell().storeBit(1).storeRef(node).endCell(), 'test')
  const options = { what: 'test', keyBits: 256, most: 100, readValue: () => 1 }
  assert.throws(() => readDictionary(reader, options), unreadable)
})
