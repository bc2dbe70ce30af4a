import type { Bytes } from '../bytes.ts'
import { fromHex } from '../bytes.ts'
import type { ComponentStatus, PlatformStatus } from '../collateral/tcb-status.ts'
import { keyUsage } from '../x509/certificate.ts'
import type { CertificatePlan, CrlPlan } from './certificates.ts'
import { defaultBody, type BodyPlan } from './quote-body.ts'
import { qeIdentityPlan, tcbInfoPlan } from './collateral-plan.ts'

/** A platform as its PCK certificate describes it. */
export interface PlatformPlan {
  readonly ppid: Bytes
  readonly components: readonly number[]
  readonly pceSvn: number
  readonly pceId: Bytes
  readonly fmspc: Bytes
}

/** Which keys sign what. Each name stands for a key of its own, derived from the seed. */
export type KeyName = 'root' | 'intermediate' | 'pck' | 'signer' | 'attestation' | 'stranger'

/** JSON that is changed freely before it is signed. */
export type JsonObject = Record<string, unknown>

/**
 * Everything that simulated evidence is made from. The plan that `planEvidence` gives makes sound evidence; tests
 * change one part of it before it is built and see what becomes of the verdict.
 */
export interface EvidencePlan {
  readonly platform: PlatformPlan
  readonly certificates: Readonly<Record<'root' | 'intermediate' | 'pck' | 'signer', CertificatePlan>>
  /** Who signs each part, where it is not who should. */
  readonly signedBy: Readonly<Partial<Record<SignedPart, KeyName>>>
  readonly rootCrl: CrlPlan
  readonly pckCrl: CrlPlan
  readonly tcbInfo: JsonObject
  readonly qeIdentity: JsonObject
  readonly quote: QuotePlan
}

export type SignedPart =
  | 'root'
  | 'intermediate'
  | 'pck'
  | 'signer'
  | 'rootCrl'
  | 'pckCrl'
  | 'tcbInfo'
  | 'qeIdentity'
  | 'qeReport'
  | 'quote'

export interface QuotePlan {
  readonly version: 3 | 4 | 5
  readonly body: BodyPlan
  readonly authData: Bytes
  /** Of the quoting enclave. */
  readonly qeMrSigner: Bytes
  readonly qeIsvSvn: number
  readonly qeAttributes: Bytes
  /** The half of its report data that has to be zero. */
  readonly qeReportTail: Bytes
}

/** What the parts of a platform are to be called by the collateral. */
export interface TcbPlan {
  readonly platform: PlatformStatus | 'TcbNotSupported'
  readonly module: ComponentStatus
  readonly qe: ComponentStatus
  /** Of TD 1.5: what the module that runs now would come to. */
  readonly current: PlatformStatus
  readonly advisoryIds: readonly string[]
}

export interface PlanOptions {
  /** The moment around which everything is valid, milliseconds since the Unix epoch. */
  readonly nowMs: number
  /** 4 with TD 1.0 unless told. Version 3 is of SGX. */
  readonly version?: 3 | 4 | 5
  readonly body?: Partial<BodyPlan>
  readonly tcb?: Partial<TcbPlan>
  readonly platform?: Partial<PlatformPlan>
}

const dayMs = 86_400_000
const endOfRootMs = Date.UTC(2049, 11, 31, 23, 59, 59)
const startOfRootMs = Date.UTC(2018, 4, 21, 10, 45, 10)

export const platformNames = {
  root: 'Intel SGX Root CA',
  intermediate: 'Intel SGX PCK Platform CA',
  pck: 'Intel SGX PCK Certificate',
  signer: 'Intel SGX TCB Signing',
} as const

const defaultPlatform: PlatformPlan = {
  ppid: fromHex('51a0'.repeat(8))!,
  components: [6, 6, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
  pceSvn: 11,
  pceId: fromHex('0000')!,
  fmspc: fromHex('51a0cc000000')!,
}

/** Sound evidence, valid for a month around `nowMs`, with the statuses that are asked for. */
export function planEvidence(options: PlanOptions): EvidencePlan {
  const { nowMs, version = 4 } = options
  const startMs = Math.floor(nowMs / dayMs) * dayMs - dayMs
  const dates = { issueDateMs: startMs, nextUpdateMs: startMs + 30 * dayMs }
  const tcb: TcbPlan = {
    platform: 'UpToDate',
    module: 'UpToDate',
    qe: 'UpToDate',
    current: 'UpToDate',
    advisoryIds: [],
    ...options.tcb,
  }
  const body: BodyPlan = { ...defaultBody, ...(version === 3 && { kind: 'SGX' as const }), ...options.body }
  const platform = { ...defaultPlatform, ...options.platform }
  const crl = { thisUpdateMs: startMs, nextUpdateMs: dates.nextUpdateMs, revoked: [], extensions: [] }
  return {
    platform,
    certificates: planCertificates(startMs),
    signedBy: {},
    rootCrl: { issuerName: platformNames.root, ...crl },
    pckCrl: { issuerName: platformNames.intermediate, ...crl },
    tcbInfo: tcbInfoPlan(platform, body, tcb, dates),
    qeIdentity: qeIdentityPlan(body, tcb, dates),
    quote: {
      version,
      body,
      authData: Uint8Array.from({ length: 32 }, (_, index) => index),
      qeMrSigner: fromHex('51a0'.repeat(16))!,
      qeIsvSvn: 8,
      qeAttributes: fromHex('15000000000000000700000000000000')!,
      qeReportTail: new Uint8Array(32),
    },
  }
}

function planCertificates(startMs: number): EvidencePlan['certificates'] {
  const authority = {
    isAuthority: true,
    keyUsage: keyUsage.certificateSign | keyUsage.crlSign,
    extensions: [],
  }
  const leaf = { isAuthority: false, keyUsage: keyUsage.digitalSignature, extensions: [] }
  const years = { notBeforeMs: startMs - 365 * dayMs, notAfterMs: startMs + 6 * 365 * dayMs }
  const named = (name: keyof typeof platformNames, issuer: keyof typeof platformNames, serial: number) => ({
    commonName: platformNames[name],
    issuerName: platformNames[issuer],
    serial: Uint8Array.of(0x51, 0xa0, serial),
  })
  return {
    root: {
      ...named('root', 'root', 1),
      ...authority,
      pathLength: 1,
      notBeforeMs: startOfRootMs,
      notAfterMs: endOfRootMs,
    },
    intermediate: { ...named('intermediate', 'root', 2), ...authority, pathLength: 0, ...years },
    pck: { ...named('pck', 'intermediate', 3), ...leaf, ...years },
    signer: { ...named('signer', 'root', 4), ...leaf, ...years },
  }
}
