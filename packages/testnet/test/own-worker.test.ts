import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress } from '@cocoon/money'
import { type AnyCombinator, decode, httpResponse, type ProxyQueryFinalInfo } from '@cocoon/wire'
import type { Worker, WorkerOptions } from '@cocoon/worker'
import {
  addressNamed,
  ScriptedBackend,
  silence,
  streamedAnswer,
  wholeAnswer,
  wordEvent,
} from '../src/index.ts'
import { chatRequest, requestId, sendCut, virtualNetwork, type VirtualNetwork } from './scripted-peer.ts'
import { ScriptedProxy } from './scripted-proxy.ts'

interface Scene extends AsyncDisposable {
  network: VirtualNetwork
  proxy: ScriptedProxy
  worker: Worker
  backend: ScriptedBackend
  events: Array<{ event: string; why?: string }>
}

/** Our worker in front of a proxy that the test plays. */
async function facing(
  version: number,
  change: Partial<ScriptedProxy['change']> = {},
  options: Partial<WorkerOptions> = {},
): Promise<Scene> {
  const network = await virtualNetwork({ workers: [], clients: [] })
  const proxy = new ScriptedProxy(() => network, version)
  Object.assign(proxy.change, change)
  const events: Scene['events'] = []
  const backend = new ScriptedBackend()
  const log = (event: { event: string }): unknown => events.push(event)
  const worker = network.addWorker({ dial: proxy.dial, backend, log, ...options })
  await network.world.runFor(150)
  return {
    network,
    proxy,
    worker,
    backend,
    events,
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  }
}

const usage = { prompt: 100, cached: 40, completion: 50, reasoning: 5 }

/** Hands the worker a query in the form of the version. */
function run({ proxy }: Scene, version: number, change: object = {}): void {
  const query = {
    query: chatRequest(),
    signedPayment: { _: 'proxy.signedPaymentEmpty' as const },
    coefficient: 1_500n,
    timeout: 30,
    requestId: requestId(7),
    ...change,
  }
  proxy.peer.send(
    version === 0
      ? { _: 'proxy.runQuery', ...query }
      : { _: 'proxy.runQueryEx', flags: 1, enableDebug: false, ...query },
  )
}

function finalOf(packet: AnyCombinator | undefined): ProxyQueryFinalInfo | undefined {
  return (packet as { finalInfo?: ProxyQueryFinalInfo } | undefined)?.finalInfo
}

function isLast(packet: AnyCombinator): boolean {
  const { isCompleted, flags } = packet as { isCompleted?: boolean; flags?: number }
  return isCompleted === true || flags === 1 || packet._ === 'proxy.queryAnswerPartError'
}

async function answered({ network, proxy }: Scene): Promise<AnyCombinator[]> {
  await network.world.until(() => proxy.peer.packets.some(isLast))
  return proxy.peer.packets
}

