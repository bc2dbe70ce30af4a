import type { World } from '@cocoon/wire'
import type { AccountKey } from '../ledger.ts'
import type { Duty } from './duty.ts'

/** How long a process may serve that has not seen of the chain what the leader has. */
const longestBehindMs = 10_000

/**
 * Where one process stands among several on the books of one contract. A process that does not lead serves on the
 * leader's word alone; and one that leads gives nothing back before the others have heard that it will.
 */
export class Standing {
  readonly #duty: Duty
  readonly #world: Pick<World, 'monotonic'>
  readonly #contract: AccountKey
  readonly #startedAt: number
  readonly #closingSince = new Map<AccountKey, number>()
  #behindSince: number | undefined

  constructor(duty: Duty, world: Pick<World, 'monotonic'>, contract: AccountKey) {
    this.#duty = duty
    this.#world = world
    this.#contract = contract
    this.#startedAt = world.monotonic()
  }

  /** Why a process that does not lead serves nothing, in words. */
  get obstacle(): string | undefined {
    const { obstacle } = this.#duty.word(this.#contract)
    if (obstacle !== undefined) return obstacle
    const isLost =
      this.#behindSince !== undefined && this.#world.monotonic() - this.#behindSince >= longestBehindMs
    return isLost ? 'this process has not seen of the chain what the one that leads has' : undefined
  }

  /** Whether the leader has seen more of the contract than up to `lastLt`. */
  isBehind(lastLt: bigint): boolean {
    const isBehind = this.#duty.word(this.#contract).lastLt > lastLt
    if (!isBehind) this.#behindSince = undefined
    else this.#behindSince ??= this.#world.monotonic()
    return isBehind
  }

  /** A client closes, which the others may learn of later than this process. */
  noteClosing(owner: AccountKey): void {
    if (!this.#closingSince.has(owner)) this.#closingSince.set(owner, this.#world.monotonic())
  }

  /** Whether no process serves a client that closes any more. */
  mayRefund(owner: AccountKey): boolean {
    return this.isHeard(this.#closingSince.get(owner) ?? this.#startedAt)
  }

  /** Whether everybody has heard of what this process has known since then. */
  isHeard(sinceMs: number): boolean {
    return this.#world.monotonic() - sinceMs >= this.#duty.hearingMs
  }
}
