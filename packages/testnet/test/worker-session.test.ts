import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressKey, modelHash } from '@cocoon/money'
import { decode, httpRequest } from '@cocoon/wire'
import { addressNamed } from '../src/index.ts'
import { ask } from './asked.ts'
import { scriptedWorker, virtualNetwork } from './scripted-peer.ts'
import { answers, head, nextRun, outcome, withoutWorkers } from './worker-answers.ts'

test('statuses of the backend are passed on as they are', async () => {
  await using network = await withoutWorkers()
  const worker = await scriptedWorker(network, { min: 0, max: 3 })
  for (const status of [200, 201, 400, 404, 422, 500]) {
    const asked = ask(network.client)
    const run = await nextRun(network, worker)
    worker.send(answers(3, run.requestId).head(head(status, `status ${status}`), 1n))
    await outcome(network, asked)
    assert.equal(asked.status, status)
    assert.equal(asked.text, `status ${status}`)
  }
})

test('a late, repeated or unknown answer changes nothing', async () => {
  await using network = await withoutWorkers()
  const worker = await scriptedWorker(network, { min: 0, max: 2 })
  const asked = ask(network.client)
  const run = await nextRun(network, worker)
  const { head: begin, part } = answers(2, run.requestId)
  const other = answers(2, new Uint8Array(32).fill(9))
  worker.send(other.head())
  worker.send(begin())
  worker.send(part('text', 5n))
  worker.send(part('more', 500n))
  worker.send(other.part('stray', 500n))
  await outcome(network, asked)
  await network.world.runFor(3_000)
  assert.equal(asked.text, 'text')
  assert.ok(worker.connection.isReady)
  assert.equal(network.proxy.ledger.worker(addressKey(addressNamed('scripted worker'))).max, 5n)
})

test('payment status, switching off and on, and a new price', async () => {
  await using network = await withoutWorkers()
  const { world } = network
  const worker = await scriptedWorker(network, { min: 0, max: 2 })
  const status = await world.finish(worker.ask({ _: 'worker.updatePaymentStatus' }))
  assert.deepEqual(
    { ...status, signedPayment: undefined },
    {
      _: 'worker.paymentStatus',
      signedPayment: undefined,
      dbTokens: 0n,
      maxTokens: 0n,
    },
  )

  worker.send({ _: 'worker.enabledDisabled', disabled: 1 })
  await world.runFor(10)
  const refused = ask(network.client)
  await outcome(network, refused)
  assert.equal(refused.status, 503)

  worker.send({ _: 'worker.enabledDisabled', disabled: 0 })
  worker.send({ _: 'worker.newCoefficient', newCoefficient: 2_500 })
  await world.runFor(10)
  const tooDear = ask(network.client, { maxCoefficient: 2_499 })
  await outcome(network, tooDear)
  assert.match(tooDear.text, /max_coefficient_too_low/)
  ask(network.client, { maxCoefficient: 2_500 })
  assert.equal((await nextRun(network, worker)).coefficient, 2_500n)

  worker.send({ _: 'worker.newCoefficient', newCoefficient: -1 })
  await world.until(() => worker.closed !== undefined)
})

test('a query that a worker has no business with is refused, and its connection stays', async () => {
  await using network = await withoutWorkers()
  const worker = await scriptedWorker(network, { min: 0, max: 2 })
  await assert.rejects(network.world.finish(worker.ask({ _: 'client.getWorkerTypes' })), /621/)
  assert.ok(worker.connection.isReady)
})

test('two models of one network do not get in the way of each other', async () => {
  const otherModel = `other/model@2:${'1'.repeat(64)}`
  await using network = await virtualNetwork({
    workers: [],
    config: { modelHashes: [otherModel, `test/model@1:${'0'.repeat(64)}`].map(modelHash) },
  })
  const here = await scriptedWorker(network, { min: 0, max: 2 })
  const there = await scriptedWorker(network, { min: 0, max: 2 }, { model: otherModel })
  const asked = ask(network.client, { model: 'other/model' })
  const run = await nextRun(network, there)
  there.send(answers(2, run.requestId).head(head(200, 'other'), 1n))
  await outcome(network, asked)
  assert.equal(asked.text, 'other')
  assert.deepEqual(here.packets, [])
})

test('the request that a worker gets is the one that the client sent, byte for byte', async () => {
  await using network = await withoutWorkers()
  const worker = await scriptedWorker(network, { min: 0, max: 2 })
  ask(network.client, { body: { model: 'test/model', messages: [], 'odd key': [1, 2.5, 'ü'] } })
  const { query } = await nextRun(network, worker)
  const request = decode(httpRequest, query)
  assert.equal(
    Buffer.from(request.payload).toString(),
    '{"model":"test/model","messages":[],"odd key":[1,2.5,"ü"]}',
  )
  assert.deepEqual(request.headers.map(({ name }) => name.toLowerCase()).toSorted(), [
    'content-length',
    'content-type',
    'host',
  ])
})
