import { randomBetween, type World } from '@cocoon/wire'
import { type Bytes, join } from '../bytes.ts'
import { TrustError } from '../error.ts'

/** The part of the Web's fetch that is used here. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>

export interface FetchInit {
  readonly signal: AbortSignal
  readonly redirect: 'error'
  readonly method?: 'POST'
  readonly headers?: Record<string, string>
  readonly body?: Bytes
}

export interface FetchResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: { getReader(): FetchReader } | null
}

interface FetchReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

export interface HttpGetOptions {
  readonly fetch: Fetch
  readonly world: World
  readonly signal?: AbortSignal | undefined
  /** A question that is sent along, which changes nothing at the other end. */
  readonly post?: { readonly contentType: string; readonly body: Bytes }
}

export interface HttpAnswer {
  readonly body: Bytes
  header(name: string): string | undefined
}

/** One answer of a collateral service. */
const maxAnswerBytes = 1_048_576
/** From the request to the end of the body, for each attempt. */
const attemptTimeoutMs = 10_000
const maxAttempts = 3
const retryDelayMs = 250

/**
 * Gets a document, again if the service is busy or was not reached. Throws `fetch-failed` after the last attempt,
 * which is 31 s after the first at most, and when `signal` aborts.
 */
export async function httpGet(url: string, options: HttpGetOptions): Promise<HttpAnswer> {
  const { world, signal } = options
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptGet(url, options)
    if (!('why' in outcome)) return outcome
    if (!outcome.mayRetry || attempt === maxAttempts || signal?.aborted) {
      throw new TrustError('fetch-failed', `${shown(url)} gave no collateral: ${outcome.why}.`, {
        cause: outcome.cause,
      })
    }
    const delayMs = retryDelayMs * 2 ** (attempt - 1)
    await pause(world, randomBetween(world, delayMs / 2, delayMs), signal)
  }
}

interface Failure {
  readonly why: string
  readonly mayRetry: boolean
  readonly cause?: unknown
}

async function attemptGet(url: string, options: HttpGetOptions): Promise<HttpAnswer | Failure> {
  const { fetch, world, signal, post } = options
  const question = post && {
    method: 'POST' as const,
    headers: { 'content-type': post.contentType },
    body: post.body,
  }
  const deadline = new AbortController()
  const timer = world.after(attemptTimeoutMs, () => deadline.abort())
  const signals = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal
  try {
    const { status, headers, body } = await untilAborted(
      fetch(url, { signal: signals, redirect: 'error', ...question }),
      signals,
    )
    if (status !== 200) {
      await body?.getReader().cancel()
      return { why: `it answers with status ${status}`, mayRetry: status === 429 || status >= 500 }
    }
    const bytes = await readBody(body, signals)
    if (!bytes) return { why: `its answer has more than ${maxAnswerBytes} bytes`, mayRetry: false }
    return { body: bytes, header: name => headers.get(name) ?? undefined }
  } catch (cause) {
    const why = deadline.signal.aborted ? 'it did not answer in time' : 'it cannot be reached'
    return { why, mayRetry: true, cause }
  } finally {
    timer.cancel()
  }
}

async function readBody(body: FetchResponse['body'], signal: AbortSignal): Promise<Bytes | undefined> {
  const reader = body?.getReader()
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  while (reader) {
    const { done, value } = await untilAborted(reader.read(), signal)
    if (done || !value) break
    sizeBytes += value.length
    if (sizeBytes > maxAnswerBytes) {
      await reader.cancel()
      return undefined
    }
    parts.push(value)
  }
  return join(...parts)
}

/** Whatever a fetch of somebody else's does with its signal, nothing is waited for beyond it. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('The request was given up.'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function pause(world: Pick<World, 'after'>, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const timer = world.after(delayMs, resolve)
    const stop = (): void => {
      timer.cancel()
      resolve()
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** Without what may be secret in an address. */
function shown(url: string): string {
  return URL.canParse(url) ? new URL(url).origin + new URL(url).pathname : 'The address'
}
