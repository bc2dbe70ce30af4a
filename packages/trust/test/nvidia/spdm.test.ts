import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TrustError } from '../../src/index.ts'
import { nvidiaLimits, parseAttestationReport, parseEvidenceFile } from '../../src/nvidia/index.ts'
import { opaqueType } from '../../src/nvidia/opaque.ts'
import { reportRegions } from '../../src/nvidia/spdm.ts'
import { p384 } from './forge-certificates.ts'
import { forgeReport, soundOpaque } from './forge-evidence.ts'
import { hopperEvidence, hopperReport, readText } from './vectors.ts'

const malformed = { name: 'TrustError', code: 'gpu-evidence-malformed' }
const sound = hopperReport().report

interface Parsed {
  readonly Nonce: string
  readonly Signature: string
  readonly OpaqueLength: number
  readonly NumberOfBlocks: number
  readonly MeasurementRecord: {
    readonly MeasurementBlocks: Record<
      string,
      { DMTFSpecMeasurementValueType: number; DMTFSpecMeasurementValue: string }
    >
  }
  readonly OpaqueData: { readonly OpaqueDataField: Record<string, string | number[]> }
}

describe('a report', () => {
  test('is read as its vendor reads it', () => {
    const report = parseAttestationReport(sound)
    const request = JSON.parse(readText('spdm_req_parsed_output.json')) as Pick<Parsed, 'Nonce'>
    const response = JSON.parse(readText('spdm_parsed_output.json')) as Parsed
    assert.equal(hex(report.nonce), request.Nonce)
    assert.equal(hex(report.deviceNonce), response.Nonce)
    assert.equal(hex(report.signature), response.Signature)
    assert.equal(report.measurements.size, response.NumberOfBlocks)
    for (const [index, block] of Object.entries(response.MeasurementRecord.MeasurementBlocks)) {
      const measured = report.measurements.get(Number(index))
      assert.equal(measured?.type, block.DMTFSpecMeasurementValueType)
      assert.equal(measured && hex(measured.value), block.DMTFSpecMeasurementValue)
    }
    const fields = response.OpaqueData.OpaqueDataField
    // Its data are of a version that the other reader was made before.
    assert.deepEqual([...report.opaque.keys()].slice(-2), [34, 36])
    assert.equal(report.opaque.size, Object.keys(fields).length + 2)
    for (const [type, name] of [
      [opaqueType.driverVersion, 'DRIVER_VERSION'],
      [opaqueType.vbiosVersion, 'VBIOS_VERSION'],
      [opaqueType.nvdec0, 'NVDEC0_STATUS'],
      [opaqueType.fwid, 'FWID'],
    ] as const) {
      assert.equal(hex(report.opaque.get(type) ?? new Uint8Array()), fields[`OPAQUE_FIELD_ID_${name}`])
    }
  })

  const { header, measurements, 'opaque data': opaque, signature } = reportRegions(sound)
  const broken: [string, (report: Uint8Array) => Uint8Array | void][] = [
    ['nothing', () => new Uint8Array()],
    ['more than it may be', () => new Uint8Array(nvidiaLimits.maxReportBytes + 1)],
    ['a byte too few', report => report.subarray(0, -1)],
    ['a byte too many', report => Uint8Array.of(...report, 0)],
    ['no response', report => report.subarray(0, 37)],
    ['no signature', report => report.subarray(0, signature![0])],
    ['another request', report => void report.set([0x12], 0)],
    ['a request for one measurement', report => void report.set([1], 3)],
    ['a slot that does not exist', report => void report.set([8], 36)],
    ['a response of another version', report => void report.set([0x12], header![0])],
    ['an answer of another kind', report => void report.set([0x7f], header![0] + 1)],
    ['fewer blocks than it says', report => void report.set([65], header![0] + 4)],
    ['more blocks than it says', report => void report.set([63], header![0] + 4)],
    ['a record that is too long', report => void report.set([0xff, 0xff, 0xff], header![0] + 5)],
    ['a record that is too short', report => void report.set([0, 0, 0], header![0] + 5)],
    ['measurement 0', report => void report.set([0], measurements![0])],
    ['a measurement twice', report => void report.set([2], measurements![0])],
    ['another specification', report => void report.set([2], measurements![0] + 1)],
    ['a value that is too long', report => void report.set([49], measurements![0] + 5)],
    ['a value that is too short', report => void report.set([47], measurements![0] + 5)],
    ['opaque data that are too long', report => void report.set([0xff, 0xff], opaque![0])],
    ['a field that is too long', report => void report.set([0xff], opaque![0] + 5)],
    ['a field twice', () => doubledField()],
  ]
  for (const [name, breakReport] of broken) {
    test(`with ${name} is refused`, () => {
      const report = Uint8Array.from(sound)
      assert.throws(() => parseAttestationReport(breakReport(report) ?? report), malformed)
    })
  }

  test('keeps nothing of the bytes that it was read from', () => {
    const bytes = Uint8Array.from(sound)
    const report = parseAttestationReport(bytes)
    bytes.fill(0)
    assert.equal(hex(report.signedBytes), hex(sound.subarray(0, -96)))
  })

  test('of any bytes fails with a TrustError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), expectParsedOrRefused))
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255))
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(sound.length),
        (changes, length) => {
          const bytes = Uint8Array.from(sound)
          for (const [index, value] of changes) bytes[index] = value
          expectParsedOrRefused(bytes)
          expectParsedOrRefused(bytes.subarray(0, length))
        },
      ),
    )
  })
})

describe('a file of evidence', () => {
  test('is read in both forms that tools write', () => {
    const text = readText('hopper_evidence.json')
    const wrapped = JSON.stringify({ result_code: 0, evidences: JSON.parse(text) as unknown })
    assert.deepEqual(parseEvidenceFile(wrapped), parseEvidenceFile(text))
    assert.equal(hopperEvidence().architecture, 'HOPPER')
    assert.equal(hopperEvidence().certificates.length, 5)
  })

  const [device] = JSON.parse(readText('hopper_evidence.json')) as [Record<string, unknown>]
  const broken: [string, unknown][] = [
    ['a number', 1],
    ['nothing', null],
    ['an empty list', []],
    ['too many devices', Array.from({ length: 33 }, () => device)],
    ['a device that is none', [1]],
    ['no evidence', [{ ...device, evidence: undefined }]],
    ['base64 that is none', [{ ...device, evidence: '*' }]],
    ['a chain that is not PEM', [{ ...device, certificate: 'AAAA' }]],
    ['a short nonce', [{ ...device, nonce: '00' }]],
    ['another architecture', [{ ...device, arch: 'TURING' }]],
  ]
  for (const [name, value] of broken) {
    test(`with ${name} is refused`, () => {
      assert.throws(() => parseEvidenceFile(JSON.stringify(value)), malformed)
    })
  }

  test('that is no JSON, or too long, is refused', () => {
    assert.throws(() => parseEvidenceFile('['), malformed)
    assert.throws(() => parseEvidenceFile(' '.repeat(nvidiaLimits.maxEvidenceBytes + 1)), malformed)
  })
})

function doubledField(): Uint8Array {
  const report = forgeReport(p384(), { opaque: new Map([...soundOpaque, [4, Uint8Array.of(1)]]) })
  report.set([3, 0], report.length - 96 - 5)
  return report
}

function expectParsedOrRefused(bytes: Uint8Array): void {
  try {
    parseAttestationReport(bytes)
  } catch (error) {
    assert.ok(error instanceof TrustError && error.code === 'gpu-evidence-malformed', String(error))
  }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
