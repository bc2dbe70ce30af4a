import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressKey } from '@cocoon/money'
import {
  addressNamed,
  ScriptedBackend,
  silence,
  startTestNetwork,
  streamedAnswer,
  type TestNetwork,
  wholeAnswer,
  wordEvent,
} from '../src/index.ts'
import { type Asked, ask } from './asked.ts'
import {
  chatRequest,
  requestId,
  scriptedClient,
  scriptedWorker,
  virtualNetwork,
  type VirtualNetwork,
} from './scripted-peer.ts'

const usage = { prompt: 100, cached: 40, completion: 50, reasoning: 5 }

function spentBy(network: TestNetwork, client: number): bigint {
  return network.proxy.ledger.client(addressKey(addressNamed(`client ${client}`))).max
}

function earnedBy(network: TestNetwork, worker: number): bigint {
  return network.proxy.ledger.worker(addressKey(addressNamed(`worker ${worker}`))).max
}

async function over(network: VirtualNetwork, asked: Asked): Promise<void> {
  await network.world.until(() => asked.ended !== undefined)
}

/** Nobody has anything to do any more. */
async function idle(network: VirtualNetwork): Promise<void> {
  await network.world.until(
    () =>
      network.proxies.every(({ proxy }) => proxy.running === 0) &&
      network.workers.every(({ running }) => running === 0),
  )
}

for (const transport of ['pipe', 'tcp'] as const) {
  test(`the whole network in one process, over ${transport}`, async () => {
    const backend = new ScriptedBackend(streamedAnswer(['Hello ', 'world'], usage))
    await using network = await startTestNetwork({
      transport,
      proxies: [{}, {}],
      workers: [{ backend }, { backend }],
    })
    await network.ready()
    const [first] = await network.client.models()
    assert.equal(first?.id, 'test/model')
    assert.equal(first?.workers.length, 4)
    const ended = Promise.withResolvers<string>()
    let text = ''
    const query = {
      model: 'test/model',
      path: '/v1/chat/completions',
      body: Buffer.from('{"model":"test/model","stream":true,"messages":[]}'),
      maxCoefficient: 1_000,
      maxTokens: 100,
      timeoutMs: 60_000,
      enableDebug: false,
    }
    network.client.run(query, {
      head: status => assert.equal(status, 200),
      data: bytes => (text += Buffer.from(bytes).toString()),
      end: () => ended.resolve(text),
      failed: ended.reject,
    })
    assert.match(await ended.promise, /Hello .*world.*\[DONE\]/s)
    for (const { ledger } of network.proxies) ledger.assertConserved()
  })
}

test('what a client pays is what a worker earns, to the token', async () => {
  await using network = await virtualNetwork({
    workers: [{ backend: new ScriptedBackend(wholeAnswer('Hello', usage)) }],
  })
  for (let count = 1n; count <= 3n; count++) {
    const asked = ask(network.client)
    await over(network, asked)
    assert.equal(asked.summary?.tokens, 150n)
    assert.equal(asked.summary?.costNano, 300n)
    assert.equal(spentBy(network, 0), 150n * count)
    assert.equal(earnedBy(network, 0), 150n * count)
  }
  network.proxy.ledger.assertConserved()
  await network.world.runFor(30_000)
  const channel = network.client.proxies()[0]!.session!.channel!
  assert.equal(channel.signedTokens, 450n)
  const [[, account] = []] = [...network.workers[0]!.channels()]
  assert.equal(account?.signedTokens, 450n)
})

test('a hang-up before the first byte frees everything down to the model', async () => {
  const backend = new ScriptedBackend(silence)
  await using network = await virtualNetwork({ workers: [{ backend }] })
  const asked = ask(network.client)
  await network.world.until(() => backend.running === 1)
  asked.cancel()
  assert.deepEqual(asked.ended, { kind: 'failed', code: 'cancelled', tokens: 0n })
  await idle(network)
  assert.equal(backend.running, 0)
  assert.equal(backend.calls[0]?.isCancelled, true)
  assert.equal(spentBy(network, 0), 0n)
  network.proxy.ledger.assertConserved()
})

