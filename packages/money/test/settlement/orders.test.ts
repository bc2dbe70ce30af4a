import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginCell } from '@ton/core'
import fc from 'fast-check'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { MoneyError, type SettlementEvent } from '../../src/index.ts'
import { type Order, Orders, queryIdOf } from '../../src/settlement/orders.ts'
import { someAddress } from '../watch/scripted-chain.ts'
import { RecordedWallet } from './recorded-wallet.ts'

function order(purpose: string, slot = 'slot'): Order {
  return {
    slot,
    purpose,
    message: queryId => ({
      destination: someAddress(1),
      valueNano: 1n,
      isBounceable: true,
      body: beginCell().storeUint(queryId, 64).endCell(),
    }),
  }
}

function begin(wallet = new RecordedWallet(), world = new VirtualWorld()) {
  const events: SettlementEvent[] = []
  const orders = new Orders({ wallet, world, report: event => events.push(event) })
  return { wallet, world, orders, events }
}

describe('orders of one slot', () => {
  test('go one at a time, and the same one is not ordered twice', async () => {
    const { wallet, world, orders, events } = begin()
    assert.equal(orders.place(order('a')), true)
    assert.equal(orders.place(order('a')), false)
    assert.equal(orders.place(order('b')), false)
    await world.settle()
    assert.deepEqual(wallet.ids, ['slot#a#0'])
    assert.equal(orders.isOpen('slot'), true)
    wallet.deliver(5n)
    await world.settle()
    assert.equal(orders.isOpen('slot'), false)
    assert.equal(orders.place(order('a')), false, 'what it causes may take its time')
    assert.equal(orders.place(order('b')), true)
    await world.settle()
    assert.deepEqual(wallet.ids, ['slot#a#0', 'slot#b#0'])
    assert.deepEqual(
      events.map(({ event }) => event),
      ['chain-order', 'chain-order-done', 'chain-order'],
    )
  })

  test('of other slots are not held up', async () => {
    const { wallet, world, orders } = begin()
    orders.place(order('a', 'one'))
    orders.place(order('a', 'two'))
    await world.settle()
    assert.deepEqual(wallet.ids, ['one#a#0', 'two#a#0'])
  })

  test('that were delivered and are due all the same go once more, each time later', async () => {
    const { wallet, world, orders } = begin()
    for (const waitMs of [60_000, 120_000, 240_000]) {
      assert.equal(orders.place(order('a')), true)
      await world.settle()
      wallet.deliver(5n)
      await world.settle()
      await world.advance(waitMs - 1)
      assert.equal(orders.place(order('a')), false)
      await world.advance(1)
    }
    assert.deepEqual(wallet.ids, ['slot#a#0', 'slot#a#1', 'slot#a#2'])
    assert.equal(new Set(wallet.sent.map(({ message }) => message.body.hash().toString('hex'))).size, 3)
  })

  test('that failed are tried again under another id, each time later, and say why', async () => {
    const { wallet, world, orders, events } = begin()
    for (const waitMs of [5_000, 10_000, 20_000]) {
      assert.equal(orders.place(order('a')), true)
      await world.settle()
      wallet.fail('exit code 1000: old message')
      await world.settle()
      assert.equal(orders.trouble('slot'), 'exit code 1000: old message')
      await world.advance(waitMs - 1)
      assert.equal(orders.place(order('a')), false)
      await world.advance(1)
    }
    orders.place(order('a'))
    await world.settle()
    wallet.deliver(9n)
    await world.settle()
    assert.equal(orders.trouble('slot'), undefined)
    assert.deepEqual(wallet.ids, ['slot#a#0', 'slot#a#1', 'slot#a#2', 'slot#a#3'])
    assert.equal(events.filter(({ event }) => event === 'chain-order-failed').length, 3)
  })

  test('do not rest on a state that is older than what the last one did', async () => {
    const { wallet, world, orders } = begin()
    orders.place(order('top-up/100'), 100n)
    await world.settle()
    wallet.deliver(150n)
    await world.settle()
    assert.equal(orders.place(order('top-up/149'), 149n), false)
    assert.equal(orders.place(order('top-up/150'), 150n), true)
  })

  test('that the wallet does not take are tried again', async () => {
    const { wallet, world, orders } = begin()
    wallet.refusal = new MoneyError('limit', '1000 messages of the wallet are open')
    orders.place(order('a'))
    await world.settle()
    assert.match(orders.trouble('slot')!, /1000 messages/)
    await world.advance(5_000)
    orders.place(order('a'))
    await world.settle()
    assert.deepEqual(wallet.ids, ['slot#a#1'])
  })
})

describe('after a restart', () => {
  test('what is open is waited for, and the same decision orders nothing more', async () => {
    const first = begin()
    first.orders.place(order('a', 'proxy/1/pay'))
    await first.world.settle()
    first.wallet.close()
    await first.world.settle()
    assert.equal(first.orders.trouble('proxy/1/pay'), undefined, 'the end of the process is no failure')

    const { orders, world, wallet } = begin(first.wallet)
    orders.resume('proxy/')
    assert.equal(orders.place(order('a', 'proxy/1/pay')), false)
    wallet.deliver(7n)
    await world.settle()
    assert.equal(orders.place(order('b', 'proxy/1/pay'), 6n), false)
    assert.equal(orders.place(order('b', 'proxy/1/pay'), 7n), true)
    assert.deepEqual(wallet.ids, ['proxy/1/pay#a#0', 'proxy/1/pay#b#0'])
  })

  test('slots of others are left alone', () => {
    const first = begin()
    first.orders.place(order('a', 'client/1'))
    const { orders } = begin(first.wallet)
    orders.resume('proxy/')
    assert.equal(orders.isOpen('client/1'), false)
  })

  test('a decision that was carried out before it is carried out once', async () => {
    const first = begin()
    first.orders.place(order('top-up/100'), 100n)
    await first.world.settle()
    first.wallet.deliver(150n)
    await first.world.settle()
    const { orders, world, wallet } = begin(first.wallet)
    // Its source of the chain is behind.
    orders.place(order('top-up/100'), 100n)
    await world.settle()
    assert.equal(wallet.sent.length, 1)
    assert.equal(orders.place(order('top-up/101'), 101n), false)
  })
})

test('whatever happens to them, at most one order of a slot is open, and no id is used for two messages', async () => {
  type Step = 'a' | 'b' | 'deliver' | 'fail' | 'wait' | 'restart'
  const step = fc.constantFrom<Step>('a', 'b', 'deliver', 'fail', 'wait', 'restart')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const { wallet, world, ...first } = begin()
      let { orders } = first
      for (const what of steps) {
        if (what === 'a' || what === 'b') orders.place(order(what))
        else if (what === 'wait') await world.advance(60_000)
        else if (what === 'restart') {
          wallet.close()
          ;({ orders } = begin(wallet, world))
          orders.resume('slot')
        } else if (wallet.openIds().length > 0) {
          if (what === 'deliver') wallet.deliver(BigInt(wallet.sent.length))
          else wallet.fail('it failed')
        }
        await world.settle()
        assert.ok(wallet.openIds().length <= 1)
      }
      assert.equal(new Set(wallet.ids).size, wallet.ids.length)
    }),
    { numRuns: 60 },
  )
})

test('the number of a query follows from the order, and fits 64 bits', () => {
  assert.equal(queryIdOf('a#b#0'), queryIdOf('a#b#0'))
  assert.notEqual(queryIdOf('a#b#0'), queryIdOf('a#b#1'))
  assert.ok(queryIdOf('a#b#0') < 1n << 64n)
})
