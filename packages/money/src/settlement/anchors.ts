import { proxyBody } from '../contracts/bodies.ts'
import type { SavedState } from '../contracts/proxy-message.ts'
import type { ContractAddress } from '../address.ts'
import type { Store } from '../store/store.ts'
import type { StoreChanges } from '../watch/account-watch.ts'
import type { Orders } from './orders.ts'

/** Announced states that are remembered after they were seen: others of the same process may still come. */
const rememberedStates = 64

/**
 * Announces states of the books through the chain: a message of one nanoton from the proxy's wallet to its
 * contract, which carries the number of the state and a random hash of this process. What the chain shows must have
 * been announced from this database. A restored copy meets states that it never announced, and so does each of two
 * copies that run at once.
 */
export class Anchors {
  readonly #store: Store
  readonly #prefix: string
  readonly #sessionHash: Uint8Array

  /** `sessionHash`: 32 random bytes, other ones for each start. */
  constructor(options: { store: Store; prefix: string; sessionHash: Uint8Array }) {
    this.#store = options.store
    this.#prefix = `${options.prefix}/anchor/`
    this.#sessionHash = options.sessionHash
  }

  /** Notes durably that this state is announced, then orders the message. */
  async announce(seqno: number, contract: ContractAddress, orders: Orders): Promise<void> {
    const key = this.#keyOf(seqno, this.#sessionHash)
    if (this.#store.get(key) === undefined) await this.#store.write(new Map([[key, 'announced']]))
    orders.place({
      slot: `${this.#prefix}own`,
      purpose: key.slice(this.#prefix.length),
      message: queryId => ({
        destination: contract,
        valueNano: 1n,
        isBounceable: true,
        body: proxyBody.saveState({ queryId, seqno, sessionHash: this.#sessionHash }),
      }),
    })
  }

  /** Whether a state that the chain shows was announced from this database, and by this process. */
  judge(state: SavedState): 'own' | 'earlier' | 'foreign' {
    if (this.#store.get(this.#keyOf(state.seqno, state.sessionHash)) === undefined) return 'foreign'
    return hexOf(state.sessionHash) === hexOf(this.#sessionHash) ? 'own' : 'earlier'
  }

  /** The greatest number of a state that the chain has shown; 0 before the first. Books only go on from there. */
  get lastSeen(): number {
    const seen = this.#store.entries(this.#prefix).filter(([, value]) => value === 'seen')
    return Number(seen.at(-1)?.[0].slice(this.#prefix.length).split('-')[0] ?? 0)
  }

  /** What to write once a state was seen: old ones are forgotten. */
  changesAfter(seen: SavedState): StoreChanges {
    const changes = new Map<string, string | undefined>([[this.#keyOf(seen.seqno, seen.sessionHash), 'seen']])
    const seenKeys = this.#store.entries(this.#prefix).filter(([, value]) => value === 'seen')
    for (const [key] of seenKeys.slice(0, Math.max(0, seenKeys.length - rememberedStates))) {
      changes.set(key, undefined)
    }
    return changes
  }

  /** Sorted by number, as text. */
  #keyOf(seqno: number, sessionHash: Uint8Array): string {
    return `${this.#prefix}${String(seqno).padStart(10, '0')}-${hexOf(sessionHash).slice(0, 32)}`
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
