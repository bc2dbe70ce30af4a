import type { TcbStatus } from '../collateral/tcb-status.ts'
import { type Check, neverReached } from './checks.ts'

/**
 * What verification found. Plain JSON: byte strings are hexadecimal, times are ISO 8601, and nothing in it depends
 * on where it was made. A section is null where what it tells could not be read; of evidence that was rejected, it
 * is what the evidence claims.
 */
export interface QuoteReport {
  /** `accept` says that the quote is genuine, and, where a policy was applied, that the policy accepts it. */
  readonly verdict: 'accept' | 'reject'
  /** Of a rejection: the evidence is invalid, or it is genuine and the policy refuses it. */
  readonly kind: 'invalid' | 'policy' | null
  /** Of a rejection: what failed first, in words. */
  readonly reason: string | null
  /** The evidence leads to a root that proves nothing. */
  readonly simulated: boolean
  readonly root: string
  readonly verifiedAt: string
  /** When the first of the proofs behind this ends. No verdict outlives it. */
  readonly expiresAt: string | null
  readonly checks: readonly Check[]
  readonly quote: QuoteSection | null
  readonly measurements: MeasurementSection | null
  readonly platform: PlatformSection | null
  readonly tcb: TcbSection | null
  readonly collateral: readonly CollateralDates[]
}

export interface QuoteSection {
  readonly version: number
  readonly tee: 'sgx' | 'tdx'
  /** Of the buffer as it was given. */
  readonly sha256: string
  readonly body: 'SGX' | 'TD 1.0' | 'TD 1.5'
  readonly reportData: string
  readonly debug: boolean
}

/** Fields of the body as they stand in the quote; those of the other kind of TEE are absent. */
export interface MeasurementSection {
  /** How the network knows the image: see `imageHash`. Of a trust domain. */
  readonly imageHash?: string
  readonly mrTd?: string
  readonly mrConfigId?: string
  readonly mrOwner?: string
  readonly mrOwnerConfig?: string
  readonly rtmr0?: string
  readonly rtmr1?: string
  readonly rtmr2?: string
  readonly rtmr3?: string
  readonly mrSeam?: string
  readonly mrSignerSeam?: string
  readonly mrServiceTd?: string
  readonly tdAttributes?: string
  readonly xfam?: string
  readonly mrEnclave?: string
  readonly mrSigner?: string
  readonly isvProdId?: number
  readonly isvSvn?: number
  readonly attributes?: string
}

export interface PlatformSection {
  readonly fmspc: string
  readonly pceId: string
  readonly ppid: string
  readonly cpuSvn: string
  readonly pceSvn: number
  readonly teeTcbSvn?: string
  readonly teeTcbSvn2?: string
}

export interface LevelSection {
  readonly status: string
  readonly date: string
  readonly advisoryIds: readonly string[]
}

export interface TcbSection {
  readonly status: TcbStatus
  /** Earliest of the levels that apply; null where one of them is missing. */
  readonly date: string | null
  readonly advisoryIds: readonly string[]
  /** The lower of those of TCB info and QE identity. */
  readonly evaluationDataNumber: number
  readonly platform: LevelSection | null
  readonly module: LevelSection | null
  readonly qe: LevelSection | null
  /** Of TD 1.5: what the modules that run now come to, without the relaunch. */
  readonly currentStatus?: string
}

export interface CollateralDates {
  readonly item: 'root-crl' | 'pck-crl' | 'tcb-info' | 'qe-identity'
  readonly from: string
  readonly nextUpdate: string
}

/** A report's verdict, kind and reason, from its checks. */
export function verdictOf(
  checks: ReadonlyArray<Omit<Check, 'step'>>,
): Pick<QuoteReport, 'verdict' | 'kind' | 'reason'> {
  const failed = checks.filter(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped')
  const invalid = failed.filter(({ kind }) => kind === 'invalid')
  const first = invalid.find(({ why }) => why !== neverReached) ?? invalid[0] ?? failed[0]
  if (!first) return { verdict: 'accept', kind: null, reason: null }
  const reason = `${first.name}: ${first.why ?? 'It did not pass.'}`
  return { verdict: 'reject', kind: first.kind, reason }
}
