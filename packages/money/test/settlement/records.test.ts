import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  addressKey,
  createPaymentKey,
  MemoryLedger,
  MemoryStore,
  readProxyMessage,
  signPayment,
} from '../../src/index.ts'
import { Anchors } from '../../src/settlement/anchors.ts'
import { ChannelBook } from '../../src/settlement/channel-book.ts'
import { ContractRecords } from '../../src/settlement/contract-records.ts'
import { Orders } from '../../src/settlement/orders.ts'
import { Rollback } from '../../src/settlement/rollback.ts'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { Disk, faultAt, type WriteFault } from '../watch/faulty-store.ts'
import { someAddress } from '../watch/scripted-chain.ts'
import { RecordedWallet } from './recorded-wallet.ts'

const key = createPaymentKey(new Uint8Array(32).fill(5))
const contract = someAddress(1)
const proxyContract = addressKey(someAddress(2))

function payment(tokens: bigint): { _: 'proxy.signedPayment'; data: Uint8Array } {
  const data = signPayment({
    kind: 'client-charge',
    key,
    queryId: 1n,
    tokens,
    contract,
    excessesTo: someAddress(3),
  })
  return { _: 'proxy.signedPayment', data }
}

describe('channels', () => {
  const of = { proxyContract, contract, publicKey: key.publicKey, paramsVersion: 3 }

  test('are what they were when they are opened again, signature and all', async () => {
    const disk = new Disk()
    const book = new ChannelBook(disk.open(), 'client-charge')
    const booked = await book.open(of)
    booked.channel.update(payment(7n), { maxTokens: 9n, dbTokens: 8n })
    Object.assign(booked, { isLeaving: true, outdatedAtS: 5 })
    await book.save()
    const again = new ChannelBook(disk.open(), 'client-charge').get(proxyContract)!
    assert.deepEqual({ ...again, channel: undefined }, { ...booked, channel: undefined })
    const { maxTokens, dbTokens, signedTokens, payment: data } = again.channel
    assert.deepEqual([maxTokens, dbTokens, signedTokens], [9n, 8n, 7n])
    assert.deepEqual(data, booked.channel.payment)
  })

  test('are the same ones for every session, and written when they changed', async () => {
    const disk = new Disk()
    const book = new ChannelBook(disk.open(), 'client-charge')
    const [first, second] = [await book.open(of), await book.open({ ...of, paramsVersion: 4 })]
    assert.equal(first, second)
    await book.save()
    assert.equal(disk.writes, 1)
    assert.deepEqual([...book.all()], [first])
  })

  for (const how of ['fails', 'fails but persisted'] as const satisfies readonly WriteFault[]) {
    test(`whose write ${how} are as before or as after, never in between`, async () => {
      const disk = new Disk()
      const book = new ChannelBook(disk.open(faultAt(1, how)), 'client-charge')
      const { channel } = await book.open(of)
      channel.update(payment(7n), { maxTokens: 9n, dbTokens: 8n })
      await assert.rejects(book.save(), { code: 'storage' })
      const again = new ChannelBook(disk.open(), 'client-charge').get(proxyContract)!
      const expected = how === 'fails' ? [0n, 0n] : [9n, 7n]
      assert.deepEqual([again.channel.maxTokens, again.channel.signedTokens], expected)
    })
  }

  test('that cannot be read are an error of the storage', () => {
    const disk = new Disk()
    for (const value of ['', '{}', '{"contract":"0:1"}', 'null']) {
      disk.records.set(`channel/${proxyContract}`, value)
      assert.throws(() => new ChannelBook(disk.open(), 'client-charge'), { code: 'storage' })
    }
  })
})

