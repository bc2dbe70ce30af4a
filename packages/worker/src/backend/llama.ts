import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import type { Llama, LlamaContext, LlamaEmbeddingContext } from 'node-llama-cpp'
import type { Backend, BackendEvents, BackendModel, BackendRequest, BackendRun } from '../backend.ts'
import { WorkerError, refuse } from '../error.ts'
import { Outlet, createAnswer } from './llama/answer.ts'
import { checkModelFile, loadLibrary, locateModel } from './llama/library.ts'
import type { Library } from './llama/library.ts'
import { SequencePool } from './llama/sequences.ts'
import { readTask } from './llama/task.ts'
import type { EmbeddingTask } from './llama/task.ts'
import { writeChat, writeCompletion } from './llama/write.ts'
import type { Writer } from './llama/write.ts'

export interface LlamaBackendOptions {
  /** The path of a GGUF file, or `hf:owner/repository/file.gguf` to download one. */
  model: string
  /** The name that requests use. Default: the file's name without `.gguf`. */
  modelName?: string
  /** Default: one per free core but one, so that the rest of the process can run. */
  threads?: number
  /**
   * Longest prompt and answer together, tokens. Default: what the model was trained on, at most 8192, and less
   * where the memory is small.
   */
  contextTokens?: number
  /** Requests evaluated side by side; more wait. Each takes memory for its whole context. */
  parallel?: number
  /** `auto` uses a GPU for which llama.cpp is installed; `false` never. */
  gpu?: 'auto' | false
  /** Where downloaded models are kept. */
  cacheDirectory?: string
  /** Bytes of a download. */
  onProgress?: (downloadedBytes: number, totalBytes: number) => void
  /** Gives up the start. */
  signal?: AbortSignal
}

const defaultContextTokens = 8192
/** Longest text of an embedding, tokens: it is evaluated in one step. */
const maxEmbeddingTokens = 2048
const maxTextBytesPerToken = 64
/** The longest that a timer of the runtime can wait. */
const maxTimerMs = 2 ** 31 - 1

/**
 * Runs a model in this process, with llama.cpp. Chat follows the template that the model's file holds; a file
 * without one gets turns under the headings `### Human` and `### Assistant`. Usage is exact: tokens are counted
 * where they are made.
 *
 * @throws WorkerError `inference-unavailable`, `model-unusable`, `download-failed` or `cancelled`
 */
export async function createLlamaBackend(
  options: LlamaBackendOptions,
): Promise<Backend & Required<Pick<Backend, 'countTokens'>>> {
  const { signal } = options
  const library = await loadLibrary()
  const path = await locateModel(library, options.model, {
    cacheDirectory: options.cacheDirectory,
    onProgress: options.onProgress,
    signal,
  })
  await checkModelFile(path)
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1)
  const llama = await startLlama(library, threads, options.gpu ?? 'auto')
  try {
    const model = await llama.loadModel({
      modelPath: path,
      ...(signal === undefined ? {} : { loadSignal: signal }),
    })
    const context = await model.createContext({
      // Left to choose, the library takes as much as the memory allows.
      contextSize: options.contextTokens ?? { max: Math.min(model.trainContextSize, defaultContextTokens) },
      sequences: options.parallel ?? 4,
      threads,
      ...(signal === undefined ? {} : { createSignal: signal }),
    })
    const chatWrapper = library.resolveChatWrapper(model, { warningLogs: false })
    const modelName = options.modelName ?? basename(path).replace(/\.gguf$/i, '')
    return new LlamaBackend({ library, llama, model, context, chatWrapper, modelName, threads })
  } catch (cause) {
    await llama.dispose()
    if (signal?.aborted === true)
      throw new WorkerError('cancelled', 'the start of the model was cancelled', { cause })
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WorkerError('model-unusable', `llama.cpp cannot use ${path}: ${reason}`, { cause })
  }
}

async function startLlama(library: Library, threads: number, gpu: 'auto' | false): Promise<Llama> {
  try {
    return await library.getLlama({
      gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: threads,
      logLevel: library.LlamaLogLevel.disabled,
    })
  } catch (cause) {
    throw new WorkerError(
      'inference-unavailable',
      `llama.cpp does not run on this machine (${process.platform} ${process.arch}): serve the model with ` +
        'another program and give its address',
      { cause },
    )
  }
}

interface LlamaParts extends Writer {
  context: LlamaContext
  modelName: string
  threads: number
}

class LlamaBackend implements Backend {
  readonly name: string
  private readonly parts: LlamaParts
  private readonly sequences: SequencePool
  private readonly runs = new Set<LlamaRun>()
  private embeddings: Promise<LlamaEmbeddingContext> | undefined
  private closed = false

  constructor(parts: LlamaParts) {
    this.parts = parts
    this.name = `llama.cpp ${parts.modelName}`
    this.sequences = new SequencePool(parts.context)
  }

  models(): Promise<BackendModel[]> {
    if (this.closed) return Promise.reject(new WorkerError('closed', 'the backend is closed'))
    return Promise.resolve([{ id: this.parts.modelName, contextTokens: this.parts.context.contextSize }])
  }

