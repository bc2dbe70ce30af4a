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
  ref,
  signed,
  to,
  uint,
  type Op,
} from './bodies.ts'
import { assertDone, exitOf, readClient, readProxy, sentTo, valueTo } from './reading.ts'
import { Stage, startS } from './stage.ts'
import { networkParams } from './states.ts'

let stage: Stage
let fresh: BlockchainSnapshot

before(async () => {
  stage = await Stage.deployed()
  fresh = stage.chain.snapshot()
})
beforeEach(async () => {
  await stage.chain.loadFrom(fresh)
  stage.chain.now = startS
})

const owner = (): Address => stage.clientOwner
const price = networkParams.price

const topUp = (amount: string): Cell => message('clientTopUp', 1, coins(toNano(amount)), to(owner()))
const send = (body: Cell, value = '0.7', from = owner()) =>
  stage.send(from, stage.client, toNano(value), body)
const charge = (tokens: number, rest = {}): Cell =>
  count('clientCharge', stage.client, tokens, { excesses: stage.anyone, ...rest })
const grant = (tokens: number, rest = {}): Cell =>
  count('clientGrantRefund', stage.client, tokens, { excesses: stage.anyone, ...rest })
const simple = (op: Op, excesses = owner()): Cell => message(op, 1, to(excesses))
const paidIn = async (amount: string): Promise<void> =>
  assertDone(await send(topUp(amount), String(Number(amount) + 0.7)))
const exit = async (body: Cell, value = '0.7', from = owner()): Promise<number | undefined> =>
  exitOf(await send(body, value, from), stage.client)

describe('what is paid in', () => {
  test('is credited to the client, and its coins are in the pool', async () => {
    const pool = await stage.balance(stage.proxy)
    const steps = await send(topUp('20'), '20.5', stage.anyone)
    assertDone(steps)
    assert.equal((await readClient(stage)).balance, toNano('20'))
    assert.equal((await stage.balance(stage.proxy)) - pool, toNano('20'))
    assert.ok(valueTo(steps, owner(), 'excesses') > toNano('0.48'))
  })

  test('has to come with the commission, and with the reserve the first time', async () => {
    assert.equal(await exit(topUp('1'), '1.0999'), 1003)
    await stage.chain.loadFrom(fresh)
    const bare = await Stage.empty()
    const init = bare.states.client
    const first = async (value: string): Promise<number | undefined> =>
      exitOf(
        await bare.send(owner(), bare.client, toNano(value), simple('clientRequestRefund'), { init }),
        bare.client,
      )
    assert.equal(await first('0.2099'), 1001)
    assert.equal(await first('0.21'), 0)
  })

  test('stays even if the excesses cannot be delivered, and no such address is taken', async () => {
    const bodies: Array<readonly [Cell, number]> = [
      [message('clientTopUp', 1, coins(1n), to(null)), 9],
      [message('clientTopUp', 1, coins(1n), uint(0b01, 2).storeUint(8, 9).storeUint(0, 8)), 9],
      [message('clientTopUp', 1, coins(1n), to(new Address(5, Buffer.alloc(32, 1)))), 1016],
    ]
    for (const [body, code] of bodies) assert.equal(await exit(body), code)
    const masterchain = message('clientTopUp', 1, coins(1n), to(new Address(-1, Buffer.alloc(32, 1))))
    assert.equal(await exit(masterchain), 0)
  })

  test('is not taken by a contract that closes, with or without a secret', async () => {
    assert.equal(await exit(simple('clientRequestRefund')), 0)
    assert.equal(await exit(topUp('1'), '2'), 1006)
    const both = message('clientChangeSecretHashAndTopUp', 1, coins(toNano('1')), uint(1, 256), to(owner()))
    assert.equal(await exit(both, '2'), 1006)
  })

  test('comes back to the owner if the proxy cannot take it, and is not credited', async () => {
    const old = await Stage.deployed(toNano('0.5'), { ...networkParams, structVersion: 3 })
    const value = toNano('20.5')
    const steps = await old.send(old.anyone, old.client, value, topUp('20'))
    assert.equal(exitOf(steps, old.proxy), 1008)
    assert.equal((await readClient(old)).balance, 0n)
    assert.ok(valueTo(steps, owner(), 'excesses') > toNano('20.47'))
    assert.equal(sentTo(steps, old.proxy, 'clientProxyRequest').length, 2)
  })
})

