import type { QuoteReport } from '@cocoon/trust'
import {
  decodeIdentity,
  identityDigest,
  readRouting,
  type SealedRouting,
  type WorkerIdentity,
} from '@cocoon/trust/seal'
import type { Outcome } from './link.ts'
import type { ReceiptContext } from './receipt-context.ts'
import type { ReadReceiptFile } from './receipt-file.ts'

/** Clocks of machines differ. */
export const clockSlackMs = 60_000

/** A receipt file that is being checked, and what the links before have shown. */
export interface Subject {
  readonly read: ReadReceiptFile
  readonly context: ReceiptContext
  readonly identity: WorkerIdentity
  /** Of the identity, 32 bytes. */
  readonly digest: Uint8Array
  readonly routing: SealedRouting
  /** Of the quote, once it was verified. */
  report: QuoteReport | undefined
  /** Whether a quote vouches for the identity, once that is known. */
  machine: 'proved' | 'simulated' | 'unproved'
}

export function subjectOf(read: ReadReceiptFile, context: ReceiptContext): Subject {
  const { document } = read.evidence
  return {
    read,
    context,
    identity: decodeIdentity(document),
    digest: identityDigest(context.sealCrypto, document),
    routing: readRouting(read.header),
    report: undefined,
    machine: 'unproved',
  }
}

export function notChecked(why: string, evidence: Outcome['evidence'] = []): Outcome {
  return { state: 'not-checked', sentence: `Not checked: ${why}.`, evidence }
}

/** ISO 8601, of what may be no time. */
export function isoTime(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms)
}

/** Digits in groups of three. */
export function grouped(value: bigint | number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** The first bytes and the last, for sentences. */
export function shortHex(hex: string): string {
  return hex.length > 16 ? `${hex.slice(0, 8)}…${hex.slice(-4)}` : hex
}

export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'the reason is not known'
  return message.replace(/\.$/, '')
}
