import { adjustUsage, type RootConfig } from '@cocoon/money'
import {
  AnswerSealer,
  frameRoom,
  type HeldIdentity,
  type OpenedQuery,
  type Receipt,
  type ReceiptOutcome,
  requestCommitment,
  type RunningHash,
  type SealCrypto,
  signReceipt,
  startAnswerCommitment,
} from '@cocoon/trust/seal'
import {
  type Connection,
  type HttpResponse,
  httpResponse,
  proxySealedAnswer,
  proxySealedAnswerPart,
  proxySealedFailure,
  type SealedSignedReceipt,
  type Timer,
  type World,
} from '@cocoon/wire'
import type { Usage } from './meter/usage.ts'
import {
  type AnswerHead,
  type AnswerWriter,
  congestedBytes,
  noUsage,
  type WorkerFinal,
} from './answer-writer.ts'

/** What an answer is sealed with, and what its receipt says of it. */
export interface SealedAnswerOptions {
  readonly connection: Connection
  readonly world: World
  readonly crypto: SealCrypto
  readonly opened: OpenedQuery
  /** Of the query as it came, sealed. */
  readonly bodyBytes: number
  readonly held: HeldIdentity
  /** The proxy's name for the query. */
  readonly requestId: Uint8Array
  readonly proxyKey: Uint8Array
  /** Thousandths: what the proxy pays. */
  readonly coefficient: number
  readonly config: RootConfig
  /** Some of the answer has left by itself: what was held up may go on. */
  readonly progress: () => void
}

const partBytes = 1 << 20
/** Tokens beyond the bytes that everybody sees: of the end, and of what a template adds to a prompt. */
const unseenTokens = { completion: 64, prompt: 256 } as const
const nothing = new Uint8Array(0)

/** Seals one query's answer to who asked, and signs for it. */
export class SealedAnswer implements AnswerWriter {
  readonly #options: SealedAnswerOptions
  readonly #nonce: bigint
  readonly #sealer: AnswerSealer
  readonly #startedAtMs: number
  /** In frames of one size at one pace; undefined where chunks leave as they come. */
  readonly #shape: { readonly frameBytes: number; readonly cadenceMs: number } | undefined
  #commitment: RunningHash | undefined
  #status = 0
  /** Waits for the first of the body, to leave with it: until then the proxy can have another worker answer. */
  #head: AnswerHead | undefined
  /** Of the body: what has not left yet. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #final: WorkerFinal | undefined
  #inTurn = false
  #timer: Timer | undefined
  #isDone = false
  sentBytes = 0

  constructor(options: SealedAnswerOptions) {
    const { world, crypto, opened } = options
    const { chunkBytes: frameBytes, cadenceMs } = opened.content
    this.#options = options
    this.#nonce = readInt64(world.random(8))
    this.#sealer = new AnswerSealer(crypto, { key: opened.key, nonce: this.#nonce })
    this.#startedAtMs = Math.floor(world.now())
    this.#shape = frameBytes === 0 ? undefined : { frameBytes, cadenceMs }
  }

  get isCongested(): boolean {
    return this.#options.connection.queuedBytes + this.#waitingBytes > congestedBytes
  }

  head(head: AnswerHead): void {
    if (this.#isDone) return
    if (this.#shape === undefined) {
      this.#head = head
      return
    }
    this.#begin(head, nothing, undefined)
    this.#tickLater(this.#shape.cadenceMs)
  }

  /** What comes first in a turn goes at once, the rest of the turn together at its end. */
  more(bytes: Uint8Array): void {
    if (this.#isDone) return
    this.#push(bytes)
    if (this.#shape !== undefined || this.#inTurn) return
    this.#inTurn = true
    this.#options.world.soon(this.#flush)
    this.#send(this.#take(partBytes), undefined)
  }

  last(bytes: Uint8Array, final: WorkerFinal): boolean {
    this.#push(bytes)
    this.#final = final
    return this.proceed()
  }

  proceed(): boolean {
    if (this.#final === undefined) return true
    if (this.#isDone) return true
    if (this.#shape !== undefined) return false
    while (this.#waitingBytes > partBytes) {
      if (this.#options.connection.queuedBytes > congestedBytes) return false
      this.#send(this.#take(partBytes), undefined)
    }
    this.#send(this.#take(partBytes), this.#final)
    return true
  }

  whole(head: AnswerHead, body: Uint8Array, final: WorkerFinal): boolean {
    if (this.#isDone) return true
    if (this.#shape !== undefined || body.length > partBytes) {
      this.head(head)
      return this.last(body, final)
    }
    this.#begin(head, body, final)
    return true
  }

  failure(code: number, _message: string, final: WorkerFinal): void {
    if (this.#isDone) return
    this.abandon()
    const outcome: ReceiptOutcome = code === cancelledCode ? 'cancelled' : 'failed'
    this.#options.connection.send(proxySealedFailure, {
      _: 'proxy.sealedFailure',
      requestId: this.#options.requestId,
      errorCode: code,
      flags: 1,
      receipt: this.#receipt(outcome, final),
    })
  }

  abandon(): void {
    this.#end()
    this.#timer?.cancel()
    this.#head = undefined
    this.#waiting = []
    this.#waitingBytes = 0
  }

  readonly #flush = (): void => {
    this.#inTurn = false
    if (this.#isDone || this.#final !== undefined) return
    while (this.#waitingBytes > 0) this.#send(this.#take(partBytes), undefined)
  }

  #send(bytes: Uint8Array, final: WorkerFinal | undefined): void {
    const head = this.#head
    if (head === undefined) return this.#part(bytes, final)
    this.#head = undefined
    this.#begin(head, bytes, final)
  }

  #begin({ status, headers }: AnswerHead, body: Uint8Array, final: WorkerFinal | undefined): void {
    const { connection, crypto, opened, requestId } = this.#options
    this.#status = status
    this.#commitment = startAnswerCommitment(crypto, opened.content.answerSalt, status)
    this.#commitment.update(body)
    this.sentBytes += body.length
    const response: HttpResponse = {
      _: 'http.response',
      httpVersion: 'HTTP/1.1',
      statusCode: status,
      reason: '',
      headers: headers.map(([name, value]) => ({ _: 'http.header', name, value })),
      payload: body,
    }
    connection.send(proxySealedAnswer, {
      _: 'proxy.sealedAnswer',
      requestId,
      status,
      nonce: this.#nonce,
      chunk: this.#sealer.value(httpResponse, response, final !== undefined),
      ...this.#receiptFields(final),
    })
  }

  #part(bytes: Uint8Array, final: WorkerFinal | undefined, frameBytes?: number): void {
    this.#commitment!.update(bytes)
    this.sentBytes += bytes.length
    this.#options.connection.send(proxySealedAnswerPart, {
      _: 'proxy.sealedAnswerPart',
      requestId: this.#options.requestId,
      chunk: this.#sealer.chunk(bytes, final !== undefined, frameBytes),
      ...this.#receiptFields(final),
    })
  }

  #tickLater(cadenceMs: number): void {
    this.#timer = this.#options.world.after(cadenceMs, () => this.#tick())
  }

  /** One frame, whether there is something to say or not. */
  #tick(): void {
    if (this.#isDone) return
    const { frameBytes, cadenceMs } = this.#shape!
    // A connection that carries no more at this pace would be given up, with all other queries on it.
    if (this.#options.connection.queuedBytes > congestedBytes) return this.#tickLater(cadenceMs)
    const bytes = this.#take(frameRoom(frameBytes))
    const isLast = this.#final !== undefined && this.#waitingBytes === 0
    this.#part(bytes, isLast ? this.#final : undefined, frameBytes)
    if (!isLast) this.#tickLater(cadenceMs)
    this.#options.progress()
  }

  #push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  #take(mostBytes: number): Uint8Array {
    const all = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting)
    const taken = all.subarray(0, mostBytes)
    this.#waiting = taken.length < all.length ? [all.subarray(taken.length)] : []
    this.#waitingBytes -= taken.length
    return taken
  }

