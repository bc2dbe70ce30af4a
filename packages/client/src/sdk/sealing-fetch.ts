import { ClientError } from '../error.ts'
import { refusalOf, refusalText } from '../http/refusal.ts'
import type { LeastProtection } from '../network.ts'
import { type QueryKind, queryPaths } from '../query-fields.ts'
import { bytesOf, type CallAnswer, type Caller } from './caller.ts'
import { done, readChunk, readEvents } from './event-stream.ts'
import type { Fetch } from './options.ts'
import type { Relay } from './relay.ts'
import { type ReadRequest, readRequest, type RequestFields } from './request-body.ts'
import type { Protected } from './types.ts'

export interface SealingFetchOptions {
  readonly caller: Caller
  readonly relay: Relay
  readonly leastProtection: LeastProtection
}

/** What a caller of `fetch` asks for. */
interface Call {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly signal: AbortSignal | undefined
  /** Undefined where there is none. */
  readonly body: string | undefined
}

/**
 * A `fetch` that seals what is asked of the models. Answers are plain ones of OpenAI's API; their headers
 * `x-cocoon-protection` and `x-cocoon-receipt` say how they were protected, and streams have the comment
 * `: cocoon-receipt ID` before `[DONE]`. A body whose receipt does not hold ends in an error.
 */
export function sealingFetch(options: SealingFetchOptions): Fetch {
  return async (input, init = {}) => {
    const call = await readCall(input, init)
    try {
      return await answer(options, call)
    } catch (error) {
      // As `fetch` does where its signal ends it.
      if (call.signal?.aborted === true) throw call.signal.reason
      return refusalResponse(error)
    }
  }
}

async function answer(
  { caller, relay, leastProtection }: SealingFetchOptions,
  call: Call,
): Promise<Response> {
  const path = pathOf(relay, call.url)
  relay.authorization ??= call.headers.get('authorization') ?? undefined
  const kind = call.method === 'POST' ? queryPaths.get(path) : undefined
  if (kind === undefined) return await handOn(relay, call, path, leastProtection)
  const request = readRequest(kind, path, parsed(call.body ?? ''))
  const answered = await caller.ask(request, call.signal)
  const isStream = answered.status < 300 && answered.contentType.startsWith('text/event-stream')
  return isStream ? streamResponse(answered, request) : await wholeResponse(answered)
}

/** What the library asks of the endpoint: `/v1/models`. Throws where that is another place. */
function pathOf(relay: Relay, text: string): string {
  const url = new URL(text)
  const base = new URL(relay.baseUrl)
  if (url.origin === base.origin && url.pathname.startsWith(`${base.pathname}/`)) {
    return `/v1${url.pathname.slice(base.pathname.length)}`
  }
  throw new ClientError('invalid-request', 'The library and Cocoon have to have the same baseURL.')
}

/** A body on another path may hold a text, so it goes openly only where that is allowed. */
async function handOn(
  relay: Relay,
  { url, method, headers, signal, body }: Call,
  path: string,
  least: LeastProtection,
): Promise<Response> {
  if (body !== undefined && least === 'sealed') {
    const message = `What is sent to ${path.slice(0, 80)} cannot be sealed, and is not sent openly.`
    throw new ClientError('unprotected', message)
  }
  const target = `${path.slice('/v1'.length)}${new URL(url).search}`
  const init = { method, headers, ...(body !== undefined && { body }) }
  return await relay.requestAnyway(target, init, signal ?? new AbortController().signal)
}

async function wholeResponse(answered: CallAnswer): Promise<Response> {
  const { bytes, how } = await bytesOf(answered)
  const headers = headersOf(answered, answered.contentType || 'application/json')
  if (how.costNano !== undefined) headers.set('x-cocoon-total-cost', String(how.costNano))
  return new Response(bytes, { status: answered.status, headers })
}

function streamResponse(answered: CallAnswer, request: ReadRequest): Response {
  const encoder = new TextEncoder()
  const text = textOf(answered, request)
  const body = new ReadableStream<Uint8Array>({
    pull: async controller => {
      try {
        const next = await text.next()
        if (next.done === true) controller.close()
        else controller.enqueue(encoder.encode(next.value))
      } catch (error) {
        controller.error(error)
      }
    },
    cancel: async () => {
      await text.return(undefined)
    },
  })
  const headers = headersOf(answered, 'text/event-stream; charset=utf-8')
  return new Response(body, { status: answered.status, headers })
}

/** The events again, of which the last waits until the receipt was found right. */
async function* textOf(
  { body, receiptId }: CallAnswer,
  { kind, fillsChoices }: { readonly kind: QueryKind; readonly fillsChoices: boolean },
): AsyncGenerator<string, void> {
  const events: AsyncGenerator<string, Protected> = readEvents(body)
  try {
    for (let next = await events.next(); next.done !== true; next = await events.next()) {
      if (next.value === done) continue
      yield `data: ${JSON.stringify(readChunk(next.value, kind, fillsChoices))}\n\n`
    }
    if (receiptId !== undefined) yield `: cocoon-receipt ${receiptId}\n\n`
    yield `data: ${done}\n\n`
  } finally {
    await body.return(undefined as never)
  }
}

function headersOf(
  { protection, endpoint, isSimulated, receiptId }: CallAnswer,
  contentType: string,
): Headers {
  const sealed = isSimulated ? 'sealed; simulated' : 'sealed'
  const headers = new Headers({
    'content-type': contentType,
    'x-cocoon-protection': protection === 'sealed' ? sealed : `plain; ${endpoint ?? 'unknown'}`,
  })
  if (receiptId !== undefined) headers.set('x-cocoon-receipt', receiptId)
  return headers
}

function refusalResponse(error: unknown): Response {
  const refusal = refusalOf(error)
  const headers = new Headers({ 'content-type': 'application/json' })
  for (let at = 0; at < refusal.headers.length; at += 2) {
    headers.set(refusal.headers[at]!, refusal.headers[at + 1]!)
  }
  return new Response(refusalText(refusal), { status: refusal.status, headers })
}

async function readCall(input: string | URL | Request, init: RequestInit): Promise<Call> {
  const request = input instanceof Request ? input : undefined
  const hasBody = init.body !== undefined && init.body !== null
  const body = hasBody
    ? await new Response(init.body).text()
    : request?.body
      ? await request.text()
      : undefined
  return {
    url: request?.url ?? String(input),
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    headers: new Headers(init.headers ?? request?.headers),
    signal: init.signal ?? request?.signal,
    body,
  }
}

function parsed(text: string): RequestFields {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RequestFields
  } catch {
    // Said below, without quoting the text.
  }
  throw new ClientError('invalid-request', 'The body is no JSON object.')
}
