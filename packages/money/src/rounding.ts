import { MoneyError } from './error.ts'
import type { TokenMultipliers } from './root-config.ts'

/** Every place where an amount loses a fraction is in this file. */

const maxCount = 2 ** 31 - 1
const maxTokens = 2n ** 63n - 1n

/** Coefficients are in 1/1000, multipliers in 1/10000. */
const fractions = 1000n * 10_000n

/**
 * Model tokens of one kind as adjusted tokens, the unit of prices. This is the rule of the network, and totals
 * of peers must match: binary64, in exactly this order, and the fraction cut off. `coefficient` is the worker's,
 * in 1/1000; `multiplier` is the kind's, in 1/10000. An argument below zero, above 2^31 - 1 or with a fraction
 * is `MoneyError('amount')`.
 */
export function adjustTokens(count: number, coefficient: number, multiplier: number): bigint {
  requireCount('count', count)
  requireCount('coefficient', coefficient)
  requireCount('multiplier', multiplier)
  const adjusted = BigInt(Math.trunc(count * (coefficient * 0.001) * multiplier * 0.0001))
  if (adjusted > maxTokens) throw new MoneyError('amount', `${adjusted} adjusted tokens do not fit 64 bits`)
  return adjusted
}

/**
 * Adjusted tokens to set aside for a query before it runs: enough if each byte of the query is a token of the
 * dearer prompt kind, and each of `maxTokens` one of the dearer completion kind, at `maxCoefficient`. Exact,
 * rounded up. Arguments as in `adjustTokens`.
 */
export function reservationTokens(query: {
  maxTokens: number
  queryBytes: number
  maxCoefficient: number
  multipliers: TokenMultipliers
}): bigint {
  const { maxTokens, queryBytes, maxCoefficient, multipliers } = query
  requireCount('maxTokens', maxTokens)
  requireCount('queryBytes', queryBytes)
  requireCount('maxCoefficient', maxCoefficient)
  requireCount('multipliers.prompt', multipliers.prompt)
  requireCount('multipliers.cached', multipliers.cached)
  requireCount('multipliers.completion', multipliers.completion)
  requireCount('multipliers.reasoning', multipliers.reasoning)
  const promptSide = BigInt(queryBytes) * BigInt(Math.max(multipliers.prompt, multipliers.cached))
  const completionSide = BigInt(maxTokens) * BigInt(Math.max(multipliers.completion, multipliers.reasoning))
  return divideUp((promptSide + completionSide) * BigInt(maxCoefficient), fractions)
}

/** Whole tokens that an amount pays for. A price of 0 is for the caller to handle. */
export function tokensCovered(nano: bigint, pricePerTokenNano: bigint): bigint {
  return nano / pricePerTokenNano
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor
}

function requireCount(name: string, count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= maxCount) return
  throw new MoneyError('amount', `${name} is ${count}, which is not a whole number from 0 to ${maxCount}`)
}
