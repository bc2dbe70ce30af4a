import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Charge, type ChargeRequest, MemoryLedger } from '@cocoon/money'
import { nodeSeal } from '@cocoon/trust/node'
import {
  disputeReasons,
  type NamedKey,
  type SealedContent,
  type SealedRouting,
  sealQuery,
  SenderSession,
  singleKey,
} from '@cocoon/trust/seal'
import { type AnyCombinator, encode, sealedHeader, type SealedQuery } from '@cocoon/wire'
import { wholeAnswer } from '../src/index.ts'
import { type ScriptedPeer, scriptedClient } from './scripted-peer.ts'
import {
  answerCanary,
  assertAnswered,
  flipped,
  type SealedNetwork,
  sealedNetwork,
  usage,
} from './sealed/sealed-network.ts'

const whole = wholeAnswer(`The ${answerCanary}`, usage)
const newest = { min: 0, max: 3 }

interface Hostile {
  readonly network: SealedNetwork
  readonly peer: ScriptedPeer
  /** A session with worker 0 of its own. */
  readonly session: SenderSession
  /** A query as it should be, for keys of its own. */
  seal(
    keys: readonly NamedKey[],
    change?: Partial<SealedRouting>,
    content?: Partial<SealedContent>,
  ): { query: SealedQuery; header: Uint8Array; requestId: Uint8Array }
  send(query: SealedQuery): void
}

async function hostile(network: SealedNetwork): Promise<Hostile> {
  const { world, holders } = network
  const peer = await scriptedClient(network, newest)
  const random = (sizeBytes: number): Uint8Array => world.random(sizeBytes)
  const { digest, identity } = holders[0]!.current!
  const sealKey = nodeSeal.readSealKey(identity.sealKey)!
  const session = new SenderSession(nodeSeal, { identity: digest, sealKey, random, nowMs: world.monotonic() })
  return {
    network,
    peer,
    session,
    seal: (keys, change = {}, content = {}) => {
      const routing: SealedRouting = {
        requestId: random(32),
        model: 'test/model',
        maxCoefficient: 4_000,
        maxTokens: 1_000,
        expiresAtMs: Math.floor(world.now()) + 60_000,
        recipients: [digest],
        ...change,
      }
      const body = JSON.stringify({
        model: 'test/model',
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Hi' }],
      })
      const inside: SealedContent = {
        path: '/v1/chat/completions',
        body: Buffer.from(body),
        requestSalt: random(32),
        answerSalt: random(32),
        chunkBytes: 0,
        cadenceMs: 0,
        ...content,
      }
      return { ...sealQuery(nodeSeal, routing, inside, keys, random), requestId: routing.requestId }
    },
    send: query => peer.send({ _: 'client.runSealedQuery', query, timeout: 10, minConfigVersion: 0 }),
  }
}

/** The honest client of the network is served, at once. */
async function assertServed(network: SealedNetwork): Promise<void> {
  const asked = network.asking({ body: { stream: false } })
  await network.world.until(() => asked.ended !== undefined, 2_000)
  assertAnswered(asked)
}

const failureOf = ({ peer }: Hostile): Extract<AnyCombinator, { _: 'client.sealedFailure' }> | undefined =>
  peer.all('client.sealedFailure').at(-1)

const noBytes = new Uint8Array(0)
const digests = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => new Uint8Array(32).fill(index + 1))

function headerOf(change: Partial<ReturnType<typeof sealedHeader.read>>): Uint8Array {
  return encode(sealedHeader, {
    _: 'sealed.header',
    requestId: new Uint8Array(32).fill(7),
    model: 'test/model',
    maxCoefficient: 4_000,
    maxTokens: 10,
    expiresAt: 2_000_000_000_000n,
    recipients: digests(1),
    ...change,
  })
}

const key = { _: 'sealed.key' as const, session: new Uint8Array(32), counter: 0, flags: 0 }
const sealedTo = (header: Uint8Array, keys: number): SealedQuery => ({
  _: 'sealed.query',
  header,
  keys: Array.from({ length: keys }, () => key),
  body: new Uint8Array(256),
})

