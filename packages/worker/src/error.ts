/**
 * What can go wrong in a worker, by what the reader can do:
 *
 * - fix the request: `invalid-request`
 * - fix the set-up: `backend-refused`, `backend-unsuitable`, `inference-unavailable`, `model-unusable`,
 *   `download-failed`, `tokenizer-missing`
 * - retry: `backend-unreachable`, `backend-failed`, `backend-timeout`, `closed`
 * - stop: `cancelled`, `answer-too-large`, `malformed-answer`
 */
export type WorkerErrorCode =
  | 'answer-too-large'
  | 'backend-failed'
  | 'backend-refused'
  | 'backend-timeout'
  | 'backend-unreachable'
  | 'backend-unsuitable'
  | 'cancelled'
  | 'closed'
  | 'download-failed'
  | 'inference-unavailable'
  | 'invalid-request'
  | 'malformed-answer'
  | 'model-unusable'
  | 'tokenizer-missing'

/** Whatever a worker, its backend or its meter refuses or cannot do. Never holds a prompt or an answer. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
  readonly code: WorkerErrorCode
  /** Only with `invalid-request`: the HTTP answer that tells the caller. */
  readonly refusal: Refusal | undefined

  constructor(code: WorkerErrorCode, message: string, options: { cause?: unknown; refusal?: Refusal } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.refusal = options.refusal
  }
}

/** An HTTP status and the error object in the shape that OpenAI clients read. */
export interface Refusal {
  status: number
  error: { message: string; type: string; param: string | null; code: string | null }
}

/** A WorkerError with code `invalid-request`; `message` is for the caller and must not quote the prompt. */
export function refuse(
  message: string,
  options: { status?: number; param?: string; code?: string } = {},
): WorkerError {
  const refusal: Refusal = {
    status: options.status ?? 400,
    error: {
      message,
      type: 'invalid_request_error',
      param: options.param ?? null,
      code: options.code ?? null,
    },
  }
  return new WorkerError('invalid-request', message, { refusal })
}

/** The JSON body of a refusal, UTF-8. */
export function refusalBody(refusal: Refusal): Uint8Array {
  return Buffer.from(JSON.stringify({ error: refusal.error }))
}
