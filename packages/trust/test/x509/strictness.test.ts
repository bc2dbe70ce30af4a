import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toHex } from '@cocoon/wire'
import { type Bytes, fromHex } from '../../src/bytes.ts'
import { encode, encodeOid, encodeUnsigned, tag } from '../../src/der.ts'
import { oid } from '../../src/oid.ts'
import { encodeExtension } from '../../src/simulate/certificates.ts'
import { keyUsage, parseChainCertificate } from '../../src/x509/certificate.ts'
import { isRevoked, parseCrl } from '../../src/x509/crl.ts'
import { encodePem, parsePem } from '../../src/x509/pem.ts'
import { plainSignature } from '../../src/x509/values.ts'
import { changedPlan, tee } from '../verify/evidence.ts'
import { caseNamed } from '../verify/vectors.ts'

const plan = changedPlan(({ pckCrl, rootCrl }) => ({
  pckCrl: { ...pckCrl, revoked: [Uint8Array.of(0x80, 1)] },
  rootCrl: { ...rootCrl, extensions: [encodeExtension('1.2.3', false, new Uint8Array())] },
}))
const { collateral } = tee.build(plan)
const [signer, root] = parsePem(collateral.tcbInfoIssuerChain!)

function malformed(run: () => unknown): void {
  assert.throws(run, { name: 'TrustError', code: 'certificate-malformed' })
}

/** The same bytes with one stretch of them replaced by one as long. */
function replaced(der: Bytes, from: string, to: string): Bytes {
  const hex = toHex(der)
  assert.equal(from.length, to.length)
  assert.ok(hex.includes(from), `${from} is not in it`)
  return fromHex(hex.replace(from, to))!
}

describe('a certificate of a chain', () => {
  test('says what it says', () => {
    const certificate = parseChainCertificate(signer!)
    assert.equal(certificate.commonName, 'Intel SGX TCB Signing')
    assert.equal(toHex(certificate.serial), '51a004')
    assert.equal(certificate.isAuthority, false)
    assert.equal(certificate.keyUsage, keyUsage.digitalSignature)
    assert.equal(parseChainCertificate(root!).pathLength, 1)
  })

  for (const [what, from, to] of [
    ['version 2', 'a003020102', 'a003020101'],
    ['a negative serial number', '020351a004', '0203d1a004'],
    ['a serial number that is not minimal', '020351a004', '02030051a0'],
    ['a boolean that is neither', '0101ff', '010101'],
    ['a default that is written out', '0101ff', '010100'],
    ['bits behind the end of named bits', '03020780', '03020781'],
    ['more unused bits than there are', '03020780', '03020880'],
    ['an object identifier that is not minimal', '0603551d0f', '0603801d0f'],
    ['two extensions of a kind', '0603551d0f', '0603551d13'],
    ['another signature algorithm inside', '06082a8648ce3d040302', '06082a8648ce3d040303'],
    ['another curve', '06082a8648ce3d030107', '06082a8648ce3d030106'],
    ['a key that is compressed', '03420004', '03420002'],
    ['a key of broken bytes', '03420004', '03420104'],
    ['an indefinite length', '300a0608', '30800608'],
    ['a common name of another type', '06035504030c15', '06035504031615'],
    ['no common name', '06035504030c15', '06035504050c15'],
    ['a month that does not exist', '170d', '170e'],
  ] as const) {
    test(`with ${what} is refused`, () => malformed(() => parseChainCertificate(replaced(signer!, from, to))))
  }

  test('with something behind it, or cut off, is refused', () => {
    malformed(() => parseChainCertificate(Uint8Array.from([...signer!, 0])))
    malformed(() => parseChainCertificate(signer!.slice(0, -1)))
    malformed(() => parseChainCertificate(new Uint8Array(20_000)))
  })

  test('with a path length but no authority is refused', () => {
    const constraints = encode(tag.sequence, encodeUnsigned(Uint8Array.of(0)))
    const changed = changedPlan(({ certificates }) => ({
      certificates: {
        ...certificates,
        signer: { ...certificates.signer, extensions: [encodeExtension('2.5.29.99', false, constraints)] },
      },
    }))
    const [der] = parsePem(tee.build(changed).collateral.tcbInfoIssuerChain!)
    // 2.5.29.99 stands for basicConstraints until here, so that there are not two of them.
    const [was, is] = ['2.5.29.99', oid.basicConstraints].map(name => toHex(encodeOid(name)))
    const swapped = replaced(replaced(der!, is!, toHex(encodeOid('2.5.29.98'))), was!, is!)
    // The one that was there is critical, and no longer known.
    malformed(() => parseChainCertificate(swapped))
  })
})

