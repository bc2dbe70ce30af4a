import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, sealedHeader } from '@cocoon/wire'
import { nodeSeal } from '@cocoon/trust/node'
import { type BackendScript, ScriptedBackend, wholeAnswer } from '../src/index.ts'
import {
  answerCanary,
  assertAnswered,
  assertFailed,
  type SealedNetwork,
  sealedNetwork,
  usage,
} from './sealed/sealed-network.ts'
import { WorkerError } from '@cocoon/worker'

const whole = wholeAnswer(`The ${answerCanary}`, usage)
const busy = wholeAnswer('busy', {}, 429)
const broken = wholeAnswer('broken', {}, 500)
const unreachable: BackendScript = ({ events }) =>
  events.failed(new WorkerError('backend-unreachable', 'the script says that it is away'))

const charged = ({ proxy }: SealedNetwork): bigint =>
  proxy.ledger.clients().reduce((sum, { max }) => sum + max, 0n)
const earned = ({ proxy }: SealedNetwork): bigint =>
  proxy.ledger.workers().reduce((sum, { max }) => sum + max, 0n)

async function assertOneCharge(network: SealedNetwork, tokens: bigint | undefined): Promise<void> {
  await network.world.runFor(3_000)
  assert.equal(charged(network), tokens)
  assert.equal(earned(network), tokens)
  assert.equal(network.proxy.proxy.running, 0)
  network.proxy.ledger.assertConserved()
}

for (const [name, script] of Object.entries({ busy, broken, unreachable })) {
  for (const workers of [2, 3]) {
    test(`of ${workers} workers all but the dearest are ${name}: that one answers, and is paid once`, async () => {
      const ill = Array.from({ length: workers - 1 }, (_, index) => ({
        script,
        options: { coefficient: 100 * (index + 1) },
      }))
      await using network = await sealedNetwork({ workers: [...ill, { script: whole }] })
      const asked = await network.asked({ body: { stream: false } })
      assertAnswered(asked)
      assert.deepEqual(
        network.backends.map(({ calls }) => calls.length),
        Array.from({ length: workers }, () => 1),
      )
      const [query] = network.tap.all('client.runSealedQuery')
      assert.equal(decode(sealedHeader, query!.query.header).recipients.length, workers)
      assert.equal(asked.summary?.proof?.signed.receipt.coefficient, 1_000)
      await assertOneCharge(network, asked.summary?.tokens)
    })
  }
}

test('all of three fail: the caller sees what the last one said, signed, and nothing is charged', async () => {
  await using network = await sealedNetwork({
    workers: [{ script: broken }, { script: broken }, { script: broken }],
  })
  const asked = await network.asked({ body: { stream: false } })
  assert.equal(asked.ended?.kind, 'end')
  assert.equal(asked.status, 500)
  await assertOneCharge(network, 0n)
})

test('a worker crashes before its head: the other one answers, one charge', async () => {
  await using network = await sealedNetwork({
    workers: [{ script: () => {}, options: { coefficient: 500 } }, { script: whole }],
  })
  const asked = network.asking({ body: { stream: false } })
  await network.world.runFor(100)
  assert.equal(network.backends[0]!.calls.length, 1)
  network.tap.wireOf('worker 0').cut()
  await network.over(asked)
  assertAnswered(asked)
  await assertOneCharge(network, asked.summary?.tokens)
})

test('a worker crashes in the middle of its answer: the caller keeps what came, and nothing more is made', async () => {
  await using network = await sealedNetwork({ workers: [{ options: { coefficient: 500 } }, {}] })
  const asked = network.asking()
  await network.world.runFor(40)
  assert.ok(asked.text.length > 0)
  network.tap.wireOf('worker 0').cut()
  await network.over(asked)
  assertFailed(asked, 'upstream')
  assert.equal(network.backends[1]!.calls.length, 0)
  await assertOneCharge(network, 0n)
})

/** Worker 0 goes, and another process with another identity takes its place. */
async function restart(network: SealedNetwork): Promise<ScriptedBackend> {
  await network.workers[0]!.close(0)
  const backend = new ScriptedBackend(whole)
  network.addWorker({
    backend,
    sealing: { identities: await network.stage.holder(), crypto: nodeSeal },
    dial: network.tap.dialAs('worker again'),
  })
  await network.world.runFor(1_000)
  return backend
}

test('a worker has begun anew, with another identity: the client seals anew, and is answered', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  assertAnswered(await network.asked({ body: { stream: false } }))
  const backend = await restart(network)
  const asked = await network.asked({ body: { stream: false } })
  assertAnswered(asked)
  assert.equal(backend.calls.length, 1)
  assert.equal(network.events.filter(({ event }) => event === 'query-resealed').length, 1)
})

test('a worker goes while it runs a query, and another is there that it was not sealed to', async () => {
  await using network = await sealedNetwork({
    workers: [{ script: () => {} }, { script: whole, options: { coefficient: 3_000 } }],
  })
  // The dearer one came later: the offers that the client has do not name it.
  network.tap.rewrite = ({ message }) =>
    message._ === 'client.offers' ? { ...message, offers: message.offers.slice(0, 1) } : message
  const asked = network.asking({ body: { stream: false } })
  await network.world.runFor(100)
  network.tap.rewrite = ({ message }) => message
  network.tap.wireOf('worker 0').cut()
  await network.over(asked)
  assertAnswered(asked)
  assert.equal(network.backends[1]!.calls.length, 1)
  await assertOneCharge(network, asked.summary?.tokens)
})

test('the keys of an identity are gone while the connection stays: 662 of the worker itself, and sealed anew', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  assertAnswered(await network.asked({ body: { stream: false } }))
  // Two renewals later the first identity is not held any more; a query that was sealed to it is late.
  const [query] = network.tap.all('proxy.runSealedQuery')
  await network.world.runFor(2 * 3_600_000 + 1_000)
  network.tap.wireOf('worker 0').toRole({
    ...query!,
    signedPayment: { _: 'proxy.signedPaymentEmpty' },
    requestId: new Uint8Array(32).fill(4),
  })
  await network.world.runFor(500)
  assert.equal(network.tap.all('proxy.sealedFailure')[0]?.errorCode, 662)
  assertAnswered(await network.asked({ body: { stream: false } }))
})

test('sessions of twenty minutes ago and of other identities are begun anew, across a day', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  for (const pauseMs of [
    0,
    1_000,
    4 * 60_000,
    6 * 60_000,
    20 * 60_000,
    61 * 60_000,
    5 * 3_600_000,
    24 * 3_600_000,
  ]) {
    await network.world.runFor(pauseMs)
    assertAnswered(await network.asked({ body: { stream: false } }), `${pauseMs}`)
  }
})

test('a query after a worker has come is answered, however long there was none', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  await network.workers[0]!.close(0)
  await network.world.runFor(500)
  assertFailed(await network.asked({ body: { stream: false } }), 'unprotected')
  network.addWorker({
    backend: new ScriptedBackend(whole),
    sealing: { identities: await network.stage.holder(), crypto: nodeSeal },
    dial: network.tap.dialAs('worker again'),
  })
  await network.world.runFor(3_000)
  assertAnswered(await network.asked({ body: { stream: false } }))
})
