import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type GpuPolicy,
  type GpuReport,
  renderGpuReport,
  type VerifyGpuOptions,
  verifyGpu,
} from '../../src/nvidia/index.ts'
import { forge, nowMs, p384 } from './forge-certificates.ts'
import type { Issued } from './forge-certificates.ts'
import {
  driverGolden,
  firmwareId,
  forgeReference,
  forgeReport,
  forgeWorld,
  measurement,
  nonce,
  soundCase,
  soundMeasurements,
  soundOpaque,
  vbiosGolden,
} from './forge-evidence.ts'
import type { Case } from './forge-evidence.ts'
import { rememberingCrypto } from './remembering-crypto.ts'
import { genuineMs, hopperEvidence, hopperReport, readVector } from './vectors.ts'

const lenient: GpuPolicy = { revocation: 'optional', references: 'optional', acceptsHold: false }
const dayMs = 86_400_000

describe('genuine evidence', () => {
  test('with its own chain and nonce is accepted where the policy does without references and revocation', async () => {
    const evidence = hopperEvidence()
    const report = await verifyGpu(evidence, {
      nowMs: genuineMs,
      nonce: evidence.statedNonce!,
      policy: lenient,
    })
    assert.equal(report.verdict, 'accept', report.reason ?? '')
    assert.equal(report.root, 'NVIDIA Device Identity CA')
    assert.equal(report.device?.driverReference, 'NV_GPU_DRIVER_GH100_590.12')
    assert.equal(report.device?.vbiosReference, 'NV_GPU_VBIOS_G520_0200_885_9600A50001')
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
  })

  test('is refused by the strict policy, as sound and not enough', async () => {
    const evidence = hopperEvidence()
    const report = await verifyGpu(evidence, { nowMs: genuineMs, nonce: evidence.statedNonce! })
    assert.deepEqual(failures(report), [
      'policy device-revocation',
      'policy driver-reference-present',
      'policy vbios-reference-present',
    ])
  })

  test('with a signature that is not by its device is refused', async () => {
    const evidence = hopperReport('hopperAttestationReportInvalidSignature.txt')
    const report = await verifyGpu(evidence, {
      nowMs: genuineMs,
      nonce: evidence.report.subarray(4, 36),
      policy: lenient,
    })
    assert.deepEqual(failures(report), ['invalid report-signature', 'invalid firmware-id'])
    assert.equal(report.kind, 'invalid')
  })

  test('a reference document with altered values is refused, and so are measurements that do not match', async () => {
    const evidence = hopperReport()
    const document = readVector('NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch.xml')
    const report = await verifyGpu(evidence, {
      nowMs: genuineMs,
      nonce: evidence.report.subarray(4, 36),
      references: { driver: { document } },
      policy: lenient,
    })
    assert.deepEqual(failures(report), [
      'invalid driver-reference-signature',
      'invalid driver-reference-id',
      'invalid measurements',
    ])
  })

  const references: [string, 'driver' | 'vbios', string, number, string[]][] = [
    ['in its time', 'driver', 'NV_GPU_DRIVER_GH100_550.144.03.xml', Date.UTC(2025, 5, 1), []],
    ['before it', 'driver', 'NV_GPU_DRIVER_GH100_550.144.03.xml', Date.UTC(2024, 5, 1), ['dates']],
    ['expired', 'driver', 'NV_GPU_DRIVER_GH100_550.144.03.xml', Date.UTC(2027, 0, 1), ['dates']],
    ['in its time', 'vbios', '1010_0200_882_96005E0001_PROD.swidtag', Date.UTC(2025, 5, 1), []],
    ['expired', 'vbios', '1010_0200_882_96005E0001_PROD.swidtag', Date.UTC(2025, 6, 1), ['dates']],
  ]
  for (const [when, source, file, at, failed] of references) {
    test(`the ${source}'s document ${when} is judged by the dates of its signers`, async () => {
      const evidence = hopperReport()
      const report = await verifyGpu(evidence, {
        nowMs: at,
        nonce: evidence.report.subarray(4, 36),
        references: { [source]: { document: readVector(file) } },
        policy: lenient,
      })
      const ofDocument = failures(report).filter(failure => failure.includes(`${source}-reference-chain`))
      assert.deepEqual(
        ofDocument,
        failed.map(check => `invalid ${source}-reference-chain-${check}`),
      )
      assert.ok(
        report.checks.some(
          ({ name, outcome }) => name === `${source}-reference-signature` && outcome === 'passed',
        ),
      )
      // It is for another version than runs.
      assert.ok(failures(report).includes(`invalid ${source}-reference-id`))
    })
  }
})

