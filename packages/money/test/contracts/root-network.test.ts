import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { Cell } from '@ton/core'
import {
  compiledCode,
  contractAddress,
  createPaymentKey,
  describeFailure,
  readGovernance,
  readKeyKeeper,
  readRootConfig,
  rootBody,
  rootContractAddress,
  rootStateInit,
  writeRootData,
  type ContractAddress,
  type RootExtras,
} from '../../src/index.ts'
import { opcodes } from '../../src/contracts/opcodes.generated.ts'
import { config, Network, startS } from './network.ts'

const ton = 1_000_000_000n
const owner = config.ownerAddress
const stranger = contractAddress(0, '99'.repeat(32))
const code = compiledCode('root')
const key = createPaymentKey(new Uint8Array(32).fill(0x33))
const hash = (last: number) => new Uint8Array(32).fill(last, 31)
const hex = (last: number) => Buffer.from(hash(last)).toString('hex')
const endpoint = (port: number) => ({ host: '10.0.0.1', port })

let network: Network
let root: ContractAddress
let queryId = 0n

beforeEach(async () => {
  network = await Network.start()
  queryId = 0n
})

async function deploy(extras: RootExtras = {}): Promise<void> {
  root = rootContractAddress(code, config, extras)
  const nothing = contractAddress(0, '00'.repeat(32))
  await network.from(nothing, root, ton, new Cell(), rootStateInit(code, config, extras))
}

/** Why a message to the root failed; undefined where it did not. */
async function tell(body: Cell, from: ContractAddress = owner): Promise<string | undefined> {
  const [transaction] = await network.from(from, root, ton / 10n, body)
  return describeFailure(transaction!, 'root')
}

const query = () => ({ queryId: ++queryId })
const read = async () => readRootConfig(await network.data(root))

test('lists and prices of a root', async () => {
  await deploy()
  const proxy = { workerEndpoint: endpoint(1), clientEndpoint: endpoint(2) }
  const bodies = [
    rootBody.admit({ ...query(), list: 'proxy', hash: hash(1) }),
    rootBody.admit({ ...query(), list: 'proxy', hash: hash(9) }),
    rootBody.expel({ ...query(), list: 'proxy', hash: hash(9) }),
    rootBody.admit({ ...query(), list: 'worker', hash: hash(2) }),
    rootBody.admit({ ...query(), list: 'model', hash: hash(3) }),
    rootBody.registerProxy({ ...query(), ...proxy }),
    rootBody.registerProxy({ ...query(), ...proxy }),
    rootBody.updateProxy({ ...query(), seqno: 4, endpoint: '10.0.0.1:7' }),
    rootBody.unregisterProxy({ ...query(), seqno: 5 }),
    rootBody.changePrice({ ...query(), pricePerTokenNano: 30n, workerFeePerTokenNano: 20n }),
  ]
  for (const body of bodies) assert.equal(await tell(body), undefined)
  const now = await read()
  assert.deepEqual([...now.proxyHashes, ...now.workerHashes, ...now.modelHashes], [hex(1), hex(2), hex(3)])
  const both = endpoint(7)
  assert.deepEqual(now.proxies, [{ seqno: 4, workerEndpoint: both, clientEndpoint: both }])
  assert.deepEqual([now.lastProxySeqno, now.version], [5, config.version + bodies.length])
  assert.deepEqual([now.pricePerTokenNano, now.workerFeePerTokenNano], [30n, 20n])
  assert.equal(now.paramsVersion, config.paramsVersion + 1)
  assert.match((await tell(rootBody.reset(query()), stranger)) ?? '', /owner/)
  assert.equal(await tell(rootBody.reset(query())), undefined)
  assert.equal((await read()).proxies.length, 0)
})

test('parameters, codes and data of a root', async () => {
  await deploy()
  const changed = {
    pricePerTokenNano: 40n,
    workerFeePerTokenNano: 30n,
    proxyDelayBeforeCloseS: 7,
    clientDelayBeforeCloseS: 6,
    minProxyStakeNano: 5n,
    minClientStakeNano: 4n,
  }
  assert.equal(await tell(rootBody.changeParams({ ...query(), ...changed })), undefined)
  const codes = {
    proxy: compiledCode('wallet'),
    worker: compiledCode('client'),
    client: compiledCode('worker'),
  }
  assert.equal(await tell(rootBody.upgradeContracts({ ...query(), codes })), undefined)
  const now = await read()
  assert.deepEqual({ ...now, ...changed }, now)
  assert.deepEqual(now.codes.proxy.hash, codes.proxy.hash)
  assert.deepEqual(now.multipliers, config.multipliers)

  assert.equal(await tell(rootBody.upgradeCode({ ...query(), code: code.cell! })), undefined)
  const data = writeRootData({ ...config, version: 500 })
  assert.equal(await tell(rootBody.upgradeFull({ ...query(), data, code: code.cell! })), undefined)
  assert.equal((await read()).version, 500)
  assert.equal(await tell(rootBody.changeOwner({ ...query(), owner: stranger })), undefined)
  assert.deepEqual((await read()).ownerAddress, stranger)
})

