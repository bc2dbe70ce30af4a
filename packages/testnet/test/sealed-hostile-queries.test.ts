import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyCombinator,
  type ClientRunSealedQuery,
  decode,
  encode,
  type ProxyRunSealedQuery,
  sealedHeader,
} from '@cocoon/wire'
import {
  assertAnswered,
  assertFailed,
  changed,
  flipped,
  promptCanary,
  type SealedNetwork,
  sealedNetwork,
} from './sealed/sealed-network.ts'

/** Whatever is done to a query behind its sender's back. */
type Alter = (query: ProxyRunSealedQuery) => ProxyRunSealedQuery

function alterQueries({ tap }: SealedNetwork, alter: Alter): void {
  tap.rewrite = ({ message }) => (message._ === 'proxy.runSealedQuery' ? alter(message) : message)
}

function alterHeader(change: Partial<ReturnType<typeof sealedHeader.read>>): Alter {
  return query => {
    const header = encode(sealedHeader, { ...decode(sealedHeader, query.header), ...change })
    return { ...query, header }
  }
}

const failures = (network: SealedNetwork, code: number): number =>
  network.tap.all('proxy.sealedFailure').filter(({ errorCode }) => errorCode === code).length

/** Of a query that begins a session: what is changed, and the worker cannot read it any more. */
const unreadable: Record<string, Alter> = {
  'a bit of the body': query => changed(query, { body: flipped(query.body) }),
  'a bit of the tag': query => changed(query, { body: flipped(query.body, query.body.length - 1) }),
  'the length of the body': query => changed(query, { body: query.body.subarray(0, -16) }),
  'a body of nothing': query => changed(query, { body: new Uint8Array(0) }),
  'a bit of the request id': query => changed(query, { header: flipped(query.header, 8) }),
  'the model': alterHeader({ model: 'another/model' }),
  'the most that an answer may have': alterHeader({ maxTokens: 1_000_000 }),
  'the dearest price': alterHeader({ maxCoefficient: 999_999_999 }),
  'the end of its time': alterHeader({ expiresAt: 0n }),
  'the recipients': alterHeader({ recipients: [new Uint8Array(32)] }),
  'a recipient more': query => {
    const header = decode(sealedHeader, query.header)
    const recipients = [...header.recipients, new Uint8Array(32)]
    return { ...query, header: encode(sealedHeader, { ...header, recipients }) }
  },
  'a bit of the session': query =>
    changed(query, { key: { ...query.key, session: flipped(query.key.session) } }),
  'the counter': query => changed(query, { key: { ...query.key, counter: 1 } }),
  'a counter that none has': query => changed(query, { key: { ...query.key, counter: -2 } }),
  'the counter of a session of one query': query => changed(query, { key: { ...query.key, counter: -1 } }),
  'a bit of the encapsulated key': query =>
    changed(query, { key: { ...query.key, encapsulation: flipped(query.key.encapsulation!) } }),
  'a wrapped key where there is none': query =>
    changed(query, { key: { ...query.key, flags: query.key.flags | 2, wrapped: new Uint8Array(48) } }),
  'a price above the cap': query => changed(query, { coefficient: 4_001 }),
}

test('what is changed in a query makes it unreadable: nothing runs, nothing is charged', async t => {
  for (const [name, alter] of Object.entries(unreadable)) {
    await t.test(name, async () => {
      await using network = await sealedNetwork()
      alterQueries(network, alter)
      const asked = await network.asked()
      assertFailed(asked, 'upstream')
      assert.equal(asked.summary?.tokens, 0n)
      assert.equal(failures(network, 661), 1)
      assert.equal(network.backends[0]!.calls.length, 0)
      network.tap.rewrite = ({ message }) => message
      assertAnswered(await network.asked())
    })
  }
})

test('what is changed in the header on the way to the proxy never runs either', async () => {
  await using network = await sealedNetwork()
  network.tap.rewrite = ({ message }) => {
    if (message._ !== 'client.runSealedQuery') return message
    const header = { ...decode(sealedHeader, message.query.header), maxTokens: 5 }
    return changed(message, { query: { ...message.query, header: encode(sealedHeader, header) } })
  }
  assertFailed(await network.asked(), 'upstream')
  assert.equal(network.backends[0]!.calls.length, 0)
})

