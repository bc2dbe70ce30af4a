import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyCombinator,
  type ClientRunQueryEx,
  decode,
  type HttpResponse,
  httpResponse,
} from '@cocoon/wire'
import { ScriptedBackend, streamedAnswer, wholeAnswer } from '../src/index.ts'
import {
  chatRequest,
  connectPeer,
  isCompletion,
  requestId,
  scriptedClient,
  type ScriptedPeer,
  sendCut,
  virtualNetwork,
} from './scripted-peer.ts'

const usage = { prompt: 100, cached: 40, completion: 50, reasoning: 5 }
const words = ['one ', 'two ', 'three']

function query(change: Partial<ClientRunQueryEx> = {}): ClientRunQueryEx {
  return {
    _: 'client.runQueryEx',
    modelName: 'test/model',
    query: chatRequest(),
    maxCoefficient: 4_000,
    maxTokens: 1_000,
    timeout: 60,
    requestId: requestId(1),
    minConfigVersion: 1,
    flags: 1,
    enableDebug: false,
    ...change,
  }
}

function oldQuery(change: Partial<ClientRunQueryEx> = {}): AnyCombinator {
  const { flags: _flags, enableDebug: _debug, ...rest } = query(change)
  return { ...rest, _: 'client.runQuery' }
}

/** The response in the first answer of a client. */
function headOf(peer: ScriptedPeer): HttpResponse {
  const head = peer.packets.find(packet => /^client\.queryAnswer(Ex)?$/.test(packet._))
  return decode(httpResponse, (head as { answer: Uint8Array }).answer)
}

/** All bytes of the body that a client got. */
function bodyOf(peer: ScriptedPeer): string {
  const parts = peer.packets.filter(packet => /queryAnswerPart(Ex)?$/.test(packet._)) as Array<{
    answer: Uint8Array
  }>
  return Buffer.concat([headOf(peer).payload, ...parts.map(part => part.answer)]).toString()
}

function errorOf(peer: ScriptedPeer): { code: string; cocoon_code: number; message: string } {
  return (JSON.parse(bodyOf(peer)) as { error: { code: string; cocoon_code: number; message: string } }).error
}

test('a client of version 0 gets the oldest forms, with tokens in every part', async () => {
  await using network = await virtualNetwork({
    workers: [{ backend: new ScriptedBackend(streamedAnswer(words, usage)) }],
  })
  const peer = await scriptedClient(network, undefined)
  peer.send(oldQuery({ query: chatRequest({ stream: true }) }))
  await network.world.until(() => peer.all('proxy.clientRequestPayment').length > 0)

  const [head] = peer.all('client.queryAnswer')
  const parts = peer.all('client.queryAnswerPart')
  assert.deepEqual(
    new Set(peer.kinds()),
    new Set(['client.queryAnswer', 'client.queryAnswerPart', 'proxy.clientRequestPayment']),
  )
  assert.equal(head?.isCompleted, false)
  assert.equal(parts.at(-1)?.isCompleted, true)
  assert.equal(parts.at(-1)?.requestTokensUsed.totalTokensUsed, 150n)
  assert.match(bodyOf(peer), /"content":"three"/)
})

test('a whole answer of version 0 has its body in a part', async () => {
  await using network = await virtualNetwork({
    workers: [{ backend: new ScriptedBackend(wholeAnswer('Hello', usage)) }],
  })
  const peer = await scriptedClient(network, undefined)
  peer.send(oldQuery())
  await network.world.until(() => peer.all('proxy.clientRequestPayment').length > 0)
  assert.deepEqual(peer.kinds(), [
    'client.queryAnswer',
    'client.queryAnswerPart',
    'proxy.clientRequestPayment',
  ])
  assert.equal(headOf(peer).payload.length, 0)
  assert.match(bodyOf(peer), /"content":"Hello"/)
})

for (const version of [1, 2, 3]) {
  test(`a client of version ${version} gets answers with a final info of that version`, async () => {
    await using network = await virtualNetwork({
      workers: [{ backend: new ScriptedBackend(streamedAnswer(words, usage)) }],
    })
    const peer = await scriptedClient(network, { min: 0, max: version })
    for (const enableDebug of [false, true]) {
      peer.packets.length = 0
      peer.send(query({ enableDebug, query: chatRequest({ stream: true }) }))
      await network.world.until(() => peer.all('proxy.clientRequestPayment').length > 0)

      const answers = peer.packets.filter(packet => packet._ !== 'proxy.clientRequestPayment') as Array<{
        flags: number
      }>
      const last = peer.all('client.queryAnswerPartEx').at(-1)!
      assert.equal(peer.packets[0]?._, 'client.queryAnswerEx')
      assert.deepEqual(
        answers.map(({ flags }) => flags),
        [...answers.slice(1).map(() => 0), 1],
      )
      const info = last.finalInfo!
      assert.equal(info.flags, (enableDebug ? 1 : 0) | (version >= 2 ? 2 : 0))
      assert.equal(info.tokensUsed.promptTokensUsed, 60n)
      assert.equal(info.tokensUsed.cachedTokensUsed, 40n)
      assert.equal(info.tokensUsed.completionTokensUsed, 45n)
      assert.equal(info.tokensUsed.reasoningTokensUsed, 5n)
      assert.equal(info.tokensUsed.totalTokensUsed, 150n)
      if (enableDebug) assert.match(info.proxyDebug!, /"type":"proxy_stats"/)
      if (enableDebug) assert.match(info.workerDebug!, /"type":"worker_stats"/)
      if (version >= 2) {
        const { proxyStartTime = 0, workerStartTime = 0, workerEndTime = 0, proxyEndTime = 0 } = info
        const times = [proxyStartTime, workerStartTime, workerEndTime, proxyEndTime]
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        )
        assert.ok(Math.abs(proxyStartTime - network.world.now() / 1_000) < 10)
      }
    }
  })
}

