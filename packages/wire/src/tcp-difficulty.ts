import type { World } from './world.ts'

/** How much work a dialer has to do before an acceptor spends anything on it. */
export interface ProofOfWork {
  /** Zero bits, 0 to 64; asked for each connection. Dialers of the network refuse more than 28. */
  difficulty(): number
  /** Told of every handshake, so that the difficulty can follow what becomes of them. */
  handshakeStarted?(): void
  handshakeFinished?(): void
}

export interface AdaptiveDifficultyOptions {
  readonly world: Pick<World, 'monotonic'>
  /** In quiet times. The reference asks for 20. */
  readonly base: number
  /** At worst. 22 is under a second of work for one thread of an honest dialer. */
  readonly max?: number
  /** Recent handshakes that came to nothing which are put up with at the base difficulty. */
  readonly tolerated?: number
  /** After this long a handshake that came to nothing counts half. */
  readonly halfLifeMs?: number
}

/**
 * A difficulty that rises by one bit with each doubling of recent handshakes that were started and never
 * finished, and falls back as they are forgotten: a flood pays in proportion to its size.
 */
export function adaptiveDifficulty(options: AdaptiveDifficultyOptions): Required<ProofOfWork> {
  const { world, base, max = Math.max(base, 22), tolerated = 64, halfLifeMs = 30_000 } = options
  let unfinished = 0
  let countedAtMs = world.monotonic()
  const count = (change: number): number => {
    const nowMs = world.monotonic()
    unfinished = Math.max(0, unfinished * 0.5 ** ((nowMs - countedAtMs) / halfLifeMs) + change)
    countedAtMs = nowMs
    return unfinished
  }
  return {
    difficulty: () => Math.min(max, base + Math.max(0, Math.ceil(Math.log2(count(0) / tolerated)))),
    handshakeStarted: () => void count(1),
    handshakeFinished: () => void count(-1),
  }
}
