import { toHex } from '@cocoon/wire'
import { imageHashInput } from '../image-hash.ts'
import { isoTime } from './chain.ts'
import type { Material } from './material.ts'
import type {
  CollateralDates,
  MeasurementSection,
  PlatformSection,
  QuoteReport,
  QuoteSection,
} from './report.ts'

type Sections = Pick<QuoteReport, 'quote' | 'measurements' | 'platform' | 'collateral' | 'expiresAt'>

/** What a report tells beside its checks: the values that the evidence holds. */
export async function describeMaterial(material: Material, quoteBytes: Uint8Array): Promise<Sections> {
  return {
    quote: await quoteSection(material, quoteBytes),
    measurements: await measurementSection(material),
    platform: platformSection(material),
    collateral: collateralDates(material),
    expiresAt: expiry(material),
  }
}

async function quoteSection(
  { quote, crypto }: Material,
  quoteBytes: Uint8Array,
): Promise<QuoteSection | null> {
  if (!quote) return null
  const { version, body } = quote
  const attributes = body.tee === 'tdx' ? body.tdAttributes : body.attributes
  const debugBit = body.tee === 'tdx' ? 1 : 2
  return {
    version,
    tee: body.tee,
    sha256: toHex(await crypto.digest('SHA-256', Uint8Array.from(quoteBytes))),
    body: body.tee === 'sgx' ? 'SGX' : body.td15 ? 'TD 1.5' : 'TD 1.0',
    reportData: toHex(body.reportData),
    debug: (attributes[0]! & debugBit) !== 0,
  }
}

async function measurementSection({ quote, crypto }: Material): Promise<MeasurementSection | null> {
  if (!quote) return null
  const { body } = quote
  if (body.tee === 'sgx') {
    return {
      mrEnclave: toHex(body.mrEnclave),
      mrSigner: toHex(body.mrSigner),
      isvProdId: body.isvProdId,
      isvSvn: body.isvSvn,
      attributes: toHex(body.attributes),
    }
  }
  return {
    imageHash: toHex(await crypto.digest('SHA-256', imageHashInput(body))),
    mrTd: toHex(body.mrTd),
    mrConfigId: toHex(body.mrConfigId),
    mrOwner: toHex(body.mrOwner),
    mrOwnerConfig: toHex(body.mrOwnerConfig),
    rtmr0: toHex(body.rtmr[0]),
    rtmr1: toHex(body.rtmr[1]),
    rtmr2: toHex(body.rtmr[2]),
    rtmr3: toHex(body.rtmr[3]),
    mrSeam: toHex(body.mrSeam),
    mrSignerSeam: toHex(body.mrSignerSeam),
    ...(body.td15 && { mrServiceTd: toHex(body.td15.mrServiceTd) }),
    tdAttributes: toHex(body.tdAttributes),
    xfam: toHex(body.xfam),
  }
}

function platformSection({ quote, platform }: Material): PlatformSection | null {
  if (!quote || !platform) return null
  const { body } = quote
  return {
    fmspc: toHex(platform.fmspc),
    pceId: toHex(platform.pceId),
    ppid: toHex(platform.ppid),
    cpuSvn: toHex(platform.cpuSvn),
    pceSvn: platform.pceSvn,
    ...(body.tee === 'tdx' && { teeTcbSvn: toHex(body.teeTcbSvn) }),
    ...(body.tee === 'tdx' && body.td15 && { teeTcbSvn2: toHex(body.td15.teeTcbSvn2) }),
  }
}

function collateralDates({ rootCrl, pckCrl, tcbInfo, qeIdentity }: Material): CollateralDates[] {
  const dates = (item: CollateralDates['item'], fromMs: number, nextUpdateMs: number): CollateralDates => ({
    item,
    from: isoTime(fromMs),
    nextUpdate: isoTime(nextUpdateMs),
  })
  return [
    ...(rootCrl ? [dates('root-crl', rootCrl.thisUpdateMs, rootCrl.nextUpdateMs)] : []),
    ...(pckCrl ? [dates('pck-crl', pckCrl.thisUpdateMs, pckCrl.nextUpdateMs)] : []),
    ...(tcbInfo ? [dates('tcb-info', tcbInfo.issueDateMs, tcbInfo.nextUpdateMs)] : []),
    ...(qeIdentity ? [dates('qe-identity', qeIdentity.issueDateMs, qeIdentity.nextUpdateMs)] : []),
  ]
}

/** The earliest end of anything that was relied upon. */
function expiry(material: Material): string | null {
  const { rootCrl, pckCrl, tcbInfo, qeIdentity, pckChain, tcbInfoChain, qeIdentityChain } = material
  if (!rootCrl || !pckCrl || !tcbInfo || !qeIdentity) return null
  if (!pckChain || !tcbInfoChain || !qeIdentityChain) return null
  const certificates = [...pckChain, ...tcbInfoChain, ...qeIdentityChain]
  const ends = [rootCrl, pckCrl, tcbInfo, qeIdentity].map(({ nextUpdateMs }) => nextUpdateMs)
  return isoTime(Math.min(...ends, ...certificates.map(({ notAfterMs }) => notAfterMs)))
}