/** What no client of this version writes: its connection ends, and nobody else's. */
const malformed: Record<string, SealedQuery> = {
  'no header': sealedTo(noBytes, 1),
  'a header that is none': sealedTo(new Uint8Array(100), 1),
  'a header that is too long': sealedTo(headerOf({ model: 'x'.repeat(5_000) }), 1),
  'bytes behind the header': sealedTo(Buffer.concat([headerOf({}), new Uint8Array(4)]), 1),
  'no recipient': sealedTo(headerOf({ recipients: [] }), 0),
  'nine recipients': sealedTo(headerOf({ recipients: digests(9) }), 9),
  'a recipient twice': sealedTo(headerOf({ recipients: [...digests(1), ...digests(1)] }), 2),
  'a key too few': sealedTo(headerOf({ recipients: digests(2) }), 1),
  'a key too many': sealedTo(headerOf({ recipients: digests(1) }), 2),
  'a hundred thousand keys': sealedTo(headerOf({}), 100_000),
  'a negative cap': sealedTo(headerOf({ maxTokens: -1 }), 1),
  'a negative price': sealedTo(headerOf({ maxCoefficient: -1 }), 1),
  'an end before time began': sealedTo(headerOf({ expiresAt: -1n }), 1),
  'an end beyond all time': sealedTo(headerOf({ expiresAt: 2n ** 62n }), 1),
}

test('what is malformed ends the connection of who sent it', async t => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  for (const [name, query] of Object.entries(malformed)) {
    await t.test(name, async () => {
      const attacker = await hostile(network)
      attacker.send(query)
      await network.world.runFor(200)
      assert.notEqual(attacker.peer.closed, undefined)
      await assertServed(network)
    })
  }
  assert.equal(network.tap.all('proxy.runSealedQuery').length, Object.keys(malformed).length)
  assert.equal(network.proxy.proxy.queryBudget.usedBytes, 0)
  network.proxy.ledger.assertConserved()
})

test('what the proxy can see to be in vain is refused, and costs nothing', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  const attacker = await hostile(network)
  const keys = [attacker.session.next()]
  const cases: Array<[change: Partial<SealedRouting>, code: number]> = [
    [{ recipients: digests(1) }, 662],
    [{ model: 'nobody/offers' }, 621],
    [{ maxTokens: 2 ** 31 - 1, maxCoefficient: 2 ** 31 - 1 }, 602],
    [{ maxCoefficient: 1 }, 651],
  ]
  for (const [change, code] of cases) {
    attacker.send(attacker.seal(keys, change).query)
    await network.world.runFor(100)
    assert.equal(failureOf(attacker)?.errorCode, code, JSON.stringify(change))
    assert.equal(failureOf(attacker)?.end, undefined)
  }
  assert.equal(network.backends[0]!.calls.length, 0)
  assert.equal(network.proxy.proxy.running, 0)
  await assertServed(network)
})

test('what the worker cannot read is refused there, and hurts nobody: not its standing either', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  const attacker = await hostile(network)
  for (let round = 0; round < 40; round++) {
    const { query } = attacker.seal([attacker.session.next()])
    attacker.send({ ...query, body: flipped(query.body) })
    attacker.send({ ...query, header: flipped(query.header, 9), body: noBytes })
  }
  const expired = attacker.seal([attacker.session.next()], { expiresAtMs: 1_000 })
  attacker.send(expired.query)
  const farAhead = attacker.seal([attacker.session.next()], {
    expiresAtMs: Math.floor(network.world.now()) + 4 * 3_600_000,
  })
  attacker.send(farAhead.query)
  await network.world.runFor(2_000)
  assert.ok(attacker.peer.all('client.sealedFailure').every(({ end }) => end === undefined))
  assert.equal(attacker.peer.all('client.sealedAnswer').length, 0)
  const [link] = [...network.proxy.proxy.workers]
  assert.equal(link!.standing.failed, 0)
  assert.equal(link!.standing.accepts(network.world.monotonic()), true)
  await assertServed(network)
})

