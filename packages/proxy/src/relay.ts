import type { Timer, TokensUsed } from '@cocoon/wire'
import type { AnswerSink, ClientFinal, HeldHead } from './answer-sink.ts'
import { ClientAnswer } from './client-answer.ts'
import type { Exclusion } from './market/book.ts'
import { errorCode, type Refusal, refusals } from './refusal.ts'
import type { RelayClient, RelayDesk, RelayQuery, RelayWorker, Run } from './relay-parts.ts'
import { SealedClientAnswer } from './sealed-client-answer.ts'
import {
  noTokens,
  type WorkerAnswer,
  type WorkerFinal,
  type WorkerHead,
  type WorkerPart,
} from './worker-answer.ts'

/** Workers that one query may be tried on. */
const maxAttempts = 3
/** Of the time that is left, what the worker gets: the rest is for the way back. */
const workerShare = 0.95
/** How long a worker that was told to stop may take to say what it used. */
const settleMs = 2_000
/**
 * Unread bytes at which a client gets no more of a long answer. Well below what its connection is given up at:
 * no worker can cost a client its other queries by sending faster than the client reads.
 */
const maxUnreadBytes = 16 << 20
/** What a message takes besides the piece of an answer that it carries. */
const pieceBytes = 100
/** An answer up to this length may go beyond. */
const shortAnswerBytes = 1 << 20

/**
 * One query from its reservation to its charge: match, forward, relay, charge, acknowledge. Until the first
 * byte has gone to the client it may move to another worker.
 */
export class Relay {
  /** Names the query in the ledger. */
  readonly id: string
  readonly client: RelayClient
  readonly #desk: RelayDesk
  readonly #query: RelayQuery
  readonly #answer: AnswerSink
  readonly #deadlineAt: number
  readonly #startS: number
  #state: 'reserving' | 'matching' | 'running' | 'settling' | 'done' = 'reserving'
  #timer: Timer | undefined
  #stopWaiting: (() => void) | undefined
  #run: Run | undefined
  #attempts = 0
  #failedOn: Set<RelayWorker> | undefined
  readonly #excluded: Exclusion<RelayWorker>
  /** An open answer's head waits for the first byte: up to then another worker can take over. */
  #heldHead: HeldHead | undefined
  #sentStatus: number | undefined
  /** The caller is gone: what still comes is counted, not relayed. */
  #abandoned = false
  /** Of the answer, with what each piece takes besides its bytes. */
  #offeredBytes = 0
  #answerBytes = 0
  #isDisputed = false
  /** Why the query ends early, once that is settled. */
  #refusal: Refusal | undefined

  constructor(desk: RelayDesk, client: RelayClient, query: RelayQuery, id: string) {
    this.#desk = desk
    this.client = client
    this.#query = query
    this.id = id
    const { requestId, sealed } = query
    this.#answer =
      sealed === undefined
        ? new ClientAnswer(client.connection, client.version, requestId)
        : new SealedClientAnswer(client.connection, requestId)
    this.#excluded = {
      has: worker =>
        (this.#failedOn?.has(worker) ?? false) ||
        (sealed !== undefined && !worker.isRecipient(sealed.recipients)),
    }
    this.#deadlineAt = desk.world.monotonic() + 1000 * query.timeout
    this.#startS = desk.world.now() / 1000
  }

  get queryBytes(): number {
    return this.#query.query.length
  }

  /** Which model was asked for. */
  get model(): string {
    return this.#query.modelName
  }

  get requestId(): Uint8Array {
    return this.#query.requestId
  }

  get maxTokens(): number {
    return this.#query.maxTokens
  }

  /** Of all chunks that have come of a sealed answer, and of all bytes of an open one. */
  get answerBytes(): number {
    return this.#answerBytes
  }

