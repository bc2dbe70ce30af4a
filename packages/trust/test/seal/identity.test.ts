import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { decode, encode, type SealedWorkerIdentity, sealedWorkerIdentity } from '@cocoon/wire'
import {
  decodeIdentity,
  encodeIdentity,
  evidenceLimits,
  identityDigest,
  identityReportData,
  isEvidenceBounded,
  longestIdentityMs,
  makeIdentityKeys,
  signAnnouncement,
  verifyAnnouncement,
} from '../../src/seal/identity.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import { assertBytes, backEnds, bitsOf, flipped, hex, makeWorker, refuses, seeded } from './fixture.ts'

const worker = makeWorker(nodeSeal, 'identity')
const { document } = worker
const fields = decode(sealedWorkerIdentity, document)

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

function written(changed: Partial<SealedWorkerIdentity>): Uint8Array {
  return encode(sealedWorkerIdentity, { ...fields, ...changed })
}

function notRead(given: Uint8Array): void {
  refuses('identity-invalid', () => decodeIdentity(given))
}

describe('a document', () => {
  test('is read as it was written', () => {
    const read = decodeIdentity(document)
    assertBytes(read.signingKey, worker.identity.signingKey)
    assertBytes(read.sealKey, worker.identity.sealKey)
    assertBytes(read.gpuDigest, worker.identity.gpuDigest)
    assertBytes(read.blockHash, worker.identity.blockHash)
    const { model, blockSeqno, issuedAtMs, expiresAtMs } = worker.identity
    assert.deepEqual(
      [read.model, read.blockSeqno, read.issuedAtMs, read.expiresAtMs],
      [model, blockSeqno, issuedAtMs, expiresAtMs],
    )
    assertBytes(encodeIdentity(read), document)
  })

  test('has one form', () => {
    for (let length = 0; length < document.length; length += 7) notRead(document.subarray(0, length))
    notRead(joined(document, new Uint8Array(4)))
    notRead(joined(Uint8Array.of(1, 2, 3, 4), document.subarray(4)))
    // The model follows the seal key, whose length has four bytes: 254 and three of its own.
    const at = 4 + 32 + 4 + 1216
    const { length } = Buffer.from(worker.identity.model)
    assert.equal(document[at], length)
    notRead(joined(document.subarray(0, at), Uint8Array.of(254, length, 0, 0), document.subarray(at + 1)))
    const padding = at + 1 + length
    assert.equal(document[padding], 0)
    notRead(flipped(document, padding * 8))
    const broken = Uint8Array.from(document)
    broken[at + 1] = 0xff
    notRead(broken)
  })

  test('holds for 75 minutes at most', () => {
    const { issuedAt } = fields
    const longest = issuedAt + BigInt(longestIdentityMs)
    decodeIdentity(written({ expiresAt: longest }))
    decodeIdentity(written({ expiresAt: issuedAt + 1n }))
    for (const expiresAt of [longest + 1n, issuedAt, issuedAt - 1n, 0n, -1n, 2n ** 63n - 1n]) {
      notRead(written({ expiresAt }))
    }
    notRead(written({ issuedAt: -1n, expiresAt: 1n }))
    notRead(written({ issuedAt: -(2n ** 63n), expiresAt: 2n ** 63n - 1n }))
    notRead(written({ issuedAt: 2n ** 52n, expiresAt: 2n ** 52n + 1n }))
  })

  test('has a seal key of X-Wing, a model, and no block below zero', () => {
    for (const length of [0, 32, 1215, 1217]) notRead(written({ sealKey: new Uint8Array(length) }))
    notRead(written({ model: '' }))
    decodeIdentity(written({ model: 'm'.repeat(512) }))
    notRead(written({ model: 'm'.repeat(513) }))
    notRead(written({ blockSeqno: -1 }))
    decodeIdentity(written({ blockSeqno: 0, blockHash: new Uint8Array(32) }))
  })

  test('has 4 KiB at most', () => {
    notRead(new Uint8Array(evidenceLimits.documentBytes + 1))
  })
})

