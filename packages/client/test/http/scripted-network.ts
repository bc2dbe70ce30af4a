import assert from 'node:assert/strict'
import type { World } from '@cocoon/wire'
import {
  type AnswerEvents,
  type AnswerSummary,
  ClientError,
  type EndpointOptions,
  type ModelOffer,
  type Network,
  type Query,
  type Run,
  startEndpoint,
} from '../../src/role.ts'

/** One query that reached the network, and the means to answer it. */
export interface Call {
  query: Query
  events: AnswerEvents
  isCancelled: boolean
  cancelled: Promise<void>
}

export type Script = (call: Call) => void | Promise<void>

export const summary: AnswerSummary = {
  tokens: 224n,
  costNano: 448n,
  proxy: 'EQCproxy_1',
  debug: {
    client: '{"type":"client_stats"}',
    proxy: '{"type":\n"proxy_stats"}',
    worker: 'no JSON "at all"\n',
  },
}

/** A network in memory that answers by script and keeps what it was asked. */
export class ScriptedNetwork implements Network {
  readonly calls: Call[] = []
  offers: ModelOffer[] | Error = []
  readonly #script: Script
  #expected: Array<(call: Call) => void> = []

  constructor(script: Script) {
    this.#script = script
  }

  run(query: Query, events: AnswerEvents): Run {
    const { promise: cancelled, resolve } = Promise.withResolvers<void>()
    const call: Call = { query, events, isCancelled: false, cancelled }
    this.calls.push(call)
    queueMicrotask(() => {
      void this.#script(call)
      for (const take of this.#expected.splice(0)) take(call)
    })
    return {
      cancel: () => {
        if (call.isCancelled) return
        call.isCancelled = true
        resolve()
        setImmediate(() => events.failed(new ClientError('cancelled', 'cancelled'), summary))
      },
    }
  }

  async models(): Promise<ModelOffer[]> {
    if (this.offers instanceof Error) throw this.offers
    return this.offers
  }

  /** The next query that arrives. */
  nextCall(): Promise<Call> {
    return new Promise(resolve => this.#expected.push(resolve))
  }
}

/** The body of the last query, as text and parsed. */
export function lastBody(network: ScriptedNetwork): { text: string; value: Record<string, unknown> } {
  const text = Buffer.from(network.calls.at(-1)?.query.body ?? []).toString()
  return { text, value: JSON.parse(text) as Record<string, unknown> }
}

/** Answers with one complete JSON text, in one turn. */
export function whole(body: unknown, status = 200, headers: Array<[string, string]> = []): Script {
  return ({ events }) => {
    events.head(status, [['content-type', 'application/json'], ...headers])
    events.data(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
    events.end(summary)
  }
}

/** Answers with an event stream, one turn for each piece. */
export function pieces(parts: Array<string | Buffer>, ending?: Error): Script {
  return async call => {
    call.events.head(200, [['content-type', 'text/event-stream']])
    for (const part of parts) {
      await turn()
      if (call.isCancelled) return
      call.events.data(Buffer.from(part))
    }
    await turn()
    if (call.isCancelled) return
    if (ending === undefined) call.events.end(summary)
    else call.events.failed(ending, summary)
  }
}

/** Text of events, with `[DONE]` at the end. */
export function eventTexts(values: unknown[]): string[] {
  return [...values.map(value => `data: ${JSON.stringify(value)}\n\n`), 'data: [DONE]\n\n']
}

/** Two turns of the event loop, after which what was written before has left the process. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 2; count++) await new Promise(resolve => setImmediate(resolve))
}

export interface Served extends AsyncDisposable {
  network: ScriptedNetwork
  port: number
  url: string
  logged: Array<[event: string, details: Record<string, string | number>]>
  close(graceMs: number): Promise<void>
}

/** An endpoint in front of a scripted network; disposing closes it. */
export async function serve(script: Script, options: Partial<EndpointOptions> = {}): Promise<Served> {
  const network = new ScriptedNetwork(script)
  const logged: Served['logged'] = []
  const log = (event: string, details: Record<string, string | number>): unknown =>
    logged.push([event, details])
  const protection = (): string => 'simulated'
  const endpoint = await startEndpoint({ network, world, port: 0, log, protection, ...options })
  const close = (graceMs: number): Promise<void> => endpoint.close(graceMs)
  const url = `http://127.0.0.1:${endpoint.port}`
  return { network, port: endpoint.port, url, logged, close, [Symbol.asyncDispose]: () => close(0) }
}

/** POSTs a chat query. */
export function chat(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', body: text as string, ...init })
}

/** The error object of a refusal. */
export async function errorOf(
  response: Response,
): Promise<{ message: string; type: string; param: string; code: string }> {
  assert.equal(response.headers.get('content-type'), 'application/json')
  const { error } = (await response.json()) as {
    error: { message: string; type: string; param: string; code: string }
  }
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'])
  return error
}

export const hello = { model: 'tiny', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }

/** The machine's clocks, as a main would pass them. */
export const world: World = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: sizeBytes => crypto.getRandomValues(new Uint8Array(sizeBytes)),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon: run => void setImmediate(run),
}
