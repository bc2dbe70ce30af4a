import type { ContractAddress } from '../address.ts'
import type { ChainTransaction } from '../chain/chain.ts'
import { proxyBody } from '../contracts/bodies.ts'
import type { SavedState } from '../contracts/proxy-message.ts'
import { MoneyError } from '../error.ts'
import type { Store } from '../store/store.ts'
import type { StoreChanges } from '../watch/account-watch.ts'
import { anchorHash, type AnchorOpening, type LogHead, noLog, type SeenAnchor } from './anchor.ts'
import type { Orders } from './orders.ts'

/** Announced states that are remembered after they were seen: others of the same process may still come. */
export const rememberedStates = 64

/** An announced state in the store. */
interface Announced {
  /** Unknown for one that a version without openings announced. */
  readonly opening: AnchorOpening | undefined
  readonly seen: Pick<SeenAnchor, 'transactionHash' | 'lt' | 'timeS'> | undefined
  readonly isSeen: boolean
}

/**
 * Announces states of the books through the chain: a message of one nanoton from the proxy's wallet to its
 * contract, which carries the number of the state and a hash over a random nonce of this process and the head of the
 * proxy's log. What the chain shows must have been announced from this database. A restored copy meets states that
 * it never announced, and so does each of two copies that run at once: no two processes make the same hash.
 */
export class Anchors {
  readonly #store: Store
  readonly #prefix: string
  readonly #nonce: Uint8Array
  readonly #logHead: () => Promise<LogHead | undefined>

  /** `nonce`: 32 random bytes, other ones for each start. */
  constructor(options: {
    store: Store
    prefix: string
    nonce: Uint8Array
    logHead?: (() => Promise<LogHead | undefined>) | undefined
  }) {
    this.#store = options.store
    this.#prefix = `${options.prefix}/anchor/`
    this.#nonce = options.nonce
    this.#logHead = options.logHead ?? (async () => undefined)
  }

  /**
   * Notes durably that this state is announced, with what opens its hash, then orders the message. What this process
   * has announced once it announces again as it was, whatever has come to the log since.
   */
  async announce(seqno: number, contract: ContractAddress, orders: Orders): Promise<void> {
    const opening = this.#announced(seqno) ?? { nonce: this.#nonce, ...((await this.#logHead()) ?? noLog) }
    const sessionHash = anchorHash(opening)
    const key = this.#keyOf({ seqno, sessionHash })
    if (this.#store.get(key) === undefined) {
      await this.#store.write(new Map([[key, written({ opening, seen: undefined })]]))
    }
    orders.place({
      slot: `${this.#prefix}own`,
      purpose: key.slice(this.#prefix.length),
      message: queryId => ({
        destination: contract,
        valueNano: 1n,
        isBounceable: true,
        body: proxyBody.saveState({ queryId, seqno, sessionHash }),
      }),
    })
  }

  /** Whether a state that the chain shows was announced from this database, and by this process. */
  judge(state: StateName): 'own' | 'earlier' | 'foreign' {
    const announced = this.#get(this.#keyOf(state))
    if (announced === undefined) return 'foreign'
    return this.#isOwn(announced) ? 'own' : 'earlier'
  }

  /** The greatest number of a state that the chain has shown; 0 before the first. Books only go on from there. */
  get lastSeen(): number {
    return this.#seen().at(-1)?.seqno ?? 0
  }

  /** The newest `most` anchors that the chain has shown and that can be opened, the oldest of them first. */
  newest(most: number): SeenAnchor[] {
    const seen = this.#seen().flatMap(({ seqno, opening, seen }) =>
      opening === undefined || seen === undefined ? [] : [{ seqno, ...opening, ...seen }],
    )
    return seen.sort((a, b) => (a.lt < b.lt ? -1 : 1)).slice(Math.max(0, seen.length - most))
  }

  /** What to write once a state was seen: old ones are forgotten. */
  changesAfter(state: StateName, at: Pick<ChainTransaction, 'hash' | 'lt' | 'timeS'>): StoreChanges {
    const key = this.#keyOf(state)
    const { hash: transactionHash, lt, timeS } = at
    const seen = { transactionHash, lt, timeS }
    const opening = this.#get(key)?.opening
    const changes = new Map<string, string | undefined>([
      [key, opening === undefined ? 'seen' : written({ opening, seen })],
    ])
    const before = this.#seen()
    for (const { key } of before.slice(0, Math.max(0, before.length - rememberedStates))) {
      changes.set(key, undefined)
    }
    return changes
  }

  /** With what this process has announced a state. */
  #announced(seqno: number): AnchorOpening | undefined {
    const found = this.#entries(numberOf(seqno)).find(announced => this.#isOwn(announced))
    return found?.opening
  }

  #isOwn({ opening }: Announced): boolean {
    return opening !== undefined && hexOf(opening.nonce) === hexOf(this.#nonce)
  }

  #seen(): Array<Announced & { key: string; seqno: number }> {
    return this.#entries('').filter(({ isSeen }) => isSeen)
  }

  /** By number. */
  #entries(begin: string): Array<Announced & { key: string; seqno: number }> {
    return this.#store.entries(this.#prefix + begin).map(([key, value]) => ({
      key,
      seqno: Number(key.slice(this.#prefix.length).split('-')[0]),
      ...readAnnounced(key, value),
    }))
  }

  #get(key: string): Announced | undefined {
    const value = this.#store.get(key)
    return value === undefined ? undefined : readAnnounced(key, value)
  }

  #keyOf({ seqno, sessionHash }: StateName): string {
    return `${this.#prefix}${numberOf(seqno)}${hexOf(sessionHash).slice(0, 32)}`
  }
}

type StateName = Pick<SavedState, 'seqno' | 'sessionHash'>

/** Sorted by number, as text. */
function numberOf(seqno: number): string {
  return `${String(seqno).padStart(10, '0')}-`
}

/** The form in the store; integers that may be large are text. */
interface Stored {
  readonly nonce: string
  readonly size: string
  readonly root: string
  readonly seen?: { readonly transaction: string; readonly lt: string; readonly timeS: number } | undefined
}

function written({ opening, seen }: Pick<Announced, 'seen'> & { opening: AnchorOpening }): string {
  const stored: Stored = {
    nonce: hexOf(opening.nonce),
    size: String(opening.size),
    root: hexOf(opening.root),
    seen: seen && { transaction: seen.transactionHash, lt: String(seen.lt), timeS: seen.timeS },
  }
  return JSON.stringify(stored)
}

function readAnnounced(key: string, value: string): Announced {
  // Versions without openings wrote these words.
  if (value === 'announced' || value === 'seen') {
    return { opening: undefined, seen: undefined, isSeen: value === 'seen' }
  }
  try {
    const { nonce, size, root, seen } = JSON.parse(value) as Stored
    return {
      opening: { nonce: bytesOf(nonce), size: BigInt(size), root: bytesOf(root) },
      seen: seen && { transactionHash: seen.transaction, lt: BigInt(seen.lt), timeS: seen.timeS },
      isSeen: seen !== undefined,
    }
  } catch (cause) {
    throw new MoneyError('storage', `The record ${key} cannot be read`, { cause })
  }
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
