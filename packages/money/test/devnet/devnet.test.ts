import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginCell } from '@ton/core'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { type Devnet, startDevnet } from '../../src/devnet/index.ts'
import { someone, wallet } from './wallet.ts'

const coin = 1_000_000_000n

interface Setting extends AsyncDisposable {
  world: VirtualWorld
  devnet: Devnet
}

async function start(blockTimeMs = 0): Promise<Setting> {
  const world = new VirtualWorld()
  const devnet = await startDevnet({ world, blockTimeMs, port: false })
  return { world, devnet, [Symbol.asyncDispose]: () => devnet[Symbol.asyncDispose]() }
}

describe('blocks', () => {
  test('each message gets a block at once where the time of a block is 0', async () => {
    await using setting = await start()
    const { devnet } = setting
    assert.equal((await devnet.chain.head()).seqno, 1)
    await devnet.faucet(wallet.address, 5n * coin)
    await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin }]))
    assert.equal((await devnet.chain.head()).seqno, 3)
    assert.equal((await devnet.chain.account(someone(1))).balanceNano, coin)
  })

  test('blocks come at their time, empty ones too, and carry the time of the world', async () => {
    await using setting = await start(1000)
    const { devnet, world } = setting
    const first = await devnet.chain.head()
    await world.advance(3000)
    const { seqno, timeS } = await devnet.chain.head()
    assert.deepEqual([seqno, timeS], [4, first.timeS + 3])
  })

  test('a message waits for its block, and is kept once however often it is sent', async () => {
    await using setting = await start(Infinity)
    const { devnet } = setting
    const given = devnet.faucet(wallet.address, 5n * coin)
    await devnet.mine()
    await given
    const message = wallet.transfer(0, [{ to: someone(1), nano: coin }])
    await devnet.chain.send(message)
    await devnet.chain.send(message)
    assert.equal(devnet.status().waiting, 1)
    assert.equal((await devnet.chain.account(someone(1))).status, 'absent')
    await devnet.mine()
    assert.equal(devnet.status().waiting, 0)
    assert.equal((await devnet.chain.account(someone(1))).balanceNano, coin)
  })

  test('of two messages with the same number the second is left out of the block', async () => {
    await using setting = await start(Infinity)
    const { devnet } = setting
    void devnet.faucet(wallet.address, 5n * coin)
    await devnet.mine()
    await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin }]))
    await devnet.chain.send(wallet.transfer(0, [{ to: someone(2), nano: coin }]))
    await devnet.mine()
    assert.equal((await devnet.chain.account(someone(1))).balanceNano, coin)
    assert.equal((await devnet.chain.account(someone(2))).status, 'absent')
    assert.equal(devnet.status().waiting, 0)
  })

  test('logical times rise, and every transaction names the one before it', async () => {
    await using setting = await start()
    const { devnet } = setting
    for (let round = 1; round <= 3; round++) await devnet.faucet(wallet.address, coin)
    const all = await devnet.chain.transactions(wallet.address, { afterLt: 0n })
    assert.equal(all.length, 3)
    for (const [index, { lt, inMessage }] of all.entries()) {
      assert.ok(index === 0 || lt > all[index - 1]!.lt)
      assert.equal(inMessage?.valueNano, coin)
    }
    assert.equal((await devnet.chain.account(wallet.address)).lastLt, all[2]!.lt)
  })

  test('the same world gives the same chain', async () => {
    const run = async (): Promise<unknown> => {
      await using setting = await start()
      const { devnet } = setting
      await devnet.faucet(wallet.address, 5n * coin)
      await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin }]))
      const transactions = await devnet.chain.transactions(wallet.address, { afterLt: 0n })
      return transactions.map(({ hash, lt, feesNano }) => ({ hash, lt, feesNano }))
    }
    assert.deepEqual(await run(), await run())
  })
})

describe('money', () => {
  test('no coin is made or lost but for fees', async () => {
    await using setting = await start()
    const { devnet } = setting
    const total = devnet.status().faucetNano
    await devnet.faucet(wallet.address, 5n * coin)
    await devnet.chain.send(
      wallet.transfer(0, [
        { to: someone(1), nano: coin },
        { to: someone(2), nano: 2n * coin },
      ]),
    )
    const parties = [devnet.faucetAddress, wallet.address, someone(1), someone(2)]
    let left = 0n
    let fees = 0n
    for (const party of parties) {
      left += (await devnet.chain.account(party)).balanceNano
      for (const { feesNano } of await devnet.chain.transactions(party, { afterLt: 0n })) fees += feesNano
    }
    assert.ok(fees > 0n)
    assert.equal(left + fees, total)
  })

  test('a message that may bounce comes back from an account without code', async () => {
    await using setting = await start()
    const { devnet } = setting
    await devnet.faucet(wallet.address, 5n * coin)
    await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin, bounce: true, body: 'hello' }]))
    const back = (await devnet.chain.transactions(wallet.address, { afterLt: 0n })).at(-1)
    assert.equal(back?.inMessage?.isBounced, true)
    assert.ok((back?.inMessage?.valueNano ?? 0n) > coin - coin / 100n)
  })

  test('many gifts share one block and one message', async () => {
    await using setting = await start(Infinity)
    const { devnet } = setting
    const gifts = Array.from({ length: 20 }, (_, index) => devnet.faucet(someone(index + 1), coin))
    await devnet.mine()
    const receipts = await Promise.all(gifts)
    assert.equal(new Set(receipts.map(({ hash }) => hash)).size, 1)
    assert.equal((await devnet.chain.account(someone(20))).balanceNano, coin)
  })

  test('the faucet gives no more than it has', async () => {
    await using setting = await start()
    await assert.rejects(setting.devnet.faucet(someone(1), 10n ** 19n), { code: 'wallet-balance' })
  })
})

