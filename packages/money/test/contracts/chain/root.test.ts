import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { beginCell, Cell, Dictionary, toNano, type Address, type Builder } from '@ton/core'
import type { BlockchainSnapshot } from '@ton/sandbox'
import { vectors } from '../../vectors.ts'
import {
  coins,
  endpoint,
  managerKey,
  message,
  proxyKey,
  ref,
  signed,
  to,
  uint,
  type Envelope,
  type Op,
} from './bodies.ts'
import { assertDone, exitOf, valueTo } from './reading.ts'
import { party, Stage, startS } from './stage.ts'
import {
  codes,
  keyManagerCell,
  networkParams,
  paramsCell,
  rootData,
  stateOf,
  type RootState,
} from './states.ts'

let stage: Stage
let root: Address
let fresh: BlockchainSnapshot
const owner = party(1)

async function deploy(state: Partial<RootState> = {}): Promise<void> {
  const init = stateOf('root', rootData({ owner, ...state }))
  root = init.address
  await stage.send(owner, root, toNano('1'), new Cell(), { init })
}

before(async () => {
  stage = await Stage.empty()
  fresh = stage.chain.snapshot()
})
beforeEach(async () => {
  await stage.chain.loadFrom(fresh)
  stage.chain.now = startS
  await deploy({ managerKey: managerKey.publicKey })
})

const send = (body: Cell, from = owner, value = '0.1') => stage.send(from, root, toNano(value), body)
const exit = async (body: Cell, from = owner): Promise<number | undefined> =>
  exitOf(await send(body, from), root)
const done = async (op: Op, ...fields: Builder[]): Promise<void> =>
  assertDone(await send(message(op, 1, ...fields)))
const get = async (name: string, ...args: bigint[]) =>
  (
    await stage.chain.runGetMethod(
      root,
      name,
      args.map(value => ({ type: 'int', value })),
    )
  ).stackReader
const flag = async (name: string, value: bigint): Promise<boolean> =>
  (await get(name, value)).readBigNumber() === -1n

interface Data {
  readonly version: number
  readonly lastProxySeqno: number
  readonly paramsVersion: number
  readonly price: number
  readonly owner: Address
}

async function read(): Promise<Data> {
  const stack = await get('get_cocoon_data')
  const [version, lastProxySeqno, paramsVersion] = [
    stack.readNumber(),
    stack.readNumber(),
    stack.readNumber(),
  ]
  stack.skip(2)
  const price = stack.readNumber()
  stack.skip(3)
  return { version, lastProxySeqno, paramsVersion, price, owner: stack.readAddress() }
}

