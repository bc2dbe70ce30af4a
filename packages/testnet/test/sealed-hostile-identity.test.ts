import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeIdentity,
  identityDigest,
  makeIdentityKeys,
  signAnnouncement,
  type WorkerIdentity as Identity,
} from '@cocoon/trust/seal'
import { nodeSeal } from '@cocoon/trust/node'
import type { WorkerIdentity } from '@cocoon/wire'
import type { Rewrite } from './sealed/interception.ts'
import {
  assertAnswered,
  assertFailed,
  changed,
  flipped,
  type SealedNetwork,
  sealedNetwork,
} from './sealed/sealed-network.ts'

const noKey = new Uint8Array(32)

const events = (network: SealedNetwork, name: string): number =>
  network.events.filter(({ who, event }) => who === 'proxy 0' && event === name).length

/** Worker 0 says something else of who it is. */
const announcing =
  (alter: (announcement: WorkerIdentity) => WorkerIdentity | WorkerIdentity[]): Rewrite =>
  ({ message, who }) =>
    message._ === 'worker.identity' && who === 'worker 0' ? alter(message) : message

/** Keys of its own, with a signature that holds. */
function selfMade(network: SealedNetwork, change: Partial<Identity>): WorkerIdentity {
  const keys = makeIdentityKeys(nodeSeal, size => new Uint8Array(size).fill(3))
  const { identity } = network.holders[0]!.current!
  const document = encodeIdentity({
    ...identity,
    signingKey: keys.signing.publicKey,
    sealKey: keys.sealing.publicKey,
    ...change,
  })
  const digest = identityDigest(nodeSeal, document)
  const signature = signAnnouncement(keys, digest, { proxyKey: network.proxy.key.publicKey, tlsKey: noKey })
  const { evidence } = network.holders[0]!.current!
  return { _: 'worker.identity', evidence: { ...evidence, document }, tlsKey: noKey, signature }
}

/** Worker 0 comes anew, and announces that. */
async function again(network: SealedNetwork, rewrite: Rewrite): Promise<void> {
  network.tap.rewrite = rewrite
  network.tap.wireOf('worker 0').cut()
  await network.world.runFor(15_000)
}

const refused: Record<string, (network: SealedNetwork) => (was: WorkerIdentity) => WorkerIdentity> = {
  'of another model': network => () => selfMade(network, { model: `other/model@1:${'0'.repeat(64)}` }),
  'that is over': network => () => selfMade(network, { issuedAtMs: 1_000_000, expiresAtMs: 2_000_000 }),
  'that is not signed': () => was => changed(was, { signature: new Uint8Array(64) }),
  'with a signature of no length': () => was => changed(was, { signature: new Uint8Array(0) }),
  'with a signature for another proxy': network => was => {
    const { keys, digest } = network.holders[0]!.current!
    return changed(was, {
      signature: signAnnouncement(keys, digest, { proxyKey: flipped(was.tlsKey), tlsKey: noKey }),
    })
  },
  'of somebody else, as it was given to clients': network => () => {
    const { evidence } = network.holders[1]!.current!
    const { keys } = network.holders[0]!.current!
    const digest = identityDigest(nodeSeal, evidence.document)
    const to = { proxyKey: network.proxy.key.publicKey, tlsKey: noKey }
    return { _: 'worker.identity', evidence, tlsKey: noKey, signature: signAnnouncement(keys, digest, to) }
  },
  'that is malformed': () => was =>
    changed(was, { evidence: { ...was.evidence, document: new Uint8Array(9) } }),
  'with bytes behind its end': () => was =>
    changed(was, {
      evidence: { ...was.evidence, document: Buffer.concat([was.evidence.document, new Uint8Array(4)]) },
    }),
  'with a quote that is too long': () => was =>
    changed(was, { evidence: { ...was.evidence, quote: new Uint8Array((32 << 10) + 1) } }),
  'with collateral that is too long': () => was =>
    changed(was, { evidence: { ...was.evidence, collateral: new Uint8Array((64 << 10) + 1) } }),
  'with GPU evidence that is too long': () => was =>
    changed(was, { evidence: { ...was.evidence, gpu: new Uint8Array((4 << 20) + 1) } }),
}

