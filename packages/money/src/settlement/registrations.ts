import type { World } from '@cocoon/wire'
import type { AccountKey } from '../ledger.ts'

/** Nonces that clients are to register on the chain, to show that they are who they say. */
export class Registrations {
  readonly #world: Pick<World, 'random'>
  readonly #waiting = new Map<bigint, { owner: AccountKey; seen: () => void }>()

  constructor(world: Pick<World, 'random'>) {
    this.#world = world
  }

  /** Looks out for a client's registration of a nonce that nobody else waits for. */
  expect(owner: AccountKey): Disposable & { nonce: bigint; seen: Promise<void> } {
    const { promise: seen, resolve } = Promise.withResolvers<void>()
    const nonce = new DataView(this.#world.random(8).buffer).getBigUint64(0)
    this.#waiting.set(nonce, { owner, seen: resolve })
    return { nonce, seen, [Symbol.dispose]: () => void this.#waiting.delete(nonce) }
  }

  take(owner: AccountKey, nonce: bigint): void {
    const waiting = this.#waiting.get(nonce)
    if (waiting?.owner === owner) waiting.seen()
  }
}
