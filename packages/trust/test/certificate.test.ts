import assert from 'node:assert/strict'
import { X509Certificate, createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  certificateLifetimeMs,
  createCertificate,
  fakeTdxEvidence,
  identityExpiresAt,
  parseCertificate,
} from '../src/index.ts'
import { oid } from '../src/oid.ts'

const nowMs = Date.UTC(2026, 5, 1, 12) + 345
let drawn = 0
const world = {
  now: () => nowMs,
  random: (sizeBytes: number) => new Uint8Array(sizeBytes).fill((drawn += 37)),
}

describe('createCertificate', () => {
  test('is what OpenSSL takes for a self-signed certificate of 127.0.0.1', async () => {
    const identity = await createCertificate({ world })
    const certificate = new X509Certificate(identity.certificatePem)
    assert.deepEqual(certificate.raw, Buffer.from(identity.certificateDer))
    assert.equal(certificate.verify(certificate.publicKey), true)
    assert.equal(certificate.checkPrivateKey(createPrivateKey(identity.privateKeyPem)), true)
    assert.equal(certificate.checkHost('127.0.0.1'), '127.0.0.1')
    assert.equal(certificate.ca, false)
    assert.equal(certificate.subject, 'C=AE\nST=DUBAI\nO=Cocoon\nCN=localhost')
    assert.equal(certificate.subjectAltName, 'DNS:localhost, DNS:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    assert.deepEqual(certificate.keyUsage, [oid.serverAuth, oid.clientAuth])
  })

  test('is valid for a day from the second it is made in', async () => {
    const identity = await createCertificate({ world })
    const { notBeforeMs, notAfterMs } = parseCertificate(identity.certificateDer)
    assert.equal(notBeforeMs, nowMs - 345)
    assert.equal(notAfterMs, notBeforeMs + certificateLifetimeMs)
    assert.equal(identityExpiresAt(identity), notAfterMs)
  })

  test('says of itself what it was made of', async () => {
    const identity = await createCertificate({ world, evidence: fakeTdxEvidence })
    const certificate = parseCertificate(identity.certificateDer)
    assert.deepEqual(certificate.publicKey, identity.publicKey)
    assert.deepEqual(certificate.issuer, certificate.subject)
    assert.deepEqual(certificate.commonNames, ['localhost'])
    assert.deepEqual(certificate.dnsNames, ['localhost', '127.0.0.1'])
    assert.equal(certificate.digitalSignature, true)
    assert.deepEqual(certificate.extendedKeyUsage, [oid.serverAuth, oid.clientAuth])
    assert.deepEqual(certificate.unknownCriticalOids, [])
    assert.deepEqual(
      Buffer.from(certificate.quote ?? []),
      createHash('sha512').update(identity.publicKey).digest(),
    )
  })

  test('has no quote without evidence', async () => {
    const identity = await createCertificate({ world })
    assert.equal(parseCertificate(identity.certificateDer).quote, undefined)
  })

  test('has a serial number of 128 bits that is positive', async () => {
    for (const byte of [0x01, 0x7f, 0x80, 0xff]) {
      const serial = { ...world, random: (sizeBytes: number) => new Uint8Array(sizeBytes).fill(byte) }
      const { certificatePem } = await createCertificate({ world: serial, seed: new Uint8Array(32).fill(1) })
      const expected = byte.toString(16).padStart(2, '0').repeat(16).toUpperCase()
      assert.equal(new X509Certificate(certificatePem).serialNumber, expected)
    }
  })

  test('keeps the key of a given seed', async () => {
    const identity = await createCertificate({ world, seed: new Uint8Array(32).fill(1) })
    const expected = '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c'
    assert.equal(Buffer.from(identity.publicKey).toString('hex'), expected)
    const { x } = createPublicKey(identity.privateKeyPem).export({ format: 'jwk' })
    assert.equal(Buffer.from(x ?? '', 'base64url').toString('hex'), expected)
    const message = new Uint8Array([1, 2, 3])
    const signature = await crypto.subtle.sign('Ed25519', identity.privateKey, message)
    assert.equal(signature.byteLength, 64)
    assert.equal(identity.privateKey.extractable, false)
  })

  test('refuses a seed of another size', async () => {
    await assert.rejects(createCertificate({ world, seed: new Uint8Array(31) }), RangeError)
  })
})
