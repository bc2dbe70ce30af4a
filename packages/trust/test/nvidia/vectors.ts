import { readFileSync } from 'node:fs'
import { type GpuEvidence, parseEvidenceFile, parseEvidenceText } from '../../src/nvidia/index.ts'

const folder = new URL('../../../../vectors/nvidia/', import.meta.url)

export function readVector(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(name, folder)))
}

export function readText(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}

/** A moment at which the genuine evidence and its driver's reference document are valid. */
export const genuineMs = Date.UTC(2026, 0, 15)

export function hopperEvidence(): GpuEvidence {
  const [evidence] = parseEvidenceFile(readText('hopper_evidence.json'))
  if (!evidence) throw new Error('The vector is empty.')
  return evidence
}

export function hopperReport(name = 'hopperAttestationReport.txt'): GpuEvidence {
  return parseEvidenceText(readText(name), readText('hopperCertChain.txt'))
}