describe('a charge', () => {
  beforeEach(() => paidIn('20'))

  test('takes the price of the new tokens, by anybody who has the signature', async () => {
    const steps = await send(charge(50_000_000), '0.7', stage.anyone)
    assertDone(steps)
    const { balance, tokens } = await readClient(stage)
    assert.equal(balance, toNano('20') - 50_000_000n * price)
    assert.equal(tokens, 50_000_000n)
    assert.ok(valueTo(steps, stage.anyone, 'excesses') > toNano('0.69'))
    const [note] = sentTo(steps, stage.proxy, 'clientProxyRequest')
    assert.equal(note?.value, 1n)
  })

  test('counts once, whoever sends it again', async () => {
    assert.equal(await exit(charge(50_000_000)), 0)
    assert.equal(await exit(charge(50_000_000)), 1000)
    assert.equal(await exit(charge(49_999_999)), 1000)
    assert.equal((await readClient(stage)).balance, toNano('20') - 50_000_000n * price)
  })

  test('takes no more than there is', async () => {
    assert.equal(await exit(charge(2_000_000_000)), 0)
    const { balance, tokens } = await readClient(stage)
    assert.deepEqual([balance, tokens], [0n, 2_000_000_000n])
  })

  test('needs the signature, the header, the address and the value', async () => {
    assert.equal(await exit(charge(1, { key: managerKey })), 1007)
    const fields = [uint(1, 64), to(stage.client)]
    const envelope = { op: 'clientCharge', queryId: 1, excesses: owner(), fields } as const
    assert.equal(await exit(signed({ ...envelope, signedQueryId: 2 })), 1005)
    assert.equal(await exit(signed({ ...envelope, signedOp: 'clientGrantRefund' })), 1005)
    assert.equal(await exit(signed({ ...envelope, fields: [uint(1, 64), to(stage.worker)] })), 1015)
    assert.equal(await exit(charge(1), '0.0999'), 1003)
    // Several faults at once: the signature comes first.
    assert.equal(await exit(charge(1, { key: managerKey }), '0.05'), 1007)
    const trailing = beginCell().storeSlice(charge(1).beginParse()).storeBit(0).endCell()
    assert.equal(await exit(trailing), 9)
  })

  test('is still taken while the contract closes, and not after', async () => {
    assert.equal(await exit(simple('clientRequestRefund')), 0)
    assert.equal(await exit(charge(1)), 0)
    assert.equal(await exit(grant(2)), 0)
    assert.equal(await exit(charge(3)), 1006)
  })

  test('knows no parameters but those of its version', async () => {
    const old = await Stage.deployed(toNano('0.5'), { ...networkParams, structVersion: 3 })
    const body = count('clientCharge', old.client, 1, { excesses: old.anyone })
    const steps = await old.send(old.anyone, old.client, toNano('0.7'), body)
    assert.equal(exitOf(steps, old.client), 1008)
  })
})

describe('what is left', () => {
  beforeEach(() => paidIn('20'))

  test('above the stake is paid out to the owner', async () => {
    const steps = await send(simple('clientWithdraw'))
    assertDone(steps)
    assert.equal(valueTo(steps, owner(), 'payout'), toNano('5'))
    assert.equal((await readClient(stage)).balance, toNano('15'))
    assert.equal(await exit(simple('clientWithdraw')), 1001)
  })

  test('is paid out at the end of closing, after the signature of the proxy', async () => {
    const steps = await send(grant(50_000_000), '0.7', stage.anyone)
    assertDone(steps)
    assert.equal(valueTo(steps, owner(), 'payout'), toNano('19'))
    const { state, balance, tokens, unlockTime } = await readClient(stage)
    assert.deepEqual([state, balance, tokens, unlockTime], [2, 0n, 50_000_000n, 0n])
    assert.equal(await exit(grant(50_000_000)), 1006)
    assert.equal(await exit(grant(60_000_000)), 1006)
  })

  test("includes the contract's own coins, which are the owner's", async () => {
    const own = await stage.balance(stage.client)
    const steps = await send(grant(0), '0.7', stage.anyone)
    assertDone(steps)
    assert.equal(valueTo(steps, owner(), 'excesses'), own - toNano('0.01'))
    const back = valueTo(steps, stage.anyone, 'excesses')
    assert.ok(back > toNano('0.68') && back < toNano('0.7'))
    assert.equal(await stage.balance(stage.client), toNano('0.01'))
  })

  test('is paid from the guarantee of a silent proxy after the delay, and not before', async () => {
    const stake = message('proxyIncreaseStake', 1, coins(toNano('15')), to(stage.anyone))
    assertDone(await stage.send(stage.anyone, stage.proxy, toNano('15.2'), stake))
    const closing = await send(simple('clientRequestRefund'))
    assert.equal(valueTo(closing, owner(), 'payout'), toNano('5'))
    const unlock = startS + networkParams.clientDelay
    assert.equal((await readClient(stage)).unlockTime, BigInt(unlock))
    stage.chain.now = unlock
    assert.equal(await exit(simple('clientRequestRefund')), 1011)
    stage.chain.now = unlock + 1
    const steps = await send(simple('clientRequestRefund'))
    assertDone(steps)
    assert.equal(valueTo(steps, owner(), 'payout'), toNano('15'))
    assert.equal((await readProxy(stage)).stake, 0n)
    const { state, balance } = await readClient(stage)
    assert.deepEqual([state, balance], [2, 0n])
    assert.equal(await stage.balance(stage.client), toNano('0.01'))
    assert.equal(await exit(simple('clientRequestRefund')), 1006)
  })

  test('is for nobody but the owner to ask for', async () => {
    for (const op of ['clientWithdraw', 'clientRequestRefund'] as const) {
      assert.equal(await exit(simple(op), '0.7', stage.anyone), 1009)
    }
  })
})

