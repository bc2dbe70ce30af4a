interface Slot<V> {
  value: V | undefined
}

/**
 * A Map for values that come and go by the thousand, such as queries under way. V8 makes a new table for a Map every
 * few entries that come and go, and the old tables keep what was in them until the next full collection. What is in
 * them here is a slot, which is emptied when its entry is removed.
 */
export class LiveMap<K, V extends object> {
  readonly #slots = new Map<K, Slot<V>>()

  get size(): number {
    return this.#slots.size
  }

  has(key: K): boolean {
    return this.#slots.has(key)
  }

  get(key: K): V | undefined {
    return this.#slots.get(key)?.value
  }

  set(key: K, value: V): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) this.#slots.set(key, { value })
    else slot.value = value
  }

  /** Whether it was there. */
  delete(key: K): boolean {
    const slot = this.#slots.get(key)
    if (slot === undefined) return false
    slot.value = undefined
    return this.#slots.delete(key)
  }

  clear(): void {
    for (const slot of this.#slots.values()) slot.value = undefined
    this.#slots.clear()
  }

  /** In the order in which their keys came. */
  *values(): Generator<V> {
    for (const { value } of this.#slots.values()) if (value !== undefined) yield value
  }
}