describe('what contracts told', () => {
  const account = {
    phase: 'closing',
    balanceNano: 1n << 100n,
    stakeNano: 1n << 119n,
    chargedTokens: 5n,
    secretHash: 'ab'.repeat(32),
  } as const

  test('is known after a restart, amounts of any size too', async () => {
    const store = new MemoryStore()
    const records = new ContractRecords(store, 'proxy/x')
    const [client, worker] = [someAddress(5), someAddress(6)]
    await store.write(new Map([records.takeClient(client, account), records.takeWorker(worker, 9n, true)]))
    const again = new ContractRecords(store, 'proxy/x')
    assert.deepEqual(again.client(addressKey(client)), { owner: client, ...account })
    assert.deepEqual([...again.paidTotals()], [[addressKey(worker), 9n]])
    assert.equal(again.isWorkerClosed(addressKey(worker)), true)
    assert.equal(new ContractRecords(store, 'proxy/y').client(addressKey(client)), undefined)
  })

  test('of what was paid never goes back, and a contract that opens again is open', () => {
    const records = new ContractRecords(new MemoryStore(), 'proxy/x')
    const worker = someAddress(6)
    records.takeWorker(worker, 9n, true)
    // A payout that could not be made: the contract took its change back.
    records.takeWorker(worker, 4n, false)
    assert.equal(records.paid(addressKey(worker)), 9n)
    assert.equal(records.isWorkerClosed(addressKey(worker)), false)
  })
})

describe('announced states', () => {
  function process(store: MemoryStore, session: number) {
    const world = new VirtualWorld()
    const wallet = new RecordedWallet()
    const orders = new Orders({ wallet, world, report: () => {} })
    const sessionHash = new Uint8Array(32).fill(session)
    const anchors = new Anchors({ store, prefix: 'proxy/x', sessionHash })
    const announce = async (seqno: number) => {
      await anchors.announce(seqno, contract, orders)
      await world.settle()
      const message = readProxyMessage(wallet.sent.at(-1)!.message.body)
      assert.ok(message?.kind === 'saved-state')
      return message
    }
    return { anchors, wallet, announce }
  }

  test('are of this process, of an earlier one, or of another copy', async () => {
    const store = new MemoryStore()
    const first = process(store, 1)
    const state = await first.announce(1)
    assert.equal(state.seqno, 1)
    assert.equal(first.wallet.sent[0]!.message.valueNano, 1n)
    assert.equal(first.anchors.judge(state), 'own')
    assert.equal(process(store, 2).anchors.judge(state), 'earlier')
    assert.equal(process(new MemoryStore(), 1).anchors.judge(state), 'foreign')
    assert.equal(first.anchors.judge({ ...state, seqno: 2 }), 'foreign')
    assert.equal(first.anchors.judge({ ...state, sessionHash: new Uint8Array(32) }), 'foreign')
  })

  test('are forgotten once 64 newer ones were seen, and the newest number is known', async () => {
    const store = new MemoryStore()
    const { anchors, wallet, announce } = process(store, 1)
    assert.equal(anchors.lastSeen, 0)
    for (let seqno = 1; seqno <= 70; seqno++) {
      const state = await announce(seqno)
      wallet.deliver(BigInt(seqno))
      await store.write(anchors.changesAfter(state))
      assert.equal(anchors.lastSeen, seqno)
    }
    assert.ok(store.entries('proxy/x/anchor/').length <= 66)
  })
})

test('what was found against books outlives the process, until a person says otherwise', async () => {
  const store = new MemoryStore()
  const events: string[] = []
  const report = ({ event }: { event: string }): void => void events.push(event)
  const of = { store, prefix: 'proxy/x', ledger: new MemoryLedger(), report }
  const found = new Rollback(of)
  assert.equal(found.why, undefined)
  await store.write(found.found('the chain shows state 7'))
  found.found('something else')
  assert.deepEqual(events, ['books-rolled-back'], 'told once')
  const again = new Rollback(of)
  assert.match(again.why!, /the chain shows state 7/)
  await again.forget()
  assert.equal(again.why, undefined)
  assert.equal(new Rollback(of).why, undefined)
})
