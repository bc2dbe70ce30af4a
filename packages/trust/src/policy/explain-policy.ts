import type { QuotePolicy } from './quote-policy.ts'

/** What a policy accepts, in whole sentences. */
export function explainPolicy(policy: QuotePolicy): string[] {
  return [...explainOrigin(policy), ...explainTcb(policy), ...explainIdentity(policy)]
}

function explainOrigin(policy: QuotePolicy): string[] {
  const tees = policy.tees.map(tee => (tee === 'tdx' ? 'Intel TDX trust domains' : 'Intel SGX enclaves'))
  return [
    policy.allowSimulated
      ? 'Simulated evidence is accepted beside genuine evidence. It proves nothing: use this for tests alone.'
      : 'Only evidence that leads to the pinned root is accepted; simulated evidence is refused.',
    `Accepted are ${tees.join(' and ')}.`,
    policy.allowDebug
      ? 'DEBUG may be on, so the host may be able to read everything.'
      : 'DEBUG has to be off.',
    ...(policy.requireSeptVeDisable && policy.tees.includes('tdx')
      ? ['SEPT_VE_DISABLE has to be on, so that the host cannot inject exceptions into a trust domain.']
      : []),
    'Reserved bits have to be zero.',
  ]
}

function explainTcb(policy: QuotePolicy): string[] {
  const { deniedAdvisoryIds = [], minTcbDate, minTcbEvaluationDataNumber } = policy
  return [
    `The TCB status has to be ${either(policy.tcbStatuses)}. Revoked platforms are always refused.`,
    ...(deniedAdvisoryIds.length > 0
      ? [`A platform to which ${either(deniedAdvisoryIds)} applies is refused.`]
      : []),
    ...(minTcbDate === undefined ? [] : [`The TCB level has to be of ${minTcbDate} or later.`]),
    ...(minTcbEvaluationDataNumber === undefined
      ? []
      : [`The collateral has to be of TCB evaluation ${minTcbEvaluationDataNumber} or later.`]),
  ]
}

function explainIdentity(policy: QuotePolicy): string[] {
  const { imageHashes, measurements = {}, isvProdIds, minIsvSvn, ppids } = policy
  const pins = Object.entries(measurements)
  const isPinned = imageHashes !== undefined || pins.length > 0 || isvProdIds !== undefined
  return [
    ...(imageHashes ? [`The image has to have the hash ${either(imageHashes)}.`] : []),
    ...pins.map(([name, allowed]) => `${name} has to be ${either(allowed)}.`),
    ...(isvProdIds ? [`The enclave's product id has to be ${either(isvProdIds.map(String))}.`] : []),
    ...(minIsvSvn === undefined ? [] : [`The enclave's security version has to be ${minIsvSvn} or later.`]),
    ...(isPinned ? [] : ['Any software is accepted: nothing is pinned.']),
    ppids
      ? `The processor has to be one of ${ppids.length} known by their PPID.`
      : 'Any processor is accepted, also in the hands of somebody who can reach into its memory bus.',
  ]
}

function either(values: readonly string[]): string {
  const shown = values.slice(0, 12)
  const rest = values.length - shown.length
  if (rest > 0) return `${shown.join(', ')} or one of ${rest} more`
  return shown.length < 2 ? shown.join() : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}
