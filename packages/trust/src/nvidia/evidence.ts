import { fromBase64, fromHex } from '../bytes.ts'
import type { Bytes } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { parsePem } from '../x509/pem.ts'
import { malformedReport } from './byte-reader.ts'
import type { Architecture } from './device.ts'
import { nvidiaLimits } from './limits.ts'

/** What one GPU or switch shows of itself. Nothing is verified yet. */
export interface GpuEvidence {
  /** As whoever recorded it says. The certificate says it too. */
  readonly architecture?: Architecture
  /** SPDM request and response. */
  readonly report: Bytes
  /** DER, leaf first, root last. */
  readonly certificates: readonly Bytes[]
  /** What the report was asked for with, as whoever recorded it says. 32 bytes. */
  readonly statedNonce?: Bytes
}

/**
 * Reads evidence as NVIDIA's tools write it: a JSON list of objects with `evidence` (base64 of request and
 * response), `certificate` (base64 of PEM), `nonce` (hexadecimal) and `arch`; or an object with that list under
 * `evidences`. Throws `gpu-evidence-malformed`.
 */
export function parseEvidenceFile(text: string): GpuEvidence[] {
  if (text.length > nvidiaLimits.maxEvidenceBytes) throw malformedReport(`it has ${text.length} characters`)
  const parsed = parseJson(text)
  const list = Array.isArray(parsed) ? parsed : memberOf(parsed, 'evidences')
  if (!Array.isArray(list) || list.length === 0) throw malformedReport('it is no list of devices')
  if (list.length > nvidiaLimits.maxDevices) throw malformedReport(`it is of ${list.length} devices`)
  return list.map(parseDevice)
}

/** Reads a report alone, in hexadecimal, with its chain in PEM. Throws `gpu-evidence-malformed`. */
export function parseEvidenceText(reportHex: string, chainPem: string): GpuEvidence {
  const report =
    reportHex.length <= 2 * nvidiaLimits.maxReportBytes + 2 ? fromHex(reportHex.trim()) : undefined
  if (!report) throw malformedReport('it is not hexadecimal')
  return { report, certificates: parseCertificates(chainPem) }
}

function parseDevice(device: unknown): GpuEvidence {
  const report = fromBase64(textOf(device, 'evidence'))
  const pem = fromBase64(textOf(device, 'certificate'))
  if (!report || !pem) throw malformedReport('a device without base64 evidence and certificate')
  const statedNonce = fromHex(textOf(device, 'nonce'))
  if (statedNonce?.length !== 32) throw malformedReport('a device without a nonce of 32 bytes')
  const architecture = memberOf(device, 'arch')
  if (architecture !== 'HOPPER' && architecture !== 'BLACKWELL' && architecture !== 'LS10') {
    throw malformedReport('a device of an architecture that is not known here')
  }
  const certificates = parseCertificates(new TextDecoder().decode(pem))
  return { architecture, report, certificates, statedNonce }
}

function parseCertificates(pem: string): Bytes[] {
  try {
    return parsePem(pem)
  } catch (error) {
    if (error instanceof TrustError) throw malformedReport('its certificates are not PEM')
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformedReport('it is not JSON')
  }
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  return isObject ? (value as Record<string, unknown>)[name] : undefined
}

function textOf(value: unknown, name: string): string {
  const text = memberOf(value, name)
  if (typeof text !== 'string') throw malformedReport(`a device without ${name}`)
  return text
}
