import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TrustError, maxCertificateBytes, parseCertificate } from '../src/index.ts'
import { oid } from '../src/oid.ts'
import { extension, forgeCertificate } from './forge-certificate.ts'

const sound = forgeCertificate()

describe('parseCertificate', () => {
  test('keeps nothing of the bytes that it was given', () => {
    const bytes = Uint8Array.from(sound)
    const certificate = parseCertificate(bytes)
    const before = Uint8Array.from(certificate.publicKey)
    bytes.fill(0)
    assert.deepEqual(certificate.publicKey, before)
  })

  const broken: [string, () => Uint8Array][] = [
    ['nothing', () => new Uint8Array()],
    ['more than it may be', () => new Uint8Array(maxCertificateBytes + 1)],
    ['a byte too many', () => Uint8Array.of(...sound, 0)],
    ['a byte too few', () => sound.subarray(0, -1)],
    [
      'an extension twice',
      () => forgeCertificate({ extensions: [extension(oid.keyUsage, true, new Uint8Array())] }),
    ],
    [
      'too many extensions',
      () => {
        const extensions = Array.from({ length: 40 }, (_, index) =>
          extension(`1.2.3.${index}`, false, Uint8Array.of()),
        )
        return forgeCertificate({ extensions })
      },
    ],
    ['an impossible date', () => Uint8Array.from(replaceText(sound, '260601', '260231'))],
    ['a date of letters', () => Uint8Array.from(replaceText(sound, '260601', 'abcdef'))],
  ]
  for (const [name, make] of broken) {
    test(`refuses ${name}`, () => {
      assert.throws(() => parseCertificate(make()), { name: 'TrustError', code: 'certificate-malformed' })
    })
  }

  test('fails with a TrustError on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => expectParsedOrRefused(bytes)))
  })

  test('fails with a TrustError on a certificate with changed bytes', () => {
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
        const bytes = Uint8Array.from(sound)
        for (const [index, value] of changes) bytes[index] = value
        expectParsedOrRefused(bytes)
      }),
      { numRuns: 1000 },
    )
  })
})

function expectParsedOrRefused(bytes: Uint8Array): void {
  try {
    parseCertificate(bytes)
  } catch (error) {
    assert.ok(error instanceof TrustError, String(error))
  }
}

function replaceText(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1')
}
