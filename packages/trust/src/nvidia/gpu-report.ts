import type { QuoteReport } from '../verify/report.ts'
import type { CertificateSummary } from './chain.ts'
import type { Architecture } from './device.ts'
import type { NamedCheck } from '../verify/named-checks.ts'

const chainChecks = ['issuers', 'root', 'signatures', 'dates'] as const

/** Everything that is looked at, in order. A GPU is accepted when each has passed or does not apply to it. */
export const gpuCheckNames = [
  'report-format',
  'device-chain-format',
  ...chainChecks.map(check => `device-chain-${check}` as const),
  'architecture',
  'report-signature',
  'firmware-id',
  'nonce',
  'device-revocation',
  ...(['driver', 'vbios'] as const).flatMap(source => [
    `${source}-reference-present` as const,
    `${source}-reference-format` as const,
    `${source}-reference-signature` as const,
    ...chainChecks.map(check => `${source}-reference-chain-${check}` as const),
    `${source}-reference-id` as const,
    `${source}-reference-revocation` as const,
  ]),
  'measurement-indices',
  'measurements',
  'driver-allowed',
  'vbios-allowed',
  'device-allowed',
] as const

export type GpuCheckName = (typeof gpuCheckNames)[number]

/**
 * What verification of one device found, in the shape that reports of quotes have. Plain JSON: byte strings are
 * hexadecimal, times are ISO 8601. A section is null where what it tells could not be read; of evidence that was
 * rejected, it is what the evidence claims.
 */
export interface GpuReport extends Pick<
  QuoteReport,
  'verdict' | 'kind' | 'reason' | 'simulated' | 'root' | 'verifiedAt' | 'expiresAt'
> {
  readonly checks: readonly NamedCheck[]
  readonly device: DeviceSection | null
  readonly measurements: readonly MeasurementFinding[]
  readonly references: readonly ReferenceSection[]
  readonly certificates: readonly CertificateSummary[]
}

export interface DeviceSection {
  readonly architecture: Architecture | null
  /** As the certificate of its firmware calls it. */
  readonly model: string
  /** Serial number of the certificate that the device was made with: it stays when firmware changes. */
  readonly deviceId: string
  readonly nonce: string
  readonly driverVersion: string | null
  readonly vbiosVersion: string | null
  /** Ids of the reference documents that belong to it. */
  readonly driverReference: string | null
  readonly vbiosReference: string | null
  /** All that the report says of the device, by name. */
  readonly opaque: Readonly<Record<string, string>>
}

export interface MeasurementFinding {
  /** Index of the reference document. */
  readonly index: number
  readonly name: string
  readonly source: 'driver' | 'vbios'
  readonly outcome: 'match' | 'mismatch' | 'skipped'
  readonly measured: string | null
  /** Values that would be good. */
  readonly golden: readonly string[]
}

export interface ReferenceSection {
  readonly source: 'driver' | 'vbios'
  readonly version: string
  readonly product: string
  readonly tagId: string
  readonly certificates: readonly CertificateSummary[]
}