test('a session that the worker does not know any more is begun anew, unseen by the caller', async () => {
  await using network = await sealedNetwork()
  assertAnswered(await network.asked())
  let altered = 0
  alterQueries(network, query =>
    altered++ === 0 ? changed(query, { key: { ...query.key, session: flipped(query.key.session) } }) : query,
  )
  assertAnswered(await network.asked())
  assert.equal(failures(network, 660), 1)
  assert.equal(network.events.filter(({ event }) => event === 'query-resealed').length, 1)
})

test('a query is replayed to its worker: the key opens once, and nobody hears of the second run', async () => {
  await using network = await sealedNetwork()
  const { tap, world, backends } = network
  assertAnswered(await network.asked())
  const [query] = tap.all('proxy.runSealedQuery')
  const { length } = backends[0]!.calls
  for (const requestId of [query!.requestId, new Uint8Array(32).fill(9)]) {
    tap.wireOf('worker 0').toRole({ ...query!, requestId })
  }
  await world.runFor(500)
  assert.equal(failures(network, 660), 2)
  assert.equal(backends[0]!.calls.length, length)
  assertAnswered(await network.asked())
})

test('a query of one KEM is not replayed either', async () => {
  await using network = await sealedNetwork({ sealer: { linkage: 'query' } })
  const { tap, world, backends } = network
  assertAnswered(await network.asked())
  tap.wireOf('worker 0').toRole({ ...tap.all('proxy.runSealedQuery')[0]!, requestId: new Uint8Array(32) })
  await world.runFor(500)
  assert.equal(failures(network, 660), 1)
  assert.equal(backends[0]!.calls.length, 1)
})

test('a query that is taken to another worker is not read there', async t => {
  const cases: Record<string, (query: ProxyRunSealedQuery, other: Uint8Array) => ProxyRunSealedQuery> = {
    'under the identity that it was sealed to': query => query,
    'under its own identity': (query, other) => ({ ...query, identity: other }),
    'as a recipient of a changed header': (query, other) =>
      alterHeader({ recipients: [other] })({ ...query, identity: other }),
  }
  for (const [name, alter] of Object.entries(cases)) {
    await t.test(name, async () => {
      await using network = await sealedNetwork({ workers: [{}, { options: { coefficient: 9_000 } }] })
      const { tap, world, holders, backends } = network
      assertAnswered(await network.asked())
      const [query] = tap.all('proxy.runSealedQuery', 'worker 0')
      const signedPayment = { _: 'proxy.signedPaymentEmpty' as const }
      tap.wireOf('worker 1').toRole({ ...alter(query!, holders[1]!.current!.digest), signedPayment })
      await world.runFor(500)
      assert.equal(backends[1]!.calls.length, 0)
      assert.equal(failures(network, 661) + failures(network, 662), 1)
      assert.equal(tap.all('proxy.sealedAnswer', 'worker 1').length, 0)
    })
  }
})

test('a query that two workers can read runs at both, and the caller accepts one answer', async () => {
  await using network = await sealedNetwork({ workers: [{}, {}] })
  const { tap, world, holders, backends } = network
  tap.rewrite = ({ message }) => {
    if (message._ !== 'client.runSealedQuery') return message
    const { recipients } = decode(sealedHeader, message.query.header)
    assert.equal(recipients.length, 2)
    // The proxy has each recipient run it, and gives the caller the pieces of both.
    for (const index of [0, 1]) {
      const at = recipients.findIndex(one => Buffer.from(one).equals(holders[index]!.current!.digest))
      tap.wireOf(`worker ${index}`).toRole(runOf(message, recipients[at]!, at, index))
    }
    return undefined
  }
  const asked = network.asking({ timeoutMs: 3_000 })
  await world.runFor(1_000)
  assert.equal(backends[0]!.calls.length + backends[1]!.calls.length, 2)
  const pieces = tap.passed.flatMap(({ message, who }) =>
    message._ === 'proxy.sealedAnswer' || message._ === 'proxy.sealedAnswerPart' ? [{ message, who }] : [],
  )
  const { requestId } = decode(sealedHeader, tap.all('client.runSealedQuery')[0]!.query.header)
  const told = pieces.map(({ message, who }): AnyCombinator => {
    const { receipt, chunk } = message
    const end = receipt && {
      _: 'client.sealedEnd' as const,
      receipt,
      chargedTokens: 100n,
      proxyStartTime: 0,
      proxyEndTime: 0,
    }
    const fields = { requestId, chunk, flags: end === undefined ? 0 : 1, ...(end && { end }) }
    const identity = holders[Number(who.at(-1))]!.current!.digest
    return message._ === 'proxy.sealedAnswer'
      ? { _: 'client.sealedAnswer', ...fields, identity, nonce: message.nonce }
      : { _: 'client.sealedAnswerPart', ...fields }
  })
  // Mixed as they came: the second head cannot be part of the first answer.
  for (const piece of told) tap.wireOf('client 0').toRole(piece)
  await network.over(asked)
  assertFailed(asked, 'answer-invalid')
})

