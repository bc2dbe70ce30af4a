/**
 * What can go wrong in a client, by what the reader can do:
 *
 * - fix the request: `invalid-request`, `unauthorized`, `model-not-found`, `limit`
 * - add money or wait for the next day: `insufficient-balance`, `budget-exhausted`
 * - retry later: `rate-limited`, `no-proxy`, `no-worker`, `overloaded`, `timeout`, `upstream`
 * - retry, and distrust the peer that did it: `answer-invalid`, `protocol`
 * - fix the set-up: `configuration`, `port-in-use`
 * - nothing, it was asked for: `cancelled`
 */
export type ClientErrorCode =
  /** The caller's request is wrong; `param` names the field where there is one. */
  | 'invalid-request'
  /** No API key, or one that is unknown or expired. */
  | 'unauthorized'
  /** The payment channel holds too little for this query. */
  | 'insufficient-balance'
  /** The API key spent what it may spend today. */
  | 'budget-exhausted'
  /** The API key sends more requests a minute than it may. */
  | 'rate-limited'
  /** Nobody offers the model, or the API key may not use it. */
  | 'model-not-found'
  /** No proxy is connected. */
  | 'no-proxy'
  /** The model is known, but no worker takes the query now, or none at the caller's price. */
  | 'no-worker'
  /** This client or the network refuses more work for now. */
  | 'overloaded'
  /** The answer did not come in the time that the caller gave. */
  | 'timeout'
  /** The caller stopped the query, or this client is shutting down. */
  | 'cancelled'
  /** The proxy or the worker failed, or its connection was lost. */
  | 'upstream'
  /** Nothing that answers reaches the protection that the caller asks for. */
  | 'unprotected'
  /** What came as an answer cannot be given to a caller. */
  | 'answer-invalid'
  /** A peer broke the protocol. */
  | 'protocol'
  /** A bound on sizes of this client, such as the longest frame, forbids the query. */
  | 'limit'
  /** Another program listens on the port. */
  | 'port-in-use'
  /** The set-up cannot work as it is. */
  | 'configuration'

export interface ClientErrorDetails {
  cause?: unknown
  /** The field of the request body that is wrong. */
  param?: string
  /** When a retry makes sense, from now. */
  retryAfterMs?: number
}

/** Whatever a client refuses or cannot do. Never holds a prompt, an answer or a key. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  readonly param: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.param = details.param
    this.retryAfterMs = details.retryAfterMs
  }
}
