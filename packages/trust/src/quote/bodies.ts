import type { Bytes } from '../bytes.ts'
import type { Measurements } from '../image-hash.ts'
import { ByteReader } from './byte-reader.ts'

export const enclaveReportBytes = 384
export const tdReport10Bytes = 584
export const tdReport15Bytes = 648

/** The report of an SGX enclave. Byte arrays are views of the quote. */
export interface EnclaveReport {
  readonly tee: 'sgx'
  readonly cpuSvn: Bytes
  readonly miscSelect: Bytes
  readonly attributes: Bytes
  readonly mrEnclave: Bytes
  readonly mrSigner: Bytes
  readonly isvProdId: number
  readonly isvSvn: number
  readonly reportData: Bytes
}

/** The report of a trust domain. Byte arrays are views of the quote. */
export interface TdReport extends Measurements {
  readonly tee: 'tdx'
  readonly teeTcbSvn: Bytes
  readonly mrSeam: Bytes
  readonly mrSignerSeam: Bytes
  readonly seamAttributes: Bytes
  readonly tdAttributes: Bytes
  readonly xfam: Bytes
  readonly mrTd: Bytes
  readonly mrConfigId: Bytes
  readonly mrOwner: Bytes
  readonly mrOwnerConfig: Bytes
  readonly rtmr: readonly [Bytes, Bytes, Bytes, Bytes]
  readonly reportData: Bytes
  /** What TD 1.5 adds: the SVNs of the module that runs now, and the service TD that is bound. */
  readonly td15?: { readonly teeTcbSvn2: Bytes; readonly mrServiceTd: Bytes }
}

/** Takes 384 bytes of exactly that. */
export function parseEnclaveReport(bytes: Bytes): EnclaveReport {
  const at = (offset: number, sizeBytes: number): Bytes => bytes.subarray(offset, offset + sizeBytes)
  const u16 = (offset: number): number => new ByteReader(at(offset, 2)).u16('a number')
  return {
    tee: 'sgx',
    cpuSvn: at(0, 16),
    miscSelect: at(16, 4),
    attributes: at(48, 16),
    mrEnclave: at(64, 32),
    mrSigner: at(128, 32),
    isvProdId: u16(256),
    isvSvn: u16(258),
    reportData: at(320, 64),
  }
}

/** Takes the 584 bytes of TD 1.0 or the 648 of TD 1.5. */
export function parseTdReport(bytes: Bytes): TdReport {
  const at = (offset: number, sizeBytes: number): Bytes => bytes.subarray(offset, offset + sizeBytes)
  return {
    tee: 'tdx',
    teeTcbSvn: at(0, 16),
    mrSeam: at(16, 48),
    mrSignerSeam: at(64, 48),
    seamAttributes: at(112, 8),
    tdAttributes: at(120, 8),
    xfam: at(128, 8),
    mrTd: at(136, 48),
    mrConfigId: at(184, 48),
    mrOwner: at(232, 48),
    mrOwnerConfig: at(280, 48),
    rtmr: [at(328, 48), at(376, 48), at(424, 48), at(472, 48)],
    reportData: at(520, 64),
    ...(bytes.length === tdReport15Bytes && { td15: { teeTcbSvn2: at(584, 16), mrServiceTd: at(600, 48) } }),
  }
}
