import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell } from '@ton/core'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { MoneyError, RootWatch, writeRootData, type RootConfig, type Store } from '../../src/index.ts'
import { deployableConfig } from '../vectors.ts'
import { Disk, faultAt, type WriteFault } from './faulty-store.ts'
import { emptyBody, ScriptedChain, someAddress } from './scripted-chain.ts'

const address = someAddress(7)
const base: RootConfig = { ...deployableConfig(4), isTest: false, version: 10, paramsVersion: 3 }

function rootOf(chain: ScriptedChain, change: Partial<RootConfig> = {}): void {
  chain.setAccount(address, { status: 'active', data: writeRootData({ ...base, ...change }) })
}

/** The world's clock is the chain's, as long as both move together. */
function watching(
  chain: ScriptedChain,
  store: Store,
): { watch: RootWatch; world: VirtualWorld; heard: string[] } {
  const world = new VirtualWorld()
  const watch = new RootWatch({ chain, store, world, address, isTest: false })
  const heard: string[] = []
  watch.onVersion((config, before) => heard.push(`version ${before?.version} to ${config.version}`))
  watch.onParams((config, before) => heard.push(`params ${before?.paramsVersion} to ${config.paramsVersion}`))
  return { watch, world, heard }
}

function codeOf(error: Error | undefined): string | undefined {
  return error instanceof MoneyError ? error.code : error?.message
}

test('knows nothing before the chain has answered', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  const { watch, heard } = watching(chain, new Disk().open())
  await using _ = watch
  assert.throws(() => watch.config(), { code: 'chain-unreachable' })
  assert.equal(watch.view.isUsable, false)
  await watch.poke()
  assert.equal(watch.config().version, 10)
  assert.deepEqual(watch.view, {
    config: watch.config(),
    seenAtS: chain.headNow.timeS,
    ageS: 0,
    problem: undefined,
    isUsable: true,
  })
  assert.deepEqual(heard, ['version undefined to 10', 'params undefined to 3'])
})

test('a greater version replaces the configuration; the same one makes it young again', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  const { watch, world, heard } = watching(chain, new Disk().open())
  await using _ = watch
  await watch.poke()
  const first = watch.config()
  await world.advance(20_000)
  chain.passTime(20)
  assert.equal(watch.view.ageS, 20)
  await watch.poke()
  assert.equal(watch.view.ageS, 0)
  assert.equal(watch.config(), first)
  rootOf(chain, { version: 11 })
  await watch.poke()
  rootOf(chain, { version: 12, paramsVersion: 4 })
  await watch.poke()
  assert.equal(watch.config().paramsVersion, 4)
  assert.deepEqual(heard.slice(2), ['version 10 to 11', 'version 11 to 12', 'params 3 to 4'])
})

test('an older version is not taken, and does not make the configuration younger', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  const { watch, world } = watching(chain, new Disk().open())
  await using _ = watch
  await watch.poke()
  rootOf(chain, { version: 9 })
  chain.passTime(100)
  await world.advance(100_000)
  assert.equal(codeOf(watch.view.problem), 'chain-stale')
  assert.equal(watch.config().version, 10)
  assert.ok(watch.view.ageS! >= 100)
})

test('what cannot be a root of this network is a problem in words, and the last good one stays', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  const { watch } = watching(chain, new Disk().open())
  await using _ = watch
  await watch.poke()
  const wrong = [
    [() => rootOf(chain, { version: 11, isTest: true }), 'config'],
    [() => chain.setAccount(address, { data: emptyBody }), 'contract-data'],
    [() => chain.setAccount(address, { data: beginCell().storeUint(1, 300).endCell() }), 'contract-data'],
    [() => chain.setAccount(address, { data: undefined, status: 'absent' }), 'contract-data'],
    [() => chain.fail('account'), 'chain-unreachable'],
  ] as const
  for (const [change, code] of wrong) {
    change()
    await watch.poke()
    assert.equal(codeOf(watch.view.problem), code)
    assert.equal(watch.config().version, 10)
    assert.ok(watch.view.isUsable)
  }
  rootOf(chain, { version: 11 })
  await watch.poke()
  assert.equal(watch.view.problem, undefined)
})