describe('the registry', () => {
  for (const what of ['proxy', 'worker', 'model'] as const) {
    const name = `${what.charAt(0).toUpperCase()}${what.slice(1)}` as 'Proxy' | 'Worker' | 'Model'

    test(`lists and forgets a ${what} type`, async () => {
      await done(`rootAdd${name}Type`, uint(11, 256))
      assert.ok(await flag(`${what}_hash_is_valid`, 11n))
      assert.equal((await read()).version, 2)
      await done(`rootDelete${name}Type`, uint(11, 256))
      await done(`rootDelete${name}Type`, uint(12, 256))
      assert.ok(!(await flag(`${what}_hash_is_valid`, 11n)))
      assert.equal((await read()).version, 4)
    })
  }

  test('numbers proxies for good', async () => {
    await done('rootRegisterProxy', endpoint('91.108.4.11:5222 91.108.4.11:8888'))
    await done('rootRegisterProxy', endpoint('1:1'))
    await done('rootUpdateProxy', uint(2, 32), endpoint('2:2'))
    await done('rootUnregisterProxy', uint(2, 32))
    await done('rootRegisterProxy', endpoint('3:3'))
    assert.equal((await read()).lastProxySeqno, 3)
    const registry = (await stage.data(root)).beginParse().loadRef().beginParse()
    registry.loadMaybeRef()
    const listed = registry.loadDict(Dictionary.Keys.Uint(32), {
      serialize: () => {},
      parse: endpointSlice => endpointSlice.loadBits(endpointSlice.remainingBits),
    })
    assert.deepEqual(listed.keys(), [1, 3])
    assert.equal(await exit(message('rootUpdateProxy', 1, uint(2, 32), endpoint('2:2'))), 2000)
  })

  test('takes no endpoint of another form', async () => {
    const bad: ReadonlyArray<readonly [Builder, number]> = [
      [beginCell().storeUint(1, 1).storeUint(0, 7), 1004],
      [beginCell().storeUint(2, 8).storeUint(0, 8), 9],
      [beginCell().storeUint(0, 8).storeBit(1), 9],
    ]
    for (const [form, code] of bad) {
      assert.equal(await exit(message('rootRegisterProxy', 1, form)), code)
      assert.equal(await exit(message('rootUpdateProxy', 1, uint(1, 32), form)), code)
      const manager = [uint(1, 256).storeUint(0, 0), uint(0, 256), form]
      assert.equal(await exit(message('rootChangeKeyManager', 1, ...manager)), code)
    }
  })

  test('is read in the order of the network when it is full, and can be emptied', async () => {
    const registry = Cell.fromBase64(vectors.root.v4_full.boc).beginParse().loadRef()
    await stage.chain.loadFrom(fresh)
    await deploy({ registry })
    for (const [name, hash] of [
      ['proxy_hash_is_valid', 1n],
      ['proxy_hash_is_valid', 2n],
      ['worker_hash_is_valid', 3n],
      ['model_hash_is_valid', 4n],
      ['model_hash_is_valid', 5n],
    ] as const) {
      assert.ok(await flag(name, hash))
    }
    await done('rootReset')
    assert.ok(!(await flag('worker_hash_is_valid', 3n)))
    assert.equal((await get('last_proxy_seqno')).readNumber(), 3)
  })
})

describe('the parameters', () => {
  const cellOf = async (): Promise<Cell> => (await stage.data(root)).refs[1]!

  test('change in their prices, delays, stakes and codes, and in nothing else', async () => {
    await done('rootChangePrice', coins(30), coins(20))
    const priced = { ...networkParams, price: 30n, workerFee: 20n, paramsVersion: 18 }
    assert.ok((await cellOf()).equals(paramsCell(priced, 7)))
    await done('rootChangeParams', coins(31), coins(21), uint(1, 32), uint(2, 32), coins(3), coins(4))
    const changed = {
      ...networkParams,
      price: 31n,
      workerFee: 21n,
      proxyDelay: 1,
      clientDelay: 2,
      minProxyStake: 3n,
      minClientStake: 4n,
      paramsVersion: 19,
    }
    assert.ok((await cellOf()).equals(paramsCell(changed, 7)))
    await done('rootUpgradeContracts', ref(codes.worker), ref(codes.client), ref(codes.proxy))
    const upgraded = { proxy: codes.worker, worker: codes.client, client: codes.proxy }
    assert.ok((await cellOf()).equals(paramsCell({ ...changed, codes: upgraded, paramsVersion: 20 }, 7)))
    const { version, paramsVersion } = await read()
    assert.deepEqual([version, paramsVersion], [4, 20])
  })

  test('are told by the get method', async () => {
    const stack = await get('get_cur_params')
    const values = Array.from({ length: 14 }, () => stack.readBigNumber())
    const hash = (cell: Cell): bigint => BigInt(`0x${cell.hash().toString('hex')}`)
    assert.deepEqual(values, [
      17n,
      239n,
      0n,
      20n,
      19n,
      1000n,
      80_000n,
      86_400n,
      43_200n,
      toNano('15'),
      toNano('15'),
      hash(codes.proxy),
      hash(codes.worker),
      hash(codes.client),
    ])
  })

  test('of another version are left alone', async () => {
    await stage.chain.loadFrom(fresh)
    await deploy({ params: { ...networkParams, structVersion: 3 } })
    assert.equal(await exit(message('rootChangePrice', 1, coins(30), coins(20))), 1008)
    await done('rootAddProxyType', uint(11, 256))
  })
})

