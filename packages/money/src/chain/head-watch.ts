import type { World } from '@cocoon/wire'
import type { MoneyError } from '../error.ts'
import type { ChainBlock } from './chain.ts'
import { chainError, Retry } from './failure.ts'

export interface HeadLimits {
  /** How far the time of a block may be from our own clock, either way, seconds. */
  readonly maxSkewS: number
  /** How many blocks an answer may be behind the newest that is known. */
  readonly maxLagBlocks: number
  /** How many blocks an answer may be ahead of all that is known, beyond what the time in between allows. */
  readonly maxAheadBlocks: number
}

/** What a source's blocks are held against. In force unless the options of a chain say otherwise. */
export const headLimits: HeadLimits = { maxSkewS: 30, maxLagBlocks: 20, maxAheadBlocks: 1_000 }

/** The masterchain makes fewer blocks in a second. */
const mostBlocksPerS = 10

/** Holds each block that a source speaks of against our clock and against what it said before. */
export class HeadWatch {
  readonly #source: string
  readonly #world: World
  readonly #limits: HeadLimits
  #newest: ChainBlock | undefined
  #newestAtMs = 0

  constructor(source: string, world: World, limits: HeadLimits) {
    this.#source = source
    this.#world = world
    this.#limits = limits
  }

  /** The newest block of which the source has spoken. */
  get newest(): ChainBlock | undefined {
    return this.#newest
  }

  /**
   * Throws `chain-stale` for a block that is older or newer than an answer may be; a `Retry` of it where the same
   * source may do better.
   */
  check(head: ChainBlock): ChainBlock {
    const { maxSkewS, maxLagBlocks } = this.#limits
    const skewS = Math.round(head.timeS - this.#world.now() / 1000)
    if (Math.abs(skewS) > maxSkewS) {
      throw this.#stale(
        `speaks of a block made ${Math.abs(skewS)} s ${skewS < 0 ? 'ago' : 'from now'}, and ${maxSkewS} s are ` +
          'allowed. Set the clock of this machine, or use another source',
      )
    }
    const newest = this.#newest
    if (newest === undefined || head.seqno > newest.seqno) {
      if (newest !== undefined && head.seqno > this.#furthest(newest)) {
        throw this.#stale(`jumps from block ${newest.seqno} to ${head.seqno}. Use another source`)
      }
      this.#newest = head
      this.#newestAtMs = this.#world.monotonic()
    } else if (head.seqno + maxLagBlocks < newest.seqno) {
      // Behind one address there may be several nodes, of which the next one asked is further.
      throw new Retry(
        this.#stale(`goes back from block ${newest.seqno} to ${head.seqno}. Use another source`),
      )
    }
    return head
  }

  #furthest(newest: ChainBlock): number {
    const elapsedS = (this.#world.monotonic() - this.#newestAtMs) / 1000
    return newest.seqno + this.#limits.maxAheadBlocks + mostBlocksPerS * elapsedS
  }

  #stale(what: string): MoneyError {
    return chainError('chain-stale', this.#source, what)
  }
}
