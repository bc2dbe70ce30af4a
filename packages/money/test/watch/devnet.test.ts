import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cell } from '@ton/core'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { startDevnet } from '../../src/devnet/index.ts'
import {
  AccountWatch,
  compiledCode,
  createPaymentKey,
  NodeWallet,
  rootBody,
  rootContractAddress,
  rootStateInit,
  RootWatch,
  type RootConfig,
} from '../../src/index.ts'
import { deployableConfig } from '../vectors.ts'
import { Disk } from './faulty-store.ts'
import { someAddress } from './scripted-chain.ts'

const ton = 1_000_000_000n

test('a root contract is deployed by a wallet, and followed through its changes', async () => {
  const [world, disk] = [new VirtualWorld(), new Disk()]
  await using devnet = await startDevnet({ world, blockTimeMs: 0, port: false })
  const { chain } = devnet
  const key = createPaymentKey(new Uint8Array(32).fill(5))
  await using wallet = new NodeWallet({ chain, store: disk.open(), world, key, owner: someAddress(1) })
  await devnet.faucet(wallet.address, 10n * ton)
  const config: RootConfig = { ...deployableConfig(4), version: 1, ownerAddress: wallet.address }
  const address = rootContractAddress(compiledCode('root'), config)

  await using root = new RootWatch({ chain, store: disk.open(), world, address, isTest: false })
  await root.poke()
  assert.throws(() => root.config(), { code: 'contract-data' })

  const handed: bigint[] = []
  await using account = new AccountWatch({
    chain,
    store: disk.open(),
    world,
    address,
    cursorKey: 'handed',
    begin: 'first',
    onTransaction: ({ lt }) => {
      handed.push(lt)
      return new Map([['count', String(handed.length)]])
    },
  })

  const stateInit = rootStateInit(compiledCode('root'), config)
  const deployment = {
    destination: address,
    valueNano: ton,
    body: Cell.EMPTY,
    stateInit,
    isBounceable: false,
  }
  const changes = [
    ['deploy', deployment],
    ['price', { pricePerTokenNano: 40n, workerFeePerTokenNano: 30n }],
    ['model', new Uint8Array(32).fill(9)],
  ] as const
  const seen: string[] = []
  root.onVersion(({ version, paramsVersion }) => seen.push(`${version}/${paramsVersion}`))
  for (const [id, change] of changes) {
    const body =
      change instanceof Uint8Array
        ? rootBody.admit({ queryId: 1n, list: 'model', hash: change })
        : 'stateInit' in change
          ? undefined
          : rootBody.changePrice({ queryId: 2n, ...change })
    const message = body && { destination: address, valueNano: ton / 10n, body, isBounceable: true }
    await wallet.send(id, message ?? deployment)
    await wallet.poke()
    await wallet.poke()
    const outcome = await wallet.outcome(id)
    assert.equal(outcome.kind, 'delivered', JSON.stringify(outcome))
    await root.poke()
  }
  assert.deepEqual(seen, ['1/17', '2/18', '3/18'])
  assert.equal(root.config().pricePerTokenNano, 40n)
  assert.deepEqual([...root.config().modelHashes], ['09'.repeat(32)])

  await account.poke()
  const { lastLt } = await chain.account(address)
  assert.deepEqual([handed.length, handed.at(-1), disk.records.get('count')], [3, lastLt, '3'])
})
