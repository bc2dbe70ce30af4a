import { ClientError, type ClientErrorCode } from '../error.ts'

/** An error as an HTTP caller gets it: a status, the error object that OpenAI clients read, headers. */
export interface Refusal {
  status: number
  error: { message: string; type: string; param: string | null; code: string | null }
  /** Flat: name, value, name, value. */
  headers: string[]
}

/** What a caller is told of a failure. Anything but a ClientError is a fault of ours and tells nothing. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ClientError)) {
    return refuse(500, 'server_error', 'internal_error', 'The client failed; its log says more.')
  }
  const row = statuses[error.code]
  const headers: string[] = []
  const retryAfterMs = error.retryAfterMs ?? row.retryAfterMs
  if (retryAfterMs !== undefined) {
    // OpenAI's libraries prefer the precise header; all others know the one in seconds.
    headers.push('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))))
    headers.push('retry-after-ms', String(Math.ceil(retryAfterMs)))
  }
  if (error.code === 'unauthorized') headers.push('www-authenticate', 'Bearer')
  // OpenAI's libraries retry every 429, which cannot help before the next day.
  if (error.code === 'budget-exhausted') headers.push('x-should-retry', 'false')
  const param = error.param ?? row.param ?? null
  return {
    status: row.status,
    error: { message: error.message, type: row.type, param, code: row.code },
    headers,
  }
}

/** A refusal that has no ClientError code because it concerns HTTP alone. */
export function refuse(
  status: number,
  type: string,
  code: string | null,
  message: string,
  headers: string[] = [],
): Refusal {
  return { status, error: { message, type, param: null, code }, headers }
}

/** The JSON text of a refusal's body; also what a failed event stream ends with. */
export function refusalText(refusal: Refusal): string {
  return JSON.stringify({ error: refusal.error })
}

export function shuttingDown(): ClientError {
  return new ClientError('cancelled', 'The client is shutting down.')
}

/** Where an error was thrown, without its message, which could quote what it was about. */
export function traceOf(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { name: typeof error }
  const frames = error.stack?.split('\n').filter(line => line.startsWith('    at ')) ?? []
  return { name: error.name, at: frames.slice(0, 5).join('\n') }
}

interface Row {
  status: number
  type: string
  code: string | null
  param?: string
  retryAfterMs?: number
}

const statuses: Record<ClientErrorCode, Row> = {
  'invalid-request': { status: 400, type: 'invalid_request_error', code: null },
  unauthorized: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  'insufficient-balance': { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' },
  'budget-exhausted': { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  'rate-limited': { status: 429, type: 'requests', code: 'rate_limit_exceeded', retryAfterMs: 1000 },
  'model-not-found': { status: 404, type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
  'no-proxy': { status: 503, type: 'server_error', code: 'no_proxy', retryAfterMs: 5000 },
  'no-worker': { status: 503, type: 'server_error', code: 'no_worker', retryAfterMs: 2000 },
  overloaded: { status: 503, type: 'server_error', code: 'overloaded', retryAfterMs: 1000 },
  timeout: { status: 504, type: 'server_error', code: 'timeout' },
  cancelled: { status: 503, type: 'server_error', code: 'cancelled', retryAfterMs: 1000 },
  unprotected: { status: 503, type: 'server_error', code: 'unprotected', retryAfterMs: 5000 },
  upstream: { status: 502, type: 'server_error', code: 'bad_upstream' },
  'answer-invalid': { status: 502, type: 'server_error', code: 'bad_upstream' },
  protocol: { status: 502, type: 'server_error', code: 'bad_upstream' },
  limit: { status: 413, type: 'invalid_request_error', code: 'too_large' },
  'port-in-use': { status: 500, type: 'server_error', code: 'internal_error' },
  configuration: { status: 500, type: 'server_error', code: 'internal_error' },
}
