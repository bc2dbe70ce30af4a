import { TrustError } from '../error.ts'
import { type Chain, isoTime } from '../verify/chain.ts'
import { respondersOf } from './chain.ts'
import type { GpuPolicy } from './gpu-policy.ts'
import type { NamedChecks } from '../verify/named-checks.ts'
import { findRevocation, revocableSubjects } from './revocation.ts'
import type { RevocationRules, Subject } from './revocation.ts'
import type { RevocationAnswer } from './revocation-answer.ts'

/**
 * Checks that no certificate of a chain that names a responder is revoked. Answers that are there and do not hold
 * are invalid evidence; answers that are missing are a matter of policy. Gives the moment at which the first
 * answer ends, Infinity where there is none.
 */
export async function checkRevocation<Name extends string>(
  checks: NamedChecks<Name>,
  name: Name,
  chain: Chain,
  answers: readonly RevocationAnswer[],
  policy: Pick<GpuPolicy, 'revocation'>,
  rules: RevocationRules,
): Promise<number> {
  const subjects = subjectsOf(chain)
  if (subjects === undefined || subjects.length === 0) {
    checks.fail(name, 'No certificate of the chain says who knows whether it is revoked.')
    return Infinity
  }
  const values: Record<string, string> = {}
  let untilMs = Infinity
  let missing: string | undefined
  for (const subject of subjects) {
    const { commonName } = subject.certificate
    const finding = await findRevocation(subject, answers, rules)
    if (finding.outcome === 'good') {
      values[commonName] = `${finding.onHold ? 'on hold' : 'good'} until ${isoTime(finding.untilMs)}`
      untilMs = Math.min(untilMs, finding.untilMs)
    } else if (finding.outcome === 'refused') {
      checks.fail(name, finding.why)
    } else if (policy.revocation === 'required') {
      checks.refuse(name, `${finding.why} Fetch one from its responder, or allow to do without by policy.`)
    } else {
      missing ??= finding.why
    }
  }
  if (missing === undefined) checks.pass(name, values)
  else checks.skip(name, missing)
  return untilMs
}

/** Undefined where a certificate cannot be read that far. */
function subjectsOf(chain: Chain): Subject[] | undefined {
  try {
    return revocableSubjects(chain, certificate => respondersOf(certificate).length > 0)
  } catch (error) {
    if (error instanceof TrustError) return undefined
    throw error
  }
}