describe('what the proxy cannot pay', () => {
  beforeEach(() => paidIn('20'))

  /** Takes coins out of the pool through a worker, as a proxy does that paid more than it charged. */
  const drain = async (amount: bigint): Promise<void> => {
    const tokens = Number(amount / networkParams.workerFee)
    const body = count('workerPayout', stage.worker, tokens, { excesses: stage.anyone })
    assertDone(await stage.send(stage.anyone, stage.worker, toNano('0.5'), body))
  }
  const refill = (amount: string) =>
    stage.send(stage.anyone, stage.proxy, toNano(amount), new Cell(), { bounce: false })

  test('is owed after a withdrawal as before', async () => {
    await drain(toNano('18'))
    const steps = await send(simple('clientWithdraw'))
    assert.equal(exitOf(steps, stage.proxy), 5)
    assert.equal((await readClient(stage)).balance, toNano('20'))
    assert.equal(sentTo(steps, owner(), 'payout').length, 0)
    assert.ok(valueTo(steps, owner(), 'excesses') > toNano('0.67'))
    // The service is told of the state that it is in again.
    const notes = sentTo(steps, stage.proxy, 'clientProxyRequest')
    assert.deepEqual(
      notes.map(({ value }) => value > 1n),
      [true, false],
    )
    await refill('5')
    assert.equal(valueTo(await send(simple('clientWithdraw')), owner(), 'payout'), toNano('5'))
  })

  test('is owed after a granted refund, which can be sent again', async () => {
    await drain(toNano('18'))
    const steps = await send(grant(0), '0.7', stage.anyone)
    assert.equal(exitOf(steps, stage.proxy), 5)
    const { state, balance } = await readClient(stage)
    assert.deepEqual([state, balance], [1, toNano('20')])
    // Who submitted it has its coins back, and the owner cannot skip the delay by that.
    assert.ok(valueTo(steps, stage.anyone, 'excesses') > toNano('0.5'))
    assert.equal(await exit(simple('clientRequestRefund')), 1011)
    await refill('20')
    assert.equal(valueTo(await send(grant(0), '0.7', stage.anyone), owner(), 'payout'), toNano('20'))
    assert.equal((await readClient(stage)).state, 2)
  })

  test('is owed after a forced refund of a closed proxy', async () => {
    const close = (op: 'proxyClose' | 'proxyCloseComplete'): Cell =>
      signed({ op, queryId: 1, excesses: stage.anyone, fields: [to(stage.proxy)] })
    await drain(toNano('18'))
    assertDone(await stage.send(stage.anyone, stage.proxy, toNano('0.5'), close('proxyClose')))
    assert.equal(await exit(simple('clientRequestRefund')), 0)
    stage.chain.now = startS + networkParams.proxyDelay
    assertDone(await stage.send(stage.anyone, stage.proxy, toNano('0.5'), close('proxyCloseComplete')))
    const steps = await send(simple('clientRequestRefund'))
    assert.equal(exitOf(steps, stage.proxy), 5)
    const { state, balance } = await readClient(stage)
    assert.deepEqual([state, balance], [1, toNano('20')])
    await refill('20')
    assert.equal(valueTo(await send(simple('clientRequestRefund')), owner(), 'payout'), toNano('20'))
  })

  test('is owed at the smallest value too', async () => {
    await drain(toNano('18'))
    for (const body of [simple('clientWithdraw'), grant(0)]) {
      await send(body, '0.1')
      assert.equal((await readClient(stage)).balance, toNano('20'))
    }
  })

  test('is restored by its difference: what passed in the meantime stays', async () => {
    await drain(toNano('18'))
    const refused = bounceOf(
      message(
        'clientProxyRequest',
        1,
        to(owner()),
        ref(new Cell()),
        maybe(payload('clientRefundGrantedPayload', coins(toNano('2')), to(owner()))),
      ),
    )
    assert.equal(await exit(charge(50_000_000)), 0)
    await sendBounced(stage.proxy, refused)
    assert.equal((await readClient(stage)).balance, toNano('21'))
    // Nobody else can say that something was refused.
    await sendBounced(stage.anyone, refused)
    assert.equal((await readClient(stage)).balance, toNano('21'))
  })

  const sendBounced = (from: Address, body: Cell) =>
    stage.chain.sendMessage({
      info: {
        type: 'internal',
        ihrDisabled: true,
        bounce: false,
        bounced: true,
        src: from,
        dest: stage.client,
        value: { coins: toNano('0.6') },
        ihrFee: 0n,
        forwardFee: 0n,
        createdLt: 0n,
        createdAt: 0,
      },
      body,
    })

  /** How the chain gives back a message that wanted its body back whole. */
  const bounceOf = (original: Cell): Cell =>
    uint(0xfffffffe, 32)
      .storeRef(original)
      .storeRef(beginCell().storeCoins(0).storeBit(0).storeUint(0, 96).endCell())
      .storeUint(0, 8)
      .storeInt(5, 32)
      .storeBit(0)
      .endCell()
})

