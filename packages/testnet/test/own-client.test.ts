import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client, ClientOptions } from '@cocoon/client/role'
import { ChannelsWithoutChain, formatAddress } from '@cocoon/money'
import {
  type AnyCombinator,
  type ClientRunQueryEx,
  encode,
  httpResponse,
  type TokensUsed,
} from '@cocoon/wire'
import { addressNamed } from '../src/index.ts'
import { type Asked, ask } from './asked.ts'
import { sendCut, virtualNetwork, type VirtualNetwork } from './scripted-peer.ts'
import { ScriptedProxy } from './scripted-proxy.ts'

interface Scene extends AsyncDisposable {
  network: VirtualNetwork
  proxy: ScriptedProxy
  client: Client
  events: Array<{ event: string; why?: string }>
}

/** Our client in front of a proxy that the test plays. */
async function facing(
  version: number,
  change: Partial<ScriptedProxy['change']> = {},
  options: Partial<ClientOptions> = {},
): Promise<Scene> {
  const network = await virtualNetwork({ workers: [], clients: [] })
  const proxy = new ScriptedProxy(() => network, version)
  Object.assign(proxy.change, change)
  const events: Scene['events'] = []
  const client = network.addClient({ dial: proxy.dial, log: event => events.push(event), ...options })
  await network.world.runFor(150)
  return { network, proxy, client, events, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() }
}

async function nextQuery({ network, proxy }: Scene): Promise<ClientRunQueryEx> {
  const isQuery = (packet: AnyCombinator): boolean =>
    packet._ === 'client.runQueryEx' || packet._ === 'client.runQuery'
  await network.world.until(() => proxy.peer.packets.some(isQuery))
  const { packets } = proxy.peer
  return packets.splice(packets.findIndex(isQuery), 1)[0] as ClientRunQueryEx
}

