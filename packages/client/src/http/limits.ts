/** Every bound of the endpoint. Sizes in bytes, times in milliseconds. */
export interface EndpointLimits {
  /** Request head, all header lines together; beyond it 431. */
  headBytes: number
  /** From a request's first byte to the end of its head; beyond it 408. */
  headTimeoutMs: number
  /** Request body; beyond it 413. */
  bodyBytes: number
  /** From a request's first byte to the end of its body; beyond it 408. */
  bodyTimeoutMs: number
  /** Open connections; further ones are closed at once. */
  connections: number
  /** Requests being received or answered, over all connections; beyond it 503. */
  running: number
  /** An answer's bytes that wait for their end, or for a caller who reads too slowly, per request. */
  bufferBytes: number
  /** Request bodies and held answers of all requests together; beyond it 503. */
  totalBufferBytes: number
  /** How long a finished answer may wait without the caller reading any of it. */
  drainTimeoutMs: number
  /** How long a connection without a request stays open. */
  keepAliveMs: number
  /** Longest `timeout` that a caller gets; a longer one is lowered to it. */
  queryTimeoutMs: number
  /** Debug records that are kept for `/request/debuglogentry`. */
  debugEntries: number
}

export const endpointLimits: EndpointLimits = {
  headBytes: 16 * 1024,
  headTimeoutMs: 15_000,
  bodyBytes: 15 * 1024 * 1024,
  bodyTimeoutMs: 60_000,
  connections: 1024,
  running: 1024,
  bufferBytes: 8 * 1024 * 1024,
  totalBufferBytes: 256 * 1024 * 1024,
  drainTimeoutMs: 60_000,
  keepAliveMs: 65_000,
  queryTimeoutMs: 3_600_000,
  debugEntries: 1000,
}

/** What a query gets where its caller says nothing. */
export interface QueryDefaults {
  /** Price cap in thousandths. */
  maxCoefficient: number
  maxTokens: number
  timeoutMs: number
}

export const queryDefaults: QueryDefaults = { maxCoefficient: 4000, maxTokens: 1000, timeoutMs: 120_000 }