function runOf(
  { query }: ClientRunSealedQuery,
  identity: Uint8Array,
  at: number,
  byte: number,
): ProxyRunSealedQuery {
  return {
    _: 'proxy.runSealedQuery',
    identity,
    header: query.header,
    key: query.keys[at]!,
    body: query.body,
    signedPayment: { _: 'proxy.signedPaymentEmpty' },
    coefficient: 1_000,
    timeout: 10,
    requestId: new Uint8Array(32).fill(byte + 1),
  }
}

for (const code of [660, 662]) {
  test(`failure ${code} that is made up for ever: sealed three times, then given up, and nothing is charged`, async () => {
    await using network = await sealedNetwork()
    network.tap.rewrite = ({ message, wire }) => {
      if (message._ !== 'client.runSealedQuery') return message
      const { requestId, recipients } = decode(sealedHeader, message.query.header)
      wire.toRole({
        _: 'client.sealedFailure',
        requestId,
        identity: recipients[0]!,
        errorCode: code,
        error: 'made up',
        flags: 0,
      })
      return undefined
    }
    const asked = await network.asked()
    assertFailed(asked, 'upstream')
    const queries = network.tap.all('client.runSealedQuery').map(({ query }) => query)
    assert.equal(queries.length, 3)
    // Nothing that was sent once is sent again: another request id, other salts, other keys.
    const ids = queries.map(({ header }) =>
      Buffer.from(decode(sealedHeader, header).requestId).toString('hex'),
    )
    assert.equal(new Set(ids).size, 3)
    assert.equal(new Set(queries.map(({ body }) => Buffer.from(body).toString('hex'))).size, 3)
    assert.equal(network.tap.all('client.runQueryEx').length, 0)
    assert.equal(asked.summary?.tokens, 0n)
    network.tap.rewrite = ({ message }) => message
    assertAnswered(await network.asked())
  })

  test(`failure ${code} is made up for a query that ran: of two runs the caller accepts one`, async () => {
    await using network = await sealedNetwork()
    const { tap, world } = network
    let first = true
    tap.rewrite = ({ message, wire }) => {
      if (message._ !== 'client.runSealedQuery' || !first) return message
      first = false
      const { requestId, recipients } = decode(sealedHeader, message.query.header)
      wire.toRole({
        _: 'client.sealedFailure',
        requestId,
        identity: recipients[0]!,
        errorCode: code,
        error: 'made up',
        flags: 0,
      })
      return message
    }
    const asked = await network.asked()
    await world.runFor(500)
    assertAnswered(asked)
    assert.equal(network.backends[0]!.calls.length, 2)
    // The answer to the query that was given up is for nobody: it is not counted as spent.
    assert.equal(network.client.stats.tokens, asked.summary?.tokens)
  })
}

test('a query that is kept for ever ends with its time, and is taken back', async () => {
  await using network = await sealedNetwork()
  network.tap.rewrite = ({ message }) => (message._ === 'client.runSealedQuery' ? undefined : message)
  const asked = await network.asked({ timeoutMs: 4_000 })
  assertFailed(asked, 'timeout')
  assert.equal(asked.summary?.tokens, 0n)
  assert.equal(network.tap.saw(Buffer.from(promptCanary)), false)
})

test('a worker that is told a lower price signs for that one, which its own proxy refuses', async () => {
  await using network = await sealedNetwork()
  alterQueries(network, query => changed(query, { coefficient: 1 }))
  const asked = await network.asked()
  assertFailed(asked, 'upstream')
  assert.equal(network.events.filter(({ event }) => event === 'receipt-refused').length, 1)
})
