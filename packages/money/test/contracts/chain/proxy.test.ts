import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { Address, beginCell, Cell, toNano } from '@ton/core'
import type { BlockchainSnapshot } from '@ton/sandbox'
import {
  coins,
  count,
  managerKey,
  maybe,
  message,
  payload,
  proxyKey,
  ref,
  signed,
  text,
  to,
  uint,
} from './bodies.ts'
import { assertDone, exitOf, readProxy, sentTo, valueTo } from './reading.ts'
import { Stage, startS } from './stage.ts'
import { clientData, networkParams, stateOf } from './states.ts'

let stage: Stage
let fresh: BlockchainSnapshot

/** A client has paid in 20 TON, the owner has earned 0.05. */
before(async () => {
  stage = await Stage.deployed()
  const paid = message('clientTopUp', 1, coins(toNano('20')), to(stage.clientOwner))
  assertDone(await stage.send(stage.clientOwner, stage.client, toNano('20.7'), paid))
  const payout = count('workerPayout', stage.worker, 50_000_000, { excesses: stage.anyone })
  assertDone(await stage.send(stage.anyone, stage.worker, toNano('0.5'), payout))
  fresh = stage.chain.snapshot()
})
beforeEach(async () => {
  await stage.chain.loadFrom(fresh)
  stage.chain.now = startS
})

const send = (body: Cell, value = '0.2', from = stage.anyone) =>
  stage.send(from, stage.proxy, toNano(value), body)
const exit = async (body: Cell, value = '0.2', from = stage.anyone): Promise<number | undefined> =>
  exitOf(await send(body, value, from), stage.proxy)
const request = (): Cell => message('proxyPayoutRequest', 1, to(stage.anyone))
const stake = (amount: string): Cell =>
  message('proxyIncreaseStake', 1, coins(toNano(amount)), to(stage.anyone))
const close = (op: 'proxyClose' | 'proxyCloseComplete', rest = {}): Cell =>
  signed({ op, queryId: 1, excesses: stage.anyone, fields: [to(stage.proxy)], ...rest })
const closed = async (): Promise<void> => {
  assertDone(await send(close('proxyClose')))
  stage.chain.now = startS + networkParams.proxyDelay
  assertDone(await send(close('proxyCloseComplete')))
}
const earned = toNano('0.05')
const outsiders = () => [stage.anyone, stage.clientOwner, stage.workerOwner, stage.client, stage.worker]

describe('what the owner has earned', () => {
  test('goes to the owner, whoever asks', async () => {
    const steps = await send(request())
    assertDone(steps)
    assert.equal(valueTo(steps, stage.proxyOwner, 'payout'), earned)
    assert.ok(valueTo(steps, stage.anyone, 'excesses') > toNano('0.196'))
    assert.equal((await readProxy(stage)).balance, 0n)
    assert.equal(valueTo(await send(request()), stage.proxyOwner, 'payout'), 0n)
  })

  test('goes to the owner by text', async () => {
    const pool = await stage.balance(stage.proxy)
    const steps = await send(text('w'), '0.2', stage.proxyOwner)
    assertDone(steps)
    assert.ok(valueTo(steps, stage.proxyOwner, 'payout') > earned + toNano('0.197'))
    assert.equal(await stage.balance(stage.proxy), pool - earned)
    assert.equal((await readProxy(stage)).balance, 0n)
  })

  test('needs the commission', async () => {
    assert.equal(await exit(request(), '0.0999'), 1003)
    assert.equal(await exit(text('w'), '0.0999', stage.proxyOwner), 1003)
  })

  test('is never taken out of a pool that is smaller', async () => {
    const drain = count('workerPayout', stage.worker, 1_070_000_000, { excesses: stage.anyone })
    await stage.send(stage.anyone, stage.worker, toNano('0.5'), drain)
    assert.ok((await readProxy(stage)).balance > (await stage.balance(stage.proxy)))
    assert.equal(await exit(request()), 5)
    assert.equal(await exit(text('w'), '0.2', stage.proxyOwner), 5)
  })
})

describe('the guarantee', () => {
  test('grows by what is paid in, and is paid back at the end only', async () => {
    const steps = await send(stake('3'), '3.2')
    assertDone(steps)
    assert.ok(valueTo(steps, stage.anyone, 'excesses') > toNano('0.196'))
    assert.equal((await readProxy(stage)).stake, toNano('3'))
    assert.equal(await exit(stake('3'), '3.0999'), 1003)
  })
})

