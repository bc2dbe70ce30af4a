/**
 * Remembers at least the last `size` entries and at most twice as many. Two generations instead of one map
 * in order: removing the oldest entry of a map one by one costs more the longer it goes on.
 */
export class RecentMap<V> {
  readonly #size: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  constructor(size: number) {
    this.#size = size
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}
