import type { World } from '@cocoon/wire'

/** How long prices of the chain are kept. They change by a vote of the validators, a few times a year. */
const feesKeptMs = 600_000

/** A value that is read when it is asked for and kept for a while. Whoever asks meanwhile waits for the same reading. */
export class Kept<T> {
  readonly #world: World
  readonly #read: () => Promise<T>
  #value: Promise<T> | undefined
  #untilMs = 0

  constructor(world: World, read: () => Promise<T>) {
    this.#world = world
    this.#read = read
  }

  get(): Promise<T> {
    if (this.#value === undefined || this.#world.monotonic() >= this.#untilMs) {
      const value = this.#read()
      this.#value = value
      this.#untilMs = this.#world.monotonic() + feesKeptMs
      // What failed is not kept: the next one reads again.
      value.catch(() => {
        if (this.#value === value) this.#value = undefined
      })
    }
    return this.#value
  }
}
