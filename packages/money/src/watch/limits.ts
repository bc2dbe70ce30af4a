/** How the chain is watched. */
export const watchLimits = {
  /** For each question to the chain. */
  callTimeoutMs: 60_000,
  /** Transactions that are asked for at once. */
  pageSize: 64,
  /** Above this age of the root configuration nobody acts on it any more. */
  rootAgeS: 7200,
} as const
