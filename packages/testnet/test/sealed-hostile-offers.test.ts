import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeastProtection } from '@cocoon/client/role'
import {
  type AnyCombinator,
  decode,
  encode,
  type SealedWorkerEvidence,
  sealedWorkerIdentity,
} from '@cocoon/wire'
import type { Rewrite } from './sealed/interception.ts'
import {
  assertAnswered,
  assertFailed,
  changed,
  flipped,
  promptCanary,
  type SealedNetwork,
  sealedNetwork,
} from './sealed/sealed-network.ts'

type Offers = Extract<AnyCombinator, { _: 'client.offers' }>

const alterOffers =
  (alter: (offers: Offers) => Offers): Rewrite =>
  ({ message }) =>
    message._ === 'client.offers' ? alter(message) : message

const alterEvidence =
  (alter: (evidence: SealedWorkerEvidence) => SealedWorkerEvidence): Rewrite =>
  ({ message }) =>
    message._ === 'sealed.workerEvidence' ? alter(message) : message

function alterDocument(change: Partial<ReturnType<typeof sealedWorkerIdentity.read>>): Rewrite {
  return alterEvidence(evidence => {
    const document = { ...decode(sealedWorkerIdentity, evidence.document), ...change }
    return { ...evidence, document: encode(sealedWorkerIdentity, document) }
  })
}

/** Nothing of a query left its client. */
function assertNothingSent({ tap }: SealedNetwork): void {
  assert.equal(tap.all('client.runSealedQuery').length, 0)
  assert.equal(tap.all('client.runQueryEx').length, 0)
  assert.equal(tap.all('client.runQuery').length, 0)
  assert.equal(tap.saw(Buffer.from(promptCanary)), false)
}

const deceptions: Record<string, Rewrite> = {
  'no offers': alterOffers(offers => changed(offers, { offers: [] })),
  'offers are left unanswered': ({ message }) => (message._ === 'client.getOffers' ? undefined : message),
  'evidence is left unanswered': ({ message }) => (message._ === 'client.getEvidence' ? undefined : message),
  'an offer at the worst price': alterOffers(offers =>
    changed(offers, { offers: offers.offers.map(offer => ({ ...offer, coefficient: 999_999_999 })) }),
  ),
  'an offer of a machine that nobody knows': alterOffers(offers =>
    changed(offers, { offers: offers.offers.map(offer => ({ ...offer, identity: new Uint8Array(32) })) }),
  ),
  'another machine behind the offer': alterOffers(offers =>
    changed(offers, {
      offers: offers.offers.map(offer => ({ ...offer, identity: flipped(offer.identity) })),
    }),
  ),
  'a quote with a bit changed': alterEvidence(evidence =>
    changed(evidence, { quote: flipped(evidence.quote, 700) }),
  ),
  'no quote': alterEvidence(evidence => changed(evidence, { quote: new Uint8Array(0) })),
  'no collateral': alterEvidence(evidence => changed(evidence, { collateral: new Uint8Array(0) })),
  'GPU evidence that the document does not name': alterEvidence(evidence =>
    changed(evidence, { gpu: Buffer.from('[]') }),
  ),
  'another seal key': alterDocument({ sealKey: new Uint8Array(1216).fill(9) }),
  'another signing key': alterDocument({ signingKey: new Uint8Array(32).fill(9) }),
  'another model': alterDocument({ model: `other/model@1:${'0'.repeat(64)}` }),
  'a longer life': alterEvidence(evidence => {
    const document = decode(sealedWorkerIdentity, evidence.document)
    const longer = { ...document, expiresAt: document.expiresAt + 1_000n }
    return { ...evidence, document: encode(sealedWorkerIdentity, longer) }
  }),
  'a malformed document': alterEvidence(evidence => changed(evidence, { document: new Uint8Array(7) })),
}

test('a proxy that offers nothing to be believed gets nothing of a query that is to be sealed', async t => {
  for (const [name, rewrite] of Object.entries(deceptions)) {
    await t.test(name, async () => {
      await using network = await sealedNetwork()
      network.tap.rewrite = rewrite
      const asked = await network.asked()
      // Too dear is the caller's to change; all else is a matter of protection.
      assertFailed(asked, 'unprotected')
      assertNothingSent(network)
    })
  }
})

