import { TrustError } from '../error.ts'

/**
 * Everything that verification looks at, in the order of the specification whose steps are numbered (the TCB status
 * of step 11 is a result, and step 13 is the policy's). A quote is genuine when each of these has passed, or was
 * skipped because the specification has it only for another kind of quote. What was never looked at has failed.
 */
export const verificationSteps = {
  'quote-format': 1,
  'pck-chain-format': 2,
  'pck-chain-names': 2,
  'pck-chain-root': 2,
  'pck-chain-signatures': 2,
  'pck-chain-dates': 2,
  'pck-platform': 2,
  'root-crl-format': 3,
  'root-crl-signature': 3,
  'root-crl-dates': 3,
  'pck-crl-format': 3,
  'pck-crl-signature': 3,
  'pck-crl-dates': 3,
  'pck-crl-issuer-chain': 3,
  'intermediate-revocation': 3,
  'pck-revocation': 3,
  'signing-revocation': 3,
  'tcb-info-format': 4,
  'tcb-info-issuer-chain': 4,
  'tcb-info-signature': 4,
  'tcb-info-dates': 4,
  'qe-identity-format': 4,
  'qe-identity-issuer-chain': 4,
  'qe-identity-signature': 4,
  'qe-identity-dates': 4,
  'tcb-info-tee': 5,
  fmspc: 5,
  'pce-id': 5,
  'tdx-module-identity': 6,
  'tdx-module-signer': 6,
  'tdx-module-attributes': 6,
  'qe-report-signature': 7,
  'qe-report-data': 7,
  'qe-identity-tee': 8,
  'qe-identity-match': 8,
  'quote-signature': 8,
  'platform-tcb': 9,
  'tdx-module-tcb': 10,
  'qe-tcb': 10,
  'current-tcb': 12,
} as const

export type VerificationCheckName = keyof typeof verificationSteps

/** The values that were compared, as JSON has them. */
export type CheckValues = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  /** Step of the specification, 1 to 13. */
  readonly step: number
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** For whom it failed: a failure of the evidence, or a refusal of the policy. */
  readonly kind: 'invalid' | 'policy'
  /** What was found; of a failure always. */
  readonly why?: string
  readonly values?: CheckValues
}

/** Why a check has failed that nothing came to. Another one has failed before it, and says more. */
export const neverReached = 'What it needs could not be read.'

/** Collects outcomes. The first failure of a check stays, whatever is said of it later. */
export class Checks {
  readonly #found = new Map<VerificationCheckName, Omit<Check, 'name' | 'step' | 'kind'>>()

  pass(name: VerificationCheckName, values?: CheckValues): void {
    this.#note(name, { outcome: 'passed', ...(values && { values }) })
  }

  fail(name: VerificationCheckName, why: string, values?: CheckValues): void {
    this.#note(name, { outcome: 'failed', why, ...(values && { values }) })
  }

  skip(name: VerificationCheckName, why: string): void {
    this.#note(name, { outcome: 'skipped', why })
  }

  /** Passes where there is no fault. */
  judge(name: VerificationCheckName, fault: string | undefined, values?: CheckValues): void {
    if (fault === undefined) this.pass(name, values)
    else this.fail(name, fault, values)
  }

  /** Passes if `read` succeeds; undefined if it throws, whatever it throws. */
  attempt<Value>(name: VerificationCheckName, read: () => Value): Value | undefined {
    try {
      const value = read()
      this.pass(name)
      return value
    } catch (error) {
      this.fail(name, error instanceof TrustError ? error.message : `It could not be read: ${String(error)}`)
      return undefined
    }
  }

  /** Every check there is, in order. */
  list(): Check[] {
    return Object.entries(verificationSteps).map(([name, step]) => {
      const found = this.#found.get(name as VerificationCheckName)
      const unseen = { outcome: 'failed', why: neverReached } as const
      return { name, step, kind: 'invalid', ...(found ?? unseen) }
    })
  }

  #note(name: VerificationCheckName, found: Omit<Check, 'name' | 'step' | 'kind'>): void {
    if (this.#found.get(name)?.outcome !== 'failed') this.#found.set(name, found)
  }
}