describe('closing', () => {
  test('waits for the delay, and pays the owner what is his', async () => {
    assertDone(await send(stake('3'), '3.2'))
    assert.equal(await exit(close('proxyCloseComplete')), 1006)
    assertDone(await send(close('proxyClose')))
    const unlockTime = startS + networkParams.proxyDelay
    assert.deepEqual(await readProxy(stage), {
      state: 1,
      balance: earned,
      stake: toNano('3'),
      unlockTime,
    })
    assert.equal(await exit(close('proxyClose')), 1006)
    stage.chain.now = unlockTime - 1
    assert.equal(await exit(close('proxyCloseComplete')), 1011)
    stage.chain.now = unlockTime
    const steps = await send(close('proxyCloseComplete'))
    assertDone(steps)
    assert.equal(valueTo(steps, stage.proxyOwner, 'payout'), toNano('3') + earned)
    assert.deepEqual(await readProxy(stage), { state: 2, balance: 0n, stake: 0n, unlockTime: 0 })
    // What clients have not asked for yet is still there.
    assert.ok((await stage.balance(stage.proxy)) > toNano('19'))
  })

  test('is begun by the key or by the owner, and ended by the key', async () => {
    const byOwner = message('proxyOwnerClose', 1, to(stage.proxyOwner))
    for (const body of [byOwner, text('c')]) {
      for (const from of outsiders()) assert.equal(await exit(body, '0.2', from), 1010)
      assert.equal(await exit(body, '0.0999', stage.proxyOwner), 1003)
      const steps = await send(body, '0.2', stage.proxyOwner)
      assertDone(steps)
      assert.ok(valueTo(steps, stage.proxyOwner, 'excesses') > toNano('0.196'))
      assert.equal((await readProxy(stage)).state, 1)
      assert.equal(await exit(body, '0.2', stage.proxyOwner), 1006)
      await stage.chain.loadFrom(fresh)
    }
    assert.equal(await exit(close('proxyClose', { key: managerKey })), 1007)
    assert.equal(await exit(close('proxyClose', { signedQueryId: 2 })), 1005)
    assert.equal(await exit(close('proxyClose', { signedOp: 'proxyCloseComplete' })), 1005)
    assert.equal(await exit(close('proxyClose', { fields: [to(stage.client)] })), 1015)
    assert.equal(await exit(close('proxyClose'), '0.0999'), 1003)
    assert.equal(await exit(close('proxyClose', { excesses: new Address(7, Buffer.alloc(32)) })), 1016)
  })

  test('leaves everything else as it is until the end', async () => {
    assertDone(await send(close('proxyClose')))
    assertDone(await send(request()))
    assertDone(await send(stake('1'), '1.2'))
    const payout = count('workerPayout', stage.worker, 60_000_000, { excesses: stage.anyone })
    assertDone(await stage.send(stage.anyone, stage.worker, toNano('0.5'), payout))
  })

  test('ends what belongs to the owner; clients still get theirs', async () => {
    await closed()
    for (const body of [request(), stake('0.05'), close('proxyClose'), close('proxyCloseComplete')]) {
      assert.equal(await exit(body), 1006)
    }
    for (const body of [text('w'), text('c'), message('proxyOwnerClose', 1, to(stage.proxyOwner))]) {
      assert.equal(await exit(body, '0.2', stage.proxyOwner), 1006)
    }
    const withdraw = message('clientWithdraw', 1, to(stage.clientOwner))
    const steps = await stage.send(stage.clientOwner, stage.client, toNano('0.5'), withdraw)
    assertDone(steps)
    assert.equal(valueTo(steps, stage.clientOwner, 'payout'), toNano('5'))
    const paid = message('clientTopUp', 1, coins(toNano('2')), to(stage.clientOwner))
    assertDone(await stage.send(stage.clientOwner, stage.client, toNano('2.5'), paid))
  })
})

