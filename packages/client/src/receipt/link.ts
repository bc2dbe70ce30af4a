/** The links of the proof, in order of cause: what machine, running what, up to what holds the log. */
export const linkNames = [
  'Hardware',
  'Software',
  'Model',
  'Seal',
  'Price',
  'Receipt',
  'Log',
  'Chain',
] as const

export type LinkName = (typeof linkNames)[number]

/**
 * - `checked`: it holds, and this device found that out
 * - `simulated`: it holds, and rests on something that proves nothing
 * - `pending`: what would hold it does not exist yet
 * - `not-checked`: nobody looked, or what it takes is not here
 * - `failed`: a check refused it
 */
export type LinkState = 'checked' | 'simulated' | 'pending' | 'not-checked' | 'failed'

/** A value that was looked at; with `expected` it was compared. Texts from peers are as they came. */
export interface Finding {
  readonly label: string
  readonly found: string
  readonly expected?: string
  readonly ok: boolean
}

/** One link of the proof. */
export interface Link {
  readonly name: LinkName
  readonly state: LinkState
  /** The state in words for people, as it stands beside the name. */
  readonly word: string
  readonly sentence: string
  /** What it means where this link fails. */
  readonly ifFailed: string
  /** Of a failed one: the evidence is wrong, or it is genuine and the caller's policy or the network refuses it. */
  readonly fault: 'invalid' | 'policy' | undefined
  readonly evidence: readonly Finding[]
}

/** What looking at a link found. */
export type Outcome = Pick<Link, 'state' | 'sentence' | 'evidence'> & Partial<Pick<Link, 'word' | 'fault'>>

/** Collects what is found for one link. The first thing that does not hold decides. */
export class Findings {
  readonly #list: Finding[] = []
  #fault: { kind: 'invalid' | 'policy'; sentence: string } | undefined

  /** Tells a value, which is compared with nothing. */
  tell(label: string, found: string): void {
    this.#list.push({ label, found, ok: true })
  }

  /** Compares: `sentence` says what it means where the values differ. */
  compare(label: string, found: string, expected: string, sentence: string): void {
    this.require(label, found === expected, { found, expected, sentence })
  }

  /** Tells what was found, and what should have been, where they are not the same kind of thing. */
  require(
    label: string,
    holds: boolean,
    told: {
      readonly found: string
      readonly expected?: string
      readonly sentence: string
      readonly kind?: 'invalid' | 'policy'
    },
  ): void {
    const { found, expected, sentence, kind = 'invalid' } = told
    this.#list.push({ label, found, ...(expected !== undefined && { expected }), ok: holds })
    if (!holds) this.#fault ??= { kind, sentence }
  }

  /** Something that is not there, and should be to check this link. */
  miss(label: string, why: string): void {
    this.#list.push({ label, found: why, ok: false })
  }

  get hasFailed(): boolean {
    return this.#fault !== undefined
  }

  /** Failed where something does not hold, and otherwise as it is told. */
  outcome(state: LinkState, sentence: string, word?: string): Outcome {
    const evidence = this.#list
    if (this.#fault !== undefined) {
      return { state: 'failed', sentence: this.#fault.sentence, fault: this.#fault.kind, evidence }
    }
    return { state, sentence, evidence, ...(word !== undefined && { word }) }
  }
}