  run(request: BackendRequest, events: BackendEvents): BackendRun {
    const run = new LlamaRun(events, request.timeoutMs)
    if (this.closed) run.stop(new WorkerError('closed', 'the backend is closed'))
    this.runs.add(run)
    void run.perform((out, signal) => this.answer(request, out, signal)).then(() => this.runs.delete(run))
    return run
  }

  countTokens(_model: string, text: string): Promise<number> {
    if (this.closed) return Promise.reject(new WorkerError('closed', 'the backend is closed'))
    return Promise.resolve(this.parts.model.tokenize(text).length)
  }

  async close(): Promise<void> {
    this.closed = true
    for (const run of this.runs) run.stop(new WorkerError('closed', 'the backend is being closed'))
    await Promise.all([...this.runs].map(run => run.done))
    await this.parts.llama.dispose()
  }

  private async answer(request: BackendRequest, out: Outlet, signal: AbortSignal): Promise<void> {
    const task = readTask(request.path, request.json)
    if (request.body.length > this.parts.context.contextSize * maxTextBytesPerToken)
      throw refuse('the request is far longer than the context of the model', {
        code: 'context_length_exceeded',
      })
    if (task.kind === 'embeddings') {
      await this.embed(task, out, signal)
      return
    }
    const sequence = await this.sequences.acquire(signal)
    try {
      const answer = createAnswer(task, out)
      if (task.kind === 'chat') await writeChat(this.parts, sequence, task, answer, signal)
      else await writeCompletion(this.parts, sequence, task, answer, signal)
    } finally {
      await this.sequences.release(sequence)
    }
  }

  private async embed(task: EmbeddingTask, out: Outlet, signal: AbortSignal): Promise<void> {
    const { model, context, threads } = this.parts
    const contextSize = Math.min(context.contextSize, maxEmbeddingTokens)
    this.embeddings ??= model.createEmbeddingContext({ contextSize, batchSize: contextSize, threads })
    const embedder = await this.embeddings
    const data: unknown[] = []
    let promptTokens = 0
    for (const [index, input] of task.inputs.entries()) {
      signal.throwIfAborted()
      const tokens =
        typeof input === 'string' ? model.tokenize(input) : (input as ReturnType<typeof model.tokenize>)
      const count = embedder.calculateInputLength([...tokens])
      if (count >= contextSize)
        throw refuse(`an input has ${count} tokens: at most ${contextSize - 1} are possible`, {
          param: 'input',
        })
      promptTokens += count
      const { vector } = await embedder.getEmbeddingFor([...tokens])
      data.push({ object: 'embedding', index, embedding: encode(normalise(vector), task.base64) })
    }
    const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens }
    out.json({ object: 'list', data, model: task.model, usage })
  }
}

/** One request: exactly one of `end` and `failed` comes out of it. */
class LlamaRun implements BackendRun {
  /** Resolves when the work and the request have both ended. */
  done: Promise<unknown> = Promise.resolve()
  private readonly over = Promise.withResolvers<void>()
  private readonly events: BackendEvents
  private readonly out: Outlet
  private readonly controller = new AbortController()
  private readonly deadline: NodeJS.Timeout
  private ended = false

  constructor(events: BackendEvents, timeoutMs: number) {
    this.events = events
    this.out = new Outlet({
      head: (status, headers) => this.ended || events.head(status, headers),
      data: bytes => this.ended || events.data(bytes),
      end: () => this.finish() && events.end(),
      failed: () => {},
    })
    const late = () =>
      this.stop(new WorkerError('backend-timeout', `the model did not finish within ${timeoutMs} ms`))
    this.deadline = setTimeout(late, Math.min(timeoutMs, maxTimerMs))
  }

  resume(): void {
    if (!this.ended) this.out.resume()
  }

  cancel(): void {
    this.stop(new WorkerError('cancelled', 'the request was cancelled'))
  }

  stop(error: WorkerError): void {
    if (!this.finish()) return
    this.controller.abort(error)
    // Never from inside of the call that asked for it.
    queueMicrotask(() => this.events.failed(error))
  }

  perform(work: (out: Outlet, signal: AbortSignal) => Promise<void>): Promise<unknown> {
    this.done = Promise.all([this.attempt(work), this.over.promise])
    return this.done
  }

  private async attempt(work: (out: Outlet, signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      // The caller gets the run before its first event.
      await Promise.resolve()
      this.controller.signal.throwIfAborted()
      await work(this.out, this.controller.signal)
    } catch (error) {
      if (this.ended) return
      if (error instanceof WorkerError && error.refusal !== undefined && !this.out.headSent)
        this.out.refuse(error.refusal)
      else if (this.finish()) this.events.failed(failure(error))
    }
  }

  private finish(): boolean {
    if (this.ended) return false
    this.ended = true
    clearTimeout(this.deadline)
    this.over.resolve()
    return true
  }
}

function failure(error: unknown): WorkerError {
  if (error instanceof WorkerError) return error
  return new WorkerError('backend-failed', 'llama.cpp could not evaluate the request', { cause: error })
}

/** To length 1, so that the product of two vectors is their similarity. */
function normalise(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector)
  return length === 0 ? [...vector] : vector.map(value => value / length)
}

function encode(vector: number[], base64: boolean): number[] | string {
  return base64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
}
