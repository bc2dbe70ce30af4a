import type { Ask } from '../../src/market/book.ts'
import { Standing } from '../../src/market/standing.ts'

export interface TestAsk extends Ask {
  readonly name: string
}

/** An ask with a record: so many successes at this latency, then so many failures. */
export function ask(
  name: string,
  options: Partial<Omit<Ask, 'standing'>> & {
    latencyMs?: number
    successes?: number
    failures?: number
  } = {},
): TestAsk {
  const { latencyMs = 100, successes = 20, failures = 0, ...rest } = options
  const standing = new Standing()
  for (let count = 0; count < successes; count++) standing.record('success', latencyMs, 0)
  for (let count = 0; count < failures; count++) standing.record('failure', latencyMs, 0)
  return {
    name,
    standing,
    coefficient: 1000,
    limit: 10,
    running: 0,
    disabled: false,
    congested: false,
    lastHeardAt: Number.POSITIVE_INFINITY,
    ...rest,
  }
}
