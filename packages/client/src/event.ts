/** What a client tells its log. Nothing in it is a prompt, an answer, a key or a secret. */
export type ClientEvent =
  | { event: 'proxy-ready'; proxy: string; version: number }
  | { event: 'proxy-lost'; proxy: string; why: string }
  | { event: 'query-retried'; proxy: string }
  | { event: 'charge-overstated'; proxy: string }
  | { event: 'query-resealed'; code: number }
  | { event: 'receipt-disputed'; reason: number }
  | { event: 'machine-refused'; identity: string; why: string }

/** Counters since the start. */
export interface ClientStats {
  queries: number
  succeeded: number
  failed: number
  retried: number
  bytesReceived: number
  bytesSent: number
  tokens: bigint
  costNano: bigint
}

export function newStats(): ClientStats {
  return {
    queries: 0,
    succeeded: 0,
    failed: 0,
    retried: 0,
    bytesReceived: 0,
    bytesSent: 0,
    tokens: 0n,
    costNano: 0n,
  }
}
