import { TrustError } from '@cocoon/trust'
import { disputeReasons } from '@cocoon/trust/seal'
import {
  checkHeaderCount,
  decode,
  type HttpResponse,
  httpResponse,
  type Timer,
  toHex,
  type World,
  WireError,
} from '@cocoon/wire'
import type { ProxyAnswer, ProxyFinal, SealedPiece } from './answer.ts'
import { ClientError, type ClientErrorCode } from './error.ts'
import type { AnswerEvents, AnswerSummary, Protection, Query } from './network.ts'
import { ReceiptFault, type SealedExchange } from './sealing/sealed-exchange.ts'

/** Who started a query. */
export interface PendingOwner {
  /** The proxy says that it charged more than the query reserved. */
  overstated(proxy: string): void
  overdue(pending: PendingQuery): void
  /** A sealed query is to be sealed anew: the machine does not know its session, or has another identity. */
  again(
    pending: PendingQuery,
    failed: { readonly identity: Uint8Array | undefined; readonly code: number },
  ): void
  /** The receipt of a sealed answer does not hold: the proxy is to be told. */
  disputed(pending: PendingQuery, reason: number): void
  ended(
    outcome: 'succeeded' | 'failed',
    summary: AnswerSummary,
    receivedBytes: number,
    of: PendingQuery,
  ): void
}

/**
 * One query on its way: checks the order of what comes, keeps the deadline, and ends exactly once. A retry
 * gives it to another session under a new request id as long as nothing has come.
 */
export class PendingQuery {
  readonly query: Query
  /** As it is sent openly, once that is done. */
  requestBytes: Uint8Array | undefined
  requestId: Uint8Array
  /** As it is sealed, while that is how it was sent. */
  exchange: SealedExchange | undefined
  /** How often it was sealed anew because of what a machine answered. */
  resealed = 0
  /** How it is protected where it is not sealed. */
  openProtection: Protection | undefined
  /** Something of the answer has come: too late for another proxy. */
  begun = false
  ended = false
  attempts = 0
  /** Proxies where nothing protects it enough. */
  passedOver: Set<object> | undefined
  /** Who has it now. */
  session: { cancel(pending: PendingQuery): void } | undefined
  readonly #events: AnswerEvents
  readonly #world: World
  readonly #owner: PendingOwner
  readonly #priceNano: bigint
  /** The most that it can cost. */
  reservedTokens: bigint
  readonly #deadlineAt: number
  readonly #startedAt: number
  #timer: Timer | undefined
  #receivedBytes = 0

  constructor(options: {
    query: Query
    events: AnswerEvents
    world: World
    pricePerTokenNano: bigint
    /** Tokens that the query reserves: an honest proxy never charges more. */
    reservedTokens: bigint
    /** Told of the deadline and of the end. */
    owner: PendingOwner
  }) {
    this.query = options.query
    this.#events = options.events
    this.#world = options.world
    this.#priceNano = options.pricePerTokenNano
    this.reservedTokens = options.reservedTokens
    this.requestId = options.world.random(32)
    this.#startedAt = options.world.now()
    this.#deadlineAt = options.world.monotonic() + options.query.timeoutMs
    this.#owner = options.owner
    this.#timer = options.world.after(options.query.timeoutMs, () => options.owner.overdue(this))
  }

  /** Zero when overdue. */
  timeLeftMs(): number {
    return Math.max(0, this.#deadlineAt - this.#world.monotonic())
  }

  /** Hands a piece on. Throws a WireError on what cannot be part of an answer; true once the query has ended. */
  take(answer: ProxyAnswer, proxy: string, _data?: Uint8Array): boolean {
    if (this.ended) return true
    if (isSealedPiece(answer)) return this.#takeSealed(answer, proxy)
    if (this.exchange !== undefined) throw new WireError('malformed', 'an open answer to a sealed query')
    if (answer.kind === 'failure') {
      this.fail(failureOf(answer.code, answer.message), this.#summary(answer.final, proxy))
      return true
    }
    if (answer.kind === 'head') {
      if (this.begun) throw new WireError('malformed', 'a second response head')
      this.#head(answer.response)
    } else {
      if (!this.begun) throw new WireError('malformed', 'a part before the response head')
      if (answer.bytes.length > 0) this.#data(answer.bytes)
    }
    if (answer.final === undefined || this.ended) return this.ended
    const summary = this.#summary(answer.final, proxy)
    this.#end('succeeded', summary)
    this.#events.end(summary)
    return true
  }

  #takeSealed(piece: SealedPiece, proxy: string): boolean {
    const { exchange } = this
    if (exchange === undefined) throw new WireError('malformed', 'a sealed answer to an open query')
    if (piece.kind === 'sealed-failure') return this.#sealedFailure(piece, proxy)
    try {
      const isFinal = piece.end !== undefined
      if (piece.kind === 'sealed-head') this.#respond(exchange.begin(piece, isFinal), protectionOf(exchange))
      else this.#data(exchange.part(piece.chunk, isFinal))
      if (piece.end === undefined || this.ended) return this.ended
      const { receipt, chargedTokens } = piece.end
      const summary = this.#summary({ tokens: chargedTokens }, proxy)
      summary.proof = exchange.finish(receipt, chargedTokens)
      this.#end('succeeded', summary)
      this.#events.end(summary)
    } catch (error) {
      if (!(error instanceof TrustError)) throw error
      const { chargedTokens = 0n } = piece.end ?? {}
      // Nobody relies on the rest any more, so nobody is to make it and have it paid.
      if (piece.end === undefined) this.session?.cancel(this)
      this.#owner.disputed(this, error instanceof ReceiptFault ? error.reason : disputeReasons.missing)
      this.fail(
        new ClientError('answer-invalid', error.message, { cause: error }),
        this.#summary({ tokens: chargedTokens }, proxy),
      )
    }
    return true
  }

  #sealedFailure(piece: Extract<SealedPiece, { kind: 'sealed-failure' }>, proxy: string): boolean {
    const { code, message, end } = piece
    const isStale = code === 660 || areOffersOld(code, message)
    const mayRepeat = isStale && !this.begun && this.resealed < maxResealed
    if (mayRepeat) {
      // What is said of a machine that it was not sealed to is none of this query's matter.
      const identity = this.exchange?.isFor(piece.identity) === true ? piece.identity : undefined
      this.resealed++
      this.exchange?.end()
      this.exchange = undefined
      this.session = undefined
      this.#owner.again(this, { identity, code })
      return true
    }
    if (end !== undefined) {
      try {
        this.exchange?.checkCutOff(end.receipt, end.chargedTokens)
      } catch (error) {
        if (!(error instanceof ReceiptFault)) throw error
        this.#owner.disputed(this, error.reason)
      }
    }
    this.fail(failureOf(code, message), this.#summary({ tokens: end?.chargedTokens ?? 0n }, proxy))
    return true
  }

  fail(error: ClientError, summary: AnswerSummary = { tokens: 0n, costNano: 0n }): void {
    if (this.ended) return
    this.#end('failed', summary)
    this.#events.failed(error, summary)
  }

  #head(response: Uint8Array): void {
    checkHeaderCount(response)
    this.#respond(decode(httpResponse, response), this.openProtection)
  }

