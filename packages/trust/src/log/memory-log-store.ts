import { conflict, type LogBatch, type LogCommit, type LogHead, type LogStore } from './log-store.ts'
import { tileWidth } from './tile.ts'

/** A log that ends with its process: for tests and trials. */
export class MemoryLogStore implements LogStore {
  #head: LogHead | undefined
  #published: LogHead | undefined
  readonly #tiles = new Map<string, Uint8Array>()
  readonly #entries: Uint8Array[] = []
  readonly #indices = new Map<string, number>()
  readonly #batches = new Map<string, LogBatch>()

  async head(): Promise<LogHead | undefined> {
    return this.#head
  }

  async published(): Promise<LogHead | undefined> {
    return this.#published
  }

  async tile(level: number, index: number): Promise<Uint8Array | undefined> {
    return this.#tiles.get(`${level}/${index}`)?.slice()
  }

  async entries(first: number, count: number): Promise<Uint8Array[]> {
    return this.#entries.slice(first, first + Math.min(count, tileWidth)).map(entry => entry.slice())
  }

  async find(leaf: Uint8Array): Promise<number | undefined> {
    return this.#indices.get(String(leaf))
  }

  async lastBatch(writer: string): Promise<LogBatch | undefined> {
    return this.#batches.get(writer)
  }

  async commit({ oldSize, head, isPublished, tiles, entries, writer, batch }: LogCommit): Promise<void> {
    if (this.#head?.size !== oldSize) throw conflict('The log has grown')
    for (const { level, index, hashes } of tiles) this.#tiles.set(`${level}/${index}`, hashes.slice())
    for (const { leaf, entry } of entries) {
      const key = String(leaf)
      if (!this.#indices.has(key)) this.#indices.set(key, this.#entries.length)
      this.#entries.push(entry.slice())
    }
    this.#batches.set(writer, [...batch])
    this.#head = head
    if (isPublished) this.#published = head
  }

  async publish(head: LogHead): Promise<void> {
    if (head.size < (this.#published?.size ?? 0) || head.size > (this.#head?.size ?? -1)) {
      throw conflict(`A checkpoint of ${head.size} entries is not the newest`)
    }
    this.#published = head
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
