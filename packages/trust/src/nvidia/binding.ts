import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, join } from '../bytes.ts'
import type { GpuEvidence } from './evidence.ts'

const labels = {
  nonce: 'cocoon gpu nonce v1',
  evidence: 'cocoon gpu evidence v1',
  token: 'cocoon gpu token v1',
} as const

/**
 * What GPUs are asked with by a machine that has these keys and knows this: 32 bytes, which nobody can have asked
 * them with before. Order and borders of the parts count.
 *
 *     SHA-256("cocoon gpu nonce v1" ‖ 00 ‖ for each part: length u32 ‖ part)
 *
 * Numbers are little-endian here and below.
 */
export function gpuNonce(parts: readonly Uint8Array[]): Bytes {
  return labelled(labels.nonce, parts.map(counted))
}

/**
 * The digest of evidence that the report data of a CPU's quote has to commit to, beside the keys that the nonce is
 * made from: 32 bytes. Order counts.
 *
 *     SHA-256("cocoon gpu evidence v1" ‖ 00 ‖ number of devices u32 ‖ for each device:
 *             length u32 ‖ report ‖ number of certificates u32 ‖ for each: length u32 ‖ DER)
 */
export function gpuEvidenceDigest(devices: readonly Pick<GpuEvidence, 'report' | 'certificates'>[]): Bytes {
  const parts = devices.flatMap(({ report, certificates }) => [
    counted(report),
    u32(certificates.length),
    ...certificates.map(counted),
  ])
  return labelled(labels.evidence, [u32(devices.length), ...parts])
}

/**
 * The same for a result of the remote attestation service, as the text that was received.
 *
 *     SHA-256("cocoon gpu token v1" ‖ 00 ‖ length u32 ‖ text in UTF-8)
 */
export function gpuTokenDigest(text: string): Bytes {
  return labelled(labels.token, [counted(new TextEncoder().encode(text))])
}

function labelled(label: string, parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(sha256(join(new TextEncoder().encode(label), Uint8Array.of(0), ...parts)))
}

function counted(bytes: Uint8Array): Bytes {
  return join(u32(bytes.length), bytes)
}

function u32(value: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}
