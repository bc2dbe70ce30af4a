import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contextTag, encode, encodeOid, encodeUnsigned, tag } from '../../src/der.ts'
import { verifyGpu } from '../../src/nvidia/index.ts'
import { parseVendorCertificate } from '../../src/nvidia/chain.ts'
import { architectureOf, firmwareIdsOf, identityOf } from '../../src/nvidia/device.ts'
import { gpuVbiosVersion } from '../../src/nvidia/opaque.ts'
import { encodeFirmwareId, extension, forge, nowMs, p384, pointOf } from './forge-certificates.ts'
import type { Issued } from './forge-certificates.ts'
import { firmwareId, forgeReference, forgeReport, measurement, nonce, soundOpaque } from './forge-evidence.ts'
import { forgeAnswer } from './forge-revocation.ts'

describe('the kind of a device', () => {
  const cases: [string, string[], string | undefined][] = [
    ['a Hopper', ['GH100 A01 GSP FMC LF', 'GH100 A01 GSP BROM', 'NVIDIA GH100 Identity', 'Root'], 'HOPPER'],
    ['a Blackwell', ['GB202 A01 FSP FMC LF', 'NVIDIA GB100 Identity'], 'BLACKWELL'],
    ['a switch', ['LS10 A01', 'NVIDIA LS10 Identity'], 'LS10'],
    ['two kinds', ['GH100 A01', 'NVIDIA GB100 Identity'], undefined],
    ['none', ['TU102', 'Identity'], undefined],
    ['a name with more around it', ['XGH100X'], undefined],
  ]
  for (const [name, names, due] of cases) {
    test(`${name}: ${due ?? 'not known'}`, () => {
      const keys = p384()
      const chain = names.map(commonName => parseVendorCertificate(forge({ name: commonName, keys }).der))
      assert.equal(architectureOf(chain), due)
    })
  }
})

describe('the firmware of a certificate', () => {
  const tcbInfo = (...ids: Uint8Array[]): Uint8Array =>
    encode(
      tag.sequence,
      encode(contextTag(3, false), Uint8Array.of(1)),
      encode(contextTag(6, true), ...ids.map(encodeFirmwareId)),
      encode(contextTag(7, false), Uint8Array.of(7, 0x80)),
    )
  const withDice = (content: Uint8Array, critical = false): Issued =>
    forge({ name: 'GB100', keys: p384(), extensions: [extension('2.23.133.5.4.1.1', critical, content)] })
  const idsOf = ({ der }: Issued): string[] =>
    firmwareIdsOf(parseVendorCertificate(der)).map(id => Buffer.from(id).toString('hex'))
  const other = new Uint8Array(48)

  test('is that of its composite device', () => {
    assert.deepEqual(idsOf(forge({ name: 'GH100', keys: p384(), firmwareId })), [hex(firmwareId)])
  })

  test('is that of its TCB, critical or not, one or several', () => {
    assert.deepEqual(idsOf(withDice(tcbInfo(firmwareId), true)), [hex(firmwareId)])
    assert.deepEqual(idsOf(withDice(tcbInfo(other, firmwareId))), [hex(other), hex(firmwareId)])
  })

  test('is none without such an extension', () => {
    assert.deepEqual(idsOf(forge({ name: 'GH100', keys: p384() })), [])
  })

  const broken: [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['no digest', encode(tag.sequence, encodeUnsigned(Uint8Array.of(1)))],
    ['a short digest', tcbInfo(new Uint8Array(32))],
    [
      'another algorithm',
      encode(
        tag.sequence,
        encode(tag.sequence, encodeOid('2.16.840.1.101.3.4.2.1'), encode(tag.octetString, other)),
      ),
    ],
  ]
  for (const [name, content] of broken) {
    test(`is malformed with ${name}`, () => {
      assert.throws(() => idsOf(withDice(content)), { name: 'TrustError', code: 'certificate-malformed' })
    })
  }
})

