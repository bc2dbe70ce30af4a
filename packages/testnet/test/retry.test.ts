import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyCombinator, ProxyRunQueryEx } from '@cocoon/wire'
import { ask } from './asked.ts'
import {
  chatRequest,
  requestId,
  scriptedClient,
  type ScriptedPeer,
  scriptedWorker,
  sendCut,
} from './scripted-peer.ts'
import { answers, head, nextRun, outcome, withoutWorkers } from './worker-answers.ts'

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