test('an identity that is refused is not on offer, and its worker goes on with what is open', async t => {
  for (const [name, alter] of Object.entries(refused)) {
    await t.test(name, async () => {
      await using network = await sealedNetwork({ workers: [{}, {}] })
      await again(network, announcing(alter(network)))
      assert.equal(events(network, 'identity-refused'), 1)
      const links = [...network.proxy.proxy.workers]
      assert.equal(links.length, 2, 'it was dropped')
      assert.deepEqual(links.map(({ identities }) => identities.length).toSorted(), [0, 1])
      assertAnswered(await network.asked())
      assert.equal(network.backends[0]!.calls.length, 0)
    })
  }
})

test('an identity that nobody quotes is on offer, and no client believes it', async () => {
  await using network = await sealedNetwork({ workers: [{}, {}] })
  await again(
    network,
    announcing(() => selfMade(network, {})),
  )
  const links = [...network.proxy.proxy.workers]
  assert.ok(links.every(({ identities }) => identities.length === 1))
  assertAnswered(await network.asked())
  assert.equal(network.backends[0]!.calls.length, 0)
  assert.ok(network.tap.all('client.runSealedQuery').every(({ query }) => query.keys.length === 1))
})

test('an identity that was heard at one proxy is worth nothing at another', async () => {
  await using network = await sealedNetwork({ workers: [{}, {}], proxies: [{}, {}] })
  const [heard] = network.tap.all('worker.identity', 'worker 1')
  const before = network.events.filter(({ event }) => event === 'identity-refused').length
  await again(
    network,
    announcing(() => heard!),
  )
  // Of the two connections of worker 0 the newest was cut: if its proxy is the one that heard it, the other is tried.
  for (const wire of network.tap.wires.filter(({ who }) => who === 'worker 0')) wire.cut()
  await network.world.runFor(15_000)
  assert.ok(network.events.filter(({ event }) => event === 'identity-refused').length > before)
})

test('a flood of identities: one in ten seconds is looked at, and a connection has two', async () => {
  await using network = await sealedNetwork({ workers: [{}, {}] })
  let made = 0
  const flood = (): WorkerIdentity => {
    const issuedAtMs = Math.floor(network.world.now()) - ++made
    return selfMade(network, { issuedAtMs, expiresAtMs: issuedAtMs + 3_600_000 })
  }
  await network.world.runFor(12_000)
  const worker = network.tap.wireOf('worker 0')
  const ignored = network.proxy.proxy.stats.ignoredMessages
  for (let second = 0; second < 60; second++) {
    for (let left = 50; left > 0; left--) worker.toProxy(flood())
    await network.world.runFor(1_000)
  }
  assert.ok(network.proxy.proxy.stats.ignoredMessages - ignored >= 3_000 - 7)
  const links = [...network.proxy.proxy.workers]
  assert.deepEqual(links.map(({ identities }) => identities.length).toSorted(), [1, 2])
  assertAnswered(await network.asked())
})

test('no worker has an identity any more: nothing is sealed, and nothing is sent', async () => {
  await using network = await sealedNetwork()
  await again(
    network,
    announcing(() => []),
  )
  assertFailed(await network.asked(), 'unprotected')
  assert.equal(network.tap.all('client.runSealedQuery').length, 0)
})

test('an identity whose signing key is of small order signs nothing', async () => {
  await using network = await sealedNetwork({ workers: [{}, {}] })
  const identity = Uint8Array.of(1, ...new Uint8Array(31))
  await again(
    network,
    announcing(() =>
      changed(selfMade(network, { signingKey: identity }), { signature: new Uint8Array(64).fill(0, 0, 1) }),
    ),
  )
  assert.equal(events(network, 'identity-refused'), 1)
})
