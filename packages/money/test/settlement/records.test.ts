import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  addressKey,
  anchorHash,
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
    await store.write(
      new Map([records.takeClient(client, account, 1n << 63n), records.takeWorker(worker, 9n, true)]),
    )
    const again = new ContractRecords(store, 'proxy/x')
    assert.deepEqual(again.client(addressKey(client)), { owner: client, ...account, lt: 1n << 63n })
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
  function process(store: MemoryStore, session: number, log?: { size: bigint; root: Uint8Array }) {
    const world = new VirtualWorld()
    const wallet = new RecordedWallet()
    const orders = new Orders({ wallet, world, report: () => {} })
    const nonce = new Uint8Array(32).fill(session)
    const anchors = new Anchors({ store, prefix: 'proxy/x', nonce, logHead: async () => log })
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
      await store.write(anchors.changesAfter(state, { hash: 'ab'.repeat(32), lt: BigInt(seqno), timeS: 5 }))
      assert.equal(anchors.lastSeen, seqno)
    }
    assert.ok(store.entries('proxy/x/anchor/').length <= 66)
    const numbers = (most: number) =>
      process(store, 2)
        .anchors.newest(most)
        .map(({ seqno }) => seqno)
    assert.deepEqual(numbers(2), [69, 70])
    assert.deepEqual(numbers(0), [])
    assert.ok(numbers(100).length <= 65)
  })

  test('open to the log as it was when each was announced first, also when it is announced again', async () => {
    const store = new MemoryStore()
    const log = { size: 3n, root: new Uint8Array(32).fill(9) }
    const first = process(store, 1, log)
    const state = await first.announce(1)
    const opening = { nonce: new Uint8Array(32).fill(1), size: 3n, root: new Uint8Array(32).fill(9) }
    assert.deepEqual(state.sessionHash, anchorHash(opening))
    Object.assign(log, { size: 4n, root: new Uint8Array(32).fill(8) })
    assert.deepEqual((await first.announce(1)).sessionHash, state.sessionHash)
    const other = await process(store, 2, log).announce(1)
    const otherOpening = { nonce: new Uint8Array(32).fill(2), size: 4n, root: new Uint8Array(32).fill(8) }
    assert.deepEqual(other.sessionHash, anchorHash(otherOpening))
    assert.deepEqual(first.anchors.newest(64), [], 'the chain has shown none')

    const at = { hash: 'ab'.repeat(32), lt: 7n, timeS: 5 }
    await store.write(first.anchors.changesAfter(state, at))
    const seen = { seqno: 1, transactionHash: at.hash, lt: 7n, timeS: 5 }
    assert.deepEqual(first.anchors.newest(64), [{ ...seen, ...opening }])
    // Another process on the same database announced the same state, and it came in earlier.
    await store.write(first.anchors.changesAfter(other, { ...at, lt: 6n }))
    assert.deepEqual(first.anchors.newest(64), [
      { ...seen, lt: 6n, ...otherOpening },
      { ...seen, ...opening },
    ])
    assert.equal(first.anchors.judge(state), 'own')
    assert.equal(first.anchors.judge(other), 'earlier')
    assert.equal(process(store, 3, log).anchors.judge(other), 'earlier')
  })

  test('of a version before are known, and never of this process', async () => {
    const store = new MemoryStore()
    const hash = (fill: number) => new Uint8Array(32).fill(fill)
    const key = (seqno: number, fill: number) =>
      `proxy/x/anchor/${String(seqno).padStart(10, '0')}-${Buffer.from(hash(fill)).toString('hex').slice(0, 32)}`
    await store.write(
      new Map([
        [key(6, 1), 'seen'],
        [key(7, 1), 'announced'],
      ]),
    )
    const { anchors, announce } = process(store, 1)
    const state = { seqno: 7, sessionHash: hash(1) }
    assert.equal(anchors.judge(state), 'earlier')
    assert.equal(anchors.judge({ ...state, sessionHash: hash(2) }), 'foreign')
    assert.equal(anchors.lastSeen, 6)
    assert.equal(anchors.judge(await announce(7)), 'own')
    await store.write(anchors.changesAfter(state, { hash: 'ab'.repeat(32), lt: 7n, timeS: 5 }))
    assert.equal(anchors.lastSeen, 7)
    assert.deepEqual(anchors.newest(64), [], 'nobody can open it')
  })

  test('that cannot be read are an error of the storage', async () => {
    for (const value of ['', '{}', 'null', '{"nonce":"00","size":"x","root":"00"}']) {
      const store = new MemoryStore()
      const { anchors, announce } = process(store, 1)
      await announce(1)
      const [[key] = ['']] = store.entries('proxy/x/anchor/')
      await store.write(new Map([[key, value]]))
      assert.throws(() => anchors.lastSeen, { code: 'storage' })
    }
  })

  test('have the hash that the protocol says', () => {
    const opening = { nonce: new Uint8Array(32).fill(1), size: 0x0102n, root: new Uint8Array(32).fill(2) }
    const bytes = `${Buffer.from('cocoon anchor v1').toString('hex')}00${'01'.repeat(32)}0201000000000000${'02'.repeat(32)}`
    const expected = createHash('sha256').update(Buffer.from(bytes, 'hex')).digest()
    assert.deepEqual(Buffer.from(anchorHash(opening)), expected)
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