  #receiptFields(final: WorkerFinal | undefined): { flags: number; receipt?: SealedSignedReceipt } {
    if (final === undefined) return { flags: 0 }
    const receipt = this.#receipt('complete', final)
    this.#end()
    return { flags: 1, receipt }
  }

  /** Nothing is sealed any more. */
  #end(): void {
    this.#isDone = true
    this.#options.opened.key.fill(0)
  }

  #receipt(outcome: ReceiptOutcome, { usage, tokens }: WorkerFinal): SealedSignedReceipt {
    const { world, crypto, opened, held, proxyKey, coefficient, config } = this.#options
    const { header } = opened
    const { requestSalt, answerSalt, path, body } = opened.content
    const isFree = tokens.totalTokensUsed === 0n
    const counted = isFree ? noUsage : this.#bounded(usage)
    const receipt: Receipt = {
      proxyKey,
      identity: held.digest,
      requestId: opened.routing.requestId,
      model: held.identity.model,
      requestCommitment: requestCommitment(crypto, { requestSalt, header, path, body }),
      answerCommitment: (this.#commitment ?? startAnswerCommitment(crypto, answerSalt, 0)).digest(),
      outcome,
      status: this.#status,
      coefficient,
      promptTokens: counted.promptTokens,
      cachedTokens: counted.cachedTokens,
      completionTokens: counted.completionTokens,
      reasoningTokens: counted.reasoningTokens,
      chargedTokens: isFree ? 0n : adjustUsage(counted, coefficient, config).total,
      pricePerTokenNano: config.pricePerTokenNano,
      paramsVersion: config.paramsVersion,
      startedAtMs: this.#startedAtMs,
      finishedAtMs: Math.floor(world.now()),
    }
    return signReceipt(held.keys.signing, receipt)
  }

  /**
   * What proxy and client find plausible: they know lengths alone. What a template adds to a prompt beyond that, or a
   * model says that no text is made of or that has not left, is not paid; a receipt that counts it holds for nothing.
   */
  #bounded({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): Usage {
    const { opened, bodyBytes } = this.#options
    const { content, routing } = opened
    const prompt = Math.min(promptTokens, bodyBytes, content.body.length + unseenTokens.prompt)
    const seen = this.sentBytes + unseenTokens.completion
    const completion = Math.min(completionTokens, routing.maxTokens, reasoningTokens + seen)
    return {
      promptTokens: prompt,
      cachedTokens: Math.min(cachedTokens, prompt),
      completionTokens: completion,
      reasoningTokens: Math.min(reasoningTokens, completion),
    }
  }
}

function readInt64({ buffer, byteOffset }: Uint8Array): bigint {
  return new DataView(buffer, byteOffset).getBigInt64(0)
}

const cancelledCode = 653
