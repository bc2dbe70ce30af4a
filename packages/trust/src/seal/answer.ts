import { allocate, type Codec } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import { padded, paddedValue, unpadded } from './padding.ts'
import { type Aead, type SealCrypto, sealSizes } from './seal-crypto.ts'

/** Longest chunk of an answer, bytes. */
export const maxChunkBytes = 16 << 20
/** Chunks are counted in 32 bits, and nonces from one: the key sealed the query with a nonce of zeros. */
const maxChunks = 2 ** 32 - 1

/** What an answer is sealed with. */
export interface AnswerKey {
  /** 32 bytes: that of the query. */
  readonly key: Uint8Array
  /** Random of the worker, new for each answer: 8 bytes in TL. */
  readonly nonce: bigint
}

/** Counts the chunks of one answer: each has a nonce, and data that is authenticated with it, of its own. */
class ChunkCount {
  readonly nonce = allocate(sealSizes.nonce)
  readonly aad = allocate(5)
  count = 0

  constructor(nonce: bigint) {
    const { buffer, byteOffset } = this.nonce
    new DataView(buffer, byteOffset).setBigInt64(0, nonce, true)
  }

  /** For the next chunk; the arrays are written again by the call after. */
  next(isFinal: boolean): void {
    const index = this.count++
    for (let at = 0; at < 4; at++) {
      this.nonce[11 - at] = (index + 1) >>> (8 * at)
      this.aad[at] = index >>> (8 * at)
    }
    this.aad[4] = isFinal ? 1 : 0
  }
}

/** Seals the chunks of one answer, in order. */
export class AnswerSealer {
  readonly #aead: Aead
  readonly #chunks: ChunkCount
  #isFinished = false

  constructor(crypto: Pick<SealCrypto, 'aead'>, { key, nonce }: AnswerKey) {
    this.#aead = crypto.aead(key)
    this.#chunks = new ChunkCount(nonce)
  }

  /** The next chunk: in a bucket, or in a frame of exactly `frameBytes`, which has to hold it. */
  chunk(content: Uint8Array, isFinal: boolean, frameBytes?: number): Uint8Array {
    return this.#seal(padded(content, frameBytes, sealSizes.tag), isFinal)
  }

  /** The next chunk, of a boxed value, in a bucket. */
  value<T>(codec: Codec<T>, value: T, isFinal: boolean): Uint8Array {
    return this.#seal(paddedValue(codec, value, sealSizes.tag), isFinal)
  }

  /** In place: the frame has room for the tag. */
  #seal(frame: Uint8Array, isFinal: boolean): Uint8Array {
    if (this.#isFinished || this.#chunks.count >= maxChunks) {
      throw new RangeError('An answer has nothing after its final chunk.')
    }
    this.#isFinished = isFinal
    this.#chunks.next(isFinal)
    this.#aead.sealInPlace(this.#chunks.nonce, this.#chunks.aad, frame)
    return frame
  }
}

/** Opens the chunks of one answer, in order. */
export class AnswerOpener {
  readonly #aead: Aead
  readonly #chunks: ChunkCount
  #isFinished = false

  constructor(crypto: Pick<SealCrypto, 'aead'>, { key, nonce }: AnswerKey) {
    this.#aead = crypto.aead(key)
    this.#chunks = new ChunkCount(nonce)
  }

  /** The final chunk has been opened. */
  get isFinished(): boolean {
    return this.#isFinished
  }

  /**
   * The content of the next chunk. Throws `answer-altered` where it is not that one: changed, left out, repeated,
   * of another answer, or behind the end.
   */
  open(chunk: Uint8Array, isFinal: boolean): Uint8Array {
    const index = this.#chunks.count
    if (this.#isFinished || index >= maxChunks) throw altered('something follows its final chunk')
    if (chunk.length > maxChunkBytes) throw altered(`chunk ${index} is too long`)
    this.#chunks.next(isFinal)
    const frame = this.#aead.open(this.#chunks.nonce, this.#chunks.aad, chunk)
    const content = frame && unpadded(frame)
    if (content === undefined) throw altered(`chunk ${index} is not what the machine sealed`)
    this.#isFinished = isFinal
    return content
  }
}

function altered(why: string): TrustError {
  return new TrustError('answer-altered', `The sealed answer was altered on its way: ${why}.`)
}