test('nobody acts on what is older than two hours', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  const { watch, world } = watching(chain, new Disk().open())
  await using _ = watch
  await watch.poke()
  chain.account = () => Promise.reject(new MoneyError('chain-unreachable', 'no source answers'))
  await world.advance(7_200_000)
  assert.equal(watch.config().version, 10)
  await world.advance(1000)
  assert.throws(() => watch.config(), { code: 'chain-stale', message: /7201 s ago.*no source answers/ })
  assert.equal(watch.view.config?.version, 10)
  assert.equal(watch.view.isUsable, false)
})

test('a source whose blocks stand still lets the configuration grow old', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  const { watch, world } = watching(chain, new Disk().open())
  await using _ = watch
  await watch.poke()
  await world.advance(7_300_000)
  assert.throws(() => watch.config(), { code: 'chain-stale' })
})

test('a source whose blocks are ahead of the clock does not keep it young', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  chain.passTime(1_000_000)
  const { watch, world } = watching(chain, new Disk().open())
  await using _ = watch
  await watch.poke()
  chain.account = () => Promise.reject(new MoneyError('chain-unreachable', 'no source answers'))
  await world.advance(7_201_000)
  assert.throws(() => watch.config(), { code: 'chain-stale' })
})

test('a start without chain knows what was seen last, and how old it is', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  rootOf(chain)
  const before = watching(chain, disk.open())
  await before.watch.poke()
  await before.watch[Symbol.asyncDispose]()
  const { watch, world, heard } = watching(chain, disk.open())
  await using _ = watch
  const [known, seen] = [watch.config(), before.watch.config()].map(config => writeRootData(config).hash())
  assert.deepEqual(known, seen)
  await world.advance(60_000)
  assert.equal(watch.view.ageS, 60)
  await watch.poke()
  assert.deepEqual(heard, [])
  rootOf(chain, { version: 11 })
  await watch.poke()
  assert.deepEqual(heard, ['version 10 to 11'])
})

test('a stored root of the other kind of network, or none at all, is not used', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  rootOf(chain)
  const first = watching(chain, disk.open())
  await first.watch.poke()
  await first.watch[Symbol.asyncDispose]()
  const [[key, value]] = [...disk.records] as [[string, string]]
  const other = new RootWatch({ chain, store: disk.open(), world: new VirtualWorld(), address, isTest: true })
  assert.throws(() => other.config(), { code: 'config' })
  await other[Symbol.asyncDispose]()
  for (const broken of ['', '{}', 'null', value.replace('"data":"', '"data":"A')]) {
    disk.records.set(key, broken)
    const { watch } = watching(chain, disk.open())
    assert.throws(() => watch.config(), { code: 'storage' })
    await watch.poke()
    assert.equal(watch.config().version, 10)
    await watch[Symbol.asyncDispose]()
  }
})

for (const how of ['fails', 'fails but persisted'] as WriteFault[]) {
  test(`a configuration that the store does not take is not used: the write ${how}`, async () => {
    const [chain, disk] = [new ScriptedChain(), new Disk()]
    rootOf(chain)
    const { watch, heard } = watching(chain, disk.open(faultAt(0, how)))
    await watch.poke()
    assert.throws(() => watch.config(), { code: 'storage' })
    assert.deepEqual(heard, [])
    await watch[Symbol.asyncDispose]()
    const next = watching(chain, disk.open())
    await next.watch.poke()
    assert.equal(next.watch.config().version, 10)
    await next.watch[Symbol.asyncDispose]()
  })
}

test('a listener that throws keeps no other one from hearing', async () => {
  const chain = new ScriptedChain()
  rootOf(chain)
  const watch = new RootWatch({
    chain,
    store: new Disk().open(),
    world: new VirtualWorld(),
    address,
    isTest: false,
  })
  await using _ = watch
  const heard: string[] = []
  const stop = watch.onVersion(() => heard.push('stopped'))
  watch.onVersion(() => {
    throw new Error('deaf')
  })
  watch.onParams(() => heard.push('params'))
  stop()
  await watch.poke()
  assert.deepEqual(heard, ['params'])
  assert.equal(watch.view.problem?.message, 'deaf')
  assert.equal(watch.config().version, 10)
})
