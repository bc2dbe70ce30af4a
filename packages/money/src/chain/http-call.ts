import { MoneyError } from '../error.ts'
import { chainError, oversized } from './failure.ts'

/** Largest answer of an HTTP source, bytes, after decompression. */
export const maxAnswerBytes = 4 * 1024 * 1024

export interface HttpCall {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  /** What the source asks for, seconds or a date. */
  readonly retryAfter: string | undefined
}

/**
 * One POST of JSON. Rejects with `chain-unreachable` for all that happens on the way, with `chain-answer` for an
 * answer beyond `maxAnswerBytes`. Follows no redirect: it could carry the key elsewhere.
 */
export async function post(source: string, { url, headers, body, signal }: HttpCall): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body,
      redirect: 'manual',
      signal,
    })
    const text = await readText(source, response)
    return { status: response.status, text, retryAfter: response.headers.get('retry-after') ?? undefined }
  } catch (cause) {
    if (cause instanceof MoneyError) throw cause
    const what = signal.aborted ? 'does not answer in time' : 'cannot be reached'
    // The cause of the runtime names a host and a port, and nothing of the request.
    throw chainError(
      'chain-unreachable',
      source,
      `${what}. Retry later, or name another source`,
      rootOf(cause),
    )
  }
}

async function readText(source: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length
    if (sizeBytes > maxAnswerBytes) {
      throw chainError('chain-answer', source, `answers with more than ${maxAnswerBytes} bytes`, oversized)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, sizeBytes).toString('utf8')
}

function rootOf(cause: unknown): unknown {
  return cause instanceof Error && cause.cause !== undefined ? cause.cause : cause
}
