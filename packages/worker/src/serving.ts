import { modelBaseName, priceUsage, type RootConfig } from '@cocoon/money'
import { checkHeaderCount, decode, httpRequest, type Timer, type TokensUsed, type World } from '@cocoon/wire'
import { noTokens } from './answer.ts'
import { type AnswerHead, type AnswerWriter, noUsage, type WorkerFinal } from './answer-writer.ts'
import type { Backend, BackendEvents, BackendRun } from './backend.ts'
import { refuse, type Refusal, refusalBody, WorkerError } from './error.ts'
import type { UsageSource } from './event.ts'
import { createMeter, type Meter } from './meter/meter.ts'
import type { Usage } from './meter/usage.ts'
import { type PreparedRequest, prepareRequest, type RawRequest } from './request.ts'

/** The network's error numbers, as far as a worker uses them. */
const errorCode = { failure: 601, timeout: 652, cancelled: 653 } as const
const maxBodyBytes = 64 << 20
/** Bytes of an answer that are kept for a tokenizer. */
const keptTextBytes = 4 << 20
const tokenizerMs = 1_000
/** Where nothing else tells: bytes of prompt text to a token, on the low side of what tokenizers make. */
const bytesPerToken = 4

export interface ServingContext {
  readonly world: World
  readonly backend: Backend
  readonly config: RootConfig
  /** `name@commit:hash`. */
  readonly model: string
  /** The backend's own name for it, where that differs. */
  readonly backendModel: string | undefined
  /** Longest prompt and answer together, where the backend says. */
  readonly contextTokens?: number | undefined
  readonly usageSource: UsageSource
  /** As many queries run as this worker takes. */
  readonly full: boolean
}

export interface ServingRequest {
  /** A boxed `http.request`, or one that was opened already. */
  query: Uint8Array | RawRequest
  coefficient: number
  timeoutMs: number
  enableDebug: boolean
  /** Completion tokens over all choices, above which the request is refused. */
  maxTokens?: number
  /** Keeps what the backend caches of this prompt from requests with another one. */
  cacheSalt?: string
}

export type Outcome = 'succeeded' | 'failed' | 'cancelled'

/** Hears what was charged, and from which tokens of the model that was reckoned, as far as they are known. */
type Ended = (outcome: Outcome, tokens: TokensUsed, usage: Usage | undefined) => void

/** One query at this worker: check, run, meter, answer. */
export class Serving implements BackendEvents {
  readonly #context: ServingContext
  readonly #request: ServingRequest
  readonly #answer: AnswerWriter
  readonly #ended: Ended
  readonly #startTime: number
  #prepared: PreparedRequest | undefined
  #run: BackendRun | undefined
  #deadline: Timer | undefined
  #head: AnswerHead | undefined
  #meter: Meter | undefined
  #streaming = false
  #body: Uint8Array[] = []
  #bodyBytes = 0
  #paused = false
  /** Ends this once all of the answer is sent, while some of it waits for the proxy to read. */
  #whenSent: (() => void) | undefined
  #stopped: 'cancelled' | 'timeout' | 'exceeded' | undefined
  #done = false
  #priced: { usage: Usage; price: PricedUsage } | undefined

  constructor(context: ServingContext, request: ServingRequest, answer: AnswerWriter, ended: Ended) {
    this.#context = context
    this.#request = request
    this.#answer = answer
    this.#ended = ended
    this.#startTime = context.world.now() / 1000
  }