  #respond(head: HttpResponse, protection: Protection | undefined): void {
    if (head.statusCode < 100 || head.statusCode > 599) {
      throw new WireError('malformed', `HTTP status ${head.statusCode}`)
    }
    this.begun = true
    const headers = head.headers.map(({ name, value }): [string, string] => [name.toLowerCase(), value])
    this.#events.head(head.statusCode, headers, protection)
    if (head.payload.length > 0 && !this.ended) this.#data(head.payload)
  }

  #data(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length
    this.#events.data(bytes)
  }

  #end(outcome: 'succeeded' | 'failed', summary: AnswerSummary): void {
    this.ended = true
    this.#timer?.cancel()
    this.exchange?.end()
    this.#owner.ended(outcome, summary, this.#receivedBytes, this)
  }

  #summary(final: Partial<ProxyFinal> & Pick<ProxyFinal, 'tokens'>, proxy: string): AnswerSummary {
    const tokens = final.tokens < this.reservedTokens ? final.tokens : this.reservedTokens
    if (final.tokens > this.reservedTokens) this.#owner.overstated(proxy)
    const summary: AnswerSummary = { tokens, costNano: tokens * this.#priceNano, proxy }
    if (this.query.enableDebug) {
      const client = {
        type: 'client_stats',
        start_time: this.#startedAt / 1000,
        answer_receive_end_at: this.#world.now() / 1000,
      }
      summary.debug = { client: JSON.stringify(client) }
      if (final.proxyDebug) summary.debug.proxy = final.proxyDebug
      if (final.workerDebug) summary.debug.worker = final.workerDebug
    }
    return summary
  }
}

/** How often a query is sealed anew because of what machines answered. */
export const maxResealed = 2

function isSealedPiece(answer: ProxyAnswer): answer is SealedPiece {
  return answer.kind === 'sealed-head' || answer.kind === 'sealed-part' || answer.kind === 'sealed-failure'
}

function protectionOf(exchange: SealedExchange): Protection {
  const { isSimulated, requestId } = exchange
  return { kind: 'sealed', isSimulated, receiptId: toHex(requestId) }
}

/**
 * What a proxy's error means to a caller. Proxies of other implementations tell some meanings by their words
 * alone. The text comes from a peer: it is cut, and shown as its words.
 */
export function failureOf(code: number, message: string): ClientError {
  return new ClientError(meaningOf(code, message), `The network answered ${code}: ${message.slice(0, 300)}`)
}

function meaningOf(code: number, message: string): ClientErrorCode {
  if (code === 652) return 'timeout'
  if (code === 651) return message.startsWith('balance is too low') ? 'insufficient-balance' : 'no-worker'
  if (code === 653) return 'cancelled'
  const reason = sealedReasons.get(/^[a-z_]+(?=: )/.exec(message)?.[0] ?? '')
  if (reason !== undefined) return reason
  if (code === 621 && message.startsWith('unknown model')) return 'model-not-found'
  if (code === 602 && message.startsWith('client balance is too low')) return 'insufficient-balance'
  return 'upstream'
}

/** Whether a sealed query failed because what its proxy offered holds no more: a machine left, or asks more by now. */
export function areOffersOld(code: number, message: string): boolean {
  return code === 662 || (code === 651 && message.startsWith('max_coefficient_too_low: '))
}

/** What a proxy says of a sealed query that it refuses itself. */
const sealedReasons = new Map<string, ClientErrorCode>([
  ['insufficient_balance', 'insufficient-balance'],
  ['client_closing', 'insufficient-balance'],
  ['model_not_found', 'model-not-found'],
  ['no_worker', 'no-worker'],
  ['workers_busy', 'no-worker'],
  ['max_coefficient_too_low', 'no-worker'],
])
