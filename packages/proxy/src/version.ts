/** Newest protocol version that this proxy speaks. 3 adds that a query can be cancelled. */
const newestVersion = 3
/** From this version on a peer understands `cancelQuery`. */
export const cancelVersion = 3
/** From this version on payments are told of once in a while instead of after each query. */
export const bundledPaymentVersion = 3
/** That while, milliseconds. */
export const bundledPaymentMs = 100

/** The version for a connection, or undefined where the ranges do not meet. Absent limits mean 0. */
export function chooseVersion(min: number | undefined, max: number | undefined): number | undefined {
  const from = min ?? 0
  const to = max ?? 0
  if (to < 0 || from > newestVersion || from > to) return undefined
  return Math.min(to, newestVersion)
}
