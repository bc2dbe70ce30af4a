import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import {
  type AttestedStreet,
  attestedStreet,
  ScriptedBackend,
  startTestNetwork,
  type TestNetwork,
  type TestNetworkOptions,
  wholeAnswer,
} from '../src/index.ts'
import { type Asked, ask } from './asked.ts'

const dayMs = 86_400_000

/** The machine's world with a wall clock that a test moves. */
function movableWorld() {
  let aheadMs = 0
  const world: World = { ...systemWorld, now: () => systemWorld.now() + aheadMs }
  return { world, moveOn: (byMs: number) => void (aheadMs += byMs) }
}

interface Stage extends AsyncDisposable {
  readonly network: TestNetwork
  readonly street: AttestedStreet
  readonly log: string[]
  moveOn(byMs: number): void
}

async function attestedNetwork(options: TestNetworkOptions = {}): Promise<Stage> {
  const { world, moveOn } = movableWorld()
  const street = await attestedStreet(world)
  const log: string[] = []
  const network = await startTestNetwork({
    ...options,
    world,
    street,
    log: (who, event) => log.push(`${who} ${JSON.stringify(event)}`),
  })
  await network.ready()
  return { network, street, log, moveOn, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() }
}

async function over(asked: Asked): Promise<Asked['ended']> {
  await until(() => asked.ended !== undefined)
  return asked.ended
}

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = systemWorld.monotonic() + 20_000
  while (!isTrue()) {
    assert.ok(systemWorld.monotonic() < endMs, 'it took too long')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

async function answers(network: TestNetwork): Promise<void> {
  const asked = ask(network.client)
  await over(asked)
  assert.equal(asked.ended?.kind, 'end', asked.text)
}

test('every party of a network proves itself to every other, with the hashes of the registry', async () => {
  await using stage = await attestedNetwork({
    proxies: [{ checkWorkerHashes: true }],
    workers: [{ checkProxyHashes: true }],
    clients: [{ checkProxyHashes: true }],
  })
  await answers(stage.network)
})

test('proofs that ended end sessions in order: what runs is answered, and everybody comes back', async () => {
  const backend = new ScriptedBackend(wholeAnswer('Hello'))
  await using stage = await attestedNetwork({ workers: [{ backend }] })
  const { network, street, log, moveOn } = stage

  const waiting = Promise.withResolvers<() => void>()
  backend.script = call => waiting.resolve(() => wholeAnswer('at last')(call))
  const running = ask(network.client)
  const answer = await waiting.promise
  moveOn(2 * dayMs)
  await street.renew()
  await street.review()
  // Nobody has been cut off, although nobody is to be believed any more.
  await new Promise(resolve => setTimeout(resolve, 50))
  assert.ok(running.ended === undefined)
  backend.script = wholeAnswer('Hello')
  answer()
  assert.equal((await over(running))?.kind, 'end')
  assert.match(running.text, /at last/)

  await until(() => log.some(line => /^client.*proxy-lost.*has expired/.test(line)))
  await network.ready()
  await answers(network)
})

test('a session that idles as its proof ends is over at once, and begun anew', async () => {
  await using stage = await attestedNetwork()
  const { network, street, log, moveOn } = stage
  moveOn(2 * dayMs)
  await street.renew()
  await street.review()
  await until(() => log.some(line => /^worker.*proxy-lost/.test(line)))
  await network.ready()
  await answers(network)
})

test('who does not renew does not come back', async () => {
  await using stage = await attestedNetwork()
  const { network, street, log, moveOn } = stage
  moveOn(2 * dayMs)
  await street.review()
  await until(() => log.filter(line => /certificate .*expired/.test(line)).length > 2)
  const asked = ask(network.client, { timeoutMs: 500 })
  await over(asked)
  assert.equal(asked.ended?.kind, 'failed')
})

test('an image that the registry drops is sent off, and one that it takes up comes in', async () => {
  await using stage = await attestedNetwork({
    workers: [{ checkProxyHashes: true }],
    clients: [{ checkProxyHashes: true }],
  })
  const { network, log } = stage
  await answers(network)
  const dropped = { ...network.config, version: network.config.version + 1, proxyHashes: new Set<string>() }
  network.client.setConfig(dropped)
  await until(() => log.some(line => /^client.*proxy-lost.*registry changed/.test(line)))
  const back = { ...network.config, version: network.config.version + 2 }
  network.proxy.proxy.setConfig(back)
  network.client.setConfig(back)
  await network.ready()
})
