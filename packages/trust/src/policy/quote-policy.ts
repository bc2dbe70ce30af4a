import { type TcbStatus, tcbStatuses } from '../collateral/tcb-status.ts'
import type { MeasurementSection } from '../verify/report.ts'

/** Measurements that a policy can pin, by their name in reports. */
export const pinnable = [
  'mrTd',
  'rtmr0',
  'rtmr1',
  'rtmr2',
  'rtmr3',
  'mrConfigId',
  'mrOwner',
  'mrOwnerConfig',
  'mrServiceTd',
  'mrSeam',
  'mrSignerSeam',
  'tdAttributes',
  'xfam',
  'mrEnclave',
  'mrSigner',
  'attributes',
] as const satisfies ReadonlyArray<keyof MeasurementSection>

export type Pinnable = (typeof pinnable)[number]

/** Statuses that a policy can allow. No policy allows what Intel revoked or does not know. */
export const allowableStatuses: readonly TcbStatus[] = tcbStatuses.filter(
  status => status !== 'Revoked' && status !== 'TcbNotSupported',
)

/**
 * What is asked of a quote beyond being genuine. Data: a policy is kept as JSON in this very form. Lists name what
 * is allowed, a list that is absent allows everything, and no list is empty. Bytes are hexadecimal in lower case.
 * Set reserved bits and revoked platforms are refused under every policy.
 */
export interface QuotePolicy {
  readonly tees: ReadonlyArray<'tdx' | 'sgx'>
  readonly tcbStatuses: readonly TcbStatus[]
  /** Such as `INTEL-SA-00960`: a platform to which one of these applies is refused. */
  readonly deniedAdvisoryIds?: readonly string[]
  /** ISO 8601. The platform's TCB level is at least of this date. */
  readonly minTcbDate?: string
  readonly minTcbEvaluationDataNumber?: number
  readonly allowDebug: boolean
  /** Asks that the host cannot inject #VE into the trust domain. */
  readonly requireSeptVeDisable: boolean
  /** Evidence that leads to a simulated root will do. It proves nothing. */
  readonly allowSimulated: boolean
  /** How the network knows images: see `imageHash`. */
  readonly imageHashes?: readonly string[]
  readonly measurements?: Readonly<Partial<Record<Pinnable, readonly string[]>>>
  /** Of enclaves. */
  readonly isvProdIds?: readonly number[]
  readonly minIsvSvn?: number
  /** Processor packages that are known: the answer to whoever can reach into memory buses. */
  readonly ppids?: readonly string[]
}

/** A trust domain on an up-to-date platform, without DEBUG, of any image. */
export const defaultPolicy: QuotePolicy = {
  tees: ['tdx'],
  tcbStatuses: ['UpToDate'],
  allowDebug: false,
  requireSeptVeDisable: true,
  allowSimulated: false,
}

/** Whatever is genuine and not revoked, enclaves too. For looking at evidence, not for trusting it. */
export const lenientPolicy: QuotePolicy = {
  ...defaultPolicy,
  tees: ['tdx', 'sgx'],
  tcbStatuses: allowableStatuses,
}
