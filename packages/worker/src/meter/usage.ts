/** Tokens of one answer. `cachedTokens` is part of the prompt, `reasoningTokens` part of the completion. */
export interface Usage {
  promptTokens: number
  cachedTokens: number
  completionTokens: number
  reasoningTokens: number
}

/** What the caller of the network pays, nanoTON. */
export interface UsageCosts {
  promptTotalCost: bigint
  completionTotalCost: bigint
  totalCost: bigint
}

/** Prices tokens at the coefficient, multipliers and price per token of one query. */
export type PriceUsage = (usage: Usage) => UsageCosts

/**
 * The largest value that each counter had in any usage object of one answer. Reading the maximum instead of
 * the sum is right for answers that state running totals and for those that state them once.
 */
export class UsageCounters {
  private prompt = 0
  private cached = 0
  private completion = 0
  private reasoning = 0
  /** Whether any usage object held a counter. */
  stated = false
  private readonly mostCompletionTokens: number

  /** @param mostCompletionTokens nothing above this is billed */
  constructor(mostCompletionTokens: number) {
    this.mostCompletionTokens = mostCompletionTokens
  }

  /** Takes one parsed usage object; anything but non-negative safe integers is ignored. True if a counter rose. */
  raise(usage: unknown): boolean {
    if (!isRecord(usage)) return false
    const promptDetails = isRecord(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {}
    const completionDetails = isRecord(usage['completion_tokens_details'])
      ? usage['completion_tokens_details']
      : {}
    return this.raiseTo({
      promptTokens: count(usage['prompt_tokens']),
      cachedTokens: count(promptDetails['cached_tokens']),
      completionTokens: count(usage['completion_tokens']),
      reasoningTokens: Math.max(
        count(usage['reasoning_tokens']),
        count(completionDetails['reasoning_tokens']),
      ),
    })
  }

  /** Raises each counter to at least the given value; -1 leaves it. True if one rose. */
  raiseTo(least: Usage): boolean {
    const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = least
    if (Math.max(promptTokens, cachedTokens, completionTokens, reasoningTokens) >= 0) this.stated = true
    const rose =
      promptTokens > this.prompt ||
      cachedTokens > this.cached ||
      completionTokens > this.completion ||
      reasoningTokens > this.reasoning
    this.prompt = Math.max(this.prompt, promptTokens)
    this.cached = Math.max(this.cached, cachedTokens)
    this.completion = Math.max(this.completion, completionTokens)
    this.reasoning = Math.max(this.reasoning, reasoningTokens)
    return rose
  }

  /** What is billed: parts are never larger than their whole, the completion never larger than its limit. */
  billed(): Usage {
    const completionTokens = Math.min(this.completion, this.mostCompletionTokens)
    return {
      promptTokens: this.prompt,
      cachedTokens: Math.min(this.cached, this.prompt),
      completionTokens,
      reasoningTokens: Math.min(this.reasoning, completionTokens),
    }
  }
}

/** The three cost fields as members of a JSON object, without braces: `"prompt_total_cost":300,...`. */
export function costMembers(costs: UsageCosts): string {
  return (
    `"prompt_total_cost":${costs.promptTotalCost},` +
    `"completion_total_cost":${costs.completionTotalCost},` +
    `"total_cost":${costs.totalCost}`
  )
}

/** The counter, or -1 for anything that is none. */
function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : -1
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