test('a genuine machine beside one that cannot prove itself: the query is sealed to the first alone', async () => {
  await using network = await sealedNetwork({ workers: [{}, {}] })
  const second = network.holders[1]!.current!
  network.tap.rewrite = alterEvidence(evidence =>
    Buffer.from(evidence.document).equals(second.evidence.document)
      ? changed(evidence, { quote: flipped(evidence.quote, 700) })
      : evidence,
  )
  assertAnswered(await network.asked())
  assert.equal(network.tap.all('client.runSealedQuery')[0]!.query.keys.length, 1)
  assert.equal(network.backends[1]!.calls.length, 0)
})

test('a price that is said to be lower than it is: the worker refuses what it is paid above the header', async () => {
  await using network = await sealedNetwork()
  network.tap.rewrite = alterOffers(offers =>
    changed(offers, { offers: offers.offers.map(offer => ({ ...offer, coefficient: 1 })) }),
  )
  const asked = await network.asked()
  // Its own proxy matches by the header's cap, which no worker sells at.
  assertFailed(asked, 'no-worker')
  assert.equal(asked.summary?.tokens, 0n)
  assert.equal(network.backends[0]!.calls.length, 0)
})

test('a price that is said to be higher than it is, within the cap: the receipt has what the worker was paid', async () => {
  await using network = await sealedNetwork()
  network.tap.rewrite = alterOffers(offers =>
    changed(offers, { offers: offers.offers.map(offer => ({ ...offer, coefficient: 3_999 })) }),
  )
  const asked = await network.asked()
  assertAnswered(asked)
  assert.equal(asked.summary?.proof?.signed.receipt.coefficient, 1_000)
})

test('sixty-four offers of one machine are one recipient', async () => {
  await using network = await sealedNetwork()
  network.tap.rewrite = alterOffers(offers =>
    changed(offers, { offers: Array.from({ length: 64 }, () => offers.offers[0]!) }),
  )
  assertAnswered(await network.asked())
})

/** What a proxy can do to have a query sent with less protection than its caller asks for. */
const downgrades: Record<string, Rewrite> = {
  'it offers nothing': deceptions['no offers']!,
  'it states version 2': statedVersion(2),
  'it states version 0': statedVersion(0),
  'it refuses to say': ({ message }) => (message._ === 'client.getOffers' ? undefined : message),
  'it fails whatever is sealed': ({ message, wire }) => {
    if (message._ !== 'client.runSealedQuery') return message
    const requestId = message.query.header.subarray(4, 36)
    const identity = new Uint8Array(32)
    wire.toRole({
      _: 'client.sealedFailure',
      requestId,
      identity,
      errorCode: 662,
      error: '',
      flags: 0,
    })
    return undefined
  },
}

function statedVersion(protoVersion: number): Rewrite {
  return ({ message }) => {
    if (message._ !== 'client.connectedToProxy') return message
    return changed(message, { params: { ...message.params, protoVersion } })
  }
}

for (const [how, rewrite] of Object.entries(downgrades)) {
  for (const leastProtection of ['sealed', 'attested-proxy', 'any'] as const satisfies LeastProtection[]) {
    test(`asked for ${leastProtection} at least, and ${how}`, async () => {
      await using network = await sealedNetwork()
      network.tap.rewrite = rewrite
      // The versions are stated when they connect.
      for (const wire of network.tap.wires) if (wire.who === 'client 0') wire.cut()
      await network.world.runFor(2_000)
      const asked = await network.asked({ leastProtection })
      const wasSealed = network.tap.all('client.runSealedQuery').length > 0
      if (leastProtection === 'any' && !wasSealed) {
        assert.equal(asked.ended?.kind, 'end')
        assert.equal(asked.protection?.kind, 'none')
        return
      }
      assertFailed(asked, wasSealed ? 'upstream' : 'unprotected')
      assert.equal(network.tap.all('client.runQueryEx').length + network.tap.all('client.runQuery').length, 0)
      assert.equal(network.tap.saw(Buffer.from(promptCanary)), false)
    })
  }
}
