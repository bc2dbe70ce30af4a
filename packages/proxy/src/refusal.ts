import type { HttpResponse } from '@cocoon/wire'

/** The network's error numbers, the same in every implementation. */
export const errorCode = {
  failure: 601,
  error: 602,
  protocol: 621,
  notReady: 651,
  timeout: 652,
  cancelled: 653,
  /** Of sealed queries: the session, the query itself, the identity. */
  sessionUnknown: 660,
  unreadable: 661,
  identityUnknown: 662,
  /** Of questions about the log. */
  notLogged: 663,
} as const

/** Why a query is not served, in both of the forms that clients understand. */
export interface Refusal {
  /** The network's number. */
  code: number
  status: number
  /** The machine-readable reason in an OpenAI-shaped error. */
  reason: string
  type: 'invalid_request_error' | 'insufficient_quota' | 'rate_limit_error' | 'server_error'
  /** Seen by the caller: says what happened and what to do. */
  message: string
  retryAfterS?: number
  /** Whose failure it is, where the query was sealed to several. */
  identity?: Uint8Array
}

export const refusals = {
  invalid: (message: string): Refusal => ({
    code: errorCode.protocol,
    status: 400,
    reason: 'invalid_request',
    type: 'invalid_request_error',
    message,
  }),
  balance: (wanted: bigint, available: bigint): Refusal => ({
    code: errorCode.error,
    status: 402,
    reason: 'insufficient_balance',
    type: 'insufficient_quota',
    message: `This query reserves ${wanted} tokens and ${available} are available. Lower max_tokens or max_coefficient, wait for running queries to end, or top up.`,
  }),
  configTooOld: (wanted: number, active: number): Refusal => ({
    code: errorCode.error,
    status: 503,
    reason: 'config_version_too_low',
    type: 'server_error',
    message: `The query wants root configuration ${wanted}; this proxy has ${active}. Retry in a minute.`,
    retryAfterS: 30,
  }),
  closing: (): Refusal => ({
    code: errorCode.notReady,
    status: 402,
    reason: 'client_closing',
    type: 'insufficient_quota',
    message:
      "The client's contract at this proxy is closing, so that nothing can be charged any more. Use another proxy, or set up the client anew.",
  }),
  unknownModel: (model: string): Refusal => ({
    code: errorCode.protocol,
    status: 404,
    reason: 'model_not_found',
    type: 'invalid_request_error',
    message: `No worker offers the model ${JSON.stringify(model.slice(0, 80))}. GET /v1/models lists what is on offer.`,
  }),
  noWorker: (model: string): Refusal => ({
    code: errorCode.notReady,
    status: 503,
    reason: 'no_worker',
    type: 'server_error',
    message: `No worker for the model ${JSON.stringify(model.slice(0, 80))} is connected right now. Retry in a few seconds.`,
    retryAfterS: 5,
  }),
  busy: (model: string): Refusal => ({
    code: errorCode.notReady,
    status: 503,
    reason: 'workers_busy',
    type: 'server_error',
    message: `All workers for the model ${JSON.stringify(model.slice(0, 80))} are busy. Retry in a second.`,
    retryAfterS: 1,
  }),
  tooExpensive: (cheapest: number, cap: number): Refusal => ({
    code: errorCode.notReady,
    status: 400,
    reason: 'max_coefficient_too_low',
    type: 'invalid_request_error',
    message: `The cheapest worker asks coefficient ${cheapest}; the query's cap is ${cap}. Raise max_coefficient to ${cheapest}.`,
  }),
  duplicate: (): Refusal => ({
    code: errorCode.protocol,
    status: 400,
    reason: 'duplicate_request_id',
    type: 'invalid_request_error',
    message: 'A query with this request id is running already. Use a fresh random id for each query.',
  }),
  timeout: (): Refusal => ({
    code: errorCode.timeout,
    status: 504,
    reason: 'timeout',
    type: 'server_error',
    message:
      'The answer did not come within the time that the query allowed. Raise timeout, or ask for fewer tokens.',
  }),
  workerLost: (): Refusal => ({
    code: errorCode.failure,
    status: 502,
    reason: 'worker_lost',
    type: 'server_error',
    message:
      'The worker dropped out and no other could take over. Nothing was charged for what it did not report.',
    retryAfterS: 1,
  }),
  workerFailed: (code: number, message: string): Refusal => ({
    code: code || errorCode.failure,
    status: code === errorCode.timeout ? 504 : code === errorCode.protocol ? 400 : 502,
    reason: 'worker_error',
    type: code === errorCode.protocol ? 'invalid_request_error' : 'server_error',
    message: `The worker answered: ${message.slice(0, 300)}`,
  }),
  sealed: (code: number, identity: Uint8Array | undefined): Refusal => ({
    code: code || errorCode.failure,
    status: code === errorCode.timeout ? 504 : code === errorCode.unreadable ? 400 : 502,
    reason: 'sealed_query_failed',
    type: 'server_error',
    message: sealedFailures[code] ?? 'The worker could not complete the answer.',
    ...(identity && { identity }),
  }),
  unread: (): Refusal => ({
    code: errorCode.failure,
    status: 503,
    reason: 'answer_unread',
    type: 'server_error',
    message:
      'The answer came faster than it could be passed on. Ask for less at once, or over a faster connection.',
    retryAfterS: 1,
  }),
  cancelled: (): Refusal => ({
    code: errorCode.cancelled,
    status: 499,
    reason: 'cancelled',
    type: 'invalid_request_error',
    message: 'The query was cancelled.',
  }),
  draining: (): Refusal => ({
    code: errorCode.notReady,
    status: 503,
    reason: 'proxy_draining',
    type: 'server_error',
    message: 'This proxy is shutting down. Retry: another one will take the query.',
    retryAfterS: 1,
  }),
  internal: (): Refusal => ({
    code: errorCode.failure,
    status: 500,
    reason: 'proxy_error',
    type: 'server_error',
    message: 'The proxy could not handle this query. It was not charged.',
  }),
}

const sealedFailures: Record<number, string> = {
  [errorCode.timeout]: 'The answer took longer than the query allowed.',
  [errorCode.sessionUnknown]: 'The worker does not know the sealing session. Seal the query in a new one.',
  [errorCode.unreadable]: 'The worker could not open the sealed query.',
  [errorCode.identityUnknown]: 'The worker has another identity now. Ask for offers again.',
}

const text = new TextEncoder()

/** The refusal as a complete HTTP answer: the one form that every client shows to its caller. */
export function refusalResponse(refusal: Refusal): HttpResponse {
  const { message, type, reason, code } = refusal
  const payload = text.encode(
    JSON.stringify({ error: { message, type, param: null, code: reason, cocoon_code: code } }),
  )
  const headers = [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(payload.length)],
  ]
  if (refusal.retryAfterS !== undefined) headers.push(['Retry-After', String(refusal.retryAfterS)])
  return {
    _: 'http.response',
    httpVersion: 'HTTP/1.1',
    statusCode: refusal.status,
    reason: reasonPhrases[refusal.status] ?? 'Error',
    headers: headers.map(([name = '', value = '']) => ({ _: 'http.header' as const, name, value })),
    payload,
  }
}

const reasonPhrases: Record<number, string> = {
  400: 'Bad Request',
  402: 'Payment Required',
  404: 'Not Found',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
