import { createHash } from 'node:crypto'

/**
 * The debug records of the last requests that carried a `request_guid`, in bounded memory. They are kept
 * under the hash of the caller's key and guid, so that one caller cannot read another's.
 */
export class DebugLog {
  readonly #maxEntries: number
  readonly #entries = new Map<string, string>()
  #characters = 0

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** `text` is JSON. An earlier record of the same guid is replaced. */
  add(keyId: string, guid: string, text: string): void {
    const id = hash(keyId, guid)
    this.#remove(id)
    this.#entries.set(id, text)
    this.#characters += text.length
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#characters <= maxCharacters) break
      this.#remove(oldest)
    }
  }

  find(keyId: string, guid: string): string | undefined {
    return this.#entries.get(hash(keyId, guid))
  }

  #remove(id: string): void {
    const text = this.#entries.get(id)
    if (text === undefined) return
    this.#characters -= text.length
    this.#entries.delete(id)
  }
}

function hash(keyId: string, guid: string): string {
  return createHash('sha256').update(keyId).update('\0').update(guid).digest('base64')
}

const maxCharacters = 8 * 1024 * 1024