describe('without governance', () => {
  test('everything is for the owner alone', async () => {
    const ops = ['rootReset', 'rootAddProxyType', 'rootChangePrice', 'rootUpgradeFull'] as const
    for (const op of ops) assert.equal(await exit(message(op, 1, uint(0, 256)), stage.anyone), 1010)
    assert.equal(await exit(message('clientWithdraw', 1), stage.anyone), 1010)
    assert.equal(await exit(message('clientWithdraw', 1)), 1012)
    for (const from of [owner, stage.anyone]) {
      assert.equal(await exit(message('doNotProcess', 1), from), 0)
      assert.equal(await exit(new Cell(), from), 0)
    }
  })

  test('the owner changes at once, to an address that exists', async () => {
    assert.equal(await exit(message('rootChangeOwner', 1, to(null))), 9)
    const steps = await send(message('rootChangeOwner', 1, to(stage.anyone)))
    assertDone(steps)
    assert.ok(valueTo(steps, owner, 'excesses') > toNano('0.09'))
    assert.ok((await read()).owner.equals(stage.anyone))
    assert.equal(await exit(message('rootReset', 1)), 1010)
    assert.equal(await exit(message('rootAcceptOwner', 1), party(9)), 2002)
  })

  test('code and data are upgraded at once', async () => {
    const before = await stage.data(root)
    await done('rootUpgradeCode', ref(codes.root))
    assert.ok((await stage.data(root)).equals(before))
    const data = rootData({ owner: stage.anyone })
    await done('rootUpgradeFull', ref(data), ref(codes.root))
    assert.ok((await stage.data(root)).equals(data))
  })
})

