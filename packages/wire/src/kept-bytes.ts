const blockBytes = 64 << 10
const shareLimit = 4 << 10

/**
 * Copies of bytes that are kept, and all for about as long. Several share a block of memory, which goes with the
 * last of them; a view of a message, kept instead, would hold on to all that came with it.
 */
export class KeptBytes {
  #block = new Uint8Array(0)
  #used = 0

  /** A copy of all parts after one another. */
  copy(...parts: readonly Uint8Array[]): Uint8Array {
    let sizeBytes = 0
    for (const { length } of parts) sizeBytes += length
    const copied = this.#take(sizeBytes)
    let at = 0
    for (const part of parts) {
      copied.set(part, at)
      at += part.length
    }
    return copied
  }

  #take(sizeBytes: number): Uint8Array {
    if (sizeBytes > shareLimit) return new Uint8Array(sizeBytes)
    if (this.#used + sizeBytes > this.#block.length) {
      this.#block = new Uint8Array(blockBytes)
      this.#used = 0
    }
    const start = this.#used
    this.#used += sizeBytes
    return this.#block.subarray(start, this.#used)
  }
}