for (const version of [0, 1, 2, 3]) {
  test(`version ${version}: a stream is a head, parts and a tally in that version's forms`, async () => {
    await using scene = await facing(version)
    scene.backend.script = streamedAnswer(['one ', 'two '], usage)
    run(scene, version, { query: chatRequest({ stream: true }) })
    const packets = await answered(scene)
    const suffix = version === 0 ? '' : 'Ex'
    assert.equal(packets[0]?._ as string, `proxy.queryAnswer${suffix}`)
    assert.equal(packets.at(-1)?._ as string, `proxy.queryAnswerPart${suffix}`)
    assert.ok(packets.slice(0, -1).every(packet => !isLast(packet)))
    const response = decode(httpResponse, (packets[0] as { answer: Uint8Array }).answer)
    assert.equal(response.statusCode, 200)
    assert.equal(response.payload.length, 0)
    const names = new Set(response.headers.map(({ name }) => name))
    if (version < 3) assert.ok(names.has('X-Cocoon-Worker-Start') && names.has('Transfer-Encoding'))
    const last = packets.at(-1) as Extract<AnyCombinator, { _: 'proxy.queryAnswerPart' }>
    const tokens = version === 0 ? last.tokensUsed : finalOf(last)!.tokensUsed
    // 60, 40, 45 and 5 tokens at a coefficient of 1.5, each cut off.
    assert.deepEqual(tokens, {
      _: 'tokensUsed',
      promptTokensUsed: 90n,
      cachedTokensUsed: 60n,
      completionTokensUsed: 67n,
      reasoningTokensUsed: 7n,
      totalTokensUsed: 224n,
    })
    if (version > 0) assert.equal(finalOf(last)?.flags, version >= 2 ? 2 : 0)
    const text = Buffer.concat(
      packets.slice(1).map(packet => (packet as { answer: Uint8Array }).answer),
    ).toString()
    assert.match(text, /"total_cost":448/)
    assert.match(text, /\[DONE\]/)
  })

  test(`version ${version}: a whole answer travels in ${version < 3 ? 'two messages' : 'one message'}`, async () => {
    await using scene = await facing(version)
    scene.backend.script = wholeAnswer('Hello', usage)
    run(scene, version, { enableDebug: true })
    const packets = await answered(scene)
    assert.equal(packets.length, version < 3 ? 2 : 1)
    const { payload } = decode(httpResponse, (packets[0] as { answer: Uint8Array }).answer)
    const body = version < 3 ? (packets[1] as { answer: Uint8Array }).answer : payload
    assert.match(Buffer.from(body).toString(), /"content":"Hello"/)
    if (version > 0) assert.equal(finalOf(packets.at(-1))?.flags, (version >= 2 ? 2 : 0) | 1)
    if (version > 0) assert.match(finalOf(packets.at(-1))!.workerDebug!, /worker_stats/)
  })

  test(`version ${version}: a failure in the middle says so, with what was used`, async () => {
    await using scene = await facing(version)
    scene.backend.script = ({ events }) => {
      events.head(200, [['content-type', 'text/event-stream']])
      events.data(wordEvent('half '))
      events.failed(new Error('the model broke'))
    }
    run(scene, version, { query: chatRequest({ stream: true }) })
    const packets = await answered(scene)
    const last = packets.at(-1) as Extract<AnyCombinator, { _: 'proxy.queryAnswerErrorEx' }>
    assert.equal(last._ as string, version === 0 ? 'proxy.queryAnswerPartError' : 'proxy.queryAnswerErrorEx')
    assert.equal(last.errorCode, 601)
    if (version > 0) assert.equal(last.flags, 1)
    assert.equal(scene.worker.running, 0)
  })
}

test('what cannot be run is a whole answer with a status, and costs nothing', async () => {
  await using scene = await facing(2)
  const rows: Array<[object, number]> = [
    [{ query: chatRequest({ model: 'another' }) }, 404],
    [{ query: chatRequest({}, { url: '/v1/models' }) }, 404],
    [{ query: chatRequest({}, { method: 'GET' }) }, 405],
    [{ query: chatRequest({}, { payload: Buffer.from('{') }) }, 400],
    [{ query: chatRequest({}, { payload: Buffer.from('{}') }) }, 400],
    [{ query: chatRequest({ max_tokens: -1 }) }, 400],
    [{ query: Buffer.from('no request at all') }, 400],
  ]
  for (const [change, status] of rows) {
    scene.proxy.peer.packets.length = 0
    run(scene, 2, change)
    const packets = await answered(scene)
    assert.deepEqual(
      packets.map(({ _ }) => _),
      ['proxy.queryAnswerEx', 'proxy.queryAnswerPartEx'],
    )
    assert.equal(decode(httpResponse, (packets[0] as { answer: Uint8Array }).answer).statusCode, status)
    assert.equal(finalOf(packets.at(-1))?.tokensUsed.totalTokensUsed, 0n)
  }
  assert.deepEqual(scene.backend.calls, [])
})

test('more queries than the worker takes are refused', async () => {
  await using scene = await facing(2, {}, { maxActiveRequests: 2 })
  scene.backend.script = silence
  for (const byte of [1, 2, 3]) run(scene, 2, { requestId: requestId(byte) })
  const packets = await answered(scene)
  assert.equal(decode(httpResponse, (packets[0] as { answer: Uint8Array }).answer).statusCode, 503)
  assert.equal(scene.worker.running, 2)
  assert.equal(scene.backend.calls.length, 2)
})

test('a query that takes too long is ended and the backend freed', async () => {
  await using scene = await facing(2)
  scene.backend.script = silence
  run(scene, 2, { timeout: 3 })
  const packets = await answered(scene)
  assert.equal(decode(httpResponse, (packets[0] as { answer: Uint8Array }).answer).statusCode, 504)
  assert.equal(scene.backend.calls[0]?.isCancelled, true)
  assert.equal(scene.worker.running, 0)
})

