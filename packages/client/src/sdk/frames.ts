import { maxChunkBytes } from '@cocoon/trust/seal'
import { ClientError } from '../error.ts'

/** Of a chunk, what stands around it: ids, lengths, a receipt. */
const framingBytes = 64 << 10

/**
 * The frames of an answer, `u32 little-endian length ‖ bytes`, as they come; each is the reader's own. Ends where the
 * body ends between two frames. Throws `answer-invalid` where it ends inside of one, or one is longer than any is.
 */
export async function* readFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const held = new Held()
  for await (const bytes of body) {
    held.push(bytes)
    for (let length = held.length(); length !== undefined; length = held.length()) {
      if (length > maxChunkBytes + framingBytes) throw invalid('it has a frame that is longer than any is')
      if (held.sizeBytes < 4 + length) break
      yield held.take(4 + length).subarray(4)
    }
  }
  if (held.sizeBytes > 0) throw invalid('it was cut off')
}

/** Bytes that wait for the rest of their frame. */
class Held {
  sizeBytes = 0
  #pieces: Uint8Array[] = []

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.sizeBytes += bytes.length
  }

  /** Of the next frame; undefined while that has not come. */
  length(): number | undefined {
    if (this.sizeBytes < 4) return undefined
    // Of a length that came in parts, the parts are joined first.
    if (this.#pieces[0]!.length < 4) this.#pieces.unshift(this.#shift(4))
    const { buffer, byteOffset } = this.#pieces[0]!
    return new DataView(buffer, byteOffset).getUint32(0, true)
  }

  /** The next bytes, in an array of their own. */
  take(sizeBytes: number): Uint8Array {
    this.sizeBytes -= sizeBytes
    return this.#shift(sizeBytes)
  }

  #shift(sizeBytes: number): Uint8Array {
    const taken = new Uint8Array(sizeBytes)
    let at = 0
    while (at < sizeBytes) {
      const piece = this.#pieces.shift()!
      const part = piece.subarray(0, sizeBytes - at)
      taken.set(part, at)
      at += part.length
      if (part.length < piece.length) this.#pieces.unshift(piece.subarray(part.length))
    }
    return taken
  }
}

function invalid(why: string): ClientError {
  return new ClientError('answer-invalid', `The sealed answer is not as it has to be: ${why}.`)
}