describe('with governance', () => {
  const delay = 3600
  const price = (amount: number): Cell => message('rootChangePrice', 7, coins(amount), coins(20))
  beforeEach(() => done('rootChangeDelay', uint(delay, 32)))

  test('a change waits for its delay, and is made by the same message once more', async () => {
    assert.equal(await exit(price(30)), 0)
    assert.equal((await read()).price, 20)
    assert.equal(await exit(price(30)), 1011)
    stage.chain.now = startS + delay
    // Another content begins to wait anew.
    assert.equal(await exit(price(31)), 0)
    assert.equal(await exit(price(31)), 1011)
    stage.chain.now = startS + 2 * delay
    assert.equal(await exit(price(31)), 0)
    const { price: changed, version } = await read()
    assert.deepEqual([changed, version], [31, 2])
    // What was done waits again.
    assert.equal(await exit(price(31)), 0)
    assert.equal(await exit(price(31)), 1011)
  })

  test('all that changes terms, codes and keys waits, and can be called off', async () => {
    const manager = [uint(5, 256).storeUint(0, 0), uint(0, 256), endpoint('1:1')]
    const waiting: ReadonlyArray<readonly [Op, ...Builder[]]> = [
      ['rootChangePrice', coins(1), coins(1)],
      ['rootChangeParams', coins(1), coins(1), uint(0, 64), coins(1), coins(1)],
      ['rootUpgradeContracts', ref(codes.root), ref(codes.root), ref(codes.root)],
      ['rootUpgradeCode', ref(codes.proxy)],
      ['rootUpgradeFull', ref(new Cell()), ref(codes.proxy)],
      ['rootChangeKeyManager', ...manager],
      ['rootChangeDelay', uint(0, 32)],
    ]
    const settled = async (): Promise<readonly string[]> =>
      (await stage.data(root)).refs.slice(0, 3).map(cell => cell.hash().toString('hex'))
    const before = await settled()
    for (const [op, ...fields] of waiting) {
      await done(op, ...fields)
      assert.equal(await exit(message(op, 1, ...fields)), 1011, op)
    }
    for (const [op] of waiting) {
      const { opcodes } = await import('../../../src/contracts/opcodes.generated.ts')
      await done('rootCancelPending', uint(opcodes[op], 32))
    }
    stage.chain.now = startS + 10 * delay
    for (const [op, ...fields] of waiting) await done(op, ...fields)
    assert.deepEqual(await settled(), before)
    stage.chain.now = startS + 11 * delay
    await done('rootUpgradeCode', ref(codes.proxy))
  })

  test('the registry does not wait', async () => {
    await done('rootAddWorkerType', uint(12, 256))
    await done('rootDeleteWorkerType', uint(12, 256))
    assert.equal((await read()).version, 3)
  })

  test('a new owner has to accept, after the delay', async () => {
    const accept = message('rootAcceptOwner', 1)
    assert.equal(await exit(accept, stage.anyone), 1010)
    await done('rootChangeOwner', to(stage.anyone))
    assert.ok((await read()).owner.equals(owner))
    assert.equal(await exit(accept, stage.anyone), 1011)
    stage.chain.now = startS + delay
    for (const from of [stage.workerOwner, owner]) assert.equal(await exit(accept, from), 1010)
    await done('rootAddProxyType', uint(1, 256))
    assert.equal(await exit(accept, stage.anyone), 0)
    assert.ok((await read()).owner.equals(stage.anyone))
    assert.equal(await exit(accept, stage.anyone), 1010)
    assert.equal(await exit(message('rootReset', 1)), 1010)
  })

  test('no delay is longer than thirty days', async () => {
    assert.equal(await exit(message('rootChangeDelay', 1, uint(30 * 86_400 + 1, 32))), 2003)
    const stack = await get('get_governance')
    assert.deepEqual([stack.readNumber(), stack.readNumber(), stack.readNumber()], [-1, delay, 0])
  })
})

