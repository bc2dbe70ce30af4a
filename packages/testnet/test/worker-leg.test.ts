import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyCombinator,
  decode,
  encode,
  httpRequest,
  httpResponse,
  type ProxyRunQueryEx,
  type TokensUsed,
} from '@cocoon/wire'
import { addressKey, modelHash } from '@cocoon/money'
import { addressNamed } from '../src/index.ts'
import { type Asked, ask } from './asked.ts'
import {
  chatRequest,
  connectPeer,
  nothingKnown,
  requestId as idOf,
  scriptedClient,
  scriptedWorker,
  type ScriptedPeer,
  sendCut,
  virtualNetwork,
  type VirtualNetwork,
  workerParams,
} from './scripted-peer.ts'

/** A network whose only worker is the test's. */
function withoutWorkers(): Promise<VirtualNetwork> {
  return virtualNetwork({ workers: [] })
}

function tokens(total: bigint, change: Partial<TokensUsed> = {}): TokensUsed {
  return {
    _: 'tokensUsed',
    promptTokensUsed: total,
    cachedTokensUsed: 0n,
    completionTokensUsed: 0n,
    reasoningTokensUsed: 0n,
    totalTokensUsed: total,
    ...change,
  }
}

function head(status = 200, payload = ''): Uint8Array {
  return encode(httpResponse, {
    _: 'http.response',
    httpVersion: 'HTTP/1.1',
    statusCode: status,
    reason: 'OK',
    headers: [{ _: 'http.header', name: 'Content-Type', value: 'text/plain' }],
    payload: Buffer.from(payload),
  })
}

/** The forms in which a worker of each version answers. */
function answers(version: number, requestId: Uint8Array) {
  const final = (total: bigint) => ({
    flags: 1,
    finalInfo: {
      _: 'proxy.queryFinalInfo' as const,
      flags: version >= 2 ? 2 : 0,
      tokensUsed: tokens(total),
      workerStartTime: 1,
      workerEndTime: 2,
    },
  })
  const old = (total?: bigint) => ({ isCompleted: total !== undefined, tokensUsed: tokens(total ?? 0n) })
  return {
    head: (answer = head(), total?: bigint): AnyCombinator =>
      version === 0
        ? { _: 'proxy.queryAnswer', requestId, answer, ...old(total) }
        : {
            _: 'proxy.queryAnswerEx',
            requestId,
            answer,
            ...(total === undefined ? { flags: 0 } : final(total)),
          },
    part: (text: string, total?: bigint): AnyCombinator =>
      version === 0
        ? { _: 'proxy.queryAnswerPart', requestId, answer: Buffer.from(text), ...old(total) }
        : {
            _: 'proxy.queryAnswerPartEx',
            requestId,
            answer: Buffer.from(text),
            ...(total === undefined ? { flags: 0 } : final(total)),
          },
    error: (errorCode: number, error: string, total = 0n): AnyCombinator =>
      version === 0
        ? { _: 'proxy.queryAnswerPartError', requestId, errorCode, error, tokensUsed: tokens(total) }
        : { _: 'proxy.queryAnswerErrorEx', requestId, errorCode, error, ...final(total) },
  }
}

/** The next query that reaches a scripted worker. */
async function nextRun(network: VirtualNetwork, worker: ScriptedPeer): Promise<ProxyRunQueryEx> {
  const isRun = (packet: AnyCombinator): boolean =>
    packet._ === 'proxy.runQueryEx' || packet._ === 'proxy.runQuery'
  await network.world.until(() => worker.packets.some(isRun))
  return worker.packets.splice(worker.packets.findIndex(isRun), 1)[0] as ProxyRunQueryEx
}

async function outcome(network: VirtualNetwork, asked: Asked): Promise<void> {
  await network.world.until(() => asked.ended !== undefined)
}

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
      requestId: idOf(1),
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
