/** What one answered query adds. Amounts are never negative. */
export interface TallyEntry {
  readonly model: string
  /** Who it was with: the owner of a client, or the contract of a proxy. */
  readonly counterparty: string
  /** In price units, as they were charged. */
  readonly adjustedTokens: bigint
  /** As the model counted them: the worker alone knows, and others add zeros. */
  readonly promptTokens: bigint
  readonly cachedTokens: bigint
  readonly completionTokens: bigint
  readonly reasoningTokens: bigint
  /** Spent, earned or taken as commission. */
  readonly nano: bigint
}

/** Sums of one hour, for one model and one counterparty. */
export interface TallyRow extends TallyEntry {
  /** Unix seconds at which the hour began. */
  readonly hourS: number
  readonly requests: bigint
}

/**
 * What a role did by hour, for people to look at: no money hangs on it. It is written about once a second, and a
 * crash loses what was added since.
 */
export interface Tally extends AsyncDisposable {
  /** Adds to the hour of now. Never waits, never throws. */
  add(entry: TallyEntry): void
  /** Hours that begin in `[fromS, toS)`, by hour, model and counterparty. Rejects with `MoneyError('storage')`. */
  rows(range: { fromS: number; toS: number }): Promise<TallyRow[]>
}
