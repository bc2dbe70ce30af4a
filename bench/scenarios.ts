/** What the callers ask for, and what a right answer looks like. */
export interface Scenario {
  readonly name: string
  /** Callers at once, each with one connection and one request at a time. */
  readonly callers: number
  /** Text of the prompt, bytes. */
  readonly promptBytes: number
  /** Chunks of a streamed answer; absent for an answer in one JSON object. */
  readonly stream?: { readonly chunks: number; readonly intervalMs: number }
  /** Streams end with a comment that names the receipt. */
  readonly isSealed?: boolean
}

/** Whom the callers call. */
export type Target = 'backend' | 'network'

export const benchModel = 'bench/model-8b'
export const streamedChunks = 50

export const scenarios: readonly Scenario[] = [
  { name: 'json-1', callers: 1, promptBytes: 80 },
  { name: 'json-30', callers: 30, promptBytes: 80 },
  { name: 'json-256', callers: 256, promptBytes: 80 },
  { name: 'large-30', callers: 30, promptBytes: 32 << 10 },
  { name: 'stream-1', callers: 1, promptBytes: 80, stream: { chunks: streamedChunks, intervalMs: 0 } },
  { name: 'stream-30', callers: 30, promptBytes: 80, stream: { chunks: streamedChunks, intervalMs: 0 } },
  { name: 'stream-256', callers: 256, promptBytes: 80, stream: { chunks: streamedChunks, intervalMs: 0 } },
  { name: 'paced-30', callers: 30, promptBytes: 80, stream: { chunks: streamedChunks, intervalMs: 5 } },
]

/** The backend, not the network, says how long an answer takes. */
export function isPaced({ stream }: Scenario): boolean {
  return stream !== undefined && stream.intervalMs > 0
}

/** The request as bytes on the wire. */
export function requestBytes(scenario: Scenario, port: number): Buffer {
  const sentence = 'Please say in one short sentence what this is about, and nothing besides. '
  const content = sentence
    .repeat(Math.ceil(scenario.promptBytes / sentence.length))
    .slice(0, scenario.promptBytes)
  const { stream } = scenario
  const body = JSON.stringify({
    model: benchModel,
    messages: [{ role: 'user', content }],
    max_tokens: 100,
    temperature: 0.7,
    ...(stream && { stream: true, bench_chunks: stream.chunks, bench_interval_ms: stream.intervalMs }),
  })
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer none\r\n` +
      `content-type: application/json\r\naccept: application/json\r\nuser-agent: bench\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/**
 * Server-sent events of a right answer: the chunks, why it ended, the end marker, and, through the network, what
 * it cost, and the comment of a sealed one. 0 for an answer in one JSON object.
 */
export function expectedEvents({ stream, isSealed = false }: Scenario, target: Target): number {
  if (stream === undefined) return 0
  return stream.chunks + (target === 'network' ? 3 : 2) + (isSealed ? 1 : 0)
}
