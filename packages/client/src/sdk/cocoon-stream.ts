import type { QueryKind } from '../query-fields.ts'
import { done, readChunk, readEvents } from './event-stream.ts'
import type { Protected } from './types.ts'

/**
 * A streamed answer. It is read once. The loop over it throws at its end where the receipt does not hold: what it gave
 * before is not to be relied on then. To leave the loop early ends the query.
 */
export class CocoonStream<Chunk> implements AsyncIterable<Chunk> {
  /** Resolves once the stream was read to its end and the receipt was found right; rejects where it was not. */
  readonly cocoon: Promise<Protected>
  readonly #chunks: AsyncGenerator<Chunk, void>

  constructor(
    body: AsyncGenerator<Uint8Array, Protected>,
    { kind, fillsChoices }: { readonly kind: QueryKind; readonly fillsChoices: boolean },
    left: () => Error,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<Protected>()
    this.cocoon = promise
    // Whoever does not ask hears of it in the loop.
    promise.catch(() => {})
    this.#chunks = chunksOf<Chunk>(body, chunk => readChunk(chunk, kind, fillsChoices), {
      resolve,
      reject,
      left,
    })
  }

  [Symbol.asyncIterator](): AsyncIterator<Chunk, void> {
    return this.#chunks
  }
}

async function* chunksOf<Chunk>(
  body: AsyncGenerator<Uint8Array, Protected>,
  read: (data: string) => Record<string, unknown>,
  settle: { resolve(value: Protected): void; reject(error: unknown): void; left(): Error },
): AsyncGenerator<Chunk, void> {
  const events = readEvents(body)
  let isOver = false
  try {
    for (;;) {
      const next = await events.next()
      if (next.done === true) {
        isOver = true
        settle.resolve(next.value)
        return
      }
      if (next.value !== done) yield read(next.value) as Chunk
    }
  } catch (error) {
    isOver = true
    settle.reject(error)
    throw error
  } finally {
    if (!isOver) settle.reject(settle.left())
    await body.return(undefined as never)
  }
}
