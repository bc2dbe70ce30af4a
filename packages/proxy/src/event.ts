/** What a proxy tells its log. Nothing in it is a prompt, an answer, a key or a secret. */
export type ProxyEvent =
  | { event: 'client-ready'; client: string; version: number }
  | { event: 'client-gone'; client: string; why: string }
  | { event: 'worker-ready'; worker: string; model: string; version: number }
  | { event: 'worker-gone'; worker: string; why: string }
  | { event: 'worker-knows-more'; worker: string }
  | { event: 'worker-answer-invalid'; worker: string; what: string }
  | { event: 'identity-refused'; worker: string; why: string }
  | { event: 'receipt-refused'; worker: string; why: string }
  | { event: 'receipts-disputed'; worker: string }
  | { event: 'worker-distrusted'; worker: string; why: string }
  | { event: 'charge-failed'; why: string }
  | { event: 'books-unbalanced'; why: string }

/** Counters since the start. */
export interface ProxyStats {
  queries: number
  succeeded: number
  failed: number
  rejected: number
  retried: number
  bytesReceived: number
  bytesSent: number
  ignoredMessages: number
  adjustedTokens: { total: bigint; prompt: bigint; cached: bigint; completion: bigint; reasoning: bigint }
}

export function newStats(): ProxyStats {
  return {
    queries: 0,
    succeeded: 0,
    failed: 0,
    rejected: 0,
    retried: 0,
    bytesReceived: 0,
    bytesSent: 0,
    ignoredMessages: 0,
    adjustedTokens: { total: 0n, prompt: 0n, cached: 0n, completion: 0n, reasoning: 0n },
  }
}