describe('a revocation list', () => {
  test('says who is revoked, by serial number alone', () => {
    const crl = parseCrl(collateral.pckCrl!)
    assert.equal(isRevoked(crl, Uint8Array.of(0x80, 1)), true)
    assert.equal(isRevoked(crl, Uint8Array.of(0x80)), false)
    assert.equal(isRevoked(crl, Uint8Array.of(0, 0x80, 1)), false)
    assert.equal(parseCrl(collateral.rootCaCrl!).revoked.length, 0)
  })

  test('with a critical extension of an entry is refused, as it may be of another authority', () => {
    const { collateral } = caseNamed('phala-tdx-quote')
    // Reasons are told in extensions that are not critical: 10 bytes of content that begin with the identifier.
    const entry = '300a0603551d1504030a0101'
    malformed(() => parseCrl(replaced(collateral.pckCrl!, entry, '300a0603551d150101ff0400')))
  })

  test('of Intel is read whole', () => {
    const { collateral } = caseNamed('phala-tdx-quote')
    assert.ok(parseCrl(collateral.pckCrl!).revoked.length > 20)
  })

  for (const [what, from, to] of [
    ['version 1', '020101300a', '020100300a'],
    ['a serial number that is negative', '0203008001', '0203ff8001'],
    ['a serial number that is not minimal', '0203008001', '0203000001'],
    ['another algorithm inside', '06082a8648ce3d040302', '06082a8648ce3d040303'],
    ['a boolean in place of a number', '0603551d14', '0603551d27'],
  ] as const) {
    test(`with ${what} is ${what.startsWith('a boolean') ? 'read' : 'refused'}`, () => {
      const changed = replaced(collateral.pckCrl!, from, to)
      // Extensions that are not critical are passed over.
      if (what.startsWith('a boolean')) assert.ok(parseCrl(changed))
      else malformed(() => parseCrl(changed))
    })
  }
})

describe('a signature of X.509', () => {
  const one = encodeUnsigned(Uint8Array.of(1))
  test('becomes r and s of full size', () => {
    const plain = plainSignature(encode(tag.sequence, one, encodeUnsigned(new Uint8Array(32).fill(0xff))), 32)
    assert.equal(toHex(plain), `${'00'.repeat(31)}01${'ff'.repeat(32)}`)
  })

  for (const [what, hex] of [
    ['a negative r', '300602018002 0101'],
    ['an r that is not minimal', '300702020001020101'],
    ['one number', '3003020101'],
    ['three numbers', '3009020101020101020101'],
    ['something behind it', '300602010102010100'],
    ['numbers that are too long', `3026022101${'00'.repeat(32)}020101`],
    ['an empty number', '300502000201 01'],
    ['no sequence', '0201010201 01'],
  ] as const) {
    test(`with ${what} is refused`, () => {
      malformed(() => plainSignature(fromHex(hex.replaceAll(' ', ''))!, 32))
    })
  }
})

describe('PEM', () => {
  const pem = encodePem([signer!, root!])
  test('is read with line ends of both kinds and NULs at its end', () => {
    for (const text of [
      pem,
      pem.trimEnd(),
      `${pem}\n\0`,
      `${pem}\0\0`,
      pem.replaceAll('\n', '\r\n'),
      pem.replace('-----\n-----', '----------'),
      pem.replace('-----\n-----', '-----\n\n\n-----'),
    ]) {
      assert.deepEqual(parsePem(text), [signer, root])
    }
  })

  for (const [what, text] of [
    ['text in front of it', ` ${pem}`],
    ['text between the blocks', pem.replace('-----\n-----', '-----\nroot:\n-----')],
    ['text behind it', `${pem}x`],
    ['another label', pem.replaceAll('CERTIFICATE', 'X509 CRL')],
    ['an odd digit', pem.replace('MII', 'MI*')],
    ['padding inside', pem.replace('MII', 'M=I')],
    ['nothing', ''],
    ['NULs alone', '\0\0'],
    ['a block that is not closed', pem.slice(0, -30)],
    ['more than a chain has', pem.repeat(60)],
  ] as const) {
    test(`with ${what} is refused`, () => malformed(() => parsePem(text)))
  }
})
