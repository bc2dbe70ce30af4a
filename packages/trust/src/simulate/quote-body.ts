import { type Bytes, fromHex, join } from '../bytes.ts'
import { encodeAscii } from '../der.ts'
import { enclaveReportBytes } from '../quote/bodies.ts'

/** What the body of a quote says, of whatever kind it is. */
export interface BodyPlan {
  readonly kind: 'SGX' | 'TD 1.0' | 'TD 1.5'
  readonly reportData: Bytes
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
  readonly teeTcbSvn2: Bytes
  readonly mrServiceTd: Bytes
  readonly mrEnclave: Bytes
  readonly mrSigner: Bytes
  readonly attributes: Bytes
}

const zero48 = new Uint8Array(48)

/** A trust domain with SEPT_VE_DISABLE on, a module of version 1, and nothing measured. */
export const defaultBody: BodyPlan = {
  kind: 'TD 1.0',
  reportData: new Uint8Array(64),
  teeTcbSvn: fromHex('05010300000000000000000000000000')!,
  mrSeam: fromHex('51a0'.repeat(24))!,
  mrSignerSeam: zero48,
  seamAttributes: new Uint8Array(8),
  tdAttributes: fromHex('0000001000000000')!,
  xfam: fromHex('e71a060000000000')!,
  mrTd: zero48,
  mrConfigId: zero48,
  mrOwner: zero48,
  mrOwnerConfig: zero48,
  rtmr: [zero48, zero48, zero48, zero48],
  teeTcbSvn2: fromHex('05010400000000000000000000000000')!,
  mrServiceTd: zero48,
  mrEnclave: new Uint8Array(32),
  mrSigner: new Uint8Array(32),
  attributes: fromHex('05000000000000000700000000000000')!,
}

/** Body type and bytes, in the layout that `parseTdReport` and `parseEnclaveReport` read. */
export function encodeBody(body: BodyPlan): { type: number; bytes: Bytes } {
  if (body.kind === 'SGX') {
    const { mrEnclave, mrSigner, attributes, reportData } = body
    return { type: 1, bytes: encodeEnclaveReport({ mrEnclave, mrSigner, attributes, reportData }) }
  }
  const base = join(
    body.teeTcbSvn,
    body.mrSeam,
    body.mrSignerSeam,
    body.seamAttributes,
    body.tdAttributes,
    body.xfam,
    body.mrTd,
    body.mrConfigId,
    body.mrOwner,
    body.mrOwnerConfig,
    ...body.rtmr,
    body.reportData,
  )
  return body.kind === 'TD 1.0'
    ? { type: 2, bytes: base }
    : { type: 3, bytes: join(base, body.teeTcbSvn2, body.mrServiceTd) }
}

export interface EnclavePlan {
  readonly mrEnclave: Uint8Array
  readonly mrSigner: Uint8Array
  readonly attributes: Uint8Array
  readonly reportData: Uint8Array
  readonly isvProdId?: number
  readonly isvSvn?: number
}

export function encodeEnclaveReport(plan: EnclavePlan): Bytes {
  const { isvProdId = 1, isvSvn = 1 } = plan
  const report = new Uint8Array(enclaveReportBytes)
  report.set(encodeAscii('simulated cpusvn'), 0)
  report.set(plan.attributes, 48)
  report.set(plan.mrEnclave, 64)
  report.set(plan.mrSigner, 128)
  report.set([isvProdId & 0xff, isvProdId >> 8, isvSvn & 0xff, isvSvn >> 8], 256)
  report.set(plan.reportData, 320)
  return report
}