test('keys of a root', async () => {
  await deploy()
  const expiresAtS = startS + 100
  const keeper = { publicKey: key.publicKey, imageHash: hash(8), endpoint: '10.0.0.1:9' }
  const signed = { keeper: key, publicKey: hash(6), type: 2, expiresAtS, excessesTo: stranger }
  assert.ok(await tell(rootBody.addPublicKeySigned({ ...query(), ...signed }), stranger))
  assert.equal(await tell(rootBody.changeKeyKeeper({ ...query(), ...keeper })), undefined)
  assert.equal(
    await tell(rootBody.addPublicKey({ ...query(), publicKey: hash(5), type: 1, expiresAtS })),
    undefined,
  )
  assert.equal(await tell(rootBody.addPublicKeySigned({ ...query(), ...signed }), stranger), undefined)
  const kept = await keys()
  assert.deepEqual(kept.keys, [
    { publicKey: hex(5), type: 1, expiresAtS },
    { publicKey: hex(6), type: 2, expiresAtS },
  ])
  assert.deepEqual(kept.publicKey, Buffer.from(key.publicKey).toString('hex'))
  assert.deepEqual([kept.imageHash, kept.endpoint], [hex(8), '10.0.0.1:9'])
  assert.equal(await tell(rootBody.removePublicKey({ ...query(), publicKey: hash(5) })), undefined)
  assert.deepEqual((await keys()).keys, [{ publicKey: hex(6), type: 2, expiresAtS }])
})

const keys = async () => readKeyKeeper(await network.data(root))

test('a root with a delay', async () => {
  await deploy({ delayS: 3600 })
  const price = rootBody.changePrice({ ...query(), pricePerTokenNano: 30n, workerFeePerTokenNano: 20n })
  assert.equal(await tell(price), undefined)
  assert.equal((await read()).pricePerTokenNano, config.pricePerTokenNano)
  const waiting = await governance()
  assert.deepEqual(
    waiting?.pending.map(({ operation, readyAtS }) => [operation, readyAtS]),
    [[opcodes.rootChangePrice, startS + 3600]],
  )
  assert.match((await tell(price)) ?? '', /waiting time is not over/)
  network.pass(3601)
  assert.equal(await tell(price), undefined)
  assert.equal((await read()).pricePerTokenNano, 30n)
  assert.deepEqual((await governance())?.pending, [])

  assert.equal(await tell(rootBody.changeDelay({ ...query(), delayS: 5 })), undefined)
  const pending = opcodes.rootChangeDelay
  assert.deepEqual(
    (await governance())?.pending.map(({ operation }) => operation),
    [pending],
  )
  assert.equal(await tell(rootBody.cancelPending({ ...query(), pending })), undefined)
  assert.deepEqual((await governance())?.pending, [])

  assert.equal(await tell(rootBody.changeOwner({ ...query(), owner: stranger })), undefined)
  assert.deepEqual((await read()).ownerAddress, owner)
  network.pass(3601)
  assert.equal(await tell(rootBody.acceptOwner(query()), stranger), undefined)
  assert.deepEqual((await read()).ownerAddress, stranger)
})

test('a key that is signed for one root, once', async () => {
  const keeper = {
    keys: [],
    publicKey: Buffer.from(key.publicKey).toString('hex'),
    imageHash: hex(0),
    endpoint: '',
  }
  await deploy({ delayS: 3600, keeper })
  const signed = { keeper: key, publicKey: hash(6), type: 2, expiresAtS: startS + 100, excessesTo: stranger }
  const add = (once: { root: ContractAddress; counter: number }) =>
    tell(rootBody.addPublicKeySigned({ ...query(), ...signed, once }), stranger)
  assert.match((await add({ root: stranger, counter: 0 })) ?? '', /for another contract/)
  assert.match((await add({ root, counter: 1 })) ?? '', /not newer/)
  assert.equal(await add({ root, counter: 0 }), undefined)
  assert.equal((await governance())?.counter, 1)
  assert.match((await add({ root, counter: 0 })) ?? '', /not newer/)
})

const governance = async () => readGovernance(await network.data(root))
