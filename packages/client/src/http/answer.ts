import { ClientError } from '../error.ts'
import type { AnswerEvents, AnswerSummary, Protection, Run } from '../network.ts'
import { debugText, errorBody, withCost, withDebug } from './answer-body.ts'
import { type AnswerHead, readHead } from './answer-head.ts'
import { EventStream } from './event-stream.ts'
import { type Exchange, pieceBytes, type Work } from './exchange.ts'
import type { QueryKind } from '../query-fields.ts'
import type { Ask } from './read-query.ts'
import { refusalOf, refusalText, shuttingDown, traceOf } from './refusal.ts'

/**
 * Writes one query's answer to its caller. An event stream goes through as it comes; a JSON answer is held
 * until its end, when its cost is known; anything else goes through as it is. What is complete within one
 * turn leaves as one response with its length.
 */
export class Answer implements AnswerEvents, Work {
  readonly #exchange: Exchange
  readonly #kind: QueryKind
  readonly #ask: Ask
  readonly #boundNano: bigint
  #run: Run | undefined
  #head: AnswerHead | undefined
  #stream: EventStream | undefined
  #held: Buffer[] = []
  #heldBytes = 0
  /** Of a sealed answer. */
  #receiptId: string | undefined
  #isBegun = false
  /** Of a query that has ended, until the caller is told. */
  #summary: AnswerSummary | undefined
  #isSettled = false

  constructor(exchange: Exchange, kind: QueryKind, ask: Ask, boundNano: bigint) {
    this.#exchange = exchange
    this.#kind = kind
    this.#ask = ask
    this.#boundNano = boundNano
  }

