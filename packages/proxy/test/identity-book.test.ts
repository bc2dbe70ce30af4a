import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeSeal } from '@cocoon/trust/node'
import { encodeIdentity, identityDigest, makeIdentityKeys, signAnnouncement } from '@cocoon/trust/seal'
import type { WorkerIdentity as Announcement } from '@cocoon/wire'
import { type AnnouncedHere, type AnnouncedIdentity, IdentityBook } from '../src/identity-book.ts'

const proxyKey = new Uint8Array(32).fill(1)
const tlsKey = new Uint8Array(32).fill(2)
const here: AnnouncedHere = { proxyKey, tlsKey, model: 'm@1:00', nowMs: 1_000 }
const gpuBytes = 100_000

/** A worker announces an identity of its own. */
function announcement(number: number): Announcement {
  const keys = makeIdentityKeys(nodeSeal, size => new Uint8Array(size).fill(number))
  const document = encodeIdentity({
    signingKey: keys.signing.publicKey,
    sealKey: keys.sealing.publicKey,
    model: here.model,
    gpuDigest: new Uint8Array(32),
    blockSeqno: 0,
    blockHash: new Uint8Array(32),
    issuedAtMs: 500,
    expiresAtMs: 2_000,
  })
  const digest = identityDigest(nodeSeal, document)
  const nothing = new Uint8Array(0)
  return {
    _: 'worker.identity',
    evidence: {
      _: 'sealed.workerEvidence',
      document,
      quote: nothing,
      collateral: nothing,
      gpu: new Uint8Array(gpuBytes),
    },
    tlsKey,
    signature: signAnnouncement(keys, digest, { proxyKey, tlsKey }),
  }
}

function judged(book: IdentityBook, number: number): AnnouncedIdentity {
  const judgement = book.judge(announcement(number), here)
  assert.ok(typeof judgement !== 'string', String(judgement))
  return judgement
}

test('evidence has a bound over all workers, and what leaves makes room', () => {
  const book = new IdentityBook(nodeSeal, 3 * gpuBytes)
  const first = book.add([], judged(book, 1))
  book.add([], judged(book, 2))
  assert.match(String(book.judge(announcement(3), here)), /no room/)
  // Another connection of a worker that is known takes none.
  const again = book.add([], judged(book, 1))
  book.remove(first)
  assert.match(String(book.judge(announcement(3), here)), /no room/)
  book.remove(again)
  book.add([], judged(book, 3))
  assert.match(String(book.judge(announcement(4), here)), /no room/)
})

test('evidence is kept apart from the message that it came in', () => {
  const book = new IdentityBook(nodeSeal)
  const announced = judged(book, 1)
  book.add([], announced)
  announced.evidence.gpu.fill(7)
  assert.equal(book.find(announced.digest)!.evidence.gpu[0], 0)
})