describe('public keys', () => {
  const add = (key: number, expireAt: number): Cell =>
    message('rootAddPublicKey', 1, uint(key, 256), uint(1, 8), uint(expireAt, 32))
  const byManager = (key: number, expireAt: number, rest: Partial<Envelope> = {}, tail?: Builder): Cell =>
    signed({
      op: 'rootAddPublicKeySigned',
      queryId: 1,
      excesses: stage.anyone,
      fields: [uint(key, 256), uint(1, 8), uint(expireAt, 32), tail ?? beginCell()],
      key: managerKey,
      ...rest,
    })
  const isValid = (key: bigint): Promise<boolean> => flag('public_key_is_valid', key)

  test('are valid until they expire or are taken out', async () => {
    assert.equal(await exit(add(77, startS - 1)), 1000)
    assert.equal(await exit(add(77, startS)), 0)
    assert.ok(await isValid(77n))
    stage.chain.now = startS + 1
    assert.ok(!(await isValid(77n)))
    assert.equal(await exit(add(78, startS + 100)), 0)
    await done('rootRemovePublicKey', uint(78, 256))
    assert.ok(!(await isValid(78n)))
    // The expired one went when the other came.
    const keys = (await stage.data(root)).refs[2]!.beginParse().loadMaybeRef()
    assert.equal(keys, null)
  })

  test('are added by whoever the key manager signed for, once', async () => {
    const steps = await send(byManager(78, startS + 100), stage.anyone)
    assertDone(steps)
    assert.ok(valueTo(steps, stage.anyone, 'excesses') > toNano('0.09'))
    assert.ok(await isValid(78n))
    assert.equal(await exit(byManager(78, startS + 100), stage.anyone), 1000)
    assert.equal(await exit(byManager(78, startS + 99), stage.anyone), 1000)
    assert.equal(await exit(byManager(78, startS + 101), stage.anyone), 0)
    assert.equal(await exit(byManager(79, startS - 1), stage.anyone), 1000)
    assert.equal(await exit(byManager(79, startS + 100, { key: proxyKey }), stage.anyone), 1007)
    assert.equal(await exit(byManager(79, startS + 100, { signedQueryId: 2 }), stage.anyone), 1005)
    // The owner is anybody, too.
    assert.equal(await exit(byManager(80, startS + 100)), 0)
  })

  test('are added for this root and this time alone where the signature says so', async () => {
    const bound = (address: Address, counter: number): Builder =>
      beginCell().storeAddress(address).storeUint(counter, 32)
    const key = (counter: number, address = root): Cell =>
      byManager(78, startS + 100 + counter, {}, bound(address, counter))
    assert.equal(await exit(key(0), stage.anyone), 2002)
    await done('rootChangeDelay', uint(0, 32))
    assert.equal(await exit(key(0, stage.proxy), stage.anyone), 1015)
    assert.equal(await exit(key(1), stage.anyone), 1000)
    assert.equal(await exit(key(0), stage.anyone), 0)
    await done('rootRemovePublicKey', uint(78, 256))
    assert.equal(await exit(key(0), stage.anyone), 1000)
    assert.equal(await exit(key(1), stage.anyone), 0)
    // What was taken out does not come back by what was once signed for every root.
    await done('rootRemovePublicKey', uint(78, 256))
    assert.notEqual(await exit(byManager(78, startS + 500), stage.anyone), 0)
    assert.ok(!(await isValid(78n)))
  })

  test('are signed for by nobody while there is no key manager', async () => {
    await stage.chain.loadFrom(fresh)
    await deploy({ keyManager: keyManagerCell(Buffer.alloc(32)) })
    assert.equal(await exit(byManager(78, startS + 100), stage.anyone), 1007)
  })

  test('have a manager whose key is strong, or none', async () => {
    const change = (key: string | Buffer): Cell =>
      message(
        'rootChangeKeyManager',
        1,
        beginCell().storeBuffer(Buffer.isBuffer(key) ? key : Buffer.from(key, 'hex')),
        uint(0, 256),
        endpoint('1:1'),
      )
    const weak = [
      `${'00'.repeat(31)}80`,
      `01${'00'.repeat(31)}`,
      `01${'00'.repeat(30)}80`,
      `ec${'ff'.repeat(30)}7f`,
      `ec${'ff'.repeat(31)}`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    ]
    for (const key of weak) assert.equal(await exit(change(key)), 2001, key)
    assert.equal(await exit(change(Buffer.alloc(32))), 0)
    assert.equal(await exit(change(proxyKey.publicKey)), 0)
    assert.equal(await exit(byManager(5, startS + 9, { key: proxyKey }), stage.anyone), 0)
    assert.ok(await isValid(5n))
  })

  test('cost the same to add with five hundred as with sixty', async () => {
    const gasWith = async (count: number): Promise<number> => {
      const keys = Dictionary.empty(Dictionary.Keys.BigUint(256), Dictionary.Values.BigUint(40))
      // Spread as hashes are.
      for (let index = 1; index <= count; index++) {
        const key = BigInt(`0x${beginCell().storeUint(index, 32).endCell().hash().toString('hex')}`)
        keys.set(key, (1n << 32n) | BigInt(startS + 1000))
      }
      const keyManager = beginCell().storeDict(keys).storeUint(1, 256).storeUint(0, 256).storeUint(0, 8)
      await stage.chain.loadFrom(fresh)
      await deploy({ keyManager: keyManager.endCell() })
      const [added] = await send(add(1, startS + 1000))
      assert.equal(added!.exit, 0)
      return Number(added!.gas)
    }
    const [few, many] = [await gasWith(60), await gasWith(500)]
    assert.ok(many < few * 1.5 && many < 40_000, `${few}, ${many}`)
  })
})
