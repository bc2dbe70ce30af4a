import { WireError } from './error.ts'
import { Reader, Writer, bytesSize, stringSize } from './tl/index.ts'

/** Longest body of a preamble; the reference's constant, which is not a power of two. */
export const maxPreambleBytes = 16_536

/** Measurements of a TDX guest: mr_td, mr_config_id, mr_owner, mr_owner_config, rtmr0 to rtmr3, 48 bytes each. */
export const tdxMeasurementsBytes = 8 * 48
/** Measurement of an SGX enclave: mr_enclave. */
export const sgxMeasurementsBytes = 32

/** Shortest body that could be one: no evidence, no key, no addresses. */
const minPreambleBytes = 4 + 48 + 3 * 4 + 2 * 4

const reportDataBytes = 64
const collateralRootHashBytes = 48

/** Evidence about a peer that the router has verified already. */
export interface PeerAttestation {
  readonly kind: 'tdx' | 'sgx'
  /** 384 bytes for TDX, 32 for SGX. */
  readonly measurements: Uint8Array
  /** 64 bytes. */
  readonly reportData: Uint8Array
}

/** What a router says about the peer at the other end, on loopback, before it relays the first byte. */
export interface PeerInfo {
  /** Absent under a policy that asks for no evidence. */
  readonly attestation?: PeerAttestation
  /** 48 bytes; zeros where there was no genuine evidence. */
  readonly collateralRootHash: Uint8Array
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly source: SocketAddress
  readonly destination: SocketAddress
}

export interface SocketAddress {
  readonly ip: string
  readonly port: number
}

/**
 * u32 length of what follows; int32 attested 0 or 1; if 1: int32 kind (0 TDX, 1 SGX), measurements, report
 * data; collateral root hash; public key as `bytes`; source ip as `string`, port int32; destination likewise.
 */
export function encodePreamble(info: PeerInfo): Uint8Array {
  const { attestation, collateralRootHash, publicKey, source, destination } = info
  const attestationBytes = attestation ? 4 + attestation.measurements.length + reportDataBytes : 0
  const bodyBytes =
    4 +
    attestationBytes +
    collateralRootHashBytes +
    bytesSize(publicKey) +
    (stringSize(source.ip) + 4) +
    (stringSize(destination.ip) + 4)
  if (bodyBytes > maxPreambleBytes) throw new RangeError(`A preamble of ${bodyBytes} bytes is too long.`)

  const bytes = new Uint8Array(4 + bodyBytes)
  const head = new Writer(bytes)
  head.int(bodyBytes)
  head.int(attestation ? 1 : 0)
  if (attestation) {
    head.int(attestation.kind === 'tdx' ? 0 : 1)
    bytes.set(attestation.measurements, head.offset)
    bytes.set(attestation.reportData, head.offset + attestation.measurements.length)
  }
  const collateralOffset = 8 + attestationBytes
  bytes.set(collateralRootHash, collateralOffset)
  const tail = new Writer(bytes, collateralOffset + collateralRootHashBytes)
  tail.bytes(publicKey)
  for (const { ip, port } of [source, destination]) {
    tail.string(ip)
    tail.int(port)
  }
  tail.finish()
  return bytes
}

/** Size of the length that stands before the body. */
export const preambleLengthBytes = 4

/** The length of the body from the four bytes before it. Throws `malformed`. */
export function decodePreambleLength(prefix: Uint8Array): number {
  const length = new Reader(prefix).int()
  if (length < minPreambleBytes || length > maxPreambleBytes) {
    throw malformed(
      `it states a length of ${length >>> 0} bytes. Does the router write preambles on this port?`,
    )
  }
  return length
}

/** Reads the body, which must be consumed exactly; byte arrays are views of it. Throws `malformed`. */
export function decodePreambleBody(body: Uint8Array): PeerInfo {
  const attestation = decodeAttestation(body)
  const collateralOffset = attestation
    ? 8 + attestation.measurements.length + attestation.reportData.length
    : attestedFlagBytes
  const tailOffset = collateralOffset + collateralRootHashBytes
  const reader = new Reader(body.subarray(tailOffset))
  const publicKey = reader.bytes()
  const source = { ip: reader.string(), port: reader.int() }
  const destination = { ip: reader.string(), port: reader.int() }
  reader.finish()
  if (publicKey.length !== 32) throw malformed(`it states a public key of ${publicKey.length} bytes.`)
  if (!isIp(source.ip) || !isIp(destination.ip))
    throw malformed('it states something else than an IP address.')
  const collateralRootHash = body.subarray(collateralOffset, tailOffset)
  return { ...(attestation && { attestation }), collateralRootHash, publicKey, source, destination }
}

/** The image hash of the peer, 32 bytes: zeros without attestation. */
export async function peerImageHash({ attestation }: Pick<PeerInfo, 'attestation'>): Promise<Uint8Array> {
  return attestation ? imageHashOf(attestation.measurements) : new Uint8Array(32)
}

/**
 * SHA-256 over measurements, as they stand in a quote, and 64 zero bytes in place of the report data. It is the
 * name by which the registry knows an image.
 */
export async function imageHashOf(measurements: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const input = new Uint8Array(measurements.length + reportDataBytes)
  input.set(measurements)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input))
}

const attestedFlagBytes = 4

function decodeAttestation(body: Uint8Array): PeerAttestation | undefined {
  const reader = new Reader(body)
  const attested = reader.int()
  if (attested === 0) return undefined
  if (attested !== 1) throw malformed(`its first word is ${attested}.`)
  const kind = reader.int()
  if (kind !== 0 && kind !== 1) throw malformed(`it states evidence of unknown kind ${kind}.`)
  const measurementsEnd = 8 + (kind === 0 ? tdxMeasurementsBytes : sgxMeasurementsBytes)
  const reportDataEnd = measurementsEnd + reportDataBytes
  if (body.length < reportDataEnd) throw malformed('its evidence is cut off.')
  return {
    kind: kind === 0 ? 'tdx' : 'sgx',
    measurements: body.subarray(8, measurementsEnd),
    reportData: body.subarray(measurementsEnd, reportDataEnd),
  }
}

/** The alphabet and length of addresses: enough to show one to people without harm. */
function isIp(text: string): boolean {
  return /^[0-9A-Fa-f:.]{0,45}$/.test(text)
}

function malformed(what: string): WireError {
  return new WireError('malformed', `The router's preamble is malformed: ${what}`)
}
