/** Evidence of NVIDIA GPUs and switches: what they measure, what their vendor vouches for, and the binding of both. */
export { type NvidiaAnchors, nvidiaAnchors } from './anchors.ts'
export type { Anchor, CertificateSummary } from './chain.ts'
export type { SuppliedReference } from './check-reference.ts'
export { gpuEvidenceDigest, gpuNonce, gpuTokenDigest } from './binding.ts'
export type { Architecture } from './device.ts'
export { type GpuEvidence, parseEvidenceFile, parseEvidenceText } from './evidence.ts'
export {
  fetchReference,
  fetchRevocation,
  type FetchNvidiaOptions,
  nvidiaServices,
  referenceChainOf,
} from './fetch-nvidia.ts'
export { defaultGpuPolicy, type GpuPolicy } from './gpu-policy.ts'
export type { DeviceSection, GpuReport, MeasurementFinding, ReferenceSection } from './gpu-report.ts'
export { nvidiaLimits } from './limits.ts'
export { type NrasDevice, type NrasReport, verifyNrasResult, type VerifyNrasOptions } from './nras.ts'
export type { NamedCheck } from '../verify/named-checks.ts'
export { parseReference, type ReferenceDocument } from './reference.ts'
export { type AttestationReport, parseAttestationReport } from './spdm.ts'
export { referenceIdsOf } from './reference-ids.ts'
export { renderGpuReport, renderGpusReport, renderNrasReport } from './render-gpu-report.ts'
export { type GpusReport, verifyGpus, type VerifyGpusOptions } from './verify-gpus.ts'
export { verifyGpu, type VerifyGpuOptions } from './verify-gpu.ts'
