// The life of one network from the first deposit to the last refund, in the order of its steps.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cell, toNano } from '@ton/core'
import { coins, count, message, signed, text, to, uint } from './bodies.ts'
import { assertDone, exitOf, readClient, readProxy, readWorker, valueTo } from './reading.ts'
import { Stage, startS } from './stage.ts'
import { networkParams } from './states.ts'

const ton = toNano

test('a network lives, closes, and everybody has what is theirs', async () => {
  const stage = await Stage.deployed()
  const { chain, client, worker, proxy, clientOwner, workerOwner, proxyOwner, anyone } = stage
  const byOwner = (body: Cell, value = '0.5') => stage.send(clientOwner, client, ton(value), body)
  const byAnyone = (at: typeof client, body: Cell, value = '0.5') => stage.send(anyone, at, ton(value), body)
  const topUp = (amount: string): Cell => message('clientTopUp', 1, coins(ton(amount)), to(clientOwner))
  const payout = (tokens: number): Cell => count('workerPayout', worker, tokens, { excesses: anyone })
  const close = (op: 'proxyClose' | 'proxyCloseComplete'): Cell =>
    signed({ op, queryId: 1, excesses: anyone, fields: [to(proxy)] })
  const request = message('proxyPayoutRequest', 1, to(anyone))

  // Twenty are paid in: the ledger is with the client's contract, the coins are with the proxy's.
  const [own, pool] = [await stage.balance(client), await stage.balance(proxy)]
  assertDone(await byOwner(topUp('20'), '20.5'))
  assert.equal((await readClient(stage)).balance, ton('20'))
  assert.equal(await stage.balance(client), own)
  assert.equal(await stage.balance(proxy), pool + ton('20'))

  assertDone(await byAnyone(proxy, message('proxyIncreaseStake', 1, coins(ton('3')), to(anyone)), '3.2'))
  const first = await byAnyone(worker, payout(50_000_000))
  assert.equal(valueTo(first, workerOwner, 'payout'), ton('0.95'))
  assert.equal((await readProxy(stage)).balance, ton('0.05'))

  // It begins to close: what is earned can still be taken, and workers and clients are served.
  assertDone(await byAnyone(proxy, close('proxyClose')))
  const unlockTime = startS + networkParams.proxyDelay
  assert.deepEqual(await readProxy(stage), {
    state: 1,
    balance: ton('0.05'),
    stake: ton('3'),
    unlockTime,
  })
  const open = chain.snapshot()
  assert.equal(valueTo(await byAnyone(proxy, request), proxyOwner, 'payout'), ton('0.05'))
  await chain.loadFrom(open)
  assertDone(await byAnyone(worker, payout(100_000_000)))
  assertDone(await byOwner(topUp('3'), '3.5'))

  // Closed: the owner has earnings and guarantee, the clients' coins are still there.
  assert.equal(exitOf(await byAnyone(proxy, close('proxyCloseComplete')), proxy), 1011)
  chain.now = unlockTime
  const end = await byAnyone(proxy, close('proxyCloseComplete'))
  assert.equal(valueTo(end, proxyOwner, 'payout'), ton('3.1'))
  const refused = await byAnyone(worker, payout(150_000_000))
  assert.equal(exitOf(refused, proxy), 1006)
  assert.equal((await readWorker(stage)).tokens, 100_000_000n)
  for (const body of [request, close('proxyClose'), text('w')]) {
    assert.equal(exitOf(await stage.send(proxyOwner, proxy, ton('0.5'), body), proxy), 1006)
  }
  assertDone(await byOwner(topUp('2'), '2.5'))

  // 25 less the stake of 15 come out at once, the rest after the delay.
  const withdrawn = await byOwner(message('clientWithdraw', 1, to(clientOwner)))
  assert.equal(valueTo(withdrawn, clientOwner, 'payout'), ton('10'))
  const refund = message('clientRequestRefund', 1, to(clientOwner))
  assertDone(await byOwner(refund))
  assert.equal((await readClient(stage)).unlockTime, BigInt(unlockTime + networkParams.clientDelay))
  assert.equal(exitOf(await byOwner(topUp('1'), '1.5'), client), 1006)
  const both = message('clientChangeSecretHashAndTopUp', 1, coins(ton('1')), uint(1, 256), to(clientOwner))
  assert.equal(exitOf(await byOwner(both, '1.5'), client), 1006)
  assert.equal(exitOf(await byOwner(refund), client), 1011)

  // The key paid 1.9 to the worker and charged nobody: the pool is short, and nothing is lost by asking.
  chain.now = unlockTime + networkParams.clientDelay + 1
  const short = await byOwner(refund)
  assert.equal(exitOf(short, proxy), 5)
  assert.deepEqual([(await readClient(stage)).state, (await readClient(stage)).balance], [1, ton('15')])
  await stage.send(anyone, proxy, ton('2'), new Cell(), { bounce: false })
  assert.equal(valueTo(await byOwner(refund), clientOwner, 'payout'), ton('15'))
  assert.deepEqual([(await readClient(stage)).state, (await readClient(stage)).balance], [2, 0n])
})

test('a proxy that was never deployed takes nothing', async () => {
  const stage = await Stage.empty()
  const { client, clientOwner, worker, anyone } = stage
  for (const [at, init] of [
    [client, stage.states.client],
    [worker, stage.states.worker],
  ] as const) {
    await stage.send(anyone, at, toNano('0.5'), new Cell(), { init })
  }
  const topUp = message('clientTopUp', 1, coins(toNano('20')), to(anyone))
  const steps = await stage.send(clientOwner, client, toNano('20.5'), topUp)
  assert.ok(valueTo(steps, clientOwner, 'excesses') > toNano('20.47'))
  assert.equal((await readClient(stage)).balance, 0n)
  await stage.send(anyone, worker, toNano('0.5'), count('workerLastPayout', worker, 5, { excesses: anyone }))
  assert.deepEqual(await readWorker(stage), { state: 0, tokens: 0n })
})