test('a hang-up in the middle is paid for up to where it came', async () => {
  const backend = new ScriptedBackend(({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    for (const word of ['one ', 'two ', 'three ', 'four ']) events.data(wordEvent(word))
  })
  await using network = await virtualNetwork({ workers: [{ backend }] })
  const asked = ask(network.client, { body: { stream: true } })
  await network.world.until(() => asked.text.includes('four'))
  asked.cancel()
  await idle(network)
  assert.equal(backend.running, 0)
  assert.ok(spentBy(network, 0) >= 4n)
  assert.equal(spentBy(network, 0), earnedBy(network, 0))
  network.proxy.ledger.assertConserved()
})

test('a client that vanishes is a client that hung up', async () => {
  const backend = new ScriptedBackend(({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    for (const word of ['one ', 'two ']) events.data(wordEvent(word))
  })
  await using network = await virtualNetwork({ workers: [{ backend }] })
  const peer = await scriptedClient(network, { min: 0, max: 2 })
  peer.send({
    _: 'client.runQueryEx',
    modelName: 'test/model',
    query: chatRequest({ stream: true }),
    maxCoefficient: 4_000,
    maxTokens: 1_000,
    timeout: 60,
    requestId: requestId(1),
    minConfigVersion: 0,
    flags: 1,
    enableDebug: false,
  })
  await network.world.until(() => backend.running === 1)
  peer.connection.close()
  await idle(network)
  assert.equal(backend.running, 0)
  assert.ok(network.proxy.ledger.client(addressKey(addressNamed('scripted client'))).max >= 2n)
  network.proxy.ledger.assertConserved()
})

test('a worker that knows no hang-ups is left to finish, and is paid', async () => {
  await using network = await virtualNetwork({ workers: [] })
  const worker = await scriptedWorker(network, { min: 0, max: 2 })
  const asked = ask(network.client)
  await network.world.until(() => worker.all('proxy.runQueryEx').length === 1)
  asked.cancel()
  await network.world.runFor(5_000)
  assert.equal(network.proxy.proxy.running, 1)
  assert.deepEqual(worker.all('proxy.cancelQuery'), [])
  const [run] = worker.all('proxy.runQueryEx')
  const tokensUsed = {
    _: 'tokensUsed' as const,
    promptTokensUsed: 30n,
    cachedTokensUsed: 0n,
    completionTokensUsed: 0n,
    reasoningTokensUsed: 0n,
    totalTokensUsed: 30n,
  }
  const finalInfo = { _: 'proxy.queryFinalInfo' as const, flags: 0, tokensUsed }
  worker.send({
    _: 'proxy.queryAnswerErrorEx',
    requestId: run!.requestId,
    errorCode: 601,
    error: 'over',
    flags: 1,
    finalInfo,
  })
  await idle(network)
  assert.equal(spentBy(network, 0), 30n)
})

test('a slow model is ended at the deadline of the query, at every stage', async () => {
  const backend = new ScriptedBackend(silence)
  await using network = await virtualNetwork({ workers: [{ backend }] })
  for (const timeoutMs of [100, 1_000, 10_000, 100_000]) {
    const startedAt = network.world.monotonic()
    const asked = ask(network.client, { timeoutMs })
    await over(network, asked)
    assert.ok(network.world.monotonic() - startedAt <= timeoutMs)
    await idle(network)
    assert.equal(backend.running, 0)
  }
  assert.equal(spentBy(network, 0), 0n)
})

test('queries wait for a free worker and are served in the order in which they came', async () => {
  const backend = new ScriptedBackend(silence)
  await using network = await virtualNetwork({ workers: [{ backend, maxActiveRequests: 1 }] })
  const asked = [ask(network.client), ask(network.client), ask(network.client)]
  for (const [index, one] of asked.entries()) {
    await network.world.until(() => backend.calls.length === index + 1)
    wholeAnswer(`answer ${index}`)(backend.calls[index]!)
    await over(network, one)
    assert.match(one.text, new RegExp(`answer ${index}`))
  }
})

test('queries that wait too long for a worker are told so', async () => {
  const backend = new ScriptedBackend(silence)
  await using network = await virtualNetwork({ workers: [{ backend, maxActiveRequests: 1 }] })
  ask(network.client)
  const asked = ask(network.client)
  await over(network, asked)
  assert.equal(asked.status, 503)
  assert.match(asked.text, /workers_busy/)
})

test('a proxy that drains lets running queries end', async () => {
  const backend = new ScriptedBackend(silence)
  await using network = await virtualNetwork({ workers: [{ backend }] })
  const asked = ask(network.client)
  await network.world.until(() => backend.running === 1)
  const closed = network.proxy.proxy.close(10_000)
  const late = ask(network.client)
  await over(network, late)
  assert.match(late.text, /proxy_draining/)
  wholeAnswer('in time')(backend.calls[0]!)
  await over(network, asked)
  assert.match(asked.text, /in time/)
  await network.world.finish(closed)
  assert.equal(network.proxy.proxy.clients.size, 0)
})

test('a worker that drains takes nothing new and ends what it has', async () => {
  const backend = new ScriptedBackend(silence)
  await using network = await virtualNetwork({ workers: [{ backend }, {}] })
  const [worker] = network.workers
  network.workers[1]!.setEnabled(false)
  await network.world.runFor(10)
  const asked = ask(network.client)
  await network.world.until(() => backend.running === 1)
  network.workers[1]!.setEnabled(true)
  const closed = worker!.close(10_000)
  await network.world.runFor(10)
  const next = ask(network.client)
  await over(network, next)
  assert.match(next.text, /Hello/)
  wholeAnswer('last words')(backend.calls[0]!)
  await over(network, asked)
  assert.match(asked.text, /last words/)
  await network.world.finish(closed)
})

test('prompts and answers of many megabytes go through, up to what a frame carries', async () => {
  const long = 'x'.repeat(15 << 20)
  const backend = new ScriptedBackend(wholeAnswer(long, { prompt: 5, completion: 7 }))
  await using network = await virtualNetwork({ workers: [{ backend }] })
  const messages = [{ role: 'user', content: long }]
  const asked = ask(network.client, { body: { model: 'test/model', max_tokens: 10, messages } })
  await over(network, asked)
  assert.equal(asked.status, 200)
  assert.ok(asked.text.includes(long))
  assert.equal(backend.calls[0]!.request.json['messages'] !== undefined, true)

  const tooLong = [{ role: 'user', content: 'x'.repeat(17 << 20) }]
  const refused = ask(network.client, { body: { model: 'test/model', messages: tooLong } })
  await over(network, refused)
  assert.deepEqual(refused.ended, { kind: 'failed', code: 'limit', tokens: 0n })
  assert.equal(network.client.running, 0)
})
