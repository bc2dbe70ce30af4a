import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import {
  addressKey,
  clientContractAddress,
  clientPolicy,
  ClientSettlement,
  MemoryStore,
  type PaymentKind,
  type ProxyTerms,
  type RootConfig,
  type SettlementEvent,
  signPayment,
  workerContractAddress,
  workerPolicy,
  WorkerSettlement,
  workerStateInit,
  clientStateInit,
} from '../../src/index.ts'
import { config, proxyContract, proxyKey, root, workerOwner } from '../contracts/network.ts'
import { ScriptedChain } from '../watch/scripted-chain.ts'
import { RecordedWallet } from './recorded-wallet.ts'

const ton = 1_000_000_000n
const interval = { fromMs: 100, toMs: 200 }
const at = { proxyContract, proxyPublicKey: proxyKey.publicKey }
const terms = { contract: proxyContract, publicKey: proxyKey.publicKey, root } as unknown as ProxyTerms

function payment(kind: PaymentKind, contract: ReturnType<typeof clientContractAddress>, tokens: bigint) {
  const data = signPayment({ kind, key: proxyKey, queryId: 1n, tokens, contract, excessesTo: contract })
  return { _: 'proxy.signedPayment' as const, data }
}

describe('a worker', () => {
  const contract = workerContractAddress(config, { workerOwner, ...at })

  function begin(of: { store?: MemoryStore; wallet?: RecordedWallet; registry?: RootConfig } = {}) {
    const { store = new MemoryStore(), wallet = new RecordedWallet(), registry = config } = of
    const [world, chain] = [new VirtualWorld(), new ScriptedChain()]
    const events: SettlementEvent[] = []
    const settlement = new WorkerSettlement({
      world,
      chain,
      store,
      wallet,
      owner: workerOwner,
      config: () => registry,
      policy: workerPolicy,
      interval,
      report: event => events.push(event),
    })
    settlement.start()
    return { world, chain, store, wallet, settlement, events }
  }

  test('refuses a proxy whose books know of less than they held before, and takes what a crash forgot', async () => {
    const { settlement } = begin()
    const channel = await settlement.open({ terms, contract, config })
    const empty = { _: 'proxy.signedPaymentEmpty' } as const
    channel.update(payment('worker-payout', contract, 5n), { dbTokens: 10n, maxTokens: 12n })
    assert.throws(() => settlement.rolledBack(channel, empty, { dbTokens: 9n, maxTokens: 12n }), {
      code: 'rolled-back',
      message: /books are older than they were.*restore the newest/s,
    })
    settlement.rolledBack(channel, empty, { dbTokens: 10n, maxTokens: 10n })
    assert.deepEqual([channel.maxTokens, channel.dbTokens, channel.signedTokens], [10n, 10n, 5n])
    await settlement[Symbol.asyncDispose]()
  })

  test('cashes once what it was asked to, however little it is', async () => {
    const { settlement, world, wallet } = begin()
    const channel = await settlement.open({ terms, contract, config })
    await world.advance(1_000)
    const asked = settlement.payout(addressKey(proxyContract))
    await world.advance(20_000)
    await asked
    assert.equal(wallet.sent.length, 0, 'nothing is signed yet, and nothing is remembered')
    channel.update(payment('worker-payout', contract, 5n), { dbTokens: 5n, maxTokens: 5n })
    await world.advance(20_000)
    assert.equal(wallet.sent.length, 0)
    void settlement.payout(addressKey(proxyContract))
    await world.advance(20_000)
    assert.equal(wallet.sent.length, 1)
    wallet.deliver(1n)
    channel.update(payment('worker-payout', contract, 6n), { dbTokens: 6n, maxTokens: 6n })
    await world.advance(20_000)
    assert.equal(wallet.sent.length, 1, 'it asked once')
    await settlement[Symbol.asyncDispose]()
  })

  test('deploys its contract under the terms that it was earned under, after a restart and other prices too', async () => {
    const first = begin()
    const channel = await first.settlement.open({ terms, contract, config })
    channel.update(payment('worker-payout', contract, 10n ** 12n), {
      dbTokens: 10n ** 12n,
      maxTokens: 10n ** 12n,
    })
    await first.settlement[Symbol.asyncDispose]()
    const registry = { ...config, paramsVersion: config.paramsVersion + 1, pricePerTokenNano: 77n }
    const { settlement, world, wallet } = begin({ store: first.store, registry })
    await world.advance(30_000)
    const [sent] = wallet.sent
    assert.deepEqual(sent?.message.destination, contract)
    const expected = workerStateInit(config, { workerOwner, ...at })
    assert.equal(sent?.message.stateInit?.hash().toString('hex'), expected.hash().toString('hex'))
    await settlement[Symbol.asyncDispose]()
  })
})

describe('a client', () => {
  function begin(chain = new ScriptedChain()) {
    const [world, wallet, store] = [new VirtualWorld(), new RecordedWallet(), new MemoryStore()]
    const events: SettlementEvent[] = []
    const settlement = new ClientSettlement({
      world,
      chain,
      store,
      wallet,
      secret: new Uint8Array(32).fill(1),
      config: () => config,
      policy: { ...clientPolicy, requireProxyStake: false },
      interval,
      report: event => events.push(event),
    })
    settlement.start()
    const parties = { clientOwner: wallet.address, ...at }
    const contract = clientContractAddress(config, parties)
    /** The contract as it is when it was just deployed. */
    const deploy = (lastLt: bigint): void => {
      const init = clientStateInit(config, parties)
      const data = init.refs.at(-1)!
      chain.setAccount(contract, { status: 'active', data, balanceNano: ton, lastLt })
    }
    return { world, chain, wallet, settlement, events, contract, deploy }
  }

  test('cannot have an empty secret', () => {
    const { wallet } = begin()
    assert.throws(
      () =>
        new ClientSettlement({
          world: new VirtualWorld(),
          chain: new ScriptedChain(),
          store: new MemoryStore(),
          wallet,
          secret: new Uint8Array(0),
          config: () => config,
          policy: clientPolicy,
          report: () => {},
        }),
      { code: 'key' },
    )
  })

  test('pays in once for each state that it has seen, and keeps a wish until it can be ordered', async () => {
    const { settlement, world, chain, wallet, contract, deploy } = begin()
    deploy(10n)
    await settlement.open({ terms, contract, config })
    await world.advance(5_000)
    assert.equal(wallet.sent.length, 1)
    const wish = settlement.topUp(addressKey(proxyContract))
    await world.advance(5_000)
    await wish
    assert.equal(wallet.sent.length, 1, 'one is under way')
    wallet.deliver(20n)
    await world.advance(5_000)
    assert.equal(wallet.sent.length, 1, 'the state that is seen is older than the deposit')
    chain.addTransaction(contract, { lt: 20n })
    await world.advance(5_000)
    assert.equal(wallet.sent.length, 2)
    await settlement[Symbol.asyncDispose]()
  })

  test('ends at once while the chain gives no answer', async () => {
    const chain = new ScriptedChain()
    const { settlement, world, contract } = begin(chain)
    chain.fail('account', 'hang')
    await settlement.open({ terms, contract, config })
    await world.advance(1_000)
    await settlement[Symbol.asyncDispose]()
    assert.equal(world.timers, 0)
  })

  test('knows no contract at a proxy that it never used', async () => {
    const { settlement } = begin()
    for (const ask of ['withdraw', 'topUp', 'charge', 'close'] as const) {
      await assert.rejects(async () => settlement[ask](addressKey(proxyContract)), {
        code: 'account-unknown',
      })
    }
    await settlement[Symbol.asyncDispose]()
  })
})
