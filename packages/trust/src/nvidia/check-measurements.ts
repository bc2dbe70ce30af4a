import { sameBytes, toHex } from '@cocoon/wire'
import type { GpuCheckName, MeasurementFinding } from './gpu-report.ts'
import type { NamedChecks } from '../verify/named-checks.ts'
import { opaqueType } from './opaque.ts'
import type { GoldenMeasurement, ReferenceDocument } from './reference.ts'
import type { AttestationReport } from './spdm.ts'

export interface References {
  readonly driver: ReferenceDocument | undefined
  readonly vbios: ReferenceDocument | undefined
}

const nvdec0Index = 35
const nvdec0Disabled = 0x55

/**
 * Compares what was measured with every active golden value of the documents that there are. A value has to be
 * one of the alternatives; an index that both documents claim is an error; index 35 does not count where the
 * decoder that it measures is disabled.
 */
export function checkMeasurements(
  checks: NamedChecks<GpuCheckName>,
  report: AttestationReport,
  { driver, vbios }: References,
): MeasurementFinding[] {
  if (!driver && !vbios) {
    checks.skip('measurement-indices', 'There is nothing to compare with.')
    checks.skip('measurements', 'There is nothing to compare with.')
    return []
  }
  const active = [...activeOf('driver', driver), ...activeOf('vbios', vbios)]
  const indices = active.map(({ index }) => index)
  const twice = indices.find((index, position) => indices.indexOf(index) < position)
  checks.judge(
    'measurement-indices',
    twice === undefined ? undefined : `Both documents have a value for index ${twice}.`,
  )
  const findings = active
    .map(({ index, source, golden }) => compare(report, index, source, golden))
    .toSorted((a, b) => a.index - b.index)
  const wrong = findings.filter(({ outcome }) => outcome === 'mismatch')
  checks.judge('measurements', faultOf(findings, wrong), {
    compared: findings.filter(({ outcome }) => outcome !== 'skipped').length,
    mismatches: wrong.map(({ index }) => String(index)),
  })
  return findings
}

function faultOf(
  findings: readonly MeasurementFinding[],
  wrong: readonly MeasurementFinding[],
): string | undefined {
  if (!findings.some(({ outcome }) => outcome === 'match') && wrong.length === 0) {
    return 'The documents have no value to compare with.'
  }
  const [first] = wrong
  if (!first) return undefined
  const more = wrong.length > 1 ? `, and ${wrong.length - 1} more,` : ''
  return `Measurement ${first.index} (${first.name})${more} is not what the ${first.source} should measure.`
}

interface Active {
  readonly index: number
  readonly source: 'driver' | 'vbios'
  readonly golden: GoldenMeasurement
}

function activeOf(source: 'driver' | 'vbios', document: ReferenceDocument | undefined): Active[] {
  return [...(document?.golden ?? [])]
    .filter(([, golden]) => golden.isActive)
    .map(([index, golden]) => ({ index, source, golden }))
}

function compare(
  { measurements, opaque }: AttestationReport,
  index: number,
  source: 'driver' | 'vbios',
  { name, alternatives }: GoldenMeasurement,
): MeasurementFinding {
  // SPDM counts from 1.
  const measured = measurements.get(index + 1)?.value
  const nvdec0 = opaque.get(opaqueType.nvdec0)
  const isSkipped = index === nvdec0Index && nvdec0?.length === 1 && nvdec0[0] === nvdec0Disabled
  const isGood = measured !== undefined && alternatives.some(golden => sameBytes(golden, measured))
  return {
    index,
    name,
    source,
    outcome: isSkipped ? 'skipped' : isGood ? 'match' : 'mismatch',
    measured: measured ? toHex(measured) : null,
    golden: alternatives.map(toHex),
  }
}