describe('the documents of a device', () => {
  test('are named after its driver, and after its board and VBIOS', () => {
    assert.deepEqual(identityOf('HOPPER', asBytes(soundOpaque)), {
      driverVersion: '535.1',
      driverReference: 'NV_GPU_DRIVER_GH100_535.1',
      vbiosVersion: '96.00.74.00.20',
      vbiosReference: 'NV_GPU_VBIOS_1010_0205_862_9600740020',
    })
    assert.equal(
      identityOf('BLACKWELL', asBytes(soundOpaque)).driverReference,
      'NV_GPU_CC_DRIVER_GB100_535.1',
    )
  })

  test('of a switch are one, named after its firmware', () => {
    const opaque = new Map([[6, Uint8Array.from(Buffer.from('96.10.73.00.01\0'))]])
    assert.deepEqual(identityOf('LS10', opaque), {
      vbiosVersion: '96.10.73.00.01',
      vbiosReference: 'NV_SWITCH_BIOS_5612_0002_890_9610730001',
    })
  })

  test('are not named by what is no version', () => {
    for (const version of ['../../etc', 'a b', 'a..b', 'a/b', '', 'x'.repeat(65), 'a\u0000b']) {
      const opaque = new Map([...soundOpaque, [3, Uint8Array.from(Buffer.from(version))]])
      assert.equal(identityOf('HOPPER', asBytes(opaque)).driverReference, undefined, version)
    }
    assert.equal(gpuVbiosVersion(new Map([[6, new Uint8Array(7)]])), undefined)
    assert.deepEqual(identityOf('HOPPER', new Map()), {})
  })
})

test('a switch is verified by its firmware alone', async () => {
  const responder = 'http://responder.example'
  const root = forge({ name: 'Root', keys: p384(), isAuthority: true })
  const identity = forge({ name: 'NVIDIA LS10 Identity', keys: p384(), isAuthority: true, responder }, root)
  const provisioner = forge({ name: 'Provisioner', keys: p384(), isAuthority: true, responder }, identity)
  const maker = forge({ name: 'LS10 BROM', keys: p384(), isAuthority: true }, provisioner)
  const leaf = forge({ name: 'LS10 LF', keys: p384(), firmwareId }, maker)
  const referenceRoot = forge({ name: 'Reference Root', keys: p384(), isAuthority: true })
  const signer = forge({ name: 'Signer', keys: p384(), responder }, referenceRoot)
  const version = '96.10.73.00.01'
  const report = forgeReport(leaf.keys, {
    opaque: new Map([
      [6, Buffer.from(`${version}\0`)],
      [20, firmwareId],
    ]),
  })
  const found = await verifyGpu(
    {
      architecture: 'LS10',
      report,
      certificates: [leaf, maker, provisioner, identity, root].map(({ der }) => der),
    },
    {
      nowMs,
      nonce,
      anchors: {
        simulated: true,
        device: [{ name: 'Root', point: pointOf(root.keys) }],
        reference: [{ name: 'Reference Root', point: pointOf(referenceRoot.keys) }],
      },
      references: {
        vbios: {
          id: 'NV_SWITCH_BIOS_5612_0002_890_9610730001',
          document: forgeReference({
            version,
            product: 'LS10',
            golden: new Map([[3, [measurement(3)]]]),
            signers: [signer, referenceRoot],
          }),
        },
      },
      revocation: [
        forgeAnswer(provisioner, identity),
        forgeAnswer(identity, root),
        forgeAnswer(signer, referenceRoot),
      ],
    },
  )
  assert.equal(found.verdict, 'accept', found.reason ?? '')
  assert.deepEqual(
    found.checks.filter(({ name }) => name.startsWith('driver-reference')).map(({ outcome }) => outcome),
    Array.from({ length: 9 }, () => 'skipped'),
  )
})

function asBytes(opaque: ReadonlyMap<number, Uint8Array>): Map<number, Uint8Array<ArrayBuffer>> {
  return new Map([...opaque].map(([type, value]) => [type, Uint8Array.from(value)]))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
