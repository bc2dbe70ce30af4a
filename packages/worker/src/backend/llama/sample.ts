import type { Token } from 'node-llama-cpp'
import type { Sampling } from './task.ts'

/** Tokens that are looked at: the ones below are never likely enough to matter. */
export const maxCandidates = 64

/**
 * Takes one of the scored tokens, likeliest first, the way llama.cpp does: penalties, then the `topK` best, then
 * as many as make up `topP`, then those not far behind the best, then by chance at the given temperature.
 */
export function choose(
  scores: ReadonlyArray<readonly [Token, number]>,
  sampling: Sampling,
  recent: readonly Token[],
  random: () => number,
): readonly [Token, number] {
  const penalised = scores
    .map(scored => ({ scored, score: scored[1] - penalty(scored[0], sampling, recent) }))
    .toSorted((a, b) => b.score - a.score)
  const [best] = penalised
  if (best === undefined) throw new RangeError('no token to choose from')
  if (sampling.temperature === 0) return best.scored

  const kept = penalised.slice(0, sampling.topK > 0 ? sampling.topK : maxCandidates)
  const weigh = (score: number, temperature: number) => Math.exp((score - best.score) / temperature)
  const whole = kept.reduce((sum, { score }) => sum + weigh(score, 1), 0)
  let mass = 0
  const likely = kept.filter(({ score }) => {
    const enough = mass >= sampling.topP
    mass += weigh(score, 1) / whole
    return !enough && weigh(score, 1) >= sampling.minP
  })
  const total = likely.reduce((sum, { score }) => sum + weigh(score, sampling.temperature), 0)
  let left = random() * total
  for (const { scored, score } of likely) {
    left -= weigh(score, sampling.temperature)
    if (left < 0) return scored
  }
  return best.scored
}

function penalty(token: Token, sampling: Sampling, recent: readonly Token[]): number {
  const count = recent.filter(written => written === token).length
  return count === 0 ? 0 : count * sampling.frequencyPenalty + sampling.presencePenalty
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
