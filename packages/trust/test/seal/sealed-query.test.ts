import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { SealedKey } from '@cocoon/wire'
import { AnswerOpener, AnswerSealer } from '../../src/seal/answer.ts'
import type { TrustErrorCode } from '../../src/error.ts'
import {
  decodeIdentity,
  encodeIdentity,
  identityDigest,
  type IdentityKeys,
  identityReportData,
  signAnnouncement,
  verifyAnnouncement,
} from '../../src/seal/identity.ts'
import { labels } from '../../src/seal/labels.ts'
import {
  type OpenedQuery,
  openQuery,
  type SealedContent,
  type SealedRouting,
  sealQuery,
} from '../../src/seal/query.ts'
import { Ratchet } from '../../src/seal/ratchet.ts'
import {
  readReceipt,
  receiptDigest,
  requestCommitment,
  signReceipt,
  startAnswerCommitment,
  verifyReceipt,
} from '../../src/seal/receipt.ts'
import { ReceiverSessions } from '../../src/seal/receiver-sessions.ts'
import { type KeyName, type NamedKey, sessionKey } from '../../src/seal/sender-session.ts'
import { backEnds, type Handed, hex, refuses, unhex } from './fixture.ts'
import { type keyVector, makeVectors, vectorsFile } from './sealed-query-vectors.ts'

type Vectors = ReturnType<typeof makeVectors>
type KeyVector = ReturnType<typeof keyVector>

const text = readFileSync(vectorsFile, 'utf8')
const vectors = JSON.parse(text) as Vectors

function keyOf({ session, counter, encapsulation, wrapped }: KeyVector): SealedKey {
  return {
    _: 'sealed.key',
    session: unhex(session),
    counter,
    flags: (encapsulation === undefined ? 0 : 1) | (wrapped === undefined ? 0 : 2),
    ...(encapsulation !== undefined && { encapsulation: unhex(encapsulation) }),
    ...(wrapped !== undefined && { wrapped: unhex(wrapped) }),
  }
}

function routingOf({ routing }: Vectors['queries'][number]): SealedRouting {
  const { requestId, recipients, ...same } = routing
  return { ...same, requestId: unhex(requestId), recipients: recipients.map(one => unhex(one)) }
}

function contentOf({ content }: Vectors['queries'][number]): SealedContent {
  const { body, requestSalt, answerSalt, ...same } = content
  return { ...same, body: unhex(body), requestSalt: unhex(requestSalt), answerSalt: unhex(answerSalt) }
}

/** A key as the vector of its session has it. */
function namedBy({ session, counter }: { session: number; counter: number }): NamedKey {
  const { session: id, encapsulation, keys } = vectors.sessions[session]!
  const { key } = keys.find(one => one.counter === counter)!
  const name: KeyName = { session: unhex(id), counter, encapsulation: unhex(encapsulation) }
  return { name, key: unhex(key) }
}

/** As text: bytes as hexadecimal, large integers as decimal. */
function flat(value: unknown): string {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return `[${value.map(flat).join()}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{${Object.entries(value)
    .map(([name, part]) => `${name}: ${flat(part)}`)
    .sort()
    .join('\n')}}`
}

test('the file is what its generator makes', () => {
  assert.equal(text, `${JSON.stringify(makeVectors(), null, 1)}\n`)
})