  /** Begins; the reservation stands. */
  start(): void {
    if (this.#abandoned) return this.#refuse(refusals.cancelled())
    const timeLeftMs = this.#timeLeftMs()
    if (timeLeftMs <= 0) return this.#refuse(refusals.timeout())
    this.#state = 'matching'
    this.#timer = this.#desk.world.after(timeLeftMs, () => this.#overdue())
    this.#match()
  }

  /** A piece of the answer from a worker. */
  workerAnswered(run: Run, answer: WorkerAnswer): void {
    if (run !== this.#run) return
    if (answer.isSealed !== (this.#query.sealed !== undefined))
      return this.#brokenWorker('what is not sealed as the query was')
    this.#answerBytes +=
      answer.kind === 'part' ? answer.bytes.length : answer.kind === 'head' ? answer.response.length : 0
    const { receipt } = answer
    const final = receipt === undefined ? answer.final : this.#desk.settle(this, run, answer)
    // A worker whose signature is wrong was dropped meanwhile, and its run with it.
    if (run !== this.#run) return
    if (receipt !== undefined && final === undefined)
      return this.#brokenWorker('a receipt that does not hold')
    if (this.#state === 'settling') {
      if (final !== undefined || answer.kind === 'failure') this.#tally(final)
      return
    }
    if (answer.kind !== 'failure' && !this.#hasRoom(answer)) return this.#outrun(final)
    if (answer.kind === 'head') return this.#head(answer, final)
    if (answer.kind === 'part') return this.#part(answer.bytes, final)
    const { code, message, isSealed } = answer
    this.#workerFailed(
      isSealed ? refusals.sealed(code, run.identity) : refusals.workerFailed(code, message),
      final,
    )
  }

  /** The worker's connection is gone, and its run with it. */
  workerLost(run: Run): void {
    if (run !== this.#run) return
    this.#run = undefined
    if (this.#state === 'settling') return this.#refuse(this.#refusal ?? refusals.workerLost())
    this.#retryOr(refusals.workerLost())
  }

  /** The caller hung up or its connection is gone: the worker is freed, what it produced is paid. */
  cancel(): void {
    if (this.#state === 'done' || this.#abandoned) return
    this.#abandoned = true
    // While the reservation is being made there is nothing to undo yet: `start` sees to it.
    if (this.#state !== 'reserving') this.#stopEarly(refusals.cancelled())
  }

  /** The client does not accept what it got of the answer so far. Counts once. False once no worker answers it. */
  dispute(): boolean {
    const run = this.#run
    if (run === undefined || this.#query.sealed === undefined || this.#sentStatus === undefined) return false
    if (!this.#isDisputed) this.#desk.disputed(this, run)
    this.#isDisputed = true
    return true
  }

  #match(): void {
    const { modelName, maxCoefficient } = this.#query
    const match = this.#desk.market.match(modelName, maxCoefficient, this.#excluded)
    if (match.kind === 'matched') return this.#forward(match.ask)
    if (match.kind === 'busy') return this.#wait()
    const gone = this.#goneRecipient()
    if (gone !== undefined) return this.#refuse(refusals.sealed(errorCode.identityUnknown, gone))
    if (this.#refusal !== undefined) return this.#refuse(this.#refusal)
    if (match.kind === 'none') return this.#refuse(refusals.noWorker(modelName))
    this.#refuse(refusals.tooExpensive(match.cheapest, maxCoefficient))
  }

  /** Of a sealed query that nobody who is here can read, while it could be sealed to others. */
  #goneRecipient(): Uint8Array | undefined {
    const { sealed, modelName } = this.#query
    if (sealed === undefined) return undefined
    const asks = (this.#desk.market.books.get(modelName)?.asks ?? []).filter(ask => !ask.disabled)
    const isOutdated =
      asks.some(({ identities }) => identities.length > 0) &&
      !asks.some(worker => worker.isRecipient(sealed.recipients))
    return isOutdated ? sealed.first : undefined
  }

  #wait(): void {
    const { modelName, maxCoefficient } = this.#query
    this.#state = 'matching'
    const gaveUp = () => {
      const gone = this.#goneRecipient()
      if (gone !== undefined) return this.#refuse(refusals.sealed(errorCode.identityUnknown, gone))
      const isOffered = (this.#desk.market.books.get(modelName)?.size ?? 0) > 0
      this.#refuse(this.#refusal ?? (isOffered ? refusals.busy(modelName) : refusals.noWorker(modelName)))
    }
    this.#stopWaiting = this.#desk.market.wait(
      modelName,
      { client: this.client, maxCoefficient, excluded: this.#excluded, timeoutMs: this.#timeLeftMs() },
      { matched: worker => this.#forward(worker), gaveUp },
    )
    if (this.#stopWaiting === undefined) gaveUp()
  }

  #forward(worker: RelayWorker): void {
    this.#stopWaiting = undefined
    this.#refusal = undefined
    this.#state = 'running'
    this.#attempts++
    const timeoutS = (Math.max(1, this.#timeLeftMs()) * workerShare) / 1000
    this.#run = worker.run(this, this.#query, timeoutS)
    if (this.#run !== undefined) return
    ;(this.#failedOn ??= new Set()).add(worker)
    this.#retryOr(refusals.workerLost())
  }

  #head(piece: WorkerHead, final: WorkerFinal | undefined): void {
    if (this.#heldHead !== undefined || this.#sentStatus !== undefined)
      return this.#brokenWorker('a second head')
    const head = this.#answer.readHead(piece)
    if (head === undefined) return this.#brokenWorker('a head that is not HTTP')
    if (isBackendFailure(head.status) && this.#moveElsewhere()) return
    this.#heldHead = head
    if (final !== undefined) this.#complete(undefined, final)
    // There may be something of the body in it, which a proxy cannot see.
    else if (this.#query.sealed !== undefined) this.#sendHead()
  }

  #part(bytes: Uint8Array, final: WorkerFinal | undefined): void {
    if (this.#heldHead === undefined && this.#sentStatus === undefined) return this.#brokenWorker('no head')
    this.#sendHead()
    if (final !== undefined) return this.#complete(bytes, final)
    if (bytes.length > 0) this.#answer.part(bytes, undefined)
  }

  #sendHead(): void {
    if (this.#heldHead === undefined) return
    this.#heldHead.send(undefined, this.#startS, this.#desk.world.now() / 1000)
    this.#sentStatus = this.#heldHead.status
    this.#heldHead = undefined
  }

  /** The answer is whole. */
  #complete(lastBytes: Uint8Array | undefined, final: WorkerFinal): void {
    const head = this.#heldHead
    const status = head?.status ?? this.#sentStatus ?? 0
    const failed = isBackendFailure(status)
    const isGreedy = status >= 400 && final.receipt !== undefined && final.tokens.totalTokensUsed > 0n
    if (isGreedy) return this.#brokenWorker('a receipt that charges for a refusal')
    const run = this.#endRun(failed ? 'failure' : 'success')
    this.#desk.stats.succeeded++
    // Whatever a failing backend says it used, an error is worth nothing.
    this.#finish(
      run,
      failed && final.receipt === undefined ? { ...final, tokens: noTokens } : final,
      told => {
        if (head !== undefined) head.send(told, told.proxyStart, told.proxyEnd)
        else this.#answer.part(lastBytes ?? nothing, told)
      },
    )
  }

  #workerFailed(refusal: Refusal, final: WorkerFinal | undefined): void {
    // A refused request is the caller's doing: no other worker would take it, and this one did nothing wrong.
    const callersFault = refusal.code === errorCode.protocol || refusal.code === errorCode.unreadable
    const isNeutral =
      callersFault || refusal.code === errorCode.sessionUnknown || refusal.code === errorCode.identityUnknown
    const run = this.#endRun(isNeutral ? 'neutral' : 'failure')
    if (callersFault || run === undefined) return this.#refuse(refusal, run, final)
    ;(this.#failedOn ??= new Set()).add(run.worker)
    this.#retryOr(refusal, run, final)
  }

  /** Whether the client can be sent this piece too without being given up over what it has not read yet. */
  #hasRoom(piece: WorkerHead | WorkerPart): boolean {
    const { length } = piece.kind === 'head' ? piece.response : piece.bytes
    this.#offeredBytes += length + pieceBytes
    const isShort = this.#offeredBytes <= shortAnswerBytes
    return isShort || this.client.connection.queuedBytes + length <= maxUnreadBytes
  }

  /** Ends this query alone: the others on the client's connection go on. */
  #outrun(final: WorkerFinal | undefined): void {
    if (final === undefined) return this.#stopEarly(refusals.unread())
    this.#refuse(refusals.unread(), this.#endRun('neutral'), final)
  }

  /** What the worker sent makes no sense as an answer: it is not believed any further. */
  #brokenWorker(what: string): void {
    const run = this.#run!
    this.#desk.log({ event: 'worker-answer-invalid', worker: run.worker.name, what })
    run.worker.stop(run)
    ;(this.#failedOn ??= new Set()).add(run.worker)
    this.#endRun('failure')
    this.#retryOr(refusals.workerFailed(errorCode.failure, `${what}, which is not a valid answer`), run)
  }

  /** Takes the query from a failing worker if another can have it at once. */
  #moveElsewhere(): boolean {
    const run = this.#run
    if (run === undefined || !this.#mayRetry()) return false
    ;(this.#failedOn ??= new Set()).add(run.worker)
    const match = this.#desk.market.match(this.#query.modelName, this.#query.maxCoefficient, this.#excluded)
    if (match.kind !== 'matched') return false
    run.worker.stop(run)
    this.#desk.stats.retried++
    // The old slot is given back after the new one is taken: a query that waits might take it in between.
    this.#forward(match.ask)
    run.worker.ended(run, 'failure')
    run.worker.pushPayment(run, 0n, this.client.ownerText)
    return true
  }

  #retryOr(refusal: Refusal, run?: Run, final?: WorkerFinal): void {
    this.#heldHead = undefined
    if (!this.#mayRetry()) return this.#refuse(refusal, run, final)
    run?.worker.pushPayment(run, 0n, this.client.ownerText)
    this.#refusal = refusal
    this.#desk.stats.retried++
    this.#match()
  }

  #mayRetry(): boolean {
    return (
      this.#sentStatus === undefined &&
      !this.#abandoned &&
      this.#attempts < maxAttempts &&
      this.#timeLeftMs() > 0
    )
  }

  #overdue(): void {
    this.#stopEarly(refusals.timeout())
  }

  /** Ends the query before its answer is whole; the worker, if it can be told, says what it used. */
  #stopEarly(refusal: Refusal): void {
    // The first reason counts: who leaves a query whose time is up does not owe for it what it would not have.
    if (this.#state === 'settling') return
    this.#refusal = refusal
    const run = this.#run
    if (this.#state !== 'running' || run === undefined) return this.#refuse(refusal)
    this.#state = 'settling'
    this.#timer?.cancel()
    const told = run.worker.stop(run)
    // A worker of an older version cannot be told: for an absent caller it is left to finish, for a
    // present one its time is up.
    const waitMs = told ? settleMs : this.#abandoned ? this.#timeLeftMs() + settleMs : 0
    this.#timer = this.#desk.world.after(waitMs, () => this.#tally(undefined))
  }

  #tally(final: WorkerFinal | undefined): void {
    const refusal = this.#refusal ?? refusals.cancelled()
    const run = this.#endRun(
      final === undefined || refusal.code === errorCode.timeout ? 'failure' : 'neutral',
    )
    this.#refuse(refusal, run, final)
  }

  /** The end without a whole answer. Charged is what reached the client, or was made for a caller who left. */
  #refuse(refusal: Refusal, run?: Run, final: WorkerFinal = nothingUsed): void {
    const leftInTime = this.#abandoned && refusal.code !== errorCode.timeout
    const due = this.#sentStatus !== undefined || leftInTime
    this.#desk.stats.failed++
    this.#finish(run, due ? final : nothingUsed, told => {
      if (this.#sentStatus !== undefined) this.#answer.failure(refusal.code, refusal.message, told)
      else this.#answer.refusal(refusal, told)
    })
  }

  /** Commits the charge, and only then tells the client that the answer ended. */
  #finish(run: Run | undefined, final: WorkerFinal, tell: (told: ClientFinal) => void): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    this.#timer?.cancel()
    this.#stopWaiting?.()
    void this.#chargeAndTell(run, final, tell)
  }

  async #chargeAndTell(
    run: Run | undefined,
    final: WorkerFinal,
    tell: (told: ClientFinal) => void,
  ): Promise<void> {
    try {
      const tokens = await this.#desk.charge(this, run, final)
      if (!this.#abandoned) tell(this.#told(final, tokens))
      this.client.pushPayment(this.requestId, tokens.totalTokensUsed)
    } catch (error) {
      this.client.connection.close(this.#desk.chargeFailed(this, error))
    } finally {
      this.#desk.stats.bytesSent += this.#answer.sentBytes
      this.client.finished(this)
    }
  }

  #told(final: WorkerFinal, tokens: TokensUsed): ClientFinal {
    const proxyEnd = this.#desk.world.now() / 1000
    const stats = { type: 'proxy_stats', start_time: this.#startS, answer_receive_end_at: proxyEnd }
    return {
      tokens,
      workerDebug: final.debug,
      proxyDebug: this.#query.enableDebug ? JSON.stringify(stats) : undefined,
      proxyStart: this.#startS,
      proxyEnd,
      workerStart: final.startTime,
      workerEnd: final.endTime,
      receipt: final.receipt?.signed,
    }
  }

  /** Gives the worker's slot back and records how it did. Returns the run, for which a charge may be due. */
  #endRun(outcome: 'success' | 'failure' | 'neutral'): Run | undefined {
    const run = this.#run
    this.#run = undefined
    run?.worker.ended(run, outcome)
    return run
  }

  #timeLeftMs(): number {
    return this.#deadlineAt - this.#desk.world.monotonic()
  }
}

const nothing = new Uint8Array(0)
const nothingUsed: WorkerFinal = {
  tokens: noTokens,
  debug: undefined,
  startTime: undefined,
  endTime: undefined,
}

/** Statuses that say something of the worker's backend rather than of the request. */
function isBackendFailure(status: number): boolean {
  return status >= 500 || status === 429
}
