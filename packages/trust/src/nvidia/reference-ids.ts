import { TrustError } from '../error.ts'
import { parseVendorCertificate } from './chain.ts'
import { architectureOf, identityOf } from './device.ts'
import type { GpuEvidence } from './evidence.ts'
import { parseAttestationReport } from './spdm.ts'

/** Which reference documents evidence asks for: nothing that cannot be read. Nothing is verified. */
export function referenceIdsOf({ report, certificates }: GpuEvidence): {
  readonly driver: string | undefined
  readonly vbios: string | undefined
} {
  try {
    const [leaf] = certificates
    const architecture = leaf && architectureOf(parseVendorCertificate(leaf))
    if (!architecture) return { driver: undefined, vbios: undefined }
    const { driverReference, vbiosReference } = identityOf(
      architecture,
      parseAttestationReport(report).opaque,
    )
    return { driver: driverReference, vbios: vbiosReference }
  } catch (error) {
    if (error instanceof TrustError) return { driver: undefined, vbios: undefined }
    throw error
  }
}
