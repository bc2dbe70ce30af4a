import type { TokensUsed } from '@cocoon/wire'

/**
 * The tally with its total cut to what was charged; the parts give way from the last, so that they still
 * add up. Where the parts do not add up to the total to begin with, the rest counts as prompt.
 */
export function capTokens(tokens: TokensUsed, total: bigint): TokensUsed {
  const parts = [
    tokens.promptTokensUsed,
    tokens.cachedTokensUsed,
    tokens.completionTokensUsed,
    tokens.reasoningTokensUsed,
  ]
  if (total === tokens.totalTokensUsed && parts.reduce((sum, part) => sum + part, 0n) === total) return tokens
  let left = total
  const cut = parts.map(part => {
    const kept = part < left ? part : left
    left -= kept
    return kept
  })
  const [prompt = 0n, cached = 0n, completion = 0n, reasoning = 0n] = cut
  return {
    _: 'tokensUsed',
    promptTokensUsed: prompt + left,
    cachedTokensUsed: cached,
    completionTokensUsed: completion,
    reasoningTokensUsed: reasoning,
    totalTokensUsed: total,
  }
}