for (const crypto of backEnds) {
  const keys: readonly IdentityKeys[] = vectors.identities.map(({ signingSeed, sealSeed }) => ({
    signing: crypto.signingKey(unhex(signingSeed)),
    sealing: crypto.sealKey(unhex(sealSeed)),
  }))
  const sessionsOf = (identity: number): ReceiverSessions =>
    new ReceiverSessions(crypto, unhex(vectors.identities[identity]!.digest), keys[identity]!.sealing)

  const openAs = (identity: number, { nowMs }: { nowMs: number }, sealed: Handed): OpenedQuery =>
    openQuery(crypto, sealed, {
      identity: unhex(vectors.identities[identity]!.digest),
      sessions: sessionsOf(identity),
      nowMs,
      monotonicMs: 0,
    })

  describe(`what is valid, by ${crypto.name}`, () => {
    test('identities', () => {
      for (const [index, vector] of vectors.identities.entries()) {
        const { signing, sealing } = keys[index]!
        assert.equal(hex(signing.publicKey), vector.signingKey)
        assert.equal(hex(sealing.publicKey), vector.sealKey)
        const document = unhex(vector.document)
        const identity = decodeIdentity(document)
        const { model, blockSeqno, issuedAtMs, expiresAtMs } = vector
        const due = { signingKey: vector.signingKey, sealKey: vector.sealKey, model }
        assert.equal(
          flat(identity),
          flat({
            ...due,
            gpuDigest: vector.gpuDigest,
            blockSeqno,
            blockHash: vector.blockHash,
            issuedAtMs,
            expiresAtMs,
          }),
        )
        assert.equal(hex(encodeIdentity(identity)), vector.document)
        assert.equal(hex(identityDigest(crypto, document)), vector.digest)
        assert.equal(hex(identityReportData(crypto, document)), vector.reportData)
        const digest = unhex(vector.digest)
        const { announcement } = vector
        const to = { proxyKey: unhex(announcement.proxyKey), tlsKey: unhex(announcement.tlsKey) }
        const signature = unhex(announcement.signature)
        assert.equal(hex(signAnnouncement(keys[index]!, digest, to)), announcement.signature)
        assert.equal(verifyAnnouncement(crypto, identity, digest, to, signature), true)
      }
    })

    test('sessions', () => {
      for (const vector of vectors.sessions) {
        const { identity, encapsulation, sharedSecret, session, chainKey } = vector
        const secret = keys[identity]!.sealing.decapsulate(unhex(encapsulation))!
        assert.equal(hex(secret), sharedSecret)
        assert.equal(hex(crypto.sha256(unhex(encapsulation))), session)
        if (crypto.name === 'noble') {
          const key = crypto.readSealKey(unhex(vectors.identities[identity]!.sealKey))!
          const made = key.encapsulate(() => unhex(vector.encapsulationSeed))
          assert.equal(hex(made.encapsulation), encapsulation)
        }
        const digest = unhex(vectors.identities[identity]!.digest)
        const keyFor = (purpose: Uint8Array): Uint8Array =>
          sessionKey(crypto, Uint8Array.from(secret), digest, purpose)
        const chain = keyFor(labels.sessionChain)
        if (chainKey !== undefined) assert.equal(hex(chain), chainKey)
        const ratchet = new Ratchet(crypto, chain)
        const sessions = sessionsOf(identity)
        for (const { counter, key } of vector.keys) {
          const isSingle = counter === -1
          assert.equal(hex(isSingle ? keyFor(labels.singleMessage) : ratchet.next()), key)
          const name = { session: unhex(session), counter, encapsulation: unhex(encapsulation) }
          const offer = sessions.find(name, 0)
          assert.equal(hex(offer.key), key)
          offer.use()
        }
      }
    })

    test('queries', () => {
      for (const vector of vectors.queries) {
        const named = vector.recipientKeys.map(namedBy)
        const { query } = sealQuery(crypto, routingOf(vector), contentOf(vector), named, () =>
          unhex(vector.contentKey!),
        )
        assert.equal(hex(query.header), vector.header)
        assert.equal(hex(query.body), vector.body)
        assert.deepEqual(
          query.keys.map(key => flat(key)),
          vector.keys.map(key => flat(keyOf(key))),
        )
        for (const [index, { session }] of vector.recipientKeys.entries()) {
          const { identity } = vectors.sessions[session]!
          const opened = openAs(identity, vector, handedOf(vector, index))
          assert.equal(flat(opened.routing), flat(routingOf(vector)))
          assert.equal(flat(opened.content), flat({ _: 'sealed.request', ...contentOf(vector) }))
          assert.equal(hex(opened.key), hex(named[index]!.key))
        }
      }
    })

    test('answers', () => {
      for (const { key, nonce, frameBytes, chunks } of vectors.answers) {
        const answerKey = { key: unhex(key), nonce: BigInt(nonce) }
        const sealer = new AnswerSealer(crypto, answerKey)
        const opener = new AnswerOpener(crypto, answerKey)
        for (const { content, final, chunk } of chunks) {
          assert.equal(hex(sealer.chunk(unhex(content), final, frameBytes)), chunk)
          assert.equal(hex(opener.open(unhex(chunk), final)), content)
          assert.equal(opener.isFinished, final)
        }
      }
    })

    test('receipts', () => {
      for (const vector of vectors.receipts) {
        const signed = signedOf(vector)
        const read = readReceipt(signed)
        assert.equal(flat(read.receipt), flat(vector.fields))
        const { signing } = keys[vector.identity]!
        assert.equal(flat(signReceipt(signing, read.receipt)), flat(signed))
        assert.equal(verifyReceipt(crypto, read, signing.publicKey), true)
        assert.equal(hex(receiptDigest(crypto, signed)), vector.digest)
        const query = vectors.queries[vector.query]!
        const content = contentOf(query)
        const { receipt } = read
        assert.equal(
          hex(receipt.requestCommitment),
          hex(requestCommitment(crypto, { ...content, header: unhex(query.header) })),
        )
        const committed = startAnswerCommitment(crypto, content.answerSalt, receipt.status)
        committed.update(unhex(vector.answer))
        assert.equal(hex(receipt.answerCommitment), hex(committed.digest()))
      }
    })
  })

  describe(`what is refused, by ${crypto.name}`, () => {
    for (const { why, document, code } of vectors.invalid.identities) {
      test(`an identity: ${why}`, () =>
        refuses(code as TrustErrorCode, () => decodeIdentity(unhex(document))))
    }

    for (const { why, query, recipient, changed, code } of vectors.invalid.queries) {
      test(`a query: ${why}`, () => {
        const vector = vectors.queries[query]!
        const { identity } = vectors.sessions[vector.recipientKeys[recipient]!.session]!
        const { header, key, body } = changed as { header?: string; key?: KeyVector; body?: string }
        const whole = handedOf(vector, recipient)
        const sealed: Handed = {
          header: header === undefined ? whole.header : unhex(header),
          key: key === undefined ? whole.key : keyOf(key),
          body: body === undefined ? whole.body : unhex(body),
        }
        refuses(code as TrustErrorCode, () => openAs(identity, vector, sealed))
      })
    }

    for (const { why, key, nonce, chunks, takes, code } of vectors.invalid.answers) {
      test(`an answer: ${why}`, () => {
        const opener = new AnswerOpener(crypto, { key: unhex(key), nonce: BigInt(nonce) })
        for (const { final, chunk } of chunks.slice(0, takes)) opener.open(unhex(chunk), final)
        const { final, chunk } = chunks[takes]!
        refuses(code as TrustErrorCode, () => opener.open(unhex(chunk), final))
      })
    }

    for (const { why, code, ...given } of vectors.invalid.receipts) {
      test(`a receipt: ${why}`, () => {
        if (code !== 'signature') {
          refuses(code as TrustErrorCode, () => readReceipt(signedOf(given)))
          return
        }
        const { publicKey } = keys[0]!.signing
        assert.equal(verifyReceipt(crypto, readReceipt(signedOf(given)), publicKey), false)
      })
    }
  })
}

function handedOf({ header, keys, body }: Vectors['queries'][number], index: number): Handed {
  return { header: unhex(header), key: keyOf(keys[index]!), body: unhex(body) }
}

function signedOf({ receipt, signature }: { receipt: string; signature: string }) {
  return { _: 'sealed.signedReceipt' as const, receipt: unhex(receipt), signature: unhex(signature) }
}
