import { toHex } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import {
  enclaveReportBytes,
  parseEnclaveReport,
  parseTdReport,
  tdReport10Bytes,
  tdReport15Bytes,
  type EnclaveReport,
  type TdReport,
} from './bodies.ts'
import { ByteReader, invalidQuote } from './byte-reader.ts'

/** Quotes have about 5 KiB; some platforms hand out buffers of 8 or 16 KiB. */
export const maxQuoteBufferBytes = 65_536

/** What a quote says. Nothing is verified yet; byte arrays are views of one private copy. */
export interface Quote {
  readonly version: 3 | 4 | 5
  readonly body: EnclaveReport | TdReport
  /** Header and body: what the attestation key signs. */
  readonly signedBytes: Bytes
  /** r and s. */
  readonly signature: Bytes
  /** x and y. */
  readonly attestationKey: Bytes
  readonly qeReportBytes: Bytes
  readonly qeReport: EnclaveReport
  readonly qeReportSignature: Bytes
  readonly authData: Bytes
  /** PEM: leaf, intermediate, root. */
  readonly pckChain: string
}

export interface ParseQuoteOptions {
  /** Ignore what follows the quote in its buffer. Declared lengths are held to all the same. */
  readonly ignoreTrailing?: boolean
}

const ecdsaP256 = 2
const sgx = 0
const tdx = 0x81
const intelVendorId = '939a7233f79c4ca9940a0db3957f0607'
/** Certification data of a QE report, with its own certification data inside; and of a chain in PEM. */
const qeReportData = 6
const pckChainData = 5

/**
 * quote = header(48) [bodyType:u16 bodySize:u32] body signatureSize:u32 signature-data, where the brackets are
 * those of version 5. Every length has to be exactly used up. Throws `evidence-invalid`.
 */
export function parseQuote(buffer: Uint8Array, options: ParseQuoteOptions = {}): Quote {
  if (buffer.length > maxQuoteBufferBytes) throw invalidQuote(`it has ${buffer.length} bytes`)
  const bytes = Uint8Array.from(buffer)
  const reader = new ByteReader(bytes)
  const { version, teeType } = parseHeader(reader)
  const body = parseBody(reader, version, teeType)
  const signedBytes = bytes.subarray(0, reader.offset)
  const signatureData = new ByteReader(
    reader.take(reader.u32('the length of the signature'), 'the signature data'),
  )
  if (!options.ignoreTrailing) reader.end('the quote')
  return { version, body, signedBytes, ...parseSignatureData(signatureData, version) }
}

function parseHeader(reader: ByteReader): { version: Quote['version']; teeType: number } {
  const version = reader.u16('the version')
  if (version !== 3 && version !== 4 && version !== 5) throw invalidQuote(`version ${version} is not known`)
  const keyType = reader.u16('the key type')
  if (keyType !== ecdsaP256) throw invalidQuote(`attestation key type ${keyType} is not ECDSA P-256`)
  const teeType = reader.u32('the TEE type')
  if (teeType !== sgx && (teeType !== tdx || version === 3)) {
    throw invalidQuote(`TEE type ${teeType} does not exist in version ${version}`)
  }
  reader.take(4, 'the reserved bytes')
  const vendorId = toHex(reader.take(16, 'the vendor id'))
  if (vendorId !== intelVendorId) throw invalidQuote(`the QE vendor ${vendorId} is not Intel`)
  reader.take(20, 'the user data')
  return { version, teeType }
}

/** Body types of version 5; a size that is not the body's own is refused. */
const bodyTypes: ReadonlyMap<number, { teeType: number; sizeBytes: number }> = new Map([
  [1, { teeType: sgx, sizeBytes: enclaveReportBytes }],
  [2, { teeType: tdx, sizeBytes: tdReport10Bytes }],
  [3, { teeType: tdx, sizeBytes: tdReport15Bytes }],
])

function parseBody(reader: ByteReader, version: Quote['version'], teeType: number): Quote['body'] {
  let sizeBytes = teeType === sgx ? enclaveReportBytes : tdReport10Bytes
  if (version === 5) {
    const type = reader.u16('the body type')
    const declared = reader.u32('the body size')
    const known = bodyTypes.get(type)
    if (known?.teeType !== teeType || known.sizeBytes !== declared) {
      throw invalidQuote(
        `a body of type ${type} with ${declared} bytes does not belong to TEE type ${teeType}`,
      )
    }
    sizeBytes = declared
  }
  const bytes = reader.take(sizeBytes, 'the body')
  return teeType === sgx ? parseEnclaveReport(bytes) : parseTdReport(bytes)
}

type SignatureData = Omit<Quote, 'version' | 'body' | 'signedBytes'>

function parseSignatureData(reader: ByteReader, version: Quote['version']): SignatureData {
  const signature = reader.take(64, 'the signature')
  const attestationKey = reader.take(64, 'the attestation key')
  // Version 3 has the parts of the certification data in the open; later ones wrap them once more.
  const inner = version === 3 ? reader : certificationData(reader, qeReportData)
  const qeReportBytes = inner.take(enclaveReportBytes, 'the QE report')
  const qeReportSignature = inner.take(64, 'the signature of the QE report')
  const authData = inner.take(inner.u16('the length of the QE auth data'), 'the QE auth data')
  const chain = certificationData(inner, pckChainData)
  inner.end('the certification data')
  reader.end('the signature data')
  const pckChain = new TextDecoder('latin1').decode(chain.take(chain.left, 'the PCK chain'))
  const qeReport = parseEnclaveReport(qeReportBytes)
  return { signature, attestationKey, qeReportBytes, qeReport, qeReportSignature, authData, pckChain }
}

function certificationData(reader: ByteReader, expectedType: number): ByteReader {
  const type = reader.u16('the type of certification data')
  if (type !== expectedType) {
    throw invalidQuote(`certification data of type ${type} where ${expectedType} belongs`)
  }
  return new ByteReader(reader.take(reader.u32('the length of certification data'), 'certification data'))
}
