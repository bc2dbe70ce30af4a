import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { Address, beginCell, Cell, toNano } from '@ton/core'
import type { BlockchainSnapshot } from '@ton/sandbox'
import { coins, count, managerKey, maybe, message, payload, proxyKey, signed, to, uint } from './bodies.ts'
import { assertDone, exitOf, readProxy, readWorker, sentTo, valueTo } from './reading.ts'
import { Stage, startS } from './stage.ts'
import { networkParams, workerData, stateOf } from './states.ts'

let stage: Stage
let fresh: BlockchainSnapshot

/** The pool has 100 TON. */
before(async () => {
  stage = await Stage.deployed()
  await stage.send(stage.anyone, stage.proxy, toNano('100'), new Cell(), { bounce: false })
  fresh = stage.chain.snapshot()
})
beforeEach(async () => {
  await stage.chain.loadFrom(fresh)
  stage.chain.now = startS
})

const pay = (tokens: number | bigint, rest = {}): Cell =>
  count('workerPayout', stage.worker, tokens, { excesses: stage.anyone, ...rest })
const last = (tokens: number | bigint): Cell =>
  count('workerLastPayout', stage.worker, tokens, { excesses: stage.anyone })
const send = (body: Cell, value = '0.5', from = stage.anyone) =>
  stage.send(from, stage.worker, toNano(value), body)
const exit = async (body: Cell, value = '0.5', from = stage.anyone): Promise<number | undefined> =>
  exitOf(await send(body, value, from), stage.worker)
const fee = networkParams.workerFee

describe('a payout', () => {
  test("pays the owner for the new tokens, and leaves the proxy's part", async () => {
    const steps = await send(pay(50_000_000))
    assertDone(steps)
    assert.equal(valueTo(steps, stage.workerOwner, 'payout'), 50_000_000n * fee)
    assert.ok(valueTo(steps, stage.anyone, 'excesses') > toNano('0.49'))
    assert.deepEqual(await readWorker(stage), { state: 0, tokens: 50_000_000n })
    assert.equal((await readProxy(stage)).balance, 50_000_000n)
    const again = await send(pay(60_000_000))
    assert.equal(valueTo(again, stage.workerOwner, 'payout'), 10_000_000n * fee)
  })

  test('tells the service of the new count', async () => {
    const [request] = sentTo(await send(pay(7)), stage.proxy, 'workerProxyRequest')
    const due = payload('workerPayoutPayload', coins(7n * fee), coins(7n), to(stage.anyone))
    const body = message('workerProxyRequest', 1, to(stage.workerOwner), uint(0, 2), uint(7, 64), maybe(due))
    assert.ok(request!.body.equals(body))
  })

  test('is made once, whoever sends it again', async () => {
    assert.equal(await exit(pay(5)), 0)
    for (const body of [pay(5), pay(4), last(4)]) assert.equal(await exit(body), 1000)
  })

  test('needs the signature, the header, the address and the value', async () => {
    assert.equal(await exit(pay(5, { key: managerKey })), 1007)
    const fields = [uint(1, 64), to(stage.worker)]
    const envelope = { op: 'workerPayout', queryId: 1, excesses: stage.anyone, fields } as const
    assert.equal(await exit(signed({ ...envelope, signedQueryId: 2 })), 1005)
    assert.equal(await exit(signed({ ...envelope, signedOp: 'workerLastPayout' })), 1005)
    assert.equal(await exit(signed({ ...envelope, fields: [uint(1, 64), to(stage.client)] })), 1015)
    assert.equal(await exit(pay(5), '0.1'), 1003)
    assert.equal(await exit(pay(5), '0.100000001'), 0)
    const trailing = beginCell().storeSlice(pay(6).beginParse()).storeBit(0).endCell()
    assert.equal(await exit(trailing), 9)
  })

  test('arrives whatever becomes of the excesses', async () => {
    for (const excesses of [null, new Address(5, Buffer.alloc(32, 7))]) {
      assert.equal(await exit(pay(5, { excesses })), excesses === null ? 9 : 1016)
    }
    // An address of the masterchain is one that excesses may have.
    const steps = await send(pay(5, { excesses: new Address(-1, Buffer.alloc(32, 7)) }))
    assertDone(steps)
    assert.equal(valueTo(steps, stage.workerOwner, 'payout'), 5n * fee)
  })

  test('knows no parameters but those of its version', async () => {
    const old = await Stage.deployed(toNano('0.5'), { ...networkParams, structVersion: 3 })
    const body = count('workerPayout', old.worker, 1, { excesses: old.anyone })
    assert.equal(exitOf(await old.send(old.anyone, old.worker, toNano('0.5'), body), old.worker), 1008)
  })
})

describe('the last payout', () => {
  test('closes the worker for good', async () => {
    assertDone(await send(last(5)))
    assert.deepEqual(await readWorker(stage), { state: 2, tokens: 5n })
    const register = message('workerRegister', 1, to(stage.workerOwner))
    for (const body of [pay(6), last(6), register, message('clientWithdraw', 1)]) {
      assert.equal(await exit(body), 1006)
    }
  })

  test('may repeat the count', async () => {
    assert.equal(await exit(pay(5)), 0)
    const steps = await send(last(5))
    assertDone(steps)
    assert.equal(sentTo(steps, stage.workerOwner, 'payout').length, 1)
  })

  test("gives the contract's own coins to the owner, and the sender no more than came with it", async () => {
    const own = await stage.balance(stage.worker)
    const steps = await send(last(5), '1')
    assertDone(steps)
    assert.equal(valueTo(steps, stage.workerOwner, 'excesses'), own - toNano('0.01'))
    const back = valueTo(steps, stage.anyone, 'excesses')
    assert.ok(back > toNano('0.98') && back < toNano('1'))
    assert.equal(await stage.balance(stage.worker), toNano('0.01'))
  })
})