describe('what a document is known by', () => {
  test('its digest and the report data of its quote', () => {
    const digest = createHash('sha256').update('cocoon identity v1\0').update(document).digest()
    const data = createHash('sha512').update('cocoon identity quote v1\0').update(document).digest()
    for (const crypto of backEnds) {
      assertBytes(identityDigest(crypto, document), digest)
      assertBytes(identityReportData(crypto, document), data)
    }
  })

  test('every bit of it', () => {
    const seen = new Set([hex(worker.digest)])
    const bits = bitsOf(document, 200)
    for (const bit of bits) seen.add(hex(identityDigest(nodeSeal, flipped(document, bit))))
    assert.equal(seen.size, new Set(bits).size + 1)
  })
})

describe('keys', () => {
  test('are two, from 64 bytes in this order', () => {
    const sizes: number[] = []
    const random = seeded('identity')
    const keys = makeIdentityKeys(nodeSeal, size => {
      sizes.push(size)
      return random(size)
    })
    assert.deepEqual(sizes, [32, 32])
    assertBytes(keys.signing.publicKey, worker.identity.signingKey)
    assertBytes(keys.sealing.publicKey, worker.identity.sealKey)
  })
})

describe('an announcement', () => {
  const to = { proxyKey: seeded('proxy')(32), tlsKey: seeded('tls')(32) }
  const { identity, keys, digest } = worker
  const signature = signAnnouncement(keys, digest, to)

  test('is over its label, the digest, the proxy and the key in TLS', () => {
    const label = Buffer.from('cocoon identity announcement v1\0')
    assertBytes(signature, keys.signing.sign(joined(label, digest, to.proxyKey, to.tlsKey)))
    for (const crypto of backEnds) {
      assert.equal(verifyAnnouncement(crypto, identity, digest, to, signature), true)
    }
  })

  test('holds for no other of these', () => {
    const none = { proxyKey: to.proxyKey, tlsKey: new Uint8Array(32) }
    const swapped = { proxyKey: to.tlsKey, tlsKey: to.proxyKey }
    const others = [
      none,
      swapped,
      { ...to, proxyKey: flipped(to.proxyKey, 3) },
      { ...to, tlsKey: flipped(to.tlsKey, 3) },
    ]
    for (const crypto of backEnds) {
      for (const other of others) {
        assert.equal(verifyAnnouncement(crypto, identity, digest, other, signature), false)
      }
      assert.equal(verifyAnnouncement(crypto, identity, flipped(digest, 3), to, signature), false)
      assert.equal(verifyAnnouncement(crypto, identity, digest, to, flipped(signature, 3)), false)
      assert.equal(verifyAnnouncement(crypto, identity, digest, to, new Uint8Array(0)), false)
      const { identity: another } = makeWorker(nodeSeal, 'another')
      assert.equal(verifyAnnouncement(crypto, another, digest, to, signature), false)
      const noKey = { ...identity, signingKey: new Uint8Array(32) }
      assert.equal(verifyAnnouncement(crypto, noKey, digest, to, signature), false)
    }
  })
})

test('evidence is within its bounds', () => {
  const { documentBytes, quoteBytes, collateralBytes, gpuBytes } = evidenceLimits
  const most = {
    _: 'sealed.workerEvidence' as const,
    document: new Uint8Array(documentBytes),
    quote: new Uint8Array(quoteBytes),
    collateral: new Uint8Array(collateralBytes),
    gpu: new Uint8Array(gpuBytes),
  }
  assert.equal(isEvidenceBounded(most), true)
  for (const part of ['document', 'quote', 'collateral', 'gpu'] as const) {
    assert.equal(isEvidenceBounded({ ...most, [part]: new Uint8Array(most[part].length + 1) }), false)
  }
})
