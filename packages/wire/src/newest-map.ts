/**
 * The newest entries, in the order in which they came. A Map alone has that order too, but the more entries were
 * removed from its beginning, the longer it takes to find the first that is left.
 */
export class NewestMap<V> {
  readonly #most: number
  readonly #entries = new Map<string, V>()
  /** Oldest first, from `#first` on. */
  #keys: string[] = []
  #first = 0

  /** Holds `most` entries. */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  /** Adds an entry, for which the oldest one goes if there are too many. What the key had before is replaced. */
  set(key: string, value: V): void {
    const { size } = this.#entries
    this.#entries.set(key, value)
    if (this.#entries.size === size) return
    this.#keys.push(key)
    if (size === this.#most) this.#dropOldest()
  }

  /** Removes from the oldest entry on, up to the first one that is not to go. */
  dropWhile(isOver: (value: V) => boolean): void {
    while (this.#entries.size > 0 && isOver(this.#entries.get(this.#keys[this.#first]!)!)) this.#dropOldest()
  }

  #dropOldest(): void {
    this.#entries.delete(this.#keys[this.#first++]!)
    if (this.#first < this.#most) return
    this.#keys = this.#keys.slice(this.#first)
    this.#first = 0
  }
}