const contents: Record<string, Partial<SealedContent>> = {
  'a path that is none': { path: '/../etc' },
  'no body': { body: noBytes },
  'a body that is no JSON': { body: Buffer.from('{"model":') },
  'a body that is no text': { body: Uint8Array.of(0xff, 0xfe) },
  'frames that are too small': { chunkBytes: 1, cadenceMs: 5 },
  'frames that are too large': { chunkBytes: 1 << 20, cadenceMs: 5 },
  'a pace that is none': { chunkBytes: 1_000, cadenceMs: 0 },
  'a pace below zero': { chunkBytes: 1_000, cadenceMs: -1 },
}

test('what is wrong inside is refused by the worker, sealed or by a number, and costs nothing', async t => {
  for (const [name, content] of Object.entries(contents)) {
    await t.test(name, async () => {
      await using network = await sealedNetwork({ workers: [{ script: whole }] })
      const attacker = await hostile(network)
      attacker.send(attacker.seal([attacker.session.next()], {}, content).query)
      await network.world.runFor(500)
      const [answer] = attacker.peer.all('client.sealedAnswer')
      if (answer === undefined) assert.equal(failureOf(attacker)?.errorCode, 661)
      else assert.equal(answer.end?.chargedTokens, 0n)
      assert.equal(network.backends[0]!.calls.length, 0)
      await assertServed(network)
    })
  }
})

test('counters that jump: by a thousand they are followed, further they are not', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  const attacker = await hostile(network)
  const jump = (by: number): NamedKey => {
    for (let left = by; left > 0; left--) attacker.session.next()
    return attacker.session.next()
  }
  const first = attacker.seal([attacker.session.next()])
  attacker.send(first.query)
  for (let round = 0; round < 3; round++) attacker.send(attacker.seal([jump(1_000)]).query)
  await network.world.runFor(500)
  assert.equal(attacker.peer.all('client.sealedAnswer').length, 4)
  const { query } = attacker.seal([jump(1)])
  for (const counter of [4_096, 2 ** 31 - 1, -2, -(2 ** 31)]) {
    attacker.send({
      ...query,
      header: headerOf({
        recipients: [network.holders[0]!.current!.digest],
        requestId: network.world.random(32),
      }),
      keys: [{ ...query.keys[0]!, counter }],
    })
  }
  await network.world.runFor(500)
  assert.equal(attacker.peer.all('client.sealedAnswer').length, 4)
  assert.equal(attacker.peer.all('client.sealedFailure').length, 4)
  const far = await hostile(network)
  for (let left = 1_026; left > 0; left--) far.session.next()
  far.send(far.seal([far.session.next()]).query)
  await network.world.runFor(500)
  assert.equal(failureOf(far)?.errorCode, 660)
  await assertServed(network)
})

test('hundreds of sessions, each of one query: the honest client goes on in its own', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  const attacker = await hostile(network)
  await assertServed(network)
  const { digest, identity } = network.holders[0]!.current!
  const sealKey = nodeSeal.readSealKey(identity.sealKey)!
  const random = (sizeBytes: number): Uint8Array => network.world.random(sizeBytes)
  for (let round = 0; round < 300; round++) {
    attacker.send(attacker.seal([singleKey(nodeSeal, { identity: digest, sealKey, random })]).query)
    if (round % 5 === 0) await network.world.runFor(50)
  }
  await network.world.runFor(2_000)
  const answers = attacker.peer.all('client.sealedAnswer').length
  const refused = attacker.peer.all('client.sealedFailure').length
  assert.equal(answers + refused, 300)
  await assertServed(network)
  assert.equal(network.events.filter(({ event }) => event === 'query-resealed').length, 0)
})

test('huge bodies are bounded for each client, and nobody else waits for them', async () => {
  await using network = await sealedNetwork({ workers: [{ script: () => {} }, { script: whole }] })
  const attacker = await hostile(network)
  const { digest } = network.holders[0]!.current!
  const { query } = attacker.seal([attacker.session.next()])
  for (let round = 0; round < 12; round++) {
    const header = headerOf({ recipients: [digest], requestId: new Uint8Array(32).fill(round + 1) })
    attacker.send({ ...query, header, body: new Uint8Array(15 << 20) })
    await network.world.runFor(5)
    assert.ok(network.proxy.proxy.queryBudget.usedBytes <= 128 << 20)
  }
  await assertServed(network)
  await network.world.runFor(20_000)
  assert.equal(network.proxy.proxy.queryBudget.usedBytes, 0)
})

