import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import type { Backend, BackendEvents, BackendModel, BackendRequest, BackendRun } from '../backend.ts'
import { WorkerError } from '../error.ts'

/** An answer's body larger than this is cut off with `answer-too-large`, bytes. */
const maxAnswerBytes = 64 * 1024 * 1024
/** Bodies of the backend's own small answers: its model list, a count of tokens, bytes. */
const maxSmallAnswerBytes = 1024 * 1024
const maxModels = 1000
/** The longest that a timer of the runtime can wait. */
const maxTimerMs = 2 ** 31 - 1

export interface HttpBackendOptions {
  /** Where the server listens: `http://127.0.0.1:8000`. A path in front of `/v1` is kept, `/v1` itself is not needed. */
  url: string
  /** Sent with every request. */
  headers?: Record<string, string>
  /** Sent as a bearer token. */
  apiKey?: string
  /** Most connections at once; further requests wait for one. */
  poolSize?: number
  timeouts?: HttpBackendTimeouts
}

interface HttpBackendTimeouts {
  /** To connect. */
  connectMs?: number
  /** Until a small answer's head is there: 10 s. */
  headMs?: number
  /** Until a small answer is complete: 30 s. */
  bodyMs?: number
}

/**
 * Any server with OpenAI's HTTP interface: vLLM, SGLang, llama-server, Ollama and others.
 *
 * `models` resolves for every complete answer with status 200, with an empty list if it is no model list:
 * health is the status, names are a courtesy. `countTokens` needs a server with `POST /tokenize` (vLLM, SGLang,
 * llama-server) and rejects with `tokenizer-missing` otherwise.
 */
export function createHttpBackend(
  options: HttpBackendOptions,
): Backend & Required<Pick<Backend, 'countTokens'>> {
  return new HttpBackend(options)
}

interface Call {
  pool: Pool
  origin: string
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body: Uint8Array | null
  timeoutMs: number
  /** Before this the head must be there. */
  headTimeoutMs?: number
  maxBytes: number
}

class HttpBackend implements Backend {
  readonly name: string
  private readonly pool: Pool
  private readonly prefix: string
  private readonly headers: Record<string, string>
  private readonly headMs: number
  private readonly bodyMs: number
  private tokenizerMissing = false

  constructor(options: HttpBackendOptions) {
    const url = parseUrl(options.url)
    const { connectMs = 10_000, headMs = 10_000, bodyMs = 30_000 } = options.timeouts ?? {}
    this.headMs = headMs
    this.bodyMs = bodyMs
    this.prefix = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
    this.name = url.origin + this.prefix
    this.headers = { accept: '*/*', 'accept-encoding': 'identity', ...options.headers }
    if (options.apiKey !== undefined) this.headers['authorization'] = `Bearer ${options.apiKey}`
    this.pool = new Pool(url.origin, {
      connections: options.poolSize ?? 256,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: connectMs },
      // Each request has one deadline of its own instead.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  run(request: BackendRequest, events: BackendEvents): BackendRun {
    const run = new HttpRun(
      this.call('POST', request.path, request.body, {
        timeoutMs: request.timeoutMs,
        maxBytes: maxAnswerBytes,
      }),
      events,
    )
    run.start()
    return run
  }

  async models(signal: AbortSignal): Promise<BackendModel[]> {
    const limits = { timeoutMs: this.bodyMs, headTimeoutMs: this.headMs, maxBytes: maxSmallAnswerBytes }
    const { status, body } = await collect(this.call('GET', '/v1/models', null, limits), signal)
    if (status !== 200)
      throw new WorkerError(
        'backend-failed',
        `${this.name}/v1/models answers with status ${status} instead of 200`,
      )
    return body === undefined ? [] : readModels(body)
  }

  async countTokens(model: string, text: string, signal: AbortSignal): Promise<number> {
    if (this.tokenizerMissing) throw this.noTokenizer()
    // vLLM and SGLang read `model` and `prompt`, llama-server reads `content`; each ignores the rest.
    const question = Buffer.from(JSON.stringify({ model, prompt: text, content: text }))
    const limits = { timeoutMs: this.bodyMs, maxBytes: maxAnswerBytes }
    const { status, body } = await collect(this.call('POST', '/tokenize', question, limits), signal)
    if (status === 404 || status === 405 || status === 501) {
      this.tokenizerMissing = true
      throw this.noTokenizer()
    }
    const count = status === 200 && body !== undefined ? readCount(body) : undefined
    if (count === undefined)
      throw new WorkerError(
        'backend-failed',
        `${this.name}/tokenize answers with status ${status} and no count`,
      )
    return count
  }

  async close(): Promise<void> {
    await this.pool.destroy(new WorkerError('closed', 'the backend is being closed'))
  }

  private call(
    method: 'GET' | 'POST',
    path: string,
    body: Uint8Array | null,
    limits: { timeoutMs: number; headTimeoutMs?: number; maxBytes: number },
  ): Call {
    const headers = body === null ? this.headers : { ...this.headers, 'content-type': 'application/json' }
    return { pool: this.pool, origin: this.name, method, path: this.prefix + path, headers, body, ...limits }
  }

  private noTokenizer(): WorkerError {
    return new WorkerError('tokenizer-missing', `${this.name} has no /tokenize to count tokens with`)
  }
}

/** One request: what undici reports becomes backend events, each end exactly once. */
class HttpRun implements BackendRun, Dispatcher.DispatchHandler {
  private readonly call: Call
  private readonly events: BackendEvents
  private controller: Dispatcher.DispatchController | undefined
  private deadline: NodeJS.Timeout | undefined
  private headDeadline: NodeJS.Timeout | undefined
  private headSeen = false
  private retried = false
  private ended = false
  private receivedBytes = 0

