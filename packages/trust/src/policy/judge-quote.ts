import { toHex } from '@cocoon/wire'
import { fromHex } from '../bytes.ts'
import { TrustError } from '../error.ts'
import type { Check, CheckValues } from '../verify/checks.ts'
import { type QuoteReport, verdictOf } from '../verify/report.ts'
import type { Pinnable, QuotePolicy } from './quote-policy.ts'

export interface Binding {
  /** What the quote's report data has to be, 64 bytes: that it was made for this key. */
  readonly reportData?: Uint8Array
}

/**
 * Step 13: applies a policy to what verification found. The report that comes back has a check for each rule, and
 * rejects what the one before rejected, or what the policy refuses. What a rule asks about and the report does not
 * tell is refused.
 */
export function judgeQuote(report: QuoteReport, policy: QuotePolicy, binding: Binding = {}): QuoteReport {
  const checks = [
    ...report.checks,
    ...(binding.reportData ? [bindingCheck(report, binding.reportData)] : []),
    ...originRules(report, policy),
    ...attributeRules(report, policy),
    ...tcbRules(report, policy),
    ...identityRules(report, policy),
  ]
  return { ...report, ...verdictOf(checks), checks }
}

/** Throws `evidence-invalid` or `policy-refused` where a report rejects. */
export function requireAccepted(report: QuoteReport, options?: ErrorOptions): void {
  if (report.verdict === 'accept') return
  const code = report.kind === 'policy' ? 'policy-refused' : 'evidence-invalid'
  throw new TrustError(code, `The quote is not accepted. ${report.reason ?? ''}`.trimEnd(), options)
}

function bindingCheck({ quote }: QuoteReport, due: Uint8Array): Check {
  const fault = quote?.reportData === toHex(due) ? undefined : 'The quote was made for something else.'
  return {
    ...rule('report-data', fault, { quote: quote?.reportData ?? '', due: toHex(due) }),
    kind: 'invalid',
  }
}

function originRules({ simulated, root, quote }: QuoteReport, policy: QuotePolicy): Check[] {
  const tee = quote?.tee
  return [
    rule(
      'root',
      simulated && !policy.allowSimulated ? 'The evidence is simulated, and proves nothing.' : undefined,
      { root, simulated },
    ),
    rule('tee', tee && policy.tees.includes(tee) ? undefined : 'This kind of TEE is not allowed.', {
      tee: tee ?? '',
      allowed: policy.tees,
    }),
  ]
}

/** Bits of td_attributes that have a meaning and may be set: DEBUG, which has a rule of its own, and the others. */
const debug = 1n
const septVeDisable = 1n << 28n
const definedBits = debug | septVeDisable | (1n << 30n) | (1n << 31n) | (1n << 63n)

function attributeRules({ quote, measurements }: QuoteReport, policy: QuotePolicy): Check[] {
  const isDebug = quote?.debug ?? true
  const debugRule = rule(
    'debug',
    isDebug && !policy.allowDebug ? 'DEBUG is on: the host can read all.' : undefined,
  )
  if (quote?.tee === 'sgx') return [debugRule]
  const hex = measurements?.tdAttributes
  const bits = littleEndian(hex)
  const values = { tdAttributes: hex ?? '' }
  const hasReserved = bits === undefined || (bits & ~definedBits) !== 0n
  const hasSept = bits !== undefined && (bits & septVeDisable) !== 0n
  return [
    debugRule,
    rule('reserved-bits', hasReserved ? 'Reserved bits of the TD attributes are set.' : undefined, values),
    ...(policy.requireSeptVeDisable
      ? [rule('sept-ve-disable', hasSept ? undefined : 'SEPT_VE_DISABLE is off.', values)]
      : []),
  ]
}

function tcbRules({ tcb }: QuoteReport, policy: QuotePolicy): Check[] {
  const { tcbStatuses, deniedAdvisoryIds, minTcbDate, minTcbEvaluationDataNumber } = policy
  const status = tcb?.status ?? 'TcbNotSupported'
  const isAllowed = status !== 'Revoked' && status !== 'TcbNotSupported' && tcbStatuses.includes(status)
  const checks = [
    rule('tcb-status', isAllowed ? undefined : `The TCB status is ${status}.`, {
      status,
      allowed: tcbStatuses,
    }),
  ]
  if (deniedAdvisoryIds) {
    const ids = tcb?.advisoryIds ?? []
    const denied = ids.filter(id => deniedAdvisoryIds.includes(id))
    const fault = !tcb ? 'It is not known which advisories apply.' : `Denied: ${denied.join(', ')}.`
    checks.push(rule('advisories', tcb && denied.length === 0 ? undefined : fault, { advisoryIds: ids }))
  }
  if (minTcbDate !== undefined) {
    const date = tcb?.date ?? ''
    const isRecent = date !== '' && Date.parse(date) >= Date.parse(minTcbDate)
    checks.push(
      rule('tcb-date', isRecent ? undefined : 'The TCB level is too old.', { date, least: minTcbDate }),
    )
  }
  if (minTcbEvaluationDataNumber !== undefined) {
    const number = tcb?.evaluationDataNumber ?? -1
    const isRecent = number >= minTcbEvaluationDataNumber
    checks.push(
      rule('tcb-evaluation-number', isRecent ? undefined : 'The collateral is of an earlier evaluation.', {
        number,
        least: minTcbEvaluationDataNumber,
      }),
    )
  }
  return checks
}

function identityRules({ measurements, platform }: QuoteReport, policy: QuotePolicy): Check[] {
  const { imageHashes, measurements: pins = {}, isvProdIds, minIsvSvn, ppids } = policy
  const checks = Object.entries(pins).map(([name, allowed]) =>
    listRule(`pin-${name}`, measurements?.[name as Pinnable], allowed),
  )
  if (imageHashes) checks.push(listRule('image-hash', measurements?.imageHash, imageHashes))
  if (ppids) checks.push(listRule('ppid', platform?.ppid, ppids))
  if (isvProdIds) checks.push(listRule('isv-prod-id', measurements?.isvProdId, isvProdIds))
  if (minIsvSvn !== undefined) {
    const isvSvn = measurements?.isvSvn ?? -1
    const fault = isvSvn >= minIsvSvn ? undefined : 'The enclave is too old.'
    checks.push(rule('isv-svn', fault, { isvSvn, least: minIsvSvn }))
  }
  return checks
}

function listRule<Value extends string | number>(
  name: string,
  found: Value | undefined,
  allowed: readonly Value[],
): Check {
  const isAllowed = found !== undefined && allowed.includes(found)
  return rule(name, isAllowed ? undefined : 'It is not on the list of the policy.', {
    found: found ?? '',
    allowed: allowed.slice(0, 8).map(String),
  })
}

function rule(name: string, fault: string | undefined, values?: CheckValues): Check {
  return {
    name,
    step: 13,
    kind: 'policy',
    outcome: fault === undefined ? 'passed' : 'failed',
    ...(fault !== undefined && { why: fault }),
    ...(values && { values }),
  }
}

function littleEndian(hex: string | undefined): bigint | undefined {
  const bytes = hex === undefined ? undefined : fromHex(hex)
  if (!bytes || bytes.length === 0) return undefined
  return BigInt(`0x${toHex(bytes.toReversed())}`)
}