test('a version 3 client gets a whole answer in one message, one of version 2 in two', async () => {
  await using network = await virtualNetwork()
  for (const [version, kinds] of [
    [2, ['client.queryAnswerEx', 'client.queryAnswerPartEx']],
    [3, ['client.queryAnswerEx']],
  ] as const) {
    const peer = await scriptedClient(network, { min: 0, max: version })
    peer.send(query())
    await network.world.until(() => peer.all('proxy.clientRequestPayment').length > 0)
    assert.deepEqual(
      peer.kinds().filter(kind => kind !== 'proxy.clientRequestPayment'),
      kinds,
    )
    assert.match(bodyOf(peer), /"content":"Hello"/)
  }
})

const refusals: Array<[string, Partial<ClientRunQueryEx>, number, string, number]> = [
  ['a negative max_tokens', { maxTokens: -1 }, 400, 'invalid_request', 621],
  ['a negative max_coefficient', { maxCoefficient: -2_000_000 }, 400, 'invalid_request', 621],
  ['a timeout of nothing', { timeout: 0 }, 400, 'invalid_request', 621],
  ['a timeout that is no number', { timeout: NaN }, 400, 'invalid_request', 621],
  ['a timeout without end', { timeout: Infinity }, 400, 'invalid_request', 621],
  [
    'more than the balance',
    { maxTokens: 2 ** 31 - 1, maxCoefficient: 2 ** 31 - 1 },
    402,
    'insufficient_balance',
    602,
  ],
  ['a configuration of the future', { minConfigVersion: 7 }, 503, 'config_version_too_low', 602],
  ['a configuration of the far future', { minConfigVersion: -1 }, 503, 'config_version_too_low', 602],
  ['an unknown model', { modelName: 'nobody/has-it' }, 404, 'model_not_found', 621],
  ['a cap below every price', { maxCoefficient: 999 }, 400, 'max_coefficient_too_low', 651],
]

for (const version of [0, 1, 2, 3]) {
  test(`version ${version}: what cannot be served is a complete answer with an HTTP status`, async () => {
    await using network = await virtualNetwork()
    for (const [what, change, status, code, cocoonCode] of refusals) {
      const peer = await scriptedClient(network, { min: 0, max: version })
      peer.send(version === 0 ? oldQuery(change) : query(change))
      await network.world.until(() => peer.packets.some(isCompletion))
      assert.equal(headOf(peer).statusCode, status, what)
      assert.equal(errorOf(peer).code, code, what)
      assert.equal(errorOf(peer).cocoon_code, cocoonCode, what)
      assert.ok(peer.connection.isReady, what)
    }
    assert.equal(network.proxy.proxy.running, 0)
  })
}

test('a request id that runs already is refused, and the first query goes on', async () => {
  const backend = new ScriptedBackend(() => {})
  await using network = await virtualNetwork({ workers: [{ backend }] })
  const peer = await scriptedClient(network, { min: 0, max: 2 })
  peer.send(query())
  await network.world.until(() => backend.calls.length === 1)
  peer.send(query())
  await network.world.until(() => peer.packets.some(isCompletion))
  assert.equal(errorOf(peer).code, 'duplicate_request_id')
  peer.packets.length = 0
  wholeAnswer('Hello')(backend.calls[0]!)
  await network.world.until(() => peer.packets.some(isCompletion))
  assert.match(bodyOf(peer), /"content":"Hello"/)
  assert.equal(backend.calls.length, 1)
})

test('a proxy that drains or has been switched off refuses queries in words', async () => {
  await using network = await virtualNetwork()
  const peer = await scriptedClient(network, { min: 0, max: 2 })
  network.proxy.proxy.setEnabled(false)
  peer.send(query())
  await network.world.until(() => peer.packets.some(isCompletion))
  assert.equal(errorOf(peer).code, 'proxy_draining')
})