describe('clients and workers', () => {
  const asClient = (cell: Cell | null, from = stage.client, value = '0.5') =>
    stage.send(
      from,
      stage.proxy,
      toNano(value),
      message('clientProxyRequest', 1, to(stage.clientOwner), ref(new Cell()), maybe(cell)),
    )
  const asWorker = (cell: Cell | null, from = stage.worker) =>
    stage.send(
      from,
      stage.proxy,
      toNano('0.5'),
      message('workerProxyRequest', 1, to(stage.workerOwner), uint(0, 66), maybe(cell)),
    )
  const amount = coins(toNano('1'))

  test('are known by their addresses alone', async () => {
    const granted = payload('clientRefundGrantedPayload', amount, to(stage.anyone))
    const part = payload('workerPayoutPayload', amount, amount, to(stage.anyone))
    for (const from of [stage.anyone, stage.worker, stage.proxyOwner, new Address(-1, stage.client.hash)]) {
      assert.equal(exitOf(await asClient(granted, from), stage.proxy), 1014)
    }
    assert.equal(exitOf(await asWorker(part, stage.client), stage.proxy), 1014)
    assert.equal(exitOf(await asClient(granted), stage.proxy), 0)
    assert.equal(exitOf(await asWorker(part), stage.proxy), 0)
  })

  test('ask for nothing that the proxy does not know', async () => {
    assert.equal(exitOf(await asClient(payload('excesses')), stage.proxy), 1012)
    assert.equal(exitOf(await asWorker(payload('excesses')), stage.proxy), 1012)
    assert.equal(exitOf(await asClient(payload('clientRegisterPayload')), stage.proxy), 0)
  })

  test('may tell anything without being asked who they are, and nothing comes of it', async () => {
    const data = await stage.data(stage.proxy)
    assert.equal(exitOf(await asClient(null, stage.anyone), stage.proxy), 0)
    assert.equal(exitOf(await asWorker(null, stage.anyone), stage.proxy), 0)
    assert.ok((await stage.data(stage.proxy)).equals(data))
  })

  test('get from the guarantee no more than it is, and nothing from it once it is paid back', async () => {
    assertDone(await send(stake('3'), '3.2'))
    const force = payload('clientRefundForcePayload', coins(toNano('5')), to(stage.anyone))
    const steps = await asClient(force)
    assertDone(steps)
    assert.equal(valueTo(steps, stage.clientOwner, 'payout'), toNano('3'))
    assert.equal((await readProxy(stage)).stake, 0n)
    await stage.chain.loadFrom(fresh)
    await closed()
    const uncapped = await asClient(force)
    assert.equal(valueTo(uncapped, stage.clientOwner, 'payout'), toNano('5'))
  })

  test('are paid even where the excesses go nowhere', async () => {
    const nowhere = new Address(9, Buffer.alloc(32, 9))
    const steps = await asClient(payload('clientRefundGrantedPayload', amount, to(nowhere)))
    assertDone(steps)
    assert.equal(valueTo(steps, stage.clientOwner, 'payout'), toNano('1'))
  })

  test('get their message back if it cannot be carried out', async () => {
    const owner = new Address(5, Buffer.alloc(32, 5))
    const { publicKey } = proxyKey
    const { address: client } = stateOf('client', clientData({ owner, proxy: stage.proxy, publicKey }))
    const granted = payload('clientRefundGrantedPayload', amount, to(stage.anyone))
    const body = message('clientProxyRequest', 1, to(owner), ref(new Cell()), maybe(granted))
    const pool = await stage.balance(stage.proxy)
    const [step] = await stage.send(client, stage.proxy, toNano('0.5'), body)
    assert.deepEqual([step!.exit, step!.action], [0, 36])
    assert.ok(step!.out.some(({ bounced, to: back }) => bounced && back.equals(client)))
    assert.equal(await stage.balance(stage.proxy), pool)
  })
})

describe('anything else', () => {
  test('is refused or ignored without a trace', async () => {
    const data = await stage.data(stage.proxy)
    assert.equal(await exit(new Cell()), 0)
    assert.equal(await exit(message('doNotProcess', 1)), 0)
    assert.equal(await exit(message('clientWithdraw', 1)), 1012)
    assert.equal(await exit(text('x'), '0.2', stage.proxyOwner), 1013)
    assert.equal(await exit(text('wx'), '0.2', stage.proxyOwner), 9)
    for (const from of outsiders()) assert.equal(await exit(text('w'), '0.2', from), 1010)
    const trailing = beginCell().storeSlice(request().beginParse()).storeBit(1).endCell()
    assert.equal(await exit(trailing), 9)
    assert.ok((await stage.data(stage.proxy)).equals(data))
  })

  test('an excess address that nothing can reach is refused', async () => {
    assert.equal(await exit(message('proxyPayoutRequest', 1, to(null))), 9)
    const elsewhere = to(new Address(3, Buffer.alloc(32)))
    assert.equal(await exit(message('proxyPayoutRequest', 1, elsewhere)), 1016)
    assert.equal(await exit(message('proxyIncreaseStake', 1, coins(1n), elsewhere)), 1016)
  })

  test('parameters of another version serve nobody', async () => {
    const old = await Stage.deployed(toNano('0.5'), { ...networkParams, structVersion: 3 })
    const granted = payload('clientRefundGrantedPayload', coins(1n), to(old.anyone))
    const body = message('clientProxyRequest', 1, to(old.clientOwner), ref(new Cell()), maybe(granted))
    assert.equal(exitOf(await old.send(old.client, old.proxy, toNano('0.5'), body), old.proxy), 1008)
  })

  test('the get method tells the state and the terms', async () => {
    const { stackReader: stack } = await stage.chain.runGetMethod(stage.proxy, 'get_cocoon_proxy_data')
    assert.ok(stack.readAddress().equals(stage.proxyOwner))
    stack.skip(1)
    assert.ok(stack.readAddress().equals(stage.root))
    stack.skip(4)
    const terms = Array.from({ length: 5 }, () => stack.readBigNumber())
    assert.deepEqual(terms, [20n, 19n, toNano('15'), toNano('15'), 17n])
  })

  test('sends nothing that could come back to be misread', async () => {
    const steps = await send(request())
    for (const op of ['payout', 'excesses'] as const) {
      const all = [...sentTo(steps, stage.proxyOwner, op), ...sentTo(steps, stage.anyone, op)]
      assert.ok(all.every(({ bounce }) => !bounce))
    }
  })
})
