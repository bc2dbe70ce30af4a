import type { RootConfig } from './root-config.ts'
import { adjustTokens } from './rounding.ts'

/** What a model used for one answer. Cached tokens are part of the prompt, reasoning tokens of the completion. */
export interface Usage {
  promptTokens: number
  cachedTokens: number
  completionTokens: number
  reasoningTokens: number
}

/** Adjusted tokens of disjoint kinds, and their sum: what the ledger moves by. */
export interface AdjustedTokens {
  prompt: bigint
  cached: bigint
  completion: bigint
  reasoning: bigint
  total: bigint
}

/** What the client pays, in nanotons. */
export interface UsageCosts {
  promptTotalCost: bigint
  completionTotalCost: bigint
  totalCost: bigint
}

export type Prices = Pick<RootConfig, 'multipliers' | 'pricePerTokenNano'>

/**
 * Weighs one answer. More cached than prompt tokens, or more reasoning than completion tokens, count as all of
 * them, so that no part is negative. A count or coefficient (in 1/1000) that is below zero, above 2^31 - 1 or
 * has a fraction is `MoneyError('amount')`.
 */
export function adjustUsage(
  usage: Usage,
  coefficient: number,
  { multipliers }: Pick<Prices, 'multipliers'>,
): AdjustedTokens {
  const { promptTokens, completionTokens } = usage
  const cachedTokens = Math.min(usage.cachedTokens, promptTokens)
  const reasoningTokens = Math.min(usage.reasoningTokens, completionTokens)

  const prompt = adjustTokens(promptTokens - cachedTokens, coefficient, multipliers.prompt)
  const cached = adjustTokens(cachedTokens, coefficient, multipliers.cached)
  const completion = adjustTokens(completionTokens - reasoningTokens, coefficient, multipliers.completion)
  const reasoning = adjustTokens(reasoningTokens, coefficient, multipliers.reasoning)
  return { prompt, cached, completion, reasoning, total: prompt + cached + completion + reasoning }
}

/** The same, and what it costs. */
export function priceUsage(
  usage: Usage,
  coefficient: number,
  prices: Prices,
): { adjusted: AdjustedTokens; costs: UsageCosts } {
  const adjusted = adjustUsage(usage, coefficient, prices)
  const { prompt, cached, completion, reasoning } = adjusted
  const { pricePerTokenNano } = prices
  const promptTotalCost = (prompt + cached) * pricePerTokenNano
  const completionTotalCost = (completion + reasoning) * pricePerTokenNano
  return {
    adjusted,
    costs: { promptTotalCost, completionTotalCost, totalCost: promptTotalCost + completionTotalCost },
  }
}

/** How the nanotons for a total of tokens divide. Exact: prices are whole nanotons. */
export function splitPayment(
  tokens: bigint,
  prices: Pick<RootConfig, 'pricePerTokenNano' | 'workerFeePerTokenNano'>,
): { clientPaysNano: bigint; workerGetsNano: bigint; proxyKeepsNano: bigint } {
  const clientPaysNano = tokens * prices.pricePerTokenNano
  const workerGetsNano = tokens * prices.workerFeePerTokenNano
  return { clientPaysNano, workerGetsNano, proxyKeepsNano: clientPaysNano - workerGetsNano }
}
