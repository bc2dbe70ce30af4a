/**
 * The seam between a worker and whatever runs the model. A backend answers OpenAI-shaped requests with
 * OpenAI-shaped bytes; the worker validates the request before and meters the answer after.
 */
export interface Backend {
  /** For people and logs: `http://127.0.0.1:8000`, `llama.cpp tiny.gguf`. */
  readonly name: string
  /**
   * The models that it serves now, by the names that requests use. Resolves exactly if the backend is healthy;
   * a healthy one that keeps no list gives an empty one. Rejects with a WorkerError.
   */
  models(signal: AbortSignal): Promise<BackendModel[]>
  /**
   * Starts one request. Never throws, and no event comes before it returns. Exactly one of `end` and `failed`
   * follows, also after `cancel`. What the backend refuses is an answer with its status, not a failure.
   */
  run(request: BackendRequest, events: BackendEvents): BackendRun
  /**
   * Tokens that the model's own tokenizer makes of the text, if the backend can tell.
   * Used where an answer states no usage. Rejects with `tokenizer-missing` where it turns out that it cannot.
   */
  countTokens?(model: string, text: string, signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

export interface BackendModel {
  id: string
  /** Longest prompt and answer together, tokens, where the backend says. */
  contextTokens?: number
}

export interface BackendRequest {
  path: BackendPath
  /** The JSON body, UTF-8. Borrowed: valid until the run ends. */
  body: Uint8Array
  /** The same body parsed. Not to be changed. */
  json: Readonly<Record<string, unknown>>
  /** Time left for the whole answer, milliseconds. */
  timeoutMs: number
}

export type BackendPath = '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings'

export interface BackendEvents {
  /** At most once, before any `data`. Hop-by-hop headers are left out, names are lower case. */
  head(status: number, headers: Array<[name: string, value: string]>): void
  /** Body bytes, which the callee may keep. `false` asks for a pause until `resume` is called. */
  data(bytes: Uint8Array): boolean
  end(): void
  /** A WorkerError, its code telling why. */
  failed(error: Error): void
}

export interface BackendRun {
  /** Continues after `data` returned false. */
  resume(): void
  /** Frees the model at once; `failed` follows with code `cancelled`. Idempotent. */
  cancel(): void
}
