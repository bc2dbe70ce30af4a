import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyCombinator, ProxyRunQueryEx } from '@cocoon/wire'
import { ask } from './asked.ts'
import {
  chatRequest,
  connectPeer,
  nothingKnown,
  requestId,
  scriptedClient,
  type ScriptedPeer,
  scriptedWorker,
  sendCut,
  workerParams,
} from './scripted-peer.ts'
import { answers, head, nextRun, outcome, withoutWorkers } from './worker-answers.ts'

for (const version of [0, 1, 2, 3]) {
  test(`a worker of version ${version} is asked and believed in its own forms`, async () => {
    await using network = await withoutWorkers()
    const worker = await scriptedWorker(network, version === 0 ? undefined : { min: 0, max: version })
    const asked = ask(network.client)
    const run = await nextRun(network, worker)
    assert.equal(run._ as string, version === 0 ? 'proxy.runQuery' : 'proxy.runQueryEx')
    assert.equal(run.coefficient, 1_000n)
    assert.ok(Math.abs(run.timeout - 60 * 0.95 * 0.95) < 0.01)
    assert.equal(run.signedPayment._, 'proxy.signedPayment')

    const { head: begin, part } = answers(version, run.requestId)
    worker.send(begin())
    worker.send(part('one '))
    worker.send(part('two', 77n))
    await outcome(network, asked)
    assert.deepEqual({ ...asked.ended, proxy: undefined }, { kind: 'end', tokens: 77n, proxy: undefined })
    assert.equal(asked.status, 200)
    assert.equal(asked.text, 'one two')

    await network.world.until(() => worker.all('proxy.workerRequestPayment').length > 0)
    const [payment] = worker.all('proxy.workerRequestPayment')
    assert.deepEqual(payment?.requestId, run.requestId)
    assert.equal(payment?.requestTokens, 77n)
    assert.equal(payment?.maxTokens, 77n)
    assert.equal(payment?.signedPayment._, 'proxy.signedPayment')
  })
}

test('a worker that reports more than was reserved gets what was reserved', async () => {
  await using network = await withoutWorkers()
  const worker = await scriptedWorker(network, { min: 0, max: 2 })
  const asked = ask(network.client, { maxTokens: 100, maxCoefficient: 1_000 })
  const run = await nextRun(network, worker)
  const { head: begin, part } = answers(2, run.requestId)
  worker.send(begin())
  worker.send(part('text', 2n ** 62n))
  await outcome(network, asked)
  const reserved = BigInt(100 + run.query.length)
  assert.equal(asked.ended?.kind === 'end' && asked.ended.tokens, reserved)
  await network.world.until(() => worker.all('proxy.workerRequestPayment').length > 0)
  assert.equal(worker.all('proxy.workerRequestPayment')[0]?.requestTokens, reserved)
  network.proxy.ledger.assertConserved()
})

test('a worker that reports tokens below zero loses its connection, and another one gets the query', async () => {
  await using network = await withoutWorkers()
  const liar = await scriptedWorker(network, { min: 0, max: 2 }, { coefficient: 0 })
  const asked = ask(network.client)
  const run = await nextRun(network, liar)
  const honest = await scriptedWorker(network, { min: 0, max: 2 })
  const { head: begin, part } = answers(2, run.requestId)
  liar.send(begin())
  liar.send(part('text', -5n))
  await network.world.until(() => liar.closed !== undefined)
  const again = answers(2, (await nextRun(network, honest)).requestId)
  honest.send(again.head())
  honest.send(again.part('honest', 3n))
  await outcome(network, asked)
  assert.equal(asked.text, 'honest')
  assert.equal(asked.ended?.kind === 'end' && asked.ended.tokens, 3n)
})

test('a worker that knows of more than the proxy is let in all the same, with and without the longer comparison', async () => {
  await using network = await withoutWorkers()
  const { world } = network
  const knowsMore = {
    ...nothingKnown,
    tokensCommittedToBlockchain: 5n,
    tokensCommittedToDb: 6n,
    maxTokens: 7n,
  }
  for (const extended of [false, true]) {
    const worker = await connectPeer(network, 'worker')
    await world.finish(
      worker.ask({ _: 'worker.connectToProxy', params: workerParams(network, { min: 1, max: 2 }) }),
    )
    const result = await world.finish(worker.ask(knowsMore))
    assert.equal(result._ === 'worker.compareBalanceWithProxyResult' && result.errorCode, 1)
    if (extended) {
      const longer = await world.finish(
        worker.ask({
          _: 'worker.extendedCompareBalanceWithProxy',
          tokensCommittedToDb: 6n,
          other: new Uint8Array(0),
        }),
      )
      assert.deepEqual(longer, { _: 'worker.extendedCompareBalanceWithProxyResult', errorCode: 0 })
    }
    const complete = await world.finish(worker.ask({ _: 'worker.proxyHandshakeComplete', isDisabled: false }))
    assert.deepEqual(complete, { _: 'worker.proxyHandshakeCompleted' })
    const asked = ask(network.client)
    const run = await nextRun(network, worker)
    worker.send(answers(2, run.requestId).head(head(200, 'yes'), 1n))
    await outcome(network, asked)
    assert.equal(asked.text, 'yes')
    worker.connection.close()
    await world.runFor(100)
  }
})