  /** Sends the query; the key's reservation has been made. */
  start(): void {
    this.#exchange.work = this
    try {
      this.#run = this.#exchange.shared.network.run(this.#ask.query, this)
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error('not an error'), nothingCharged)
    }
  }

  head(status: number, headers: Array<[string, string]>, protection?: Protection): void {
    if (this.#exchange.isOver || this.#head !== undefined) return
    const head = readHead(status, headers)
    if (head === undefined) {
      this.#stop(new ClientError('answer-invalid', `The answer has the status ${status}, which is none.`))
      return
    }
    this.#head = head
    if (protection?.kind === 'sealed') {
      this.#exchange.protection = protection.isSimulated ? 'sealed; simulated' : 'sealed'
      this.#receiptId = protection.receiptId
      if (this.#receiptId !== undefined) head.headers.push('x-cocoon-receipt', this.#receiptId)
    }
    if (status >= 300) head.body = 'json'
    if (head.body === 'json') return
    if (head.body === 'events') {
      const { bufferBytes } = this.#exchange.shared.limits
      this.#stream = new EventStream(this.#kind, !this.#ask.wantsUsageEvent, bufferBytes)
    }
    this.#exchange.shared.flushSoon(this)
  }

  data(bytes: Uint8Array): void {
    if (this.#exchange.isOver) return
    if (this.#head === undefined) {
      this.#stop(new ClientError('protocol', 'The answer began without its head.'))
      return
    }
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (this.#stream === undefined) {
      this.#pass(buffer)
      return
    }
    const events = this.#stream.push(buffer)
    if (events !== undefined) this.#pass(events)
    if (this.#stream.isOverfull) {
      this.#stop(
        new ClientError('answer-invalid', 'An event of the answer is longer than this client holds.'),
      )
    }
  }

  end(summary: AnswerSummary): void {
    this.#settle(summary)
    const { key, shared } = this.#exchange
    if (summary.proof !== undefined) shared.receipts.add(summary.proof, key?.id)
    if (this.#exchange.isOver) return
    this.#summary = summary
    shared.flushSoon(this)
  }

  failed(error: Error, summary: AnswerSummary): void {
    this.#settle(summary)
    if (!this.#exchange.isOver) this.#fail(error)
  }

  /**
   * Sends what waits: the whole answer, or its head and what came of its body in the same turn. Callers whose answers
   * came together get them together, after all of them were verified: each would wake its process by itself.
   */
  flush(): void {
    if (this.#exchange.isOver) return
    const summary = this.#summary
    if (summary === undefined) this.#begin()
    else this.#exchange.attempt(() => this.#complete(summary))
  }

  #begin(): void {
    if (this.#isBegun || this.#head === undefined) return
    this.#isBegun = true
    const { status, headers, body } = this.#head
    if (body === 'events') headers.push('cache-control', 'no-cache', 'x-accel-buffering', 'no')
    this.#exchange.begin(status, headers)
    if (this.#heldBytes > 0) this.#write(this.#takeHeld(nothing))
  }

  callerLeft(): void {
    this.#exchange.over()
    this.#run?.cancel()
  }

  shutDown(): void {
    if (this.#summary === undefined) this.#stop(shuttingDown())
    else this.flush()
  }

  #complete(summary: AnswerSummary): void {
    const head = this.#head
    if (head === undefined) {
      this.#fail(new ClientError('answer-invalid', 'The answer ended without its head.'))
      return
    }
    const debug = this.#ask.query.enableDebug ? debugText(summary.debug) : undefined
    const last =
      this.#stream?.end({
        event: debug === undefined ? undefined : `{"debug":${debug}}`,
        comment: this.#receiptId === undefined ? undefined : `cocoon-receipt ${this.#receiptId}`,
      }) ?? nothing
    if (this.#isBegun) {
      this.#exchange.finish(last)
      return
    }
    let body = this.#takeHeld(last)
    if (head.status >= 300) body = errorBody(head.status, body)
    else if (head.body === 'json') {
      body = withCost(body, summary.costNano)
      if (debug !== undefined) body = withDebug(body, debug)
    }
    if (head.status >= 300) head.headers = jsonHeaders(head.headers)
    head.headers.push('x-cocoon-total-cost', String(summary.costNano))
    const { proxy } = summary
    if (proxy !== undefined && addressPattern.test(proxy)) head.headers.push('x-cocoon-proxy', proxy)
    this.#exchange.send(head.status, head.headers, body)
  }

  #pass(bytes: Buffer): void {
    if (this.#isBegun) {
      this.#write(bytes)
      return
    }
    this.#held.push(bytes)
    this.#heldBytes += bytes.length + pieceBytes
    const fits = this.#exchange.buffer(bytes.length)
    if (fits && this.#heldBytes <= this.#exchange.shared.limits.bufferBytes) return
    if (this.#head !== undefined && this.#head.status >= 300) {
      this.#stop(new ClientError('answer-invalid', 'The worker failed and said more than this client holds.'))
      return
    }
    // Too long to be held: it goes on as it is, without what would have been added at its end.
    this.#begin()
  }

  #write(bytes: Buffer): void {
    if (this.#exchange.write(bytes)) return
    this.#exchange.shared.log('slow-reader', { bufferedBytes: this.#exchange.response.writableLength })
    this.#exchange.abort()
    this.#run?.cancel()
  }

  #takeHeld(last: Buffer): Buffer {
    const held = this.#held
    if (last.length > 0) held.push(last)
    this.#held = []
    this.#heldBytes = 0
    return held.length === 1 ? held[0]! : Buffer.concat(held)
  }

  /** Tells the caller of a failure that is found here, and stops the query. */
  #stop(error: ClientError): void {
    this.#fail(error)
    this.#run?.cancel()
  }

  #fail(error: Error): void {
    const refusal = refusalOf(error)
    if (refusal.status === 500) this.#exchange.shared.log('internal-error', traceOf(error))
    if (!this.#isBegun) this.#exchange.refuse(refusal)
    else if (this.#stream !== undefined) this.#exchange.finish(`data: ${refusalText(refusal)}\n\n`)
    else this.#exchange.abort()
  }

  /** Accounts for the query, also when its caller is gone. */
  #settle(summary: AnswerSummary): void {
    if (this.#isSettled) return
    this.#isSettled = true
    const { key, shared } = this.#exchange
    key?.charge(this.#boundNano, summary.costNano)
    const guid = this.#ask.requestGuid
    if (guid !== undefined && summary.debug !== undefined) {
      shared.debugLog.add(key?.id ?? '', guid, debugText(summary.debug))
    }
  }
}

function jsonHeaders(headers: string[]): string[] {
  const typeAt = headers.indexOf('content-type')
  return headers.with(typeAt + 1, 'application/json')
}

const nothing = Buffer.alloc(0)
const nothingCharged: AnswerSummary = { tokens: 0n, costNano: 0n }
const addressPattern = /^[\w:+/=-]{1,128}$/