describe('what is refused', () => {
  for (const [name, message] of [
    ['bytes that are no bag of cells', Buffer.from('nonsense')],
    ['nothing', Buffer.alloc(0)],
    ['a cell that is no message', beginCell().storeUint(7, 9).endCell().toBoc()],
    ['a message that is too large', Buffer.alloc(70_000, 1)],
    ['a message for a wallet that does not exist', wallet.transfer(0, [{ to: someone(1), nano: 1n }])],
  ] as const) {
    test(name, async () => {
      await using setting = await start()
      await assert.rejects(setting.devnet.chain.send(message), { code: 'chain-refused' })
      assert.equal((await setting.devnet.chain.head()).seqno, 1)
    })
  }

  test('a number that was used before, with the exit code of the wallet', async () => {
    await using setting = await start()
    const { devnet } = setting
    await devnet.faucet(wallet.address, 5n * coin)
    const message = wallet.transfer(0, [{ to: someone(1), nano: coin }])
    await devnet.chain.send(message)
    await assert.rejects(devnet.chain.send(message), { code: 'chain-refused', message: /exitcode=33/ })
  })
})

describe('time, snapshots and blocks that are undone', () => {
  test('the clock moves ahead, and contracts see it', async () => {
    await using setting = await start()
    const { devnet, world } = setting
    await devnet.faucet(wallet.address, 5n * coin)
    const before = await devnet.chain.head()
    const message = wallet.transfer(0, [{ to: someone(1), nano: coin }], before.timeS + 60)
    const after = await devnet.advance(3600)
    assert.equal(after.timeS, before.timeS + 3600)
    await assert.rejects(devnet.chain.send(message), { code: 'chain-refused', message: /exitcode=3[56]/ })
    await world.advance(5000)
    assert.equal((await devnet.mine()).timeS, before.timeS + 3605)
    await assert.rejects(devnet.advance(-1), { code: 'devnet' })
    await assert.rejects(devnet.advance(0.5), { code: 'devnet' })
  })

  test('storage rent is due after a year', async () => {
    await using setting = await start()
    const { devnet } = setting
    await devnet.faucet(wallet.address, 5n * coin)
    await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: 1n }]))
    const { balanceNano } = await devnet.chain.account(wallet.address)
    await devnet.advance(365 * 86_400)
    await devnet.faucet(wallet.address, coin)
    const rent = balanceNano + coin - (await devnet.chain.account(wallet.address)).balanceNano
    assert.ok(rent > 1_000_000n, `${rent} nanotons in a year`)
  })

  test('a snapshot brings back everything, as often as it is asked for', async () => {
    await using setting = await start()
    const { devnet } = setting
    await devnet.faucet(wallet.address, 5n * coin)
    const kept = await devnet.snapshot('rich')
    const { lastLt } = await devnet.chain.account(wallet.address)
    for (let round = 0; round < 2; round++) {
      await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin }]))
      await devnet.snapshot('poor')
      assert.deepEqual(await devnet.restore('rich'), kept)
      assert.equal((await devnet.chain.account(wallet.address)).lastLt, lastLt)
      assert.equal((await devnet.chain.account(someone(1))).status, 'absent')
    }
    await devnet.restore('poor')
    assert.equal((await devnet.chain.account(someone(1))).balanceNano, coin)
    assert.deepEqual(
      devnet.status().snapshots.map(({ name }) => name),
      ['poor', 'rich'],
    )
    await assert.rejects(devnet.restore('none'), { code: 'devnet' })
    await assert.rejects(devnet.snapshot('../x'), { code: 'devnet' })
  })

  test('a block that is undone leaves no trace, and its message can be sent again', async () => {
    await using setting = await start()
    const { devnet } = setting
    await devnet.faucet(wallet.address, 5n * coin)
    const before = await devnet.chain.account(wallet.address)
    const message = wallet.transfer(0, [{ to: someone(1), nano: coin }])
    await devnet.chain.send(message)
    await devnet.undoBlock()
    const after = await devnet.chain.account(wallet.address)
    assert.deepEqual(
      [after.lastLt, after.balanceNano, after.status],
      [before.lastLt, before.balanceNano, 'uninitialised'],
    )
    assert.equal((await devnet.chain.account(someone(1))).status, 'absent')
    await devnet.chain.send(message)
    assert.equal((await devnet.chain.account(someone(1))).balanceNano, coin)
    while ((await devnet.undoBlock()).seqno > 1);
    assert.equal((await devnet.chain.transactions(devnet.faucetAddress, { afterLt: 0n })).length, 0)
    await devnet.faucet(wallet.address, coin)
    await assert.rejects(
      async () => {
        for (;;) await devnet.undoBlock()
      },
      { code: 'devnet' },
    )
  })

  test('what waits when the devnet stops is told so', async () => {
    const { devnet } = await start(Infinity)
    const gift = devnet.faucet(someone(1), coin)
    const told = assert.rejects(gift, { code: 'closed' })
    await devnet[Symbol.asyncDispose]()
    await told
    await assert.rejects(devnet.mine(), { code: 'closed' })
  })
})