const world = forgeWorld()
const { device, signers, anchors } = world
const made = soundCase(world)
const soundly = { ...made, options: { ...made.options, crypto: rememberingCrypto } }
const [leaf, brom, provisioner, identity, root] = device as [Issued, Issued, Issued, Issued, Issued]

describe('evidence of a vendor of our own', () => {
  test('is accepted whole by the strictest policy, and says that it is simulated', async () => {
    const { evidence, options } = soundly
    const report = await verifyGpu(evidence, options)
    assert.equal(report.verdict, 'accept', report.reason ?? '')
    assert.equal(report.simulated, true)
    assert.equal(report.expiresAt, new Date(nowMs + 3_600_000).toISOString().replace('.000', ''))
    assert.equal(report.measurements.length, 5)
    assert.match(renderGpuReport(report).join('\n'), /^Accepted\.[^]*SIMULATED/)
  })

  test('is refused by the roots of NVIDIA', async () => {
    const { evidence, options } = soundly
    const { anchors: _, ...others } = options
    const report = await verifyGpu(evidence, others)
    assert.deepEqual(failures(report), [
      'invalid device-chain-root',
      'invalid driver-reference-chain-root',
      'invalid vbios-reference-chain-root',
    ])
  })

  const stranger = forge({ name: 'GH100 A01 GSP FMC LF', keys: p384(), firmwareId })
  type Change = (sound: Case) => Partial<Case['evidence']> & { options?: Partial<VerifyGpuOptions> }
  const cases: [string, Change, string[]][] = [
    ['another nonce', () => ({ options: { nonce: new Uint8Array(32) } }), ['invalid nonce']],
    ['a nonce of no length', () => ({ options: { nonce: new Uint8Array() } }), ['invalid nonce']],
    [
      'a report of another device',
      () => ({ report: forgeReport(stranger.keys) }),
      ['invalid report-signature'],
    ],
    [
      'other firmware than it was certified with',
      () => ({
        report: forgeReport(leaf.keys, { opaque: new Map([...soundOpaque, [20, new Uint8Array(48)]]) }),
      }),
      ['invalid firmware-id'],
    ],
    [
      'a certificate that names no firmware',
      () => withLeaf(forge({ name: leaf.name, keys: leaf.keys }, brom)),
      ['invalid firmware-id'],
    ],
    [
      'another kind of device than its certificate',
      () => ({ architecture: 'BLACKWELL' }),
      ['invalid architecture'],
    ],
    [
      'certificates for two kinds of devices',
      () => withLeaf(forge({ name: 'GB100 A01', keys: leaf.keys, firmwareId }, brom)),
      ['invalid architecture', 'invalid driver-reference-id', 'invalid vbios-reference-id'],
    ],
    [
      'a leaf that signs itself',
      () => withLeaf(forge({ name: leaf.name, keys: leaf.keys, firmwareId })),
      ['invalid device-chain-issuers', 'invalid device-chain-signatures'],
    ],
    [
      'a chain without its root',
      ({ evidence }) => ({ certificates: evidence.certificates.slice(0, 4) }),
      ['invalid device-chain-issuers', 'invalid device-chain-root', 'invalid device-chain-signatures'],
    ],
    [
      'a chain of six',
      ({ evidence }) => ({ certificates: [...evidence.certificates, evidence.certificates[4]!] }),
      ['invalid device-chain-issuers'],
    ],
    ['no certificates', () => ({ certificates: [] }), ['invalid device-chain-issuers']],
    [
      'a chain with a root of the same name',
      ({ evidence }) => ({
        certificates: [
          ...evidence.certificates.slice(0, 4),
          forge({ name: root.name, keys: p384(), isAuthority: true }).der,
        ],
      }),
      ['invalid device-chain-root', 'invalid device-chain-signatures'],
    ],
    [
      'a leaf of an issuer that is no authority',
      () => withIssuer(forge({ name: brom.name, keys: brom.keys, keyUsage: 4 }, provisioner)),
      ['invalid device-chain-issuers'],
    ],
    [
      'an issuer that may not sign certificates',
      () =>
        withIssuer(
          forge({ name: brom.name, keys: brom.keys, isAuthority: true, keyUsage: 0x80 }, provisioner),
        ),
      ['invalid device-chain-issuers'],
    ],
    [
      'a certificate that is over',
      () => withLeaf(forge({ name: leaf.name, keys: leaf.keys, firmwareId, notAfterMs: nowMs - 1000 }, brom)),
      ['invalid device-chain-dates'],
    ],
    [
      'a certificate that is ahead of its time',
      () =>
        withLeaf(forge({ name: leaf.name, keys: leaf.keys, firmwareId, notBeforeMs: nowMs + 1000 }, brom)),
      ['invalid device-chain-dates'],
    ],
    ['a measurement that is not golden', () => measuring(7, measurement(8)), ['invalid measurements']],
    ['a measurement that is not there', () => measuring(7, undefined), ['invalid measurements']],
    ['an alternative', () => measuring(12, measurement(11)), []],
    ['zeros where they are an alternative', () => measuring(23, new Uint8Array(48)), []],
    ['a value at which no document looks', () => measuring(9, measurement(8)), []],
    ['index 35 with NVDEC0 enabled', () => measuring(35, measurement(8)), ['invalid measurements']],
    ['index 35 with NVDEC0 disabled', () => measuring(35, measurement(8), 0x55), []],
    ['index 35 with NVDEC0 unknown', () => measuring(35, measurement(8), 0), ['invalid measurements']],
    ['index 7 with NVDEC0 disabled', () => measuring(7, measurement(8), 0x55), ['invalid measurements']],
    [
      'an index that both documents claim',
      () => withVbios({ golden: new Map([...vbiosGolden, [7, [measurement(7)]]]) }),
      ['invalid measurement-indices'],
    ],
    [
      'documents that compare nothing',
      sound => ({
        options: {
          references: {
            driver: { document: reference('535.1', new Map()) },
            vbios: { document: reference('96.00.74.00.20', new Map()) },
          },
          revocation: sound.options.revocation ?? [],
        },
      }),
      ['invalid measurements'],
    ],
    ['a document of another version', () => withDriver('535.2'), ['invalid driver-reference-id']],
    ['a document of another product', () => withVbios({ product: 'GB100' }), ['invalid vbios-reference-id']],
    [
      'a document that is filed under another id',
      ({ options }) => ({
        options: {
          references: {
            ...options.references!,
            driver: { ...options.references!.driver!, id: 'NV_GPU_DRIVER_GH100_535.2' },
          },
        },
      }),
      ['invalid driver-reference-id'],
    ],
    [
      'a document by another key than its signer has',
      () => withVbios({ signKeys: p384() }),
      ['invalid vbios-reference-signature'],
    ],
    [
      'a document of a signer of nobody',
      () =>
        withVbios({
          signers: [forge({ name: 'Signer', keys: p384(), responder: 'http://responder.example' })],
        }),
      [
        'invalid vbios-reference-chain-issuers',
        'invalid vbios-reference-chain-root',
        'invalid vbios-reference-revocation',
      ],
    ],
    [
      'a document of an expired signer',
      () => {
        const late = forge(
          {
            name: 'Signer',
            keys: p384(),
            responder: 'http://responder.example',
            notAfterMs: nowMs - dayMs,
            serial: signers[0]!.serial,
          },
          signers[1],
        )
        return withVbios({ signers: [late, ...signers.slice(1)] })
      },
      ['invalid vbios-reference-chain-dates'],
    ],
    [
      'no driver document',
      ({ options }) => ({ options: { references: { vbios: options.references!.vbios! } } }),
      ['policy driver-reference-present'],
    ],
    [
      'no documents',
      () => ({ options: { references: {} } }),
      ['policy driver-reference-present', 'policy vbios-reference-present'],
    ],
    [
      'documents in each other’s place',
      ({ options }) => ({
        options: { references: { driver: options.references!.vbios!, vbios: options.references!.driver! } },
      }),
      ['invalid driver-reference-id', 'invalid vbios-reference-id'],
    ],
    [
      'a driver that the policy does not have',
      () => withPolicy({ driverVersions: ['535.2'] }),
      ['policy driver-allowed'],
    ],
    [
      'a VBIOS that the policy does not have',
      () => withPolicy({ vbiosVersions: [] }),
      ['policy vbios-allowed'],
    ],
    [
      'a device that the policy does not have',
      () => withPolicy({ deviceIds: ['00'] }),
      ['policy device-allowed'],
    ],
    [
      'all that the policy asks for',
      () =>
        withPolicy({
          driverVersions: ['535.1'],
          vbiosVersions: ['96.00.74.00.20'],
          deviceIds: [brom.serial.toString(16).padStart(4, '0')],
        }),
      [],
    ],
  ]
  for (const [name, change, due] of cases) {
    test(`with ${name}: ${due.length === 0 ? 'accepted' : 'refused'}`, async () => {
      const sound = soundly
      const { options, ...evidence } = change(sound)
      const report = await verifyGpu({ ...sound.evidence, ...evidence }, { ...sound.options, ...options })
      const found = failures(report)
      assert.equal(report.verdict, due.length === 0 ? 'accept' : 'reject', report.reason ?? '')
      for (const failure of due)
        assert.ok(found.includes(failure), `${failure} is not among ${found.join(', ')}`)
      assert.equal(
        report.kind,
        due.length === 0 ? null : due.some(failure => failure.startsWith('invalid')) ? 'invalid' : 'policy',
      )
    })
  }

  test('at any time but its own is refused', async () => {
    const { evidence, options } = soundly
    for (const [at, verdict] of [
      [nowMs - 40 * dayMs, 'reject'],
      [nowMs - 2 * 3_600_000, 'reject'],
      [nowMs + 3_600_000, 'accept'],
      [nowMs + 3_601_000, 'reject'],
      [nowMs + 40 * dayMs, 'reject'],
    ] as const) {
      const report = await verifyGpu(evidence, { ...options, nowMs: at })
      assert.equal(report.verdict, verdict, String(at))
    }
    for (const at of [Number.NaN, Infinity]) {
      await assert.rejects(verifyGpu(evidence, { ...options, nowMs: at }), RangeError)
    }
  })

  function withLeaf(certificate: Issued): ReturnType<Change> {
    return { certificates: [certificate, brom, provisioner, identity, root].map(({ der }) => der) }
  }

  function withIssuer(issuer: Issued): ReturnType<Change> {
    const below = forge({ name: leaf.name, keys: leaf.keys, firmwareId }, issuer)
    return { certificates: [below, issuer, provisioner, identity, root].map(({ der }) => der) }
  }

  function measuring(index: number, value: Uint8Array | undefined, nvdec0 = 0xaa): ReturnType<Change> {
    const measurements = new Map(soundMeasurements)
    if (value) measurements.set(index, value)
    else measurements.delete(index)
    const opaque = new Map([...soundOpaque, [11, Uint8Array.of(nvdec0)]])
    return { report: forgeReport(leaf.keys, { measurements, opaque, nonce }) }
  }

  function reference(version: string, golden: ReadonlyMap<number, readonly Uint8Array[]>): Uint8Array {
    return forgeReference({ version, golden, signers })
  }

  function withDriver(version: string): ReturnType<Change> {
    return supplied({ driver: reference(version, driverGolden) })
  }

  function withVbios(changes: Partial<Parameters<typeof forgeReference>[0]>): ReturnType<Change> {
    return supplied({
      vbios: forgeReference({ version: '96.00.74.00.20', golden: vbiosGolden, signers, ...changes }),
    })
  }

  function supplied(documents: { driver?: Uint8Array; vbios?: Uint8Array }): ReturnType<Change> {
    const { references } = soundly.options
    return {
      options: {
        references: {
          driver: documents.driver ? { document: documents.driver } : references!.driver!,
          vbios: documents.vbios ? { document: documents.vbios } : references!.vbios!,
        },
      },
    }
  }

  function withPolicy(policy: Partial<GpuPolicy>): ReturnType<Change> {
    return {
      options: { policy: { revocation: 'required', references: 'required', acceptsHold: false, ...policy } },
    }
  }
})

test('what cannot be read at all fails every check that needs it', async () => {
  const report = await verifyGpu(
    { report: new Uint8Array(), certificates: [new Uint8Array(3)] },
    { nowMs, nonce, anchors, policy: lenient },
  )
  assert.equal(report.verdict, 'reject')
  assert.equal(report.kind, 'invalid')
  assert.equal(report.device, null)
  const passed = report.checks.filter(({ outcome }) => outcome === 'passed')
  assert.deepEqual(passed, [])
})

function failures(report: GpuReport): string[] {
  return report.checks
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ kind, name }) => `${kind} ${name}`)
}
