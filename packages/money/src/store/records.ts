import type { Store } from './store.ts'

/** Changes to a store: undefined deletes. */
export type StoreChange = ReadonlyMap<string, string | undefined>

/** Records in memory, as every store reads them. Writes become durable one after the other, then seen. */
export abstract class Records implements Store {
  readonly #records: Map<string, string>
  #writes: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(records: Iterable<readonly [key: string, value: string]> = []) {
    this.#records = new Map(records)
  }

  get(key: string): string | undefined {
    this.#requireSound()
    return this.#records.get(key)
  }

  entries(prefix: string): Array<[key: string, value: string]> {
    this.#requireSound()
    return [...this.#records].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
  }

  write(changes: StoreChange): Promise<void> {
    // The caller may go on with its map.
    const written = new Map(changes)
    const write = this.#writes.then(() => this.#write(written))
    this.#writes = write.catch(() => {})
    return write
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writes
    await this.close()
  }

  /** Makes all changes durable or none. */
  protected abstract persist(changes: StoreChange): Promise<void>
  protected abstract close(): Promise<void>

  async #write(changes: StoreChange): Promise<void> {
    this.#requireSound()
    try {
      await this.persist(changes)
    } catch (error) {
      this.#failure = error
      throw error
    }
    for (const [key, value] of changes) {
      if (value === undefined) this.#records.delete(key)
      else this.#records.set(key, value)
    }
  }

  #requireSound(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}
