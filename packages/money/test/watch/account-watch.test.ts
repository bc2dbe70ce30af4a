import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { AccountWatch, type MoneyError, type AccountWatchOptions, type Store } from '../../src/index.ts'
import { Disk, faultAt, type WriteFault } from './faulty-store.ts'
import { ScriptedChain, someAddress } from './scripted-chain.ts'

const address = someAddress(1)

/** A watch that writes down what it was handed. */
function listening(
  chain: ScriptedChain,
  store: Store,
  options: Partial<AccountWatchOptions> = {},
): { watch: AccountWatch; states: bigint[]; world: VirtualWorld } {
  const states: bigint[] = []
  const world = new VirtualWorld()
  const watch = new AccountWatch({
    chain,
    store,
    world,
    address,
    cursorKey: 'cursor',
    begin: 'first',
    onTransaction: ({ lt }) => new Map([[`seen/${lt}`, `${Number(store.get(`seen/${lt}`) ?? 0) + 1}`]]),
    onState: ({ lastLt }) => void states.push(lastLt),
    ...options,
  })
  return { watch, states, world }
}

function seen(disk: Disk): string[] {
  return [...disk.records].filter(([key]) => key.startsWith('seen/')).map(entry => entry.join('='))
}

test('hands over all transactions oldest first, then the state', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  for (let lt = 1n; lt <= 200n; lt++) chain.addTransaction(address, { lt })
  const handed: bigint[] = []
  const { watch, states } = listening(chain, disk.open(), {
    onTransaction: ({ lt }) => {
      handed.push(lt)
      return new Map()
    },
  })
  await using _ = watch
  await watch.poke()
  assert.deepEqual(
    handed,
    Array.from({ length: 200 }, (_, index) => BigInt(index + 1)),
  )
  assert.deepEqual(states, [200n])
  assert.equal(watch.problem, undefined)
  chain.addTransaction(address, { lt: 250n })
  await watch.poke()
  assert.deepEqual([handed.length, handed.at(-1), states.at(-1)], [201, 250n, 250n])
})

test('begins after the newest transaction where nothing before is of interest', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  chain.addTransaction(address, { lt: 10n })
  const { watch, states } = listening(chain, disk.open(), { begin: 'now' })
  await using _ = watch
  await watch.poke()
  chain.addTransaction(address, { lt: 20n })
  await watch.poke()
  assert.deepEqual(seen(disk), ['seen/20=1'])
  assert.deepEqual(states, [10n, 20n])
})

test('goes on after the cursor in the next process', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  chain.addTransaction(address, { lt: 10n })
  for (const begin of ['first', 'now'] as const) {
    const { watch } = listening(chain, disk.open(), { begin })
    await watch.poke()
    await watch[Symbol.asyncDispose]()
    chain.addTransaction(address, { lt: begin === 'first' ? 20n : 30n })
  }
  assert.deepEqual(seen(disk), ['seen/10=1', 'seen/20=1'])
})

for (const how of ['fails', 'fails but persisted'] as WriteFault[]) {
  for (let at = 0; at < 4; at++) {
    test(`each transaction counts once when write ${at} ${how}`, async () => {
      const [chain, disk] = [new ScriptedChain(), new Disk()]
      for (const lt of [10n, 20n, 30n, 40n]) chain.addTransaction(address, { lt })
      const first = listening(chain, disk.open(faultAt(at, how)))
      await first.watch.poke()
      assert.equal((first.watch.problem as MoneyError).code, 'storage')
      assert.deepEqual(first.states, [])
      await first.watch[Symbol.asyncDispose]()
      const second = listening(chain, disk.open())
      await second.watch.poke()
      await second.watch[Symbol.asyncDispose]()
      assert.deepEqual(seen(disk), ['seen/10=1', 'seen/20=1', 'seen/30=1', 'seen/40=1'])
      assert.deepEqual(second.states, [40n])
    })
  }
}

test('a handler that throws gets the same transaction again', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  for (const lt of [10n, 20n, 30n]) chain.addTransaction(address, { lt })
  const tries: bigint[] = []
  const { watch, states, world } = listening(chain, disk.open(), {
    onTransaction: ({ lt }) => {
      tries.push(lt)
      if (lt === 20n && tries.length < 4) throw new Error('not today')
      return new Map([[`seen/${lt}`, '1']])
    },
  })
  await using _ = watch
  await watch.poke()
  assert.equal(watch.problem?.message, 'not today')
  assert.deepEqual(states, [])
  await world.advance(20_000)
  assert.deepEqual(tries, [10n, 20n, 20n, 20n, 30n])
  assert.deepEqual(states.slice(0, 1), [30n])
  assert.equal(watch.problem, undefined)
})

test('a source that is behind is a problem, and no state is handed over', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  chain.addTransaction(address, { lt: 10n })
  const { watch, states } = listening(chain, disk.open())
  await using _ = watch
  await watch.poke()
  chain.setAccount(address, { lastLt: 5n })
  await watch.poke()
  assert.equal((watch.problem as MoneyError).code, 'chain-stale')
  chain.addTransaction(address, { lt: 20n }, true)
  await watch.poke()
  assert.equal((watch.problem as MoneyError).code, 'chain-stale')
  assert.deepEqual(states, [10n])
})

test('transactions that cannot be are refused', async () => {
  const wrong = [{ lt: 5n }, { lt: 10n }, { lt: 30n }, { lt: 20n, account: someAddress(2) }]
  for (const transaction of wrong) {
    const [chain, disk] = [new ScriptedChain(), new Disk()]
    chain.addTransaction(address, { lt: 10n })
    const { watch, states } = listening(chain, disk.open())
    await watch.poke()
    chain.addTransaction(address, { lt: 20n })
    const given = { ...chain.history(address)[1]!, ...transaction }
    chain.transactions = () => Promise.resolve([given])
    await watch.poke()
    assert.equal((watch.problem as MoneyError).code, 'chain-answer')
    assert.deepEqual([states, seen(disk)], [[10n], ['seen/10=1']])
    await watch[Symbol.asyncDispose]()
  }
})

test('a chain that never answers costs a minute, not the watch', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  chain.addTransaction(address, { lt: 10n })
  chain.fail('account', 'hang')
  const { watch, states, world } = listening(chain, disk.open())
  void watch.poke()
  await world.advance(60_000)
  assert.equal((watch.problem as MoneyError).code, 'chain-unreachable')
  await world.advance(10_000)
  assert.ok(states.length > 0)
  chain.fail('account', 'hang')
  void watch.poke()
  await watch[Symbol.asyncDispose]()
  assert.equal(world.timers, 0)
})