test('a query without time is over at once: a proxy may pass on what a client made up', async () => {
  for (const timeout of [0, -1, NaN]) {
    await using scene = await facing(2)
    run(scene, 2, { timeout })
    const packets = await answered(scene)
    assert.equal(decode(httpResponse, (packets[0] as { answer: Uint8Array }).answer).statusCode, 504)
    assert.deepEqual([scene.backend.calls.length, scene.worker.running, scene.worker.isReady], [0, 0, true])
  }
})

test('a query that is taken back frees the backend and is tallied', async () => {
  await using scene = await facing(3)
  scene.backend.script = ({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    for (const word of ['one ', 'two ', 'three ']) events.data(wordEvent(word))
  }
  run(scene, 3, { query: chatRequest({ stream: true }) })
  await scene.network.world.until(() => scene.backend.calls.length === 1)
  scene.proxy.peer.send({ _: 'proxy.cancelQuery', requestId: requestId(7) })
  const last = (await answered(scene)).at(-1) as Extract<AnyCombinator, { _: 'proxy.queryAnswerErrorEx' }>
  assert.equal(last.errorCode, 653)
  assert.ok(last.finalInfo!.tokensUsed.completionTokensUsed >= 4n)
  assert.equal(scene.backend.calls[0]?.isCancelled, true)
  assert.equal(scene.backend.running, 0)
  assert.equal(scene.worker.running, 0)
})

test('a proxy that goes away frees everything that ran for it', async () => {
  await using scene = await facing(2)
  scene.backend.script = silence
  for (const byte of [1, 2, 3]) run(scene, 2, { requestId: requestId(byte) })
  await scene.network.world.until(() => scene.backend.calls.length === 3)
  scene.proxy.peer.connection.close()
  await scene.network.world.until(() => scene.worker.running === 0)
  await scene.network.world.runFor(10)
  assert.equal(scene.backend.running, 0)
  assert.ok(scene.backend.calls.every(call => call.isCancelled))
})

const broken: Array<[string, (scene: Scene) => void]> = [
  [
    'a query that is cut short',
    ({ proxy }) => sendCut(proxy.peer, { _: 'proxy.cancelQuery', requestId: requestId(1) }, 12),
  ],
  ['a query with a price below zero', scene => run(scene, 2, { coefficient: -1n })],
  ['a query with a price beyond all', scene => run(scene, 2, { coefficient: 2n ** 40n })],
  [
    'a second query of the same id',
    scene => {
      scene.backend.script = silence
      run(scene, 2)
      run(scene, 2)
    },
  ],
  [
    'a payment that does not verify',
    ({ proxy }) => {
      const payment = proxy.payment('worker', 3n)
      payment.data[60]! ^= 1
      proxy.peer.send(payment)
    },
  ],
  ['a payment for somebody else', ({ proxy }) => proxy.peer.send(proxy.payment('client', 3n))],
]

for (const [what, send] of broken) {
  test(`${what} costs the proxy its connection and nothing else`, async () => {
    await using scene = await facing(2)
    const first = scene.proxy.peer
    send(scene)
    await scene.network.world.until(() => first.closed !== undefined)
    await scene.network.world.until(() => scene.worker.isReady)
    assert.equal(scene.worker.running, 0)
    assert.equal(scene.backend.running, 0)
  })
}

test('messages that no proxy sends to a worker are passed over', async () => {
  await using scene = await facing(2)
  scene.proxy.peer.send({ _: 'client.cancelQuery', requestId: requestId(1) })
  scene.proxy.peer.send({ _: 'proxy.cancelQuery', requestId: requestId(1) })
  await scene.network.world.runFor(1_000)
  assert.ok(scene.worker.isReady)
})

test('earnings are told of by pushes and by question, and never go down', async () => {
  await using scene = await facing(2)
  const { world } = scene.network
  const [[, account] = []] = [...scene.worker.channels()]
  const push = async (signed: bigint, total: bigint): Promise<void> => {
    scene.proxy.peer.send({
      _: 'proxy.workerRequestPayment',
      requestId: requestId(1),
      signedPayment: scene.proxy.payment('worker', signed),
      dbTokens: total,
      maxTokens: total,
      requestTokens: 1n,
      requestClientOwner: '',
    })
    await world.runFor(10)
  }
  await push(10n, 20n)
  await push(3n, 4n)
  assert.deepEqual([account?.signedTokens, account?.maxTokens, account?.dbTokens], [10n, 20n, 20n])
  await world.runFor(30_000)
  assert.ok(scene.proxy.asked.some(({ _ }) => _ === 'worker.updatePaymentStatus'))
  assert.deepEqual([account?.signedTokens, account?.maxTokens], [10n, 20n])
})

test('a proxy that knows less is asked once more, believed, and noted', async () => {
  await using scene = await facing(2)
  const { world } = scene.network
  scene.proxy.peer.send({
    _: 'proxy.workerRequestPayment',
    requestId: requestId(1),
    signedPayment: scene.proxy.payment('worker', 10n),
    dbTokens: 20n,
    maxTokens: 20n,
    requestTokens: 1n,
    requestClientOwner: '',
  })
  await world.runFor(10)
  scene.proxy.change.compare = { errorCode: 1 }
  scene.proxy.peer.connection.close()
  await world.until(() => scene.proxy.peers.length === 2)
  await world.until(() => scene.worker.isReady)
  const compare = scene.proxy.asked.findLast(({ _ }) => _ === 'worker.compareBalanceWithProxy')
  assert.deepEqual(compare, {
    _: 'worker.compareBalanceWithProxy',
    tokensCommittedToBlockchain: 10n,
    tokensCommittedToDb: 20n,
    maxTokens: 20n,
  })
  assert.ok(scene.proxy.asked.some(({ _ }) => _ === 'worker.extendedCompareBalanceWithProxy'))
  assert.ok(scene.events.some(({ event }) => event === 'proxy-rolled-back'))
})

test('changes of the offer reach the proxy, also those of the time of the handshake', async () => {
  await using scene = await facing(2)
  const { world } = scene.network
  const { peer } = scene.proxy
  scene.worker.setCoefficient(2_000)
  scene.worker.setEnabled(false)
  scene.worker.setEnabled(true)
  await world.runFor(10)
  assert.deepEqual(peer.packets, [
    { _: 'worker.newCoefficient', newCoefficient: 2_000 },
    { _: 'worker.enabledDisabled', disabled: 1 },
    { _: 'worker.enabledDisabled', disabled: 0 },
  ])

  peer.connection.close()
  await world.until(() => scene.proxy.asked.filter(({ _ }) => _ === 'worker.connectToProxy').length === 2)
  scene.worker.setCoefficient(3_000)
  await world.until(() => scene.worker.isReady)
  await world.runFor(10)
  assert.deepEqual(scene.proxy.peer.packets, [{ _: 'worker.newCoefficient', newCoefficient: 3_000 }])
  const hello = scene.proxy.asked.findLast(({ _ }) => _ === 'worker.connectToProxy')
  assert.equal(hello?._ === 'worker.connectToProxy' && hello.params.coefficient, 2_000)
})

test('a backend that goes and comes switches the worker off and on', async () => {
  await using scene = await facing(2)
  const { world } = scene.network
  scene.backend.down = true
  await world.runFor(5_000)
  scene.backend.down = false
  await world.runFor(5_000)
  assert.deepEqual(scene.proxy.peer.packets, [
    { _: 'worker.enabledDisabled', disabled: 1 },
    { _: 'worker.enabledDisabled', disabled: 0 },
  ])
})

const wrongProxies: Array<[string, number, Partial<ScriptedProxy['change']>, RegExp]> = [
  [
    'of the wrong contract',
    2,
    { params: { proxyScAddress: formatAddress(addressNamed('elsewhere')) } },
    /contract/,
  ],
  [
    'with the wrong contract for the worker',
    2,
    { workerAddress: formatAddress(addressNamed('elsewhere')) },
    /contract/,
  ],
  ['of another mode', 2, { params: { isTest: false } }, /test mode/],
  ['of a version that was not offered', 2, { params: { protoVersion: 4 } }, /version 4/],
  ['that is too old', 0, { params: { flags: 0 } }, /too old/],
]

for (const [what, version, change, words] of wrongProxies) {
  test(`a proxy ${what} is left again`, async () => {
    await using scene = await facing(version, change)
    assert.equal(scene.worker.isReady, false)
    assert.ok(scene.events.some(({ event, why }) => event === 'proxy-lost' && words.test(why ?? '')))
    assert.ok(scene.proxy.asked.every(({ _ }) => _ === 'worker.connectToProxy'))
  })
}
