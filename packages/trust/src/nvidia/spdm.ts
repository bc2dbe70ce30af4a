import type { Bytes } from '../bytes.ts'
import { ByteReader, malformedReport } from './byte-reader.ts'
import { nvidiaLimits } from './limits.ts'
import { parseOpaqueData } from './opaque.ts'
import type { OpaqueData } from './opaque.ts'

/** An attestation report: an SPDM 1.1 GET_MEASUREMENTS request and the device's signed response. */
export interface AttestationReport {
  /** Of the request: what the verifier asked with. 32 bytes. */
  readonly nonce: Bytes
  readonly slot: number
  /** Of the response: drawn by the device. 32 bytes. */
  readonly deviceNonce: Bytes
  /** By SPDM index, 1 to 255. */
  readonly measurements: ReadonlyMap<number, Measurement>
  readonly opaque: OpaqueData
  /** Request and response up to the signature. */
  readonly signedBytes: Bytes
  /** r and s, 96 bytes. */
  readonly signature: Bytes
}

export interface Measurement {
  /** DMTF measurement value type: 1 is firmware that can change. */
  readonly type: number
  readonly value: Bytes
}

const requestBytes = 37
const signatureBytes = 96
const nonceBytes = 32

/**
 * Reads request ‖ response, each to its last byte:
 *
 *     request:  11 e0 01 ff, nonce 32, slot 1
 *     response: 11 60, param1 1, param2 1, block count 1, record length u24, record,
 *               nonce 32, opaque length u16, opaque data, signature 96
 *     record:   blocks of index 1, specification 1 (01), size u16, value type 1, value size u16, value
 *
 * Numbers are little-endian. Byte arrays are views of one private copy. Throws `gpu-evidence-malformed`.
 */
export function parseAttestationReport(bytes: Uint8Array): AttestationReport {
  if (bytes.length > nvidiaLimits.maxReportBytes) throw malformedReport(`it has ${bytes.length} bytes`)
  const reader = new ByteReader(Uint8Array.from(bytes))
  reader.expect('request', 0x11, 0xe0, 0x01, 0xff)
  const nonce = reader.take(nonceBytes)
  const slot = reader.number(1)
  if (slot > 7) throw malformedReport(`slot ${slot} does not exist`)

  reader.expect('response', 0x11, 0x60)
  reader.take(2) // Parameters: the number of indices, and the slot in versions that sign it.
  const blocks = reader.number(1)
  const record = new ByteReader(reader.take(reader.number(3)))
  const deviceNonce = reader.take(nonceBytes)
  const opaque = parseOpaqueData(new ByteReader(reader.take(reader.number(2))))
  const signedBytes = reader.before()
  const signature = reader.take(signatureBytes)
  reader.end('report')

  return {
    nonce,
    slot,
    deviceNonce,
    measurements: parseMeasurements(record, blocks),
    opaque,
    signedBytes,
    signature,
  }
}

/** Where the parts of a report begin, for those who want to point at them: offsets in bytes. */
export function reportRegions(
  bytes: Uint8Array,
): Readonly<Record<string, readonly [from: number, to: number]>> {
  const { signedBytes, signature } = parseAttestationReport(bytes)
  const recordLength = bytes[42]! | (bytes[43]! << 8) | (bytes[44]! << 16)
  const record = requestBytes + 8
  const deviceNonce = record + recordLength
  return {
    request: [0, requestBytes],
    header: [requestBytes, record],
    measurements: [record, deviceNonce],
    'device nonce': [deviceNonce, deviceNonce + nonceBytes],
    'opaque data': [deviceNonce + nonceBytes, signedBytes.length],
    signature: [signedBytes.length, signedBytes.length + signature.length],
  }
}

function parseMeasurements(record: ByteReader, blocks: number): Map<number, Measurement> {
  const measurements = new Map<number, Measurement>()
  for (let block = 0; block < blocks; block += 1) {
    const index = record.number(1)
    record.expect('measurement specification', 0x01)
    const content = new ByteReader(record.take(record.number(2)))
    const type = content.number(1)
    const value = content.take(content.number(2))
    content.end('measurement')
    if (index === 0 || index === 0xff || measurements.has(index)) {
      throw malformedReport(`measurement ${index} is impossible or there twice`)
    }
    measurements.set(index, { type, value })
  }
  record.end('measurement record')
  return measurements
}