describe('what the proxy cannot pay', () => {
  const tooMany = 6_000_000_000

  test('is owed as before', async () => {
    const steps = await send(pay(tooMany))
    assert.equal(exitOf(steps, stage.proxy), 5)
    assert.deepEqual(await readWorker(stage), { state: 0, tokens: 0n })
    assert.equal(sentTo(steps, stage.workerOwner, 'payout').length, 0)
    assert.ok(valueTo(steps, stage.anyone, 'excesses') > toNano('0.47'))
    // The service is told of the count that holds again.
    const notes = sentTo(steps, stage.proxy, 'workerProxyRequest')
    assert.equal(notes.length, 2)
    const body = message('workerProxyRequest', 1, to(stage.workerOwner), uint(0, 66), maybe(null))
    assert.ok(notes[1]!.body.equals(body))
    await stage.send(stage.anyone, stage.proxy, toNano('20'), new Cell(), { bounce: false })
    const paid = valueTo(await send(pay(tooMany)), stage.workerOwner, 'payout')
    assert.equal(paid, BigInt(tooMany) * fee)
  })

  test('opens the worker again after the last payout', async () => {
    await send(last(tooMany), '0.100000001')
    assert.deepEqual(await readWorker(stage), { state: 0, tokens: 0n })
    await stage.send(stage.anyone, stage.proxy, toNano('20'), new Cell(), { bounce: false })
    assertDone(await send(last(tooMany)))
    assert.deepEqual(await readWorker(stage), { state: 2, tokens: BigInt(tooMany) })
  })

  test('because it is closed is owed as before', async () => {
    const close = (op: 'proxyClose' | 'proxyCloseComplete'): Cell =>
      signed({ op, queryId: 1, excesses: stage.anyone, fields: [to(stage.proxy)] })
    await stage.send(stage.anyone, stage.proxy, toNano('0.5'), close('proxyClose'))
    stage.chain.now = startS + networkParams.proxyDelay
    await stage.send(stage.anyone, stage.proxy, toNano('0.5'), close('proxyCloseComplete'))
    const steps = await send(pay(5))
    assert.equal(exitOf(steps, stage.proxy), 1006)
    assert.deepEqual(await readWorker(stage), { state: 0, tokens: 0n })
  })

  test('is restored by its difference: what was paid in the meantime stays', async () => {
    assertDone(await send(pay(100)))
    const part = payload('workerPayoutPayload', coins(40n * fee), coins(40n), to(stage.anyone))
    const original = message(
      'workerProxyRequest',
      1,
      to(stage.workerOwner),
      uint(0, 2),
      uint(40, 64),
      maybe(part),
    )
    await sendBounced(stage.anyone, original)
    assert.equal((await readWorker(stage)).tokens, 100n)
    await sendBounced(stage.proxy, original)
    assert.equal((await readWorker(stage)).tokens, 60n)
  })

  const sendBounced = (from: Address, original: Cell) =>
    stage.chain.sendMessage({
      info: {
        type: 'internal',
        ihrDisabled: true,
        bounce: false,
        bounced: true,
        src: from,
        dest: stage.worker,
        value: { coins: toNano('0.6') },
        ihrFee: 0n,
        forwardFee: 0n,
        createdLt: 0n,
        createdAt: 0,
      },
      body: uint(0xfffffffe, 32)
        .storeRef(original)
        .storeRef(beginCell().storeCoins(0).storeBit(0).storeUint(0, 96).endCell())
        .storeUint(0, 8)
        .storeInt(5, 32)
        .storeBit(0)
        .endCell(),
    })
})

describe('anything else', () => {
  test('registering is for the owner, with more than the commission', async () => {
    const register = message('workerRegister', 1, to(stage.workerOwner))
    assert.equal(await exit(register, '0.1', stage.workerOwner), 1003)
    assert.equal(await exit(register), 1010)
    assert.equal(await exit(message('workerRegister', 1)), 1010)
    assert.equal(await exit(message('workerRegister', 1), '0.5', stage.workerOwner), 9)
    const steps = await send(register, '0.5', stage.workerOwner)
    assertDone(steps)
    assert.equal(sentTo(steps, stage.proxy, 'workerProxyRequest')[0]?.value, 1n)
  })

  test('is refused or ignored without a trace', async () => {
    const data = await stage.data(stage.worker)
    assert.equal(await exit(new Cell()), 0)
    assert.equal(await exit(payload('doNotProcess')), 0)
    assert.equal(await exit(message('clientWithdraw', 1)), 1012)
    assert.ok((await stage.data(stage.worker)).equals(data))
  })

  test('a worker of other parameters is another worker: the proxy does not know it', async () => {
    const params = { ...networkParams, uniqueId: 240 }
    const { publicKey } = proxyKey
    const data = workerData({ owner: stage.workerOwner, proxy: stage.proxy, publicKey, params })
    const init = stateOf('worker', data)
    await stage.send(stage.anyone, init.address, toNano('0.5'), new Cell(), { init })
    const body = count('workerPayout', init.address, 5, { excesses: stage.anyone })
    const steps = await stage.send(stage.anyone, init.address, toNano('0.5'), body)
    assert.equal(exitOf(steps, stage.proxy), 1014)
    assert.equal(sentTo(steps, stage.workerOwner, 'payout').length, 0)
  })
})