  start(): void {
    try {
      this.#prepared = this.#prepare()
    } catch (error) {
      const refusal = error instanceof WorkerError ? error.refusal : undefined
      return this.#refuse(
        refusal ?? refusalOf(400, 'invalid_request', 'the request is not a valid HTTP request'),
      )
    }
    if (this.#request.timeoutMs <= 0) return this.#refuse(overdue)
    if (this.#context.full) return this.#refuse(tooMany)
    if (this.#context.usageSource === 'none') return this.#refuse(unmeterable)
    this.#deadline = this.#context.world.after(this.#request.timeoutMs, () => this.#stop('timeout'))
    const { path, body, json } = this.#prepared
    this.#run = this.#context.backend.run({ path, body, json, timeoutMs: this.#request.timeoutMs }, this)
  }

  /** The caller is gone: frees the backend; the proxy is told what was used. */
  cancel(): void {
    this.#stop('cancelled')
  }

  /** The connection to the proxy is gone: frees the backend and tells nobody. */
  abandon(): void {
    if (this.#done) return
    this.#answer.abandon()
    this.#finish('cancelled', noTokens)
    this.#run?.cancel()
  }

  /** The proxy reads again. */
  resume(): void {
    if (this.#whenSent !== undefined && !this.#done && this.#answer.proceed()) this.#whenSent()
    if (!this.#paused || this.#answer.isCongested) return
    this.#paused = false
    this.#run?.resume()
  }

  #prepare(): PreparedRequest {
    const { query, maxTokens = Infinity, cacheSalt } = this.#request
    const { model, backendModel, contextTokens } = this.#context
    const prepared = prepareRequest(query instanceof Uint8Array ? readRequest(query) : query, {
      modelName: model,
      ...(backendModel === undefined ? {} : { backendModel }),
      ...(contextTokens === undefined ? {} : { maxContext: contextTokens }),
      ...(cacheSalt === undefined ? {} : { cacheSalt }),
    })
    if (prepared.maxTokens * Math.max(1, prepared.choices) > maxTokens) {
      throw refuse(`the query was sealed for at most ${maxTokens} tokens, and asks for more`, {
        param: 'max_tokens',
      })
    }
    return prepared
  }

  head(status: number, headers: Array<[name: string, value: string]>): void {
    if (this.#done || this.#stopped) return
    const { stream, maxTokens, choices, path } = this.#prepared!
    const contentType = headers.find(([name]) => name === 'content-type')?.[1]
    this.#head = { status, headers }
    this.#streaming = status < 300 && (stream || isStream(contentType))
    this.#meter = createMeter({
      contentType,
      stream: this.#streaming,
      price: usage => this.#price(usage).costs,
      ...(path === '/v1/embeddings' ? {} : { maxTokens, choices }),
      ...(this.#context.usageSource === 'tokenizer' ? { keepTextBytes: keptTextBytes } : {}),
    })
    if (this.#streaming) this.#answer.head(this.#head, this.#startTime)
  }

  data(bytes: Uint8Array): boolean {
    if (this.#done || this.#stopped) return true
    try {
      if (this.#streaming) return this.#streamed(bytes)
      this.#bodyBytes += bytes.length
      if (this.#bodyBytes > maxBodyBytes) {
        throw new WorkerError('answer-too-large', `The answer is larger than ${maxBodyBytes} bytes.`)
      }
      this.#body.push(bytes)
    } catch (error) {
      this.#run?.cancel()
      this.failed(error instanceof Error ? error : new Error(String(error)))
    }
    return true
  }

  #streamed(bytes: Uint8Array): boolean {
    const meter = this.#meter!
    const metered = meter.push(bytes)
    if (metered !== undefined && metered.length > 0) this.#answer.more(metered)
    if (meter.exceeded) {
      this.#stop('exceeded')
      return true
    }
    this.#paused = this.#answer.isCongested
    return !this.#paused
  }

  end(): void {
    if (this.#done || this.#stopped) return
    if (this.#head === undefined)
      return this.failed(new WorkerError('malformed-answer', 'The backend sent no answer.'))
    this.#complete().catch((error: unknown) =>
      this.failed(error instanceof Error ? error : new Error(String(error))),
    )
  }

  async #complete(): Promise<void> {
    const meter = this.#meter!
    let body: Uint8Array | undefined
    if (this.#streaming) body = meter.end()
    else body = joined(meter.push(joined(...this.#body)), meter.end())
    const tokens = this.#head!.status < 400 ? await this.#tokens() : noTokens
    if (this.#done) return
    const final = this.#final(tokens)
    const sent = this.#streaming
      ? this.#answer.last(body ?? nothing, final)
      : this.#answer.whole(this.#head!, body ?? nothing, final)
    const finish = (): void => this.#finish(this.#head!.status < 500 ? 'succeeded' : 'failed', tokens)
    if (sent) finish()
    else this.#whenSent = finish
  }

  failed(error: Error): void {
    if (this.#done || this.#stopped) return
    const timedOut = error instanceof WorkerError && error.code === 'backend-timeout'
    if (timedOut) return this.#stop('timeout')
    if (!this.#streaming) {
      return this.#refuse(refusalOf(502, 'backend_failed', `the worker's backend failed: ${error.message}`))
    }
    this.#tally(errorCode.failure, 'the backend failed in the middle of the answer', 'failed')
  }

  #stop(why: 'cancelled' | 'timeout' | 'exceeded'): void {
    if (this.#done || this.#stopped) return
    this.#stopped = why
    this.#run?.cancel()
    if (why === 'exceeded') return this.#cut()
    if (why === 'cancelled') return this.#tally(errorCode.cancelled, 'cancelled', 'cancelled')
    const begun = this.#streaming || this.#whenSent !== undefined
    if (begun) return this.#tally(errorCode.timeout, 'timeout in worker', 'failed')
    this.#refuse(overdue)
  }

  /** The backend went on past the limit that it was given: the stream is closed in its own format. */
  #cut(): void {
    this.#known()
      .then(known => {
        if (this.#done) return
        const bytes = this.#meter!.cut(known) ?? nothing
        const tokens = this.#adjusted()
        if (this.#answer.last(bytes, this.#final(tokens))) this.#finish('succeeded', tokens)
        else this.#whenSent = () => this.#finish('succeeded', tokens)
      })
      .catch((error: unknown) => this.#broken(error))
  }

  /** Ends an answer that is not whole with what it used up to here. */
  #tally(code: number, message: string, outcome: Outcome): void {
    this.#tokens()
      .then(tokens => {
        if (this.#done) return
        this.#answer.failure(code, message, this.#final(tokens))
        this.#finish(outcome, tokens)
      })
      .catch((error: unknown) => this.#broken(error))
  }

  #broken(_error: unknown): void {
    if (this.#done) return
    this.#answer.failure(errorCode.failure, 'the worker could not complete the answer', this.#final(noTokens))
    this.#finish('failed', noTokens)
  }

  #refuse(refusal: Refusal): void {
    if (this.#done) return
    const head: AnswerHead = { status: refusal.status, headers: [['content-type', 'application/json']] }
    if (refusal.status === 503) head.headers.push(['retry-after', '2'])
    const finish = (): void => this.#finish(refusal.status < 500 ? 'succeeded' : 'failed', noTokens)
    if (this.#answer.whole(head, refusalBody(refusal), this.#final(noTokens))) finish()
    else this.#whenSent = finish
  }

  #finish(outcome: Outcome, tokens: TokensUsed): void {
    // A connection that ends while the last of an answer is sent has finished it.
    if (this.#done) return
    this.#done = true
    this.#deadline?.cancel()
    this.#whenSent = undefined
    this.#body = []
    this.#ended(outcome, tokens, this.#priced?.usage)
  }

  #final(tokens: TokensUsed): WorkerFinal {
    const endTime = this.#context.world.now() / 1000
    const stats = { type: 'worker_stats', start_time: this.#startTime, answer_receive_end_at: endTime }
    return {
      tokens,
      usage: tokens === noTokens ? noUsage : (this.#priced?.usage ?? noUsage),
      debug: this.#request.enableDebug ? JSON.stringify(stats) : undefined,
      startTime: this.#startTime,
      endTime,
    }
  }

  /** Adjusted tokens of what was produced, counted where nobody stated them. */
  async #tokens(): Promise<TokensUsed> {
    const meter = this.#meter
    if (meter === undefined) return noTokens
    const { usage } = meter
    if (!usage.stated) return this.#adjusted(await this.#known())
    // A stream that ended early may have stated its usage before its last parts.
    const completionTokens = Math.max(usage.completionTokens, this.#stopped ? meter.completionDeltas : 0)
    return this.#adjusted({ ...usage, completionTokens })
  }

  /** What can be found out about an answer whose usage nobody stated; never more than was used. */
  async #known(): Promise<Usage> {
    const meter = this.#meter!
    const { promptTokens, maxTokens, choices } = this.#prepared!
    const promptText = this.#prepared!.promptText()
    const prompt = (await this.#count(promptText)) ?? Math.floor(byteLength(promptText) / bytesPerToken)
    const counted = meter.textComplete ? await this.#count(meter.text()) : undefined
    const completion = Math.max(counted ?? 0, meter.completionDeltas)
    return {
      promptTokens: promptTokens + prompt,
      cachedTokens: 0,
      completionTokens: Math.min(completion, maxTokens * Math.max(1, choices)),
      reasoningTokens: 0,
    }
  }

  async #count(text: string): Promise<number | undefined> {
    const { backend, backendModel, model } = this.#context
    if (backend.countTokens === undefined || text === '') return undefined
    const giveUp = new AbortController()
    const timer = this.#context.world.after(tokenizerMs, () => giveUp.abort())
    try {
      return await backend.countTokens(backendModel ?? modelBaseName(model), text, giveUp.signal)
    } catch {
      return undefined
    } finally {
      timer.cancel()
    }
  }

  /** The last price is kept: the meter asks for it first, the tally again. */
  #price(usage: Usage): PricedUsage {
    const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = usage
    const last = this.#priced
    if (
      last?.usage.promptTokens !== promptTokens ||
      last.usage.cachedTokens !== cachedTokens ||
      last.usage.completionTokens !== completionTokens ||
      last.usage.reasoningTokens !== reasoningTokens
    ) {
      this.#priced = { usage, price: priceUsage(usage, this.#request.coefficient, this.#context.config) }
    }
    return this.#priced!.price
  }

  #adjusted(usage: Usage = this.#meter!.usage): TokensUsed {
    const { adjusted } = this.#price(usage)
    return {
      _: 'tokensUsed',
      promptTokensUsed: adjusted.prompt,
      cachedTokensUsed: adjusted.cached,
      completionTokensUsed: adjusted.completion,
      reasoningTokensUsed: adjusted.reasoning,
      totalTokensUsed: adjusted.total,
    }
  }
}

type PricedUsage = ReturnType<typeof priceUsage>

const nothing = new Uint8Array(0)

const unmeterable = refusalOf(
  503,
  'backend_unmeterable',
  "this worker's backend neither states what an answer used nor has a tokenizer to count it",
)

const overdue = refusalOf(504, 'timeout', 'the answer took longer than the query allowed')
const tooMany = refusalOf(503, 'worker_busy', 'this worker runs as many queries as it takes')

/** Some backends stream whatever they were asked. */
function isStream(contentType: string | undefined): boolean {
  return contentType !== undefined && /^(text\/event-stream|application\/x-ndjson)/i.test(contentType)
}

function refusalOf(status: number, code: string, message: string): Refusal {
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  return { status, error: { message, type, param: null, code } }
}

function readRequest(query: Uint8Array): RawRequest {
  checkHeaderCount(query)
  const { method, url, headers, payload } = decode(httpRequest, query)
  return { method, path: url, headers, body: payload }
}

function joined(...pieces: Array<Uint8Array | undefined>): Uint8Array {
  const present = pieces.filter(piece => piece !== undefined && piece.length > 0) as Uint8Array[]
  if (present.length <= 1) return present[0] ?? nothing
  return Buffer.concat(present)
}

function byteLength(text: string): number {
  return Buffer.byteLength(text)
}