test('a model whose workers are all switched off has no worker, and comes back with them', async () => {
  await using network = await virtualNetwork()
  const peer = await scriptedClient(network, { min: 0, max: 2 })
  network.workers[0]!.setEnabled(false)
  await network.world.runFor(100)
  peer.send(query())
  await network.world.until(() => peer.packets.some(isCompletion))
  assert.equal(errorOf(peer).code, 'no_worker')
  peer.packets.length = 0
  network.workers[0]!.setEnabled(true)
  await network.world.runFor(100)
  peer.send(query())
  await network.world.until(() => peer.packets.some(isCompletion))
  assert.equal(headOf(peer).statusCode, 200)
})

test('worker types: a summary for version 0, every worker for later ones', async () => {
  const worker = (coefficient: number) => ({ coefficient, maxActiveRequests: 7 })
  await using network = await virtualNetwork({ workers: [worker(1_000), worker(3_000), worker(2_000)] })
  const old = await scriptedClient(network, undefined)
  const summary = await network.world.finish(old.ask({ _: 'client.getWorkerTypes' }))
  assert.deepEqual(summary, {
    _: 'client.workerTypes',
    types: [
      {
        _: 'client.workerType',
        name: 'test/model',
        activeWorkers: 3,
        coefficientMin: 1_000,
        coefficientBucket50: 2_000,
        coefficientMax: 3_000,
      },
    ],
  })
  const peer = await scriptedClient(network, { min: 1, max: 2 })
  const listed = await network.world.finish(peer.ask({ _: 'client.getWorkerTypesV2' }))
  const instance = (coefficient: number) => ({
    _: 'client.workerInstanceV2',
    flags: 0,
    coefficient,
    activeRequests: 0,
    maxActiveRequests: 7,
  })
  assert.deepEqual(listed, {
    _: 'client.workerTypesV2',
    types: [
      {
        _: 'client.workerTypeV2',
        name: 'test/model',
        workers: [instance(1_000), instance(2_000), instance(3_000)],
      },
    ],
  })
})

test('payments are told of after each query and on demand, and never before the handshake is over', async () => {
  await using network = await virtualNetwork({
    workers: [{ backend: new ScriptedBackend(wholeAnswer('Hello', usage)) }],
  })
  const peer = await scriptedClient(network, { min: 0, max: 2 })
  for (const count of [1n, 2n, 3n]) {
    peer.packets.length = 0
    peer.send(query())
    await network.world.until(() => peer.all('proxy.clientRequestPayment').length > 0)
    const [payment] = peer.all('proxy.clientRequestPayment')
    assert.deepEqual(payment?.requestId, requestId(1))
    assert.equal(payment?.requestTokens, 150n)
    assert.equal(payment?.maxTokens, 150n * count)
    assert.equal(payment?.signedPayment._, 'proxy.signedPayment')
    assert.equal(peer.packets.at(-1), payment)
  }
  await network.world.runFor(5_000)
  const status = await network.world.finish(peer.ask({ _: 'client.updatePaymentStatus' }))
  assert.equal(status._ === 'client.paymentStatus' && status.maxTokens, 450n)
  assert.equal(status._ === 'client.paymentStatus' && status.dbTokens, 450n)
  network.proxy.ledger.assertConserved()
})

test('payments of version 3 are told of once for queries that end together', async () => {
  await using network = await virtualNetwork({
    workers: [{ backend: new ScriptedBackend(wholeAnswer('Hello', usage)) }],
  })
  const peer = await scriptedClient(network, { min: 0, max: 3 })
  for (const byte of [1, 2, 3]) peer.send(query({ requestId: requestId(byte) }))
  await network.world.until(() => peer.all('client.queryAnswerEx').length === 3)
  await network.world.runFor(1_000)
  const payments = peer.all('proxy.clientRequestPayment')
  assert.equal(payments.length, 1)
  assert.equal(payments[0]?.maxTokens, 450n)
})

test('a query that no authorised client asks ends the connection', async () => {
  await using network = await virtualNetwork()
  const peer = await scriptedClient(network, { min: 0, max: 2 })
  await assert.rejects(
    network.world.finish(peer.ask({ _: 'worker.updatePaymentStatus' })),
    /already authorized/,
  )
  await network.world.until(() => peer.closed !== undefined)
})

test('messages of a peer that is not authorised are passed over', async () => {
  await using network = await virtualNetwork()
  const peer = await connectPeer(network, 'client')
  peer.send(query())
  peer.send({ _: 'client.cancelQuery', requestId: requestId(1) })
  await network.world.runFor(5_000)
  assert.deepEqual(peer.packets, [])
  assert.ok(peer.connection.isReady)
  assert.equal(network.proxy.proxy.stats.queries, 0)
})

test('a message that is cut short ends the connection and no other', async () => {
  await using network = await virtualNetwork()
  const { world } = network
  const peer = await scriptedClient(network, { min: 0, max: 2 })
  for (const sizeBytes of [8, 60, 100]) {
    const cut = await scriptedClient(network, { min: 0, max: 2 })
    sendCut(cut, query(), sizeBytes)
    await world.until(() => cut.closed !== undefined)
  }
  peer.send(query())
  await world.until(() => peer.packets.some(isCompletion))
})
