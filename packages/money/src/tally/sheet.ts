import type { TallyEntry, TallyRow } from './tally.ts'

/** Models and counterparties that one hour tells apart. Those beyond are added up under empty names. */
const maxRowsPerHour = 10_000
const longestName = 512

export const tallyColumns = [
  'requests',
  'adjustedTokens',
  'promptTokens',
  'cachedTokens',
  'completionTokens',
  'reasoningTokens',
  'nano',
] as const

export type TallySums = { -readonly [Column in keyof TallyRow]: TallyRow[Column] }

const hourOfS = 3_600

/** The rows of one hour, as they grow. */
export class TallySheet {
  readonly hourS: number
  readonly #rows = new Map<string, TallySums>()
  #changed = new Set<TallySums>()

  constructor(hourS: number, rows: readonly TallyRow[] = []) {
    this.hourS = hourS
    for (const row of rows) this.#rows.set(keyOf(row.model, row.counterparty), { ...row })
  }

  add(entry: TallyEntry): void {
    const sums = this.#rowOf(entry.model.slice(0, longestName), entry.counterparty.slice(0, longestName))
    sums.requests += 1n
    for (const column of tallyColumns) if (column !== 'requests') sums[column] += entry[column]
    this.#changed.add(sums)
  }

  rows(): TallyRow[] {
    return Array.from(this.#rows.values(), row => ({ ...row }))
  }

  /** Rows that changed since the last call. */
  takeChanged(): TallyRow[] {
    const changed = [...this.#changed]
    this.#changed = new Set()
    return changed
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0
  }

  #rowOf(model: string, counterparty: string): TallySums {
    const found = this.#rows.get(keyOf(model, counterparty))
    if (found !== undefined) return found
    if (this.#rows.size >= maxRowsPerHour && model + counterparty !== '') return this.#rowOf('', '')
    const zero = Object.fromEntries(tallyColumns.map(column => [column, 0n])) as Record<
      (typeof tallyColumns)[number],
      bigint
    >
    const row = { hourS: this.hourS, model, counterparty, ...zero }
    this.#rows.set(keyOf(model, counterparty), row)
    return row
  }
}

/** The hour that a moment lies in, and never one before `lastS`: a clock that is set back adds to the same hour. */
export function hourOf(nowMs: number, lastS: number): number {
  return Math.max(Math.floor(nowMs / 1000 / hourOfS) * hourOfS, lastS)
}

export function inOrder(rows: TallyRow[]): TallyRow[] {
  return rows.sort(
    (a, b) => a.hourS - b.hourS || order(a.model, b.model) || order(a.counterparty, b.counterparty),
  )
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function keyOf(model: string, counterparty: string): string {
  return `${model.length} ${model}${counterparty}`
}
