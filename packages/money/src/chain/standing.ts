import { MoneyError } from '../error.ts'
import type { Chain, ChainHead } from './chain.ts'
import type { HeadLimits } from './head-watch.ts'

/** Where one source of several stands. */
export class Standing {
  readonly name: string
  readonly chain: Chain
  /** The newest block that it spoke of. */
  head: ChainHead | undefined
  /** Why it is not used: it is behind, or contradicts the others. */
  staleness: MoneyError | undefined
  /** Why it is asked last, and until when, by the monotonic clock. */
  failure: MoneyError | undefined
  failingUntilMs = 0

  constructor(name: string, chain: Chain) {
    this.name = name
    this.chain = chain
  }
}

/**
 * Which of several newest blocks are those of a source that is behind (`behind`) or ahead of what can be
 * (`ahead`), by number. `agreed` is what several sources agreed on before.
 *
 * The middle one of all is taken for right. Of two that are apart, what was agreed on decides; without that the
 * newer one is right, unless it is newer than any source that is alive can be.
 */
export function compareHeads(
  seqnos: readonly number[],
  limits: HeadLimits,
  agreed: number | undefined,
): { reference: number; verdicts: ReadonlyArray<'fine' | 'behind' | 'ahead'> } {
  const voters = seqnos.length % 2 === 0 && agreed !== undefined ? [...seqnos, agreed] : seqnos
  const sorted = voters.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? 0
  const lower = sorted[(sorted.length - 1) >> 1] ?? 0
  const reference = upper - lower > limits.maxAheadBlocks ? lower : upper
  const verdicts = seqnos.map(seqno => {
    if (seqno + limits.maxLagBlocks < reference) return 'behind'
    return seqno > reference + limits.maxLagBlocks ? 'ahead' : 'fine'
  })
  return { reference, verdicts }
}

/** Codes in the order in which they say most about why no source did what was asked. */
const tellingCodes = [
  'chain-refused',
  'chain-history',
  'chain-busy',
  'chain-unreachable',
  'chain-stale',
  'chain-answer',
] as const

/** One error of those of all sources. */
export function joinErrors(errors: readonly MoneyError[]): MoneyError {
  const [first, ...more] = errors
  if (first === undefined) return new MoneyError('chain-unreachable', 'No source of the chain is left to ask')
  if (more.length === 0) return first
  const code = tellingCodes.find(telling => errors.some(error => error.code === telling)) ?? first.code
  const told = errors.map(({ message }) => message).join('; ')
  return new MoneyError(code, `No source of the chain does what was asked: ${told}`, {
    cause: errors.find(error => error.code === code),
  })
}