const deaths: Array<[string, (worker: ScriptedPeer, run: ProxyRunQueryEx) => void]> = [
  ['drops its connection at once', worker => worker.connection.close()],
  [
    'drops its connection after its head',
    (worker, run) => {
      worker.send(answers(2, run.requestId).head())
      worker.connection.close()
    },
  ],
  [
    'answers with an error',
    (worker, run) => worker.send(answers(2, run.requestId).error(601, 'out of memory')),
  ],
  [
    'answers with a server error',
    (worker, run) => worker.send(answers(2, run.requestId).head(head(503, 'busy'), 0n)),
  ],
  ['begins with a part', (worker, run) => worker.send(answers(2, run.requestId).part('text'))],
  ['answers with no HTTP status', (worker, run) => worker.send(answers(2, run.requestId).head(head(999)))],
  [
    'begins twice',
    (worker, run) => {
      worker.send(answers(2, run.requestId).head())
      worker.send(answers(2, run.requestId).head())
    },
  ],
  [
    'sends a head that is cut short',
    (worker, run) => worker.send(answers(2, run.requestId).head(head().subarray(0, 20))),
  ],
  [
    'sends a message that is cut short',
    (worker, run) => sendCut(worker, answers(2, run.requestId).head(), 40),
  ],
]

for (const [what, fail] of deaths) {
  test(`before the first byte another worker takes over: the first ${what}`, async () => {
    await using network = await withoutWorkers()
    const first = await scriptedWorker(network, { min: 0, max: 2 }, { coefficient: 0 })
    const asked = ask(network.client)
    const run = await nextRun(network, first)
    const second = await scriptedWorker(network, { min: 0, max: 2 })
    fail(first, run)
    const again = answers(2, (await nextRun(network, second)).requestId)
    second.send(again.head())
    second.send(again.part('rescued', 9n))
    await outcome(network, asked)
    assert.equal(asked.text, 'rescued')
    assert.equal(asked.ended?.kind === 'end' && asked.ended.tokens, 9n)
    assert.equal(network.proxy.proxy.stats.retried, 1)
    await network.world.runFor(5_000)
    assert.equal(network.proxy.proxy.running, 0)
  })
}

for (const version of [0, 1, 2, 3]) {
  test(`after the first byte the death of the worker is an error to a client of version ${version}`, async () => {
    await using network = await withoutWorkers()
    const worker = await scriptedWorker(network, { min: 0, max: 2 })
    const client = await scriptedClient(network, { min: 0, max: version })
    const query = {
      modelName: 'test/model',
      query: chatRequest(),
      maxCoefficient: 4_000,
      maxTokens: 100,
      timeout: 60,
      requestId: requestId(1),
      minConfigVersion: 0,
    }
    client.send(
      version === 0
        ? { _: 'client.runQuery', ...query }
        : { _: 'client.runQueryEx', ...query, flags: 1, enableDebug: false },
    )
    const run = await nextRun(network, worker)
    worker.send(answers(2, run.requestId).head())
    worker.send(answers(2, run.requestId).part('half'))
    await network.world.until(() => client.packets.length === 2)
    worker.connection.close()
    await network.world.until(() => client.packets.length > 2)
    const failure = client.packets[2] as Extract<AnyCombinator, { _: 'client.queryAnswerErrorEx' }>
    assert.equal(
      failure._ as string,
      version === 0 ? 'client.queryAnswerPartError' : 'client.queryAnswerErrorEx',
    )
    assert.equal(failure.errorCode, 601)
    assert.match(failure.error, /worker dropped out/)
    if (version > 0) assert.equal(failure.flags, 1)
    if (version > 0) assert.equal(failure.finalInfo?.tokensUsed.totalTokensUsed, 0n)
  })
}

test('an error after the first byte ends the answer, and what the worker used is paid', async () => {
  await using network = await withoutWorkers()
  const worker = await scriptedWorker(network, { min: 0, max: 2 })
  const asked = ask(network.client)
  const run = await nextRun(network, worker)
  const { head: begin, part, error } = answers(2, run.requestId)
  worker.send(begin())
  worker.send(part('half'))
  worker.send(error(601, 'the model broke', 12n))
  await outcome(network, asked)
  assert.deepEqual(asked.ended, { kind: 'failed', code: 'upstream', tokens: 12n })
  assert.equal(asked.text, 'half')
})

test('a refusal that is the fault of the caller goes to nobody else', async () => {
  await using network = await withoutWorkers()
  const first = await scriptedWorker(network, { min: 0, max: 2 }, { coefficient: 0 })
  const second = await scriptedWorker(network, { min: 0, max: 2 })
  const asked = ask(network.client)
  const run = await nextRun(network, first)
  first.send(answers(2, run.requestId).error(621, 'unknown option'))
  await outcome(network, asked)
  assert.equal(asked.status, 400)
  assert.match(asked.text, /unknown option/)
  assert.deepEqual(second.packets, [])
})
