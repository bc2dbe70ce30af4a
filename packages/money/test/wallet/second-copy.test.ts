import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell } from '@ton/core'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { MoneyError, NodeWallet, signWalletExternal, type OutgoingMessage } from '../../src/index.ts'
import { Disk } from '../watch/faulty-store.ts'
import { ScriptedChain, someAddress } from '../watch/scripted-chain.ts'
import { code, key, owner, WalletModel } from './wallet-model.ts'

function order(number: number): OutgoingMessage {
  const body = beginCell().storeUint(number, 64).endCell()
  return { destination: someAddress(1), valueNano: 100_000_000n, body, isBounceable: true }
}

function opened(chain: ScriptedChain, disk: Disk): NodeWallet {
  return new NodeWallet({ chain, store: disk.open(), world: new VirtualWorld(), key, owner, code })
}

function problemOf(wallet: NodeWallet): string | undefined {
  const { problem } = wallet.view
  return problem instanceof MoneyError ? problem.code : problem?.message
}

/** Somebody else with the key has the wallet send a message. */
function sendElsewhere(chain: ScriptedChain, model: WalletModel): void {
  const { bytes } = signWalletExternal({
    wallet: { owner, code },
    key,
    seqno: model.seqno,
    validUntilS: chain.headNow.timeS + 60,
    messages: [{ to: someAddress(9), valueNano: 1n, body: order(9).body }],
  })
  model.take(bytes)
}

test('a second copy that was first stops the sending, also in the next process', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const first = opened(chain, disk)
  await first.poke()
  sendElsewhere(chain, model)
  await first.send('a', order(1))
  await first.poke()
  model.mine()
  await first.poke()
  assert.equal(problemOf(first), 'rolled-back')
  await first.send('b', order(2))
  await first.poke()
  await first[Symbol.asyncDispose]()

  const second = opened(chain, disk)
  await second.poke()
  model.mine()
  await second.poke()
  assert.equal(problemOf(second), 'rolled-back')
  assert.match(second.view.problem!.message, /second copy runs.*Stop/)
  assert.equal(model.arrived.length, 1)
  assert.deepEqual(second.openIds(), ['a', 'b'])
  await second[Symbol.asyncDispose]()
})

test('an old backup is found out by what the newer records have sent', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const wallet = opened(chain, disk)
  await wallet.poke()
  const backup = new Map(disk.records)
  await wallet.send('a', order(1))
  await wallet.poke()
  model.mine()
  await wallet.poke()
  assert.equal((await wallet.outcome('a')).kind, 'delivered')
  await wallet[Symbol.asyncDispose]()

  disk.records.clear()
  for (const [record, value] of backup) disk.records.set(record, value)
  const restored = opened(chain, disk)
  await restored.send('a', order(1))
  await restored.poke()
  assert.equal(problemOf(restored), 'rolled-back')
  model.mine()
  assert.equal(model.arrived.length, 1)
  await restored[Symbol.asyncDispose]()
})

test('after the other copy is stopped, what may have been sent is given up and the rest goes on', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const wallet = opened(chain, disk)
  await wallet.poke()
  sendElsewhere(chain, model)
  await wallet.send('a', order(1))
  await wallet.poke()
  model.mine()
  await wallet.poke()
  await wallet.send('b', order(2))
  await wallet.resumeAfterSecondCopy()
  for (const id of ['a', 'b']) assert.equal((await wallet.outcome(id)).kind, 'not-sent')
  assert.equal(problemOf(wallet), undefined)
  await wallet.send('c', order(3))
  await wallet.poke()
  model.mine()
  await wallet.poke()
  assert.equal((await wallet.outcome('c')).kind, 'delivered')
  assert.equal(model.arrived.length, 2)
  await wallet[Symbol.asyncDispose]()
})

test('without chain it does not go on, and does so with the next look', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const wallet = opened(chain, disk)
  await wallet.poke()
  sendElsewhere(chain, model)
  model.mine()
  await wallet.send('a', order(1))
  await wallet.poke()
  chain.fail('account')
  await assert.rejects(wallet.resumeAfterSecondCopy(), { code: 'chain-unreachable' })
  assert.deepEqual(wallet.openIds(), ['a'])
  await wallet.poke()
  assert.equal((await wallet.outcome('a')).kind, 'not-sent')
  assert.equal(problemOf(wallet), undefined)
  await wallet[Symbol.asyncDispose]()
})

test('what is under way when it goes on stays so until it can no longer be executed', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const wallet = opened(chain, disk)
  await wallet.poke()
  await wallet.send('a', order(1))
  await wallet.poke()
  model.mine({ loses: true })
  // One of another copy that failed, and so left the number to ours.
  const body = beginCell().storeUint(1, 8).endCell()
  const inMessage = { source: undefined, destination: model.address, valueNano: 0n, isBounced: false, body }
  chain.addTransaction(model.address, {
    lt: 5000n,
    inMessage: { kind: 'external-in', ...inMessage },
    isSuccess: false,
  })
  await wallet.poke()
  assert.equal(problemOf(wallet), 'rolled-back')
  await wallet.resumeAfterSecondCopy()
  assert.deepEqual(wallet.openIds(), ['a'])
  await wallet.send('b', order(2))
  await wallet.poke()
  assert.equal(chain.sent.length, 1)
  chain.passTime(700)
  await wallet.poke()
  assert.equal((await wallet.outcome('a')).kind, 'not-sent')
  model.mine()
  chain.setAccount(model.address, { lastLt: 5000n })
  await wallet[Symbol.asyncDispose]()
})

test('what else happens to the wallet is no second copy', async () => {
  const [chain, disk] = [new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const wallet = opened(chain, disk)
  await wallet.poke()
  model.receive(1_000_000_000n)
  await wallet.poke()
  assert.equal(problemOf(wallet), undefined)
  assert.equal(wallet.view.balanceNano, 11_000_000_000n)
  await wallet[Symbol.asyncDispose]()
})
