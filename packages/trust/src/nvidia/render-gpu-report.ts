import type { GpuReport } from './gpu-report.ts'
import type { NrasReport } from './nras.ts'
import type { GpusReport } from './verify-gpus.ts'

/** A report in lines for people: what failed first, then the device, then every check that says something. */
export function renderGpuReport(report: GpuReport): string[] {
  const { device, measurements } = report
  return [
    headline(report),
    ...(device
      ? [
          '',
          `device      ${device.model}, number ${device.deviceId}`,
          `driver      ${device.driverVersion ?? 'unknown'}`,
          `VBIOS       ${device.vbiosVersion ?? 'unknown'}`,
          `references  ${[device.driverReference, device.vbiosReference].flatMap(id => id ?? []).join(', ')}`,
          `nonce       ${device.nonce}`,
        ]
      : []),
    `verified    ${report.verifiedAt}${report.expiresAt === null ? '' : `, holds until ${report.expiresAt}`}`,
    ...(report.simulated ? ['SIMULATED: the root proves nothing.'] : []),
    '',
    ...checkLines(report.checks),
    ...measurements
      .filter(({ outcome }) => outcome === 'mismatch')
      .map(
        ({ index, name, source, measured }) =>
          `  index ${index} (${source}, ${name}): ${measured ?? 'missing'}`,
      ),
  ].map(printable)
}

/** The same for all devices of a machine. */
export function renderGpusReport(report: GpusReport): string[] {
  return [
    headline(report),
    '',
    ...checkLines(report.checks).map(printable),
    ...report.devices.flatMap((device, index) => ['', `GPU ${index}`, ...renderGpuReport(device)]),
  ]
}

/** The same for a result of the remote attestation service. */
export function renderNrasReport(report: NrasReport): string[] {
  return [
    headline(report),
    '',
    ...report.devices.map(
      ({ name, model, driverVersion, vbiosVersion }) =>
        `${name}  ${model}, driver ${driverVersion}, VBIOS ${vbiosVersion}`,
    ),
    '',
    ...checkLines(report.checks),
  ].map(printable)
}

function headline({ verdict, kind, reason }: Pick<GpuReport, 'verdict' | 'kind' | 'reason'>): string {
  if (verdict === 'accept') return 'Accepted.'
  return `Refused, ${kind === 'policy' ? 'by the policy' : 'because the evidence is invalid'}: ${reason ?? ''}`
}

/** Failed ones first; what was passed over is named with its reason. */
function checkLines(checks: GpuReport['checks']): string[] {
  const order = ['failed', 'skipped', 'passed']
  const signs = { failed: '✗', skipped: '-', passed: '✓' } as const
  return checks
    .toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))
    .map(({ name, outcome, why }) => `${signs[outcome]} ${name}${why === undefined ? '' : `: ${why}`}`)
}

/** Names of devices are written by others: nothing in them may move a cursor. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e✓✗]/g, '?')
}
