import type { WorkerPolicy } from './policy.ts'

export interface WorkerSituation {
  /** Covered by the newest signature. */
  readonly signedTokens: bigint
  /** Paid out already, as the contract says; 0 before it is deployed. */
  readonly paidTokens: bigint
  readonly isClosed: boolean
  readonly workerFeePerTokenNano: bigint
  /** Since the total last grew. */
  readonly idleMs: number
  /** Somebody asked for it, whatever it is worth. */
  readonly isAsked: boolean
  /** The registry has other prices or codes now: what is signed is cashed. */
  readonly isLeaving: boolean
}

/** Whether a worker hands in the newest signed payout now. */
export function isPayoutDue(situation: WorkerSituation, policy: WorkerPolicy): boolean {
  const { signedTokens, paidTokens, isClosed, workerFeePerTokenNano, idleMs, isAsked, isLeaving } = situation
  const payableNano = (signedTokens - paidTokens) * workerFeePerTokenNano
  if (isClosed || payableNano <= 0n) return false
  if (isAsked) return true
  if (isLeaving) return payableNano >= leastPayoutNano
  const isIdle = idleMs >= policy.idleMs
  return payableNano >= policy.payoutAtNano || (isIdle && payableNano >= policy.idlePayoutAtNano)
}

/** Below this a payout costs about what it brings. */
const leastPayoutNano = 20_000_000n
