import { TrustError } from '../error.ts'
import type { Check, CheckValues } from './checks.ts'

/** One thing that was looked at, as in the report of a quote; it has a place in a list instead of a step. */
export type NamedCheck = Omit<Check, 'step'>

/** What a step needs that carries out some of the checks of a list. */
export interface Judge<Name extends string> {
  judge(name: Name, fault: string | undefined, values?: CheckValues): void
}

/** Outcomes of a fixed list of checks. What was never looked at has failed, and a failure stays. */
export class NamedChecks<Name extends string> implements Judge<Name> {
  readonly #names: readonly Name[]
  readonly #found = new Map<Name, NamedCheck>()

  constructor(names: readonly Name[]) {
    this.#names = names
  }

  pass(name: Name, values?: CheckValues): void {
    this.#note({ name, outcome: 'passed', kind: 'invalid', ...(values && { values }) })
  }

  fail(name: Name, why: string, values?: CheckValues): void {
    this.#note({ name, outcome: 'failed', kind: 'invalid', why, ...(values && { values }) })
  }

  /** The evidence may be sound; the policy does not have it. */
  refuse(name: Name, why: string, values?: CheckValues): void {
    this.#note({ name, outcome: 'failed', kind: 'policy', why, ...(values && { values }) })
  }

  skip(name: Name, why: string): void {
    this.#note({ name, outcome: 'skipped', kind: 'invalid', why })
  }

  /** Passes where there is no fault. */
  judge(name: Name, fault: string | undefined, values?: CheckValues): void {
    if (fault === undefined) this.pass(name, values)
    else this.fail(name, fault, values)
  }

  /** Passes if `read` succeeds; undefined if it throws, whatever it throws. */
  attempt<Value>(name: Name, read: () => Value): Value | undefined {
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
  list(): NamedCheck[] {
    return this.#names.map(name => {
      const unseen = { outcome: 'failed', why: 'What it needs could not be read.' } as const
      return this.#found.get(name as Name) ?? { name, kind: 'invalid', ...unseen }
    })
  }

  #note(check: NamedCheck & { readonly name: Name }): void {
    if (this.#found.get(check.name)?.outcome !== 'failed') this.#found.set(check.name, check)
  }
}
