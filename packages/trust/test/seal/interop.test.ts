import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { assertBytes, backEnds, beginSession, freshSessions, makeWorker, oneKey, seeded } from './fixture.ts'

const kem = new XWing()
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Chacha20Poly1305() })

function label(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`)
}

function hmac(key: Uint8Array, text: Uint8Array): Buffer {
  return createHmac('sha512', key).update(text).digest()
}

/** The key of a message as docs/PROTOCOL.md states it, from the chain key that leads to it. */
function keyAt(chainKey: Uint8Array, counter: number): Uint8Array {
  let chain: Uint8Array = chainKey
  for (let step = 0; step < counter; step++) chain = hmac(chain, label('cocoon ratchet v1')).subarray(0, 32)
  return hmac(chain, label('cocoon ratchet v1')).subarray(32)
}

for (const crypto of backEnds) {
  const worker = makeWorker(crypto, 'interop')
  const info = Uint8Array.from([...label('cocoon sealing session v1'), ...worker.digest])
  const publicKey = () => kem.deserializePublicKey(worker.identity.sealKey as Uint8Array<ArrayBuffer>)

  describe(`another implementation of HPKE, and ${crypto.name}`, () => {
    test('its sender, our recipient', async () => {
      const context = await suite.createSenderContext({ recipientPublicKey: await publicKey(), info })
      const chain = new Uint8Array(await context.export(label('cocoon session chain v1'), 32))
      const encapsulation = new Uint8Array(context.enc)
      const session = crypto.sha256(encapsulation)
      const sessions = freshSessions(crypto, worker)
      for (const counter of [0, 1, 5, 3]) {
        const offer = sessions.find({ session, counter, encapsulation }, 0)
        assertBytes(offer.key, keyAt(chain, counter))
        offer.use()
      }
    })

    test('its sender, our recipient of one query', async () => {
      const context = await suite.createSenderContext({ recipientPublicKey: await publicKey(), info })
      const message = new Uint8Array(await context.export(label('cocoon single message v1'), 32))
      const encapsulation = new Uint8Array(context.enc)
      const name = { session: crypto.sha256(encapsulation), counter: -1, encapsulation }
      assertBytes(freshSessions(crypto, worker).find(name, 0).key, message)
    })

    test('our sender, its recipient', async () => {
      const draws = seeded('interop')
      draws(32)
      // The second draw is the seed of the seal key: the first is that of the signing key.
      const recipientKey = await kem.deserializePrivateKey(Uint8Array.from(draws(32)))
      const session = beginSession(crypto, worker, seeded('sender'))
      const [first, second] = [session.next(), session.next()]
      const enc = first.name.encapsulation as Uint8Array<ArrayBuffer>
      const context = await suite.createRecipientContext({ recipientKey, enc, info })
      const chain = new Uint8Array(await context.export(label('cocoon session chain v1'), 32))
      assertBytes(first.key, keyAt(chain, 0))
      assertBytes(second.key, keyAt(chain, 1))

      const single = oneKey(crypto, worker, seeded('single'))
      const ofOne = await suite.createRecipientContext({
        recipientKey,
        enc: single.name.encapsulation as Uint8Array<ArrayBuffer>,
        info,
      })
      assertBytes(single.key, new Uint8Array(await ofOne.export(label('cocoon single message v1'), 32)))
    })

    test('for another identity the keys are others', async () => {
      const other = Uint8Array.from(info).fill(9, info.length - 32)
      const context = await suite.createSenderContext({ recipientPublicKey: await publicKey(), info: other })
      const chain = new Uint8Array(await context.export(label('cocoon session chain v1'), 32))
      const encapsulation = new Uint8Array(context.enc)
      const name = { session: crypto.sha256(encapsulation), counter: 0, encapsulation }
      const { key } = freshSessions(crypto, worker).find(name, 0)
      assert.notDeepEqual(Buffer.from(key), Buffer.from(keyAt(chain, 0)))
    })
  })
}