async function ended({ network }: Scene, asked: Asked): Promise<void> {
  await network.world.until(() => asked.ended !== undefined)
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

function tokensOf(totalTokensUsed: bigint): TokensUsed {
  return {
    _: 'tokensUsed',
    promptTokensUsed: totalTokensUsed,
    cachedTokensUsed: 0n,
    completionTokensUsed: 0n,
    reasoningTokensUsed: 0n,
    totalTokensUsed,
  }
}

/** The same answer in the forms of version 0 and in those of the later ones. */
function forms(requestId: Uint8Array, total: bigint) {
  const requestTokensUsed = tokensOf(total)
  const final = {
    flags: 1,
    finalInfo: { _: 'client.queryFinalInfo' as const, flags: 0, tokensUsed: requestTokensUsed },
  }
  const text = (letters: string): Uint8Array => Buffer.from(letters)
  return {
    old: {
      answer: [
        { _: 'client.queryAnswer', answer: head(), isCompleted: false, requestId, requestTokensUsed },
        {
          _: 'client.queryAnswerPart',
          answer: text('one '),
          isCompleted: false,
          requestId,
          requestTokensUsed,
        },
        { _: 'client.queryAnswerPart', answer: text('two'), isCompleted: true, requestId, requestTokensUsed },
      ] as AnyCombinator[],
      error: {
        _: 'client.queryAnswerError',
        errorCode: 651,
        error: 'no workers',
        requestId,
        requestTokensUsed,
      } as AnyCombinator,
    },
    ex: {
      answer: [
        { _: 'client.queryAnswerEx', requestId, answer: head(), flags: 0 },
        { _: 'client.queryAnswerPartEx', requestId, answer: text('one '), flags: 0 },
        { _: 'client.queryAnswerPartEx', requestId, answer: text('two'), ...final },
      ] as AnyCombinator[],
      error: {
        _: 'client.queryAnswerErrorEx',
        requestId,
        errorCode: 651,
        error: 'no workers',
        ...final,
      } as AnyCombinator,
    },
  }
}

for (const version of [0, 1, 2, 3]) {
  test(`a proxy of version ${version} is asked in its form and understood in every form`, async () => {
    await using scene = await facing(version)
    for (const form of ['old', 'ex'] as const) {
      const asked = ask(scene.client)
      const query = await nextQuery(scene)
      assert.equal(query._ as string, version === 0 ? 'client.runQuery' : 'client.runQueryEx')
      assert.ok(Math.abs(query.timeout - 60 * 0.95) < 0.01)
      assert.equal(query.minConfigVersion, 1)
      for (const piece of forms(query.requestId, 42n)[form].answer) scene.proxy.peer.send(piece)
      await ended(scene, asked)
      assert.equal(asked.text, 'one two')
      assert.deepEqual(asked.ended, { kind: 'end', tokens: 42n, proxy: formatAddress(scene.proxy.contract) })
      assert.equal(asked.summary?.costNano, 84n)

      const refused = ask(scene.client)
      scene.proxy.peer.send(forms((await nextQuery(scene)).requestId, 0n)[form].error)
      await ended(scene, refused)
      assert.deepEqual(refused.ended, { kind: 'failed', code: 'no-worker', tokens: 0n })
    }
  })

  test(`a proxy of version ${version} is told of a hang-up if it knows the word`, async () => {
    await using scene = await facing(version)
    const asked = ask(scene.client)
    const { requestId } = await nextQuery(scene)
    asked.cancel()
    assert.deepEqual(asked.ended, { kind: 'failed', code: 'cancelled', tokens: 0n })
    await scene.network.world.runFor(1_000)
    const told = scene.proxy.peer.all('client.cancelQuery')
    assert.deepEqual(told, version < 3 ? [] : [{ _: 'client.cancelQuery', requestId }])
    for (const piece of forms(requestId, 1n).ex.answer) scene.proxy.peer.send(piece)
    await scene.network.world.runFor(1_000)
    assert.equal(asked.text, '')
    assert.ok(scene.client.isReady)
  })

  test(`a proxy of version ${version} is asked for its models`, async () => {
    await using scene = await facing(version)
    const [offer] = await scene.network.world.finish(scene.client.models())
    assert.equal(offer?.id, version === 0 ? 'old/model' : 'new/model')
  })
}

test('what a proxy says before its handshake is over is passed over', async () => {
  const network = await virtualNetwork({ workers: [], clients: [] })
  await using _ = network
  const proxy = new ScriptedProxy(() => network, 2)
  const dial = async () => {
    const transport = await proxy.dial()
    const { peer } = proxy
    const { onQuestion } = peer
    peer.onQuestion = (question, reply) => {
      const totals = { dbTokens: 1n, maxTokens: 1n, requestTokens: 1n, requestId: new Uint8Array(32) }
      peer.send({ _: 'proxy.clientRequestPayment', signedPayment: proxy.payment('client', 1n), ...totals })
      peer.send(proxy.payment('client', 1n))
      for (const piece of forms(new Uint8Array(32), 1n).ex.answer) peer.send(piece)
      onQuestion?.(question, reply)
    }
    return transport
  }
  const client = network.addClient({ dial })
  await network.world.until(() => client.isReady)
})

test('totals and signatures go up and never down', async () => {
  await using scene = await facing(2)
  const { world } = scene.network
  const channel = scene.client.proxies()[0]!.session!.channel!
  const push = async (signed: bigint, maxTokens: bigint): Promise<void> => {
    const totals = { dbTokens: maxTokens, maxTokens, requestTokens: 1n, requestId: new Uint8Array(32) }
    scene.proxy.peer.send({
      _: 'proxy.clientRequestPayment',
      signedPayment: scene.proxy.payment('client', signed),
      ...totals,
    })
    await world.runFor(10)
  }
  await push(10n, 20n)
  assert.deepEqual([channel.signedTokens, channel.maxTokens, channel.dbTokens], [10n, 20n, 20n])
  await push(3n, 4n)
  assert.deepEqual([channel.signedTokens, channel.maxTokens, channel.dbTokens], [10n, 20n, 20n])
  scene.proxy.peer.send(scene.proxy.payment('client', 15n))
  await world.runFor(10)
  assert.equal(channel.signedTokens, 15n)
  await world.runFor(30_000)
  assert.ok(scene.proxy.asked.some(({ _ }) => _ === 'client.updatePaymentStatus'))
  assert.equal(channel.signedTokens, 15n)
})

test('a payment that does not verify costs the proxy its connection', async () => {
  await using scene = await facing(2)
  const payment = scene.proxy.payment('client', 10n)
  payment.data[60]! ^= 1
  scene.proxy.peer.send(payment)
  await scene.network.world.until(() => scene.proxy.peers[0]!.closed !== undefined)
  await scene.network.world.until(() => scene.client.isReady)
})

const wrongProxies: Array<[string, number, Partial<ScriptedProxy['change']>, RegExp]> = [
  [
    'of the wrong contract',
    2,
    { params: { proxyScAddress: formatAddress(addressNamed('elsewhere')) } },
    /contract/,
  ],
  [
    'with the wrong contract for the client',
    2,
    { clientAddress: formatAddress(addressNamed('elsewhere')) },
    /contract/,
  ],
  ['with an address that is none', 2, { clientAddress: 'elsewhere' }, /[Aa]ddress/],
  ['of another mode', 2, { params: { isTest: false } }, /test mode/],
  ['of a version that was not offered', 2, { params: { protoVersion: 4 } }, /version 4/],
  ['of a version below all', 2, { params: { protoVersion: -1 } }, /version -1/],
  ['that is too old', 0, { params: { flags: 0 } }, /too old/],
]

for (const [what, version, change, words] of wrongProxies) {
  test(`a proxy ${what} is left again`, async () => {
    await using scene = await facing(version, change)
    assert.equal(scene.client.isReady, false)
    assert.ok(scene.events.some(({ event, why }) => event === 'proxy-lost' && words.test(why ?? '')))
    assert.ok(scene.proxy.asked.every(({ _ }) => _ === 'client.connectToProxy'))
  })
}

test('a proxy of an image that is not registered is not even asked', async () => {
  const network = await virtualNetwork({
    workers: [],
    clients: [],
    config: { proxyHashes: ['1'.repeat(64)] },
  })
  await using _ = network
  const proxy = new ScriptedProxy(() => network, 2)
  const client = network.addClient({ dial: proxy.dial })
  await network.world.runFor(1_000)
  assert.equal(client.isReady, false)
  assert.deepEqual(proxy.asked, [])
})

test('the secret goes only to a proxy that shows its hash', async () => {
  await using knows = await facing(
    2,
    { secret: 'open sesame' },
    { channels: new ChannelsWithoutChain('client-charge', Buffer.from('open sesame')) },
  )
  assert.ok(knows.client.isReady)
  const short = knows.proxy.asked.find(({ _ }) => _ === 'client.authorizeWithProxyShort')
  assert.equal(
    short?._ === 'client.authorizeWithProxyShort' && Buffer.from(short.data).toString(),
    'open sesame',
  )
  await using other = await facing(
    2,
    { secret: 'something else' },
    { channels: new ChannelsWithoutChain('client-charge', Buffer.from('open sesame')) },
  )
  assert.ok(other.proxy.asked.some(({ _ }) => _ === 'client.authorizeWithProxyLong'))
  assert.ok(!other.proxy.asked.some(({ _ }) => _ === 'client.authorizeWithProxyShort'))
})

const brokenAnswers: Array<[string, (scene: Scene, requestId: Uint8Array) => void]> = [
  ['a part before the head', ({ proxy }, id) => proxy.peer.send(forms(id, 1n).ex.answer[1]!)],
  [
    'a second head',
    ({ proxy }, id) => {
      proxy.peer.send(forms(id, 1n).ex.answer[0]!)
      proxy.peer.send(forms(id, 1n).ex.answer[0]!)
    },
  ],
  [
    'a status that is none',
    ({ proxy }, requestId) =>
      proxy.peer.send({ _: 'client.queryAnswerEx', requestId, answer: head(1_000), flags: 0 }),
  ],
  [
    'a head that is cut short',
    ({ proxy }, requestId) =>
      proxy.peer.send({ _: 'client.queryAnswerEx', requestId, answer: head().subarray(0, 12), flags: 0 }),
  ],
  ['a message that is cut short', ({ proxy }, id) => sendCut(proxy.peer, forms(id, 1n).ex.answer[0]!, 40)],
  ['tokens below zero', ({ proxy }, id) => proxy.peer.send(forms(id, -1n).ex.error)],
]

for (const [what, breakIt] of brokenAnswers) {
  test(`${what} ends the session, and the query ends in time on another one or with an error`, async () => {
    await using scene = await facing(2)
    const asked = ask(scene.client)
    const first = scene.proxy.peer
    breakIt(scene, (await nextQuery(scene)).requestId)
    await scene.network.world.until(() => first.closed !== undefined)
    await scene.network.world.until(() => scene.client.isReady)
    if (asked.ended === undefined) {
      for (const piece of forms((await nextQuery(scene)).requestId, 2n).ex.answer)
        scene.proxy.peer.send(piece)
      await ended(scene, asked)
      assert.equal(asked.text, 'one two')
    }
    assert.equal(scene.client.running, 0)
  })
}

test('a proxy that never answers is waited for as long as the caller said and no longer', async () => {
  await using scene = await facing(2)
  const { world } = scene.network
  const startedAt = world.monotonic()
  const asked = ask(scene.client, { timeoutMs: 7_000 })
  await ended(scene, asked)
  assert.deepEqual(asked.ended, { kind: 'failed', code: 'timeout', tokens: 0n })
  assert.equal(world.monotonic() - startedAt, 7_000)
})

test('a connection that is lost under a query is replaced, and the query asked again under another id', async () => {
  await using scene = await facing(2)
  const asked = ask(scene.client)
  const first = await nextQuery(scene)
  scene.proxy.peer.connection.close()
  await scene.network.world.until(() => scene.proxy.peers.length === 2)
  const second = await nextQuery(scene)
  assert.notDeepEqual(second.requestId, first.requestId)
  for (const piece of forms(second.requestId, 2n).ex.answer) scene.proxy.peer.send(piece)
  await ended(scene, asked)
  assert.equal(asked.text, 'one two')
  assert.equal(scene.client.stats.retried, 1)
})

test('a connection that is lost in the middle of an answer is an error', async () => {
  await using scene = await facing(2)
  const asked = ask(scene.client)
  const { requestId } = await nextQuery(scene)
  scene.proxy.peer.send(forms(requestId, 1n).ex.answer[0]!)
  await scene.network.world.until(() => asked.status === 200)
  scene.proxy.peer.connection.close()
  await ended(scene, asked)
  assert.deepEqual(asked.ended, { kind: 'failed', code: 'upstream', tokens: 0n })
})

test('without any proxy a query fails soon, and says why', async () => {
  await using scene = await facing(2, {}, { dial: () => Promise.reject(new Error('no way')) })
  const startedAt = scene.network.world.monotonic()
  const asked = ask(scene.client)
  await ended(scene, asked)
  assert.deepEqual(asked.ended, { kind: 'failed', code: 'no-proxy', tokens: 0n })
  assert.ok(scene.network.world.monotonic() - startedAt <= 3_100)
  await assert.rejects(scene.network.world.finish(scene.client.models()), { code: 'no-proxy' })
})