test('disputes of receipts of others, of nothing, and for the tenth time change nothing', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  const attacker = await hostile(network)
  await assertServed(network)
  const [theirs] = network.tap.all('client.sealedAnswer')
  const own = attacker.seal([attacker.session.next()])
  attacker.send(own.query)
  await network.world.runFor(200)
  assert.equal(attacker.peer.all('client.sealedAnswer').length, 1)
  for (const requestId of [theirs!.requestId, own.requestId, new Uint8Array(32)]) {
    for (const reason of [...Object.values(disputeReasons), 0, -1, 99]) {
      attacker.peer.send({ _: 'client.disputeReceipt', requestId, reason })
    }
  }
  await network.world.runFor(500)
  const [link] = [...network.proxy.proxy.workers]
  assert.equal(link!.standing.failed, 0)
  assert.equal(network.events.filter(({ event }) => event === 'receipts-disputed').length, 0)
  assert.equal(attacker.peer.closed, undefined)
  await assertServed(network)
})

test('one account on many connections is one that disputes', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  for (let connection = 0; connection < 5; connection++) {
    const attacker = await hostile(network)
    const { query, requestId } = attacker.seal([attacker.session.next()])
    attacker.send(query)
    await network.world.runFor(200)
    attacker.peer.send({ _: 'client.disputeReceipt', requestId, reason: disputeReasons.field })
    await network.world.runFor(100)
  }
  assert.equal([...network.proxy.proxy.workers][0]!.standing.failed, 0)
})

test('a dispute that comes while the answer is being charged is one of its receipt', async () => {
  const charging = Promise.withResolvers<void>()
  class SlowLedger extends MemoryLedger {
    override async charge(request: ChargeRequest): Promise<Charge> {
      await charging.promise
      return super.charge(request)
    }
  }
  const ledger = new SlowLedger()
  await using network = await sealedNetwork({ workers: [{ script: whole }], proxies: [{ ledger }] })
  const attacker = await hostile(network)
  const { query, requestId } = attacker.seal([attacker.session.next()])
  attacker.send(query)
  await network.world.runFor(200)
  assert.equal(attacker.peer.all('client.sealedAnswer').length, 0)
  const reason = disputeReasons.field
  attacker.peer.send({ _: 'client.disputeReceipt', requestId, reason })
  await network.world.runFor(100)
  const { receipts, clients } = network.proxy.proxy
  const owners = [...clients].map(({ ownerText }) => ownerText)
  // Each receipt is disputed once, by its own account.
  for (const owner of owners) assert.equal(receipts.dispute(owner, requestId, reason), 'unknown')
  charging.resolve()
  await network.world.until(() => attacker.peer.all('client.sealedAnswer').length === 1, 5_000)
})

test('an open query of one client is not ended by the cancelling of another', async () => {
  await using network = await sealedNetwork()
  const attacker = await hostile(network)
  const asked = network.asking()
  await network.world.runFor(30)
  const { query } = network.tap.all('client.runSealedQuery')[0]!
  attacker.peer.send({ _: 'client.cancelQuery', requestId: query.header.subarray(4, 36) })
  attacker.send(query)
  await network.over(asked)
  assertAnswered(asked)
  assert.equal(failureOf(attacker)?.errorCode, 660)
  assert.equal(failureOf(attacker)?.end, undefined)
})

test('there are no offers of a model that nobody has, and no evidence of what is not here', async () => {
  await using network = await sealedNetwork()
  const { peer } = await hostile(network)
  const { world } = network
  for (const model of ['', 'nobody/offers', 'x'.repeat(100_000)]) {
    await assert.rejects(world.finish(peer.ask({ _: 'client.getOffers', model })), /621/)
  }
  const unknown = { _: 'client.getEvidence' as const, identity: new Uint8Array(32) }
  await assert.rejects(world.finish(peer.ask(unknown)), /662/)
})
