import type { ClientAccount } from '../contracts/client.ts'
import type { ProxyContractData } from '../contracts/proxy.ts'
import type { ClientView, WorkerView } from '../ledger.ts'
import type { ContractParams } from '../root-config.ts'
import { tokensCovered } from '../rounding.ts'
import type { ProxyPolicy } from './policy.ts'

/** What a proxy has to do about one contract now. `tokens` is the running total that the payment is for. */
export type ClientStep = { readonly do: 'charge' | 'refund'; readonly tokens: bigint }
export type WorkerStep = { readonly do: 'pay' | 'pay-last'; readonly tokens: bigint }
export type OwnStep =
  | { readonly do: 'deploy'; readonly stakeNano: bigint }
  | { readonly do: 'stake'; readonly addNano: bigint }
  | { readonly do: 'withdraw' }
  | { readonly do: 'close' }
  | { readonly do: 'complete-close' }

/** Prices and how the proxy acts: the same for all decisions about one proxy contract. */
export interface ProxyRules {
  readonly params: ContractParams
  readonly policy: ProxyPolicy
  /** The proxy contract is winding down: everybody is settled with for good. */
  readonly isRetiring: boolean
}

/**
 * A closing client gets back what is left once nothing of it runs and everything it used is in a confirmed state:
 * never on a total that a crash could take back.
 */
export function clientStep(
  books: Pick<ClientView, 'max' | 'committedToChain' | 'reserved'>,
  account: ClientAccount,
  { params, policy, isRetiring }: ProxyRules,
): ClientStep | undefined {
  if (account.phase === 'closed') return undefined
  if (isRetiring || account.phase === 'closing') {
    const isSettled = books.reserved === 0n && books.committedToChain === books.max
    return isSettled ? { do: 'refund', tokens: books.max } : undefined
  }
  const unchargedTokens = books.committedToChain - account.chargedTokens
  if (unchargedTokens <= 0n || params.pricePerTokenNano === 0n) return undefined
  const stakeTokens = tokensCovered(account.stakeNano, params.pricePerTokenNano)
  const isDue =
    unchargedTokens * params.pricePerTokenNano >= policy.chargeAtNano || unchargedTokens * 2n >= stakeTokens
  return isDue ? { do: 'charge', tokens: books.committedToChain } : undefined
}

export function workerStep(
  books: WorkerView,
  isClosed: boolean,
  { params, policy, isRetiring }: ProxyRules,
): WorkerStep | undefined {
  if (isClosed) return undefined
  const unpaidTokens = books.committedToChain - books.paid
  if (isRetiring) {
    // A worker that never earned has no contract to close.
    const isSettled = books.committedToChain === books.max && books.max > 0n
    return isSettled ? { do: 'pay-last', tokens: books.max } : undefined
  }
  const isDue = unpaidTokens > 0n && unpaidTokens * params.workerFeePerTokenNano >= policy.payoutAtNano
  return isDue ? { do: 'pay', tokens: books.committedToChain } : undefined
}

/** What the own contract needs. `contract` is undefined before it is deployed. */
export function ownStep(
  contract: ProxyContractData | undefined,
  { params, policy, isRetiring }: ProxyRules,
  { allSettled, nowS }: { allSettled: boolean; nowS: number },
): OwnStep | undefined {
  const stakeNano = policy.stakeNano ?? params.minProxyStakeNano
  if (contract === undefined) return isRetiring ? undefined : { do: 'deploy', stakeNano }
  if (contract.phase === 'closed') return undefined
  if (isRetiring) {
    if (contract.phase === 'open') return { do: 'close' }
    return allSettled && nowS > contract.unlockAtS ? { do: 'complete-close' } : undefined
  }
  if (contract.stakeNano < stakeNano) return { do: 'stake', addNano: stakeNano - contract.stakeNano }
  if (contract.balanceNano > 0n && contract.balanceNano >= policy.withdrawAtNano) return { do: 'withdraw' }
  return undefined
}

/** Whether the books have earned enough, or waited long enough, to announce a state of them. */
export function isAnchorDue(
  {
    unsignedNano,
    sinceMs,
    isClientHeldUp,
  }: { unsignedNano: bigint; sinceMs: number; isClientHeldUp: boolean },
  { policy, isRetiring }: ProxyRules,
): boolean {
  if (unsignedNano === 0n || sinceMs < policy.anchorSoonestMs) return false
  if (isRetiring || isClientHeldUp || unsignedNano >= policy.anchorAtNano) return true
  const isWorthIt = unsignedNano >= policy.anchorWorthNano
  return sinceMs >= (isWorthIt ? policy.anchorLatestMs : policy.anchorLastMs)
}

/**
 * Whether a client waits for a state of the books. It may use no more than its stake beyond what is charged, and only
 * a confirmed state is charged: from half of the stake on it would soon be refused, however little that is. And one
 * that closes is given the rest back after a confirmed state only, or takes it out of the proxy's guarantee in the end.
 */
export function isHeldUp(
  books: ClientView,
  phase: ClientAccount['phase'] | undefined,
  { pricePerTokenNano }: ContractParams,
): boolean {
  if (books.max === books.committedToChain) return false
  if (phase === 'closing') return true
  const { stake, charged } = books.credit
  if (pricePerTokenNano === 0n) return false
  return (books.max - charged) * 2n >= stake && (books.max - books.committedToChain) * 4n >= stake
}