describe('the owner', () => {
  test('registers with a nonce that the proxy sees', async () => {
    const steps = await send(message('clientRegister', 9, uint(777, 64), to(owner())), '1')
    assertDone(steps)
    const [note] = sentTo(steps, stage.proxy, 'clientProxyRequest')
    const body = note!.body.beginParse()
    body.skip(32 + 64 + 267)
    body.loadRef()
    const register = body.loadMaybeRef()!
    assert.ok(register.equals(payload('clientRegisterPayload', uint(777, 64))))
    assert.equal(note!.value, 1n)
  })

  test('alone registers and changes secret and stake', async () => {
    const bodies = [
      message('clientRegister', 1, uint(777, 64), to(owner())),
      message('clientChangeSecretHash', 1, uint(1, 256), to(owner())),
      message('clientIncreaseStake', 1, coins(toNano('16')), to(owner())),
      message('clientChangeSecretHashAndTopUp', 1, coins(1n), uint(2, 256), to(owner())),
    ]
    for (const body of bodies) assert.equal(await exit(body, '0.7', stage.anyone), 1010)
    for (const body of bodies) assert.equal(await exit(body), 0)
    const { secretHash, stake, balance } = await readClient(stage)
    assert.deepEqual([secretHash, stake, balance], [2n, toNano('16'), 1n])
  })

  test('raises the stake only, within what readers understand', async () => {
    const stake = (nano: bigint): Cell => message('clientIncreaseStake', 1, coins(nano), to(owner()))
    assert.equal(await exit(stake(toNano('15'))), 1003)
    assert.equal(await exit(stake(1n << 63n)), 1017)
    assert.equal(await exit(stake((1n << 63n) - 1n)), 0)
  })
})

describe('anything else', () => {
  test('is refused or ignored without a trace', async () => {
    const data = await stage.data(stage.client)
    assert.equal(await exit(new Cell()), 0)
    assert.equal(await exit(payload('doNotProcess', uint(5, 7))), 0)
    assert.equal(await exit(message('clientTopUp', 1)), 9)
    assert.equal(await exit(message('workerPayout', 1, uint(0, 200))), 1012)
    assert.equal(await exit(uint(0, 31).endCell()), 1012)
    // Nothing may follow the body.
    const trailing = beginCell().storeSlice(simple('clientRequestRefund').beginParse()).storeBit(1).endCell()
    assert.equal(await exit(trailing), 9)
    assert.ok((await stage.data(stage.client)).equals(data))
  })
})
