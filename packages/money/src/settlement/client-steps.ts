import type { ClientContractData } from '../contracts/client.ts'
import type { ContractPhase } from '../contracts/state.ts'
import type { ContractParams } from '../root-config.ts'
import { tokensCovered } from '../rounding.ts'
import type { ClientPolicy } from './policy.ts'

/** What a client has to do about its contract at one proxy now. */
export type ClientStep =
  | { readonly do: 'top-up'; readonly addNano: bigint; readonly secretHash: string | undefined }
  | { readonly do: 'set-secret'; readonly secretHash: string }
  | { readonly do: 'raise-stake'; readonly stakeNano: bigint }
  /** Submits the newest signed charge, so that use may go on. */
  | { readonly do: 'charge' }
  | { readonly do: 'request-refund' }
  | { readonly do: 'withdraw' }

/**
 * `withdraw` takes out what is above the stake. `accept-loss` closes also where the proxy's guarantee does not cover
 * the balance, and the rest is lost.
 */
export type ClientWish = 'top-up' | 'charge' | 'withdraw' | 'accept-loss'

export interface ProxyStanding {
  readonly phase: ContractPhase
  /** Its guarantee. */
  readonly stakeNano: bigint
}

export interface ClientSituation {
  /** Undefined before the contract is deployed. */
  readonly contract: ClientContractData | undefined
  readonly params: ContractParams
  /** SHA-256 of this client's secret, 64 hex digits. */
  readonly secretHash: string
  /** Used in all, as the proxy says, and how much of it a signature covers. */
  readonly maxTokens: bigint
  readonly signedTokens: bigint
  /** Somebody asked to close, or the registry has other prices or codes now. */
  readonly isLeaving: boolean
  /** What somebody asked for, without waiting for its threshold. */
  readonly asked: ReadonlySet<ClientWish>
  /** The proxy's own contract; undefined where it is not known. */
  readonly proxy: ProxyStanding | undefined
  /** The most that the proxy can have charged for what this client asked of it; undefined where that is not known. */
  readonly grantedTokens: bigint | undefined
  readonly nowS: number
}

/**
 * A new contract is filled by the first step after it has registered. A leaving client asks for its refund, and
 * asks again once the proxy has let the delay pass: then the proxy's guarantee pays, and not before it covers all.
 */
export function clientStep(situation: ClientSituation, policy: ClientPolicy): ClientStep | undefined {
  const { contract, secretHash, isLeaving, asked, nowS } = situation
  if (contract === undefined || contract.phase === 'closed') return undefined
  if (contract.phase === 'closing') {
    if (nowS <= contract.unlockAtS || closingObstacle(situation) !== undefined) return undefined
    return { do: 'request-refund' }
  }
  if (isLeaving) return { do: 'request-refund' }
  if (asked.has('withdraw') && contract.balanceNano > contract.stakeNano) return { do: 'withdraw' }
  const newSecret = contract.secretHash === secretHash ? undefined : secretHash
  const addNano = missingNano(situation, contract, policy)
  if (addNano > 0n) return { do: 'top-up', addNano, secretHash: newSecret }
  if (newSecret !== undefined) return { do: 'set-secret', secretHash: newSecret }
  if (contract.stakeNano < wantedStakeNano(situation, policy)) {
    return { do: 'raise-stake', stakeNano: wantedStakeNano(situation, policy) }
  }
  return isChargeDue(situation, contract, policy) ? { do: 'charge' } : undefined
}

/** Why nothing is paid in although it should be, in words; undefined if nothing is in the way. */
export function depositObstacle(situation: ClientSituation, policy: ClientPolicy): string | undefined {
  const { params, proxy, contract, grantedTokens } = situation
  const { pricePerTokenNano, minProxyStakeNano } = params
  if (contract !== undefined && grantedTokens !== undefined && pricePerTokenNano > 0n) {
    // What was asked for right before a crash may not be counted.
    const mostTokens = grantedTokens + tokensCovered(contract.stakeNano, pricePerTokenNano)
    if (contract.chargedTokens > mostTokens) {
      return `the proxy has charged ${contract.chargedTokens} tokens, and this client asked for ${grantedTokens} at the most`
    }
  }
  if (!policy.requireProxyStake || minProxyStakeNano === 0n) return undefined
  if (proxy === undefined) return 'the guarantee of the proxy is not known yet'
  if (proxy.phase !== 'open') return 'the proxy is closing'
  return proxy.stakeNano < minProxyStakeNano
    ? `the proxy holds a guarantee of ${proxy.stakeNano} nanotons, and the registry asks ${minProxyStakeNano}`
    : undefined
}

/** Why a closing contract is not closed for good although its time has come, in words. */
export function closingObstacle({ contract, proxy, asked }: ClientSituation): string | undefined {
  if (contract?.phase !== 'closing' || asked.has('accept-loss')) return undefined
  if (proxy === undefined) return 'the guarantee of the proxy is not known yet'
  // A closed proxy pays out of what it holds, and what it cannot pay stays owed.
  if (proxy.phase === 'closed' || proxy.stakeNano >= contract.balanceNano) return undefined
  return (
    `the proxy does not answer, and its guarantee of ${proxy.stakeNano} nanotons does not cover the ` +
    `${contract.balanceNano} that are left: what it does not cover would be lost`
  )
}

/** Takes back what was asked for and has nothing to act on, so that it does not happen at some later time. */
export function dropIdleWishes({ contract, signedTokens }: ClientSituation, asked: Set<ClientWish>): void {
  if (contract === undefined) return
  if (contract.balanceNano <= contract.stakeNano) asked.delete('withdraw')
  if (signedTokens <= contract.chargedTokens) asked.delete('charge')
}

function wantedStakeNano({ params }: ClientSituation, policy: ClientPolicy): bigint {
  const stakeNano = policy.stakeNano ?? params.minClientStakeNano
  return stakeNano > params.minClientStakeNano ? stakeNano : params.minClientStakeNano
}

/**
 * What is to be paid in: nothing while the balance, less what is used and not charged yet, will do. A proxy lets
 * nobody use more than the stake beyond what is charged, so one that states more gets no more for that.
 */
function missingNano(situation: ClientSituation, contract: ClientContractData, policy: ClientPolicy): bigint {
  const { params, maxTokens, asked } = situation
  const { pricePerTokenNano } = params
  if (pricePerTokenNano === 0n || depositObstacle(situation, policy) !== undefined) return 0n
  const stakeNano = wantedStakeNano(situation, policy)
  const unchargedTokens = maxTokens > contract.chargedTokens ? maxTokens - contract.chargedTokens : 0n
  const unchargedNano = unchargedTokens * pricePerTokenNano
  const leftNano =
    contract.balanceNano - (unchargedNano < contract.stakeNano ? unchargedNano : contract.stakeNano)
  const isEnough = leftNano * 100n >= stakeNano * policy.topUpBelowPercent
  if (isEnough && !asked.has('top-up')) return 0n
  const addNano = policy.topUpNano ?? stakeNano
  return addNano - (addNano % pricePerTokenNano)
}

function isChargeDue(
  { params, signedTokens, asked }: ClientSituation,
  contract: ClientContractData,
  policy: ClientPolicy,
): boolean {
  const unchargedTokens = signedTokens - contract.chargedTokens
  if (unchargedTokens <= 0n) return false
  const unchargedNano = unchargedTokens * params.pricePerTokenNano
  return asked.has('charge') || unchargedNano * 100n >= contract.stakeNano * policy.chargeAbovePercent
}
