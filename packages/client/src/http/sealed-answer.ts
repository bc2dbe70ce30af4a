import type { ClientError } from '../error.ts'
import type { AnswerSummary, PassedEvents, Run } from '../network.ts'
import type { Exchange, Work } from './exchange.ts'
import { refusalOf, shuttingDown, traceOf } from './refusal.ts'

/**
 * Writes the answer to a query that its caller has sealed, as the pieces come:
 *
 *     frame = u32 little-endian length ‖ boxed client.sealedAnswer | client.sealedAnswerPart | client.sealedFailure
 *
 * Only the last piece says that it is the last; an answer that ends without one was cut off.
 */
export class PassedAnswer implements PassedEvents, Work {
  readonly #exchange: Exchange
  readonly #boundNano: bigint
  #run: Run | undefined
  #isBegun = false

  constructor(exchange: Exchange, boundNano: bigint) {
    this.#exchange = exchange
    this.#boundNano = boundNano
  }

  /** Sends the query; the key's reservation has been made. */
  start(run: (events: PassedEvents) => Run): void {
    this.#exchange.work = this
    try {
      this.#run = run(this)
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error('not an error'), nothingCharged)
    }
  }

  piece(bytes: Uint8Array): void {
    const exchange = this.#exchange
    if (exchange.isOver) return
    if (!this.#isBegun) {
      this.#isBegun = true
      exchange.begin(200, ['content-type', 'application/octet-stream', 'cache-control', 'no-store'])
    }
    const { writableLength } = exchange.response
    if (writableLength > exchange.shared.limits.bufferBytes) {
      exchange.shared.log('slow-reader', { bufferedBytes: writableLength })
      exchange.abort()
      this.#run?.cancel()
      return
    }
    exchange.write(frameOf(bytes))
  }

  end(summary: AnswerSummary): void {
    this.#exchange.key?.charge(this.#boundNano, summary.costNano)
    this.#exchange.finish('')
  }

  failed(error: Error, summary: AnswerSummary): void {
    this.#exchange.key?.charge(this.#boundNano, summary.costNano)
    this.#fail(error)
  }

  callerLeft(): void {
    this.#run?.cancel()
  }

  shutDown(): void {
    this.#stop(shuttingDown())
  }

  #stop(error: ClientError): void {
    this.#fail(error)
    this.#run?.cancel()
  }

  #fail(error: Error): void {
    const exchange = this.#exchange
    if (exchange.isOver) return
    const refusal = refusalOf(error)
    if (refusal.status === 500) exchange.shared.log('internal-error', traceOf(error))
    if (this.#isBegun) exchange.abort()
    else exchange.refuse(refusal)
  }
}

function frameOf(piece: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(4 + piece.length)
  frame.writeUInt32LE(piece.length)
  frame.set(piece, 4)
  return frame
}

const nothingCharged: AnswerSummary = { tokens: 0n, costNano: 0n }
