/** What a worker tells its log. Nothing in it is a prompt, an answer, a key or a secret. */
export type WorkerEvent =
  | { event: 'proxy-ready'; proxy: string; version: number }
  | { event: 'proxy-lost'; proxy: string; why: string }
  | { event: 'proxy-rolled-back'; proxy: string }
  | { event: 'backend-up'; backend: string; models: string[] }
  | { event: 'backend-down'; backend: string; why: string }
  | { event: 'usage-counting'; how: UsageSource }
  | { event: 'query-failed'; why: string }

/** Where the tokens of an answer are known from: the backend's own statement, its tokenizer, or nowhere. */
export type UsageSource = 'stated' | 'tokenizer' | 'none'

/** Counters since the start. */
export interface WorkerStats {
  queries: number
  succeeded: number
  failed: number
  cancelled: number
  bytesReceived: number
  bytesSent: number
  adjustedTokens: { total: bigint; prompt: bigint; cached: bigint; completion: bigint; reasoning: bigint }
}

export function newStats(): WorkerStats {
  return {
    queries: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    bytesReceived: 0,
    bytesSent: 0,
    adjustedTokens: { total: 0n, prompt: 0n, cached: 0n, completion: 0n, reasoning: 0n },
  }
}
