import type { World } from '@cocoon/wire'
import type { MoneyError } from '../error.ts'
import { late, retrying, type Deadline } from './deadline.ts'
import { chainError, quoted, reading, Retry } from './failure.ts'
import { Fields } from './fields.ts'
import { post, type HttpAnswer } from './http-call.ts'
import type { RateLimit } from './rate-limit.ts'

/** One attempt of a call; a call that is still unanswered then is attempted again while its deadline allows it. */
const defaultAttemptMs = 6_000
/** Longest that a source can hold our calls back with Retry-After. */
const longestRetryAfterMs = 60_000

export interface TonCenterEndpoint {
  readonly url: string
  readonly apiKey: string | undefined
  /** How errors name it: the address without what could be secret. */
  readonly source: string
}

/** What a source says where it does not do what was asked. */
export interface Complaint {
  readonly status: number
  /** In its own words, without the key. */
  readonly text: string
}

export interface Handling<T> {
  /** Reads a result. */
  readonly read: (result: unknown) => T
  /**
   * Makes an error of a complaint, of which a `Retry` is attempted again, or takes it for a result after all.
   * Undefined for what every method treats alike.
   */
  readonly judge?: (
    complaint: Complaint,
    attempt: number,
  ) => MoneyError | Retry | { readonly value: T } | undefined
}

/** JSON-RPC over HTTP as TON Center speaks it, with our own rate, retries and deadlines. */
export class TonCenterCalls {
  readonly #endpoint: TonCenterEndpoint
  readonly #world: World
  readonly #rate: RateLimit

  constructor(endpoint: TonCenterEndpoint, world: World, rate: RateLimit) {
    this.#endpoint = endpoint
    this.#world = world
    this.#rate = rate
  }

  /** What `read` makes of the result. Answers that it cannot read, and what is behind, are asked for again. */
  call<T>(
    method: string,
    params: Readonly<Record<string, unknown>>,
    deadline: Deadline,
    handling: Handling<T>,
  ): Promise<T> {
    return retrying(this.#world, deadline, number =>
      this.#attempt({ method, params, number }, deadline, handling),
    )
  }

  async #attempt<T>(
    { method, params, number }: { method: string; params: object; number: number },
    deadline: Deadline,
    { read, judge }: Handling<T>,
  ): Promise<T> {
    const { source } = this.#endpoint
    await this.#rate.take(source, deadline)
    if (deadline.leftMs === 0) throw late(source)
    const answer = await this.#post(JSON.stringify({ jsonrpc: '2.0', id: '1', method, params }), deadline)
    const outcome = this.#outcome(answer)
    if ('status' in outcome) {
      const judged = judge?.(outcome, number)
      if (judged !== undefined && 'value' in judged) return judged.value
      throw judged ?? this.#complaint(outcome, answer)
    }
    return reading(source, `result of ${method}`, () => read(outcome.result))
  }

  async #post(body: string, deadline: Deadline): Promise<HttpAnswer> {
    const { url, apiKey, source } = this.#endpoint
    const headers: Record<string, string> = apiKey === undefined ? {} : { 'x-api-key': apiKey }
    const attempt = new AbortController()
    const end = (): void => attempt.abort()
    const timer = this.#world.after(Math.min(defaultAttemptMs, deadline.leftMs), end)
    deadline.signal.addEventListener('abort', end, { once: true })
    try {
      return await post(source, { url, headers, body, signal: attempt.signal })
    } catch (cause) {
      const error = cause as MoneyError
      throw error.code === 'chain-unreachable' ? new Retry(error) : error
    } finally {
      timer.cancel()
      deadline.signal.removeEventListener('abort', end)
    }
  }

  /** The result where there is one, otherwise what the source says instead. */
  #outcome({ status, text }: HttpAnswer): { result: unknown } | Complaint {
    const { source } = this.#endpoint
    const isJson = /^\s*\{/.test(text)
    if (status !== 200 && !isJson) return { status, text: this.#shown(text) }
    return reading(source, 'body', () => {
      const fields = new Fields(JSON.parse(text))
      if (status === 200 && fields.has('result')) return { result: fields.value('result') }
      const said = fields.has('error') ? fields.value('error') : text
      const code = fields.has('code') ? fields.count('code') : status
      return { status: status === 200 ? code : status, text: this.#shown(said) }
    })
  }

  #complaint({ status, text }: Complaint, { retryAfter }: HttpAnswer): MoneyError | Retry {
    const { source, apiKey } = this.#endpoint
    if (status === 429) {
      const afterMs = retryAfterMs(retryAfter, this.#world.now())
      this.#rate.hold(afterMs)
      const advice = apiKey === undefined ? 'Use a key' : 'Lower the rate'
      return new Retry(
        chainError('chain-busy', source, `asks for fewer calls. ${advice}, or retry later`),
        afterMs,
      )
    }
    if (status === 401 || status === 403) {
      return chainError('chain-unreachable', source, `refuses access (${status}): ${text}. Check the key`)
    }
    const error = chainError('chain-unreachable', source, `fails (${status}): ${text}. Retry later`)
    return status >= 500
      ? new Retry(error)
      : chainError('chain-answer', source, `refuses (${status}): ${text}`)
  }

  #shown(said: unknown): string {
    const { apiKey } = this.#endpoint
    const text = typeof said === 'string' ? said : (JSON.stringify(said) ?? '')
    return quoted(apiKey === undefined ? text : text.replaceAll(apiKey, '***'))
  }
}

/** Seconds, or a date. */
function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0
  const delayMs = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isNaN(delayMs) ? 0 : Math.max(0, Math.min(delayMs, longestRetryAfterMs))
}
