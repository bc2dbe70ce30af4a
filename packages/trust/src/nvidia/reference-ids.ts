import { TrustError } from '../error.ts'
import { parseVendorCertificate } from './chain.ts'
import { architectureOf, identityOf } from './device.ts'
import type { GpuEvidence } from './evidence.ts'
import { nvidiaLimits } from './limits.ts'
import { parseAttestationReport } from './spdm.ts'

/** Which reference documents evidence asks for: nothing that cannot be read. Nothing is verified. */
export function referenceIdsOf({ report, certificates }: GpuEvidence): {
  readonly driver: string | undefined
  readonly vbios: string | undefined
} {
  try {
    const chain = certificates.slice(0, nvidiaLimits.maxChainLength).map(parseVendorCertificate)
    const architecture = architectureOf(chain)
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