  constructor(call: Call, events: BackendEvents) {
    this.call = call
    this.events = events
  }

  start(): void {
    const { timeoutMs, headTimeoutMs } = this.call
    const late = (ms: number) => () =>
      this.stop(new WorkerError('backend-timeout', `${this.call.origin} did not answer within ${ms} ms`))
    this.deadline = setTimeout(late(timeoutMs), Math.min(timeoutMs, maxTimerMs))
    if (headTimeoutMs !== undefined) this.headDeadline = setTimeout(late(headTimeoutMs), headTimeoutMs)
    this.dispatch()
  }

  resume(): void {
    if (!this.ended) this.controller?.resume()
  }

  cancel(): void {
    this.stop(new WorkerError('cancelled', 'the request was cancelled'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.ended) controller.abort(new WorkerError('cancelled', 'the request was cancelled'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.ended || status < 200) return
    const encoding = headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') {
      this.stop(
        new WorkerError('backend-unsuitable', `${this.call.origin} compresses its answers: switch that off`),
      )
      return
    }
    this.headSeen = true
    clearTimeout(this.headDeadline)
    this.events.head(status, passedOn(headers))
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.ended) return
    this.receivedBytes += bytes.length
    if (this.receivedBytes > this.call.maxBytes) {
      this.stop(
        new WorkerError('answer-too-large', `${this.call.origin} sent more than ${this.call.maxBytes} bytes`),
      )
    } else if (!this.events.data(bytes)) controller.pause()
  }

  onResponseEnd(): void {
    if (this.finish()) this.events.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.ended) return
    // A server may close an idle connection at the very moment a request goes out on it. Nothing of an
    // answer was seen, and a model has no memory of a request: asking once more is safe.
    if (!this.headSeen && !this.retried && isConnectionLoss(error)) {
      this.retried = true
      this.controller = undefined
      this.dispatch()
      return
    }
    this.fail(describe(this.call.origin, error))
  }

  private dispatch(): void {
    const { pool, method, path, headers, body } = this.call
    pool.dispatch({ method, path, headers, body }, this)
  }

  private stop(error: WorkerError): void {
    const { controller } = this
    if (this.fail(error)) controller?.abort(error)
  }

  private fail(error: WorkerError): boolean {
    if (!this.finish()) return false
    // Never from inside of the call that asked for it.
    queueMicrotask(() => this.events.failed(error))
    return true
  }

  private finish(): boolean {
    if (this.ended) return false
    this.ended = true
    clearTimeout(this.deadline)
    clearTimeout(this.headDeadline)
    return true
  }
}

/** A whole small answer. The body is undefined if it is larger than allowed. */
function collect(call: Call, signal: AbortSignal): Promise<{ status: number; body: Buffer | undefined }> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new WorkerError('cancelled', 'the request was cancelled', { cause: signal.reason }))
      return
    }
    const chunks: Uint8Array[] = []
    let status = 0
    const run = new HttpRun(call, {
      head: code => {
        status = code
      },
      data: bytes => {
        chunks.push(bytes)
        return true
      },
      end: () => {
        signal.removeEventListener('abort', cancel)
        resolve({ status, body: Buffer.concat(chunks) })
      },
      failed: error => {
        signal.removeEventListener('abort', cancel)
        if (error instanceof WorkerError && error.code === 'answer-too-large')
          resolve({ status, body: undefined })
        else reject(error)
      },
    })
    const cancel = () => run.cancel()
    signal.addEventListener('abort', cancel)
    run.start()
  })
}

/** Headers between two neighbours, and those that the network sets itself. */
const keptOut = new Set([
  'alt-svc',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'server',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function passedOn(headers: Record<string, string | string[] | undefined>): Array<[string, string]> {
  const passed: Array<[string, string]> = []
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || keptOut.has(name)) continue
    for (const single of Array.isArray(value) ? value : [value]) passed.push([name, single])
  }
  return passed
}

function readModels(body: Buffer): BackendModel[] {
  const json = parse(body)
  const list = isRecord(json) && Array.isArray(json['data']) ? json['data'].slice(0, maxModels) : []
  const models: BackendModel[] = []
  for (const entry of list as unknown[]) {
    if (!isRecord(entry) || typeof entry['id'] !== 'string') continue
    const meta = isRecord(entry['meta']) ? entry['meta'] : {}
    const stated = [entry['max_model_len'], entry['context_length'], entry['context_window'], meta['n_ctx']]
    const contextTokens = stated.find(isPositiveInteger)
    models.push(contextTokens === undefined ? { id: entry['id'] } : { id: entry['id'], contextTokens })
  }
  return models
}

function readCount(body: Buffer): number | undefined {
  const json = parse(body)
  if (!isRecord(json)) return undefined
  const { count, tokens } = json
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  return Array.isArray(tokens) ? tokens.length : undefined
}

function describe(origin: string, error: Error): WorkerError {
  if (error instanceof WorkerError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED')
    return new WorkerError('closed', 'the backend is closed', { cause: error })
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || unreachable.test(code))
    return new WorkerError('backend-unreachable', `cannot connect to ${origin}: is it running?`, {
      cause: error,
    })
  return new WorkerError('backend-failed', `${origin} broke off the connection`, { cause: error })
}

const unreachable =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/

function isConnectionLoss(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new WorkerError('backend-unsuitable', `not the address of a server: write http://host:port`)
  return url
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
