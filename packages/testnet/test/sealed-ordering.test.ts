import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  flipped,
  type SealedNetwork,
  assertAnswered,
  sealedNetwork,
  spokenAnswer,
} from './sealed/sealed-network.ts'

const openly = ({ tap }: SealedNetwork): number => tap.all('client.runQueryEx').length

for (const leastProtection of ['sealed', 'any'] as const) {
  test(`a hundred queries before any offer is known are all sealed where the caller asks for ${leastProtection}`, async () => {
    await using network = await sealedNetwork({
      clients: [{ leastProtection }],
      workers: [{ options: { maxActiveRequests: 200 } }],
    })
    const asked = Array.from({ length: 100 }, () => network.asking())
    await network.over(...asked)
    for (const one of asked) assertAnswered(one)
    assert.deepEqual([openly(network), network.tap.all('client.getOffers').length], [0, 1])
  })

  test(`a proxy that is lost while it is asked for offers: another one has the query, for ${leastProtection}`, async () => {
    await using network = await sealedNetwork({
      proxies: [{}, {}],
      clients: [{ leastProtection, proxyConnections: 2 }],
    })
    let isCut = false
    network.tap.rewrite = ({ message, wire }) => {
      if (message._ !== 'client.getOffers' || isCut) return message
      isCut = true
      wire.cut()
      return undefined
    }
    const asked = await network.asked()
    assertAnswered(asked)
    assert.deepEqual([isCut, openly(network), network.clients[0]!.stats.retried], [true, 0, 1])
  })
}

test('an identity that is made right after a connection is announced all the same', async () => {
  await using network = await sealedNetwork()
  const first = network.holders[0]!.current
  await network.world.runFor(3_600_000 - 5_000 - network.world.monotonic())
  assert.equal(network.holders[0]!.current, first)
  network.tap.wireOf('worker 0').cut()
  await network.world.runFor(20_000)
  assert.notEqual(network.holders[0]!.current, first)
  assert.equal(network.tap.all('worker.identity').length, 3)
  // The one before is over by now.
  await network.world.runFor(16 * 60_000)
  assertAnswered(await network.asked())
})

test('a price that was raised after it was offered: the query is sealed again at that price, up to its cap', async () => {
  await using network = await sealedNetwork()
  assertAnswered(await network.asked())
  const [worker] = network.workers
  worker!.setCoefficient(worker!.coefficient + 100)
  await network.world.runFor(1_000)
  assertAnswered(await network.asked())
  assert.deepEqual(
    network.tap.all('client.sealedFailure').map(({ errorCode }) => errorCode),
    [651],
  )
})

test('an answer that was altered on its way is not made to its end', async () => {
  const script: { run?: ReturnType<typeof spokenAnswer> } = {}
  await using network = await sealedNetwork({ workers: [{ script: call => script.run!(call) }] })
  script.run = spokenAnswer(network.world, 1_000)
  let parts = 0
  network.tap.rewrite = ({ message }) =>
    message._ === 'client.sealedAnswerPart' && ++parts === 1
      ? { ...message, chunk: flipped(message.chunk) }
      : message
  const asked = await network.asked()
  assert.deepEqual(asked.ended, { kind: 'failed', code: 'answer-invalid', tokens: 0n })
  await network.world.runFor(20_000)
  assert.equal(network.backends[0]!.calls[0]!.isCancelled, true)
  assert.deepEqual(
    [network.tap.all('client.cancelQuery').length, parts, network.proxy.proxy.running],
    [1, 1, 0],
  )
  network.proxy.ledger.assertConserved()
})

test('the machine that a query waits for leaves: its client is told to seal it to another', async () => {
  await using network = await sealedNetwork({
    workers: [
      { script: () => {}, options: { coefficient: 500, maxActiveRequests: 1 } },
      { options: { coefficient: 5_000 } },
    ],
    clients: [{}, {}],
  })
  const running = network.asking()
  await network.world.runFor(100)
  const waiting = network.asking({}, 1)
  await network.world.runFor(1_000)
  assert.deepEqual([network.backends[0]!.calls.length, waiting.ended], [1, undefined])
  void network.workers[0]!.close(0)
  await network.over(running, waiting)
  const failures = network.tap.all('client.sealedFailure')
  assert.ok(failures.length >= 2)
  assert.deepEqual(new Set(failures.map(({ errorCode }) => errorCode)), new Set([662]))
})

test('a proxy that says something of a machine that the query was not sealed to changes nothing for that', async () => {
  await using network = await sealedNetwork({ workers: [{}, { options: { coefficient: 5_000 } }] })
  const other = network.holders[1]!.current!.digest
  let failures = 0
  network.tap.rewrite = ({ message }) => {
    if (message._ !== 'client.sealedAnswer' || failures++ > 1) return message
    const { requestId } = message
    const words = { errorCode: 660, error: 'made up', flags: 0 }
    return { _: 'client.sealedFailure', requestId, identity: other, ...words }
  }
  assertAnswered(await network.asked())
  assertAnswered(await network.asked({ maxCoefficient: 6_000 }))
  const recipients = network.tap.all('client.runSealedQuery').map(({ query }) => query.keys.length)
  assert.deepEqual(recipients, [1, 1, 1, 2])
})
