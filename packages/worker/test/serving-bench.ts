import assert from 'node:assert/strict'
import { contractAddress, parsePseudoConfig, writePseudoConfig } from '@cocoon/money'
import { Connection, encode, httpRequest, type TokensUsed } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { WorkerAnswer } from '../src/answer.ts'
import { type Outcome, Serving, type ServingContext, type ServingRequest } from '../src/serving.ts'
import { type Answer, ProxyEnd, tokensOf } from './proxy-end.ts'
import { ScriptedBackend } from './scripted-backend.ts'

const config = parsePseudoConfig(writePseudoConfig({ ownerAddress: contractAddress(0, new Uint8Array(32)) }))
const requestId = new Uint8Array(32).fill(6)
export const chat = {
  model: 'acme/chat',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello there' }],
}

export function requestOf(json: unknown, path = '/v1/chat/completions'): Uint8Array {
  return encode(httpRequest, {
    _: 'http.request',
    method: 'POST',
    url: path,
    httpVersion: 'HTTP/1.1',
    headers: [],
    payload: Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)),
  })
}

/** One query at a worker, between a scripted backend and the proxy's end. */
export class ServingBench {
  readonly world = new VirtualWorld()
  readonly backend = new ScriptedBackend()
  readonly proxy = new ProxyEnd(this.world)
  readonly ends: Array<[Outcome, TokensUsed]> = []
  #connection!: Connection
  serving!: Serving

  static async start(
    options: {
      json?: unknown
      query?: Uint8Array
      version?: number
      context?: Partial<ServingContext>
      request?: Partial<ServingRequest>
      countTokens?: ScriptedBackend['countTokens']
    } = {},
  ): Promise<ServingBench> {
    const bench = new ServingBench()
    const { world, backend } = bench
    if (options.countTokens !== undefined) backend.countTokens = options.countTokens
    const connection = new Connection({
      transport: bench.proxy.transport,
      world,
      side: 'dialer',
      events: {
        ready: () => {},
        packet: () => {},
        query: () => {},
        drain: () => bench.serving.resume(),
        closed: () => {},
      },
    })
    connection.start()
    bench.#connection = connection
    await world.settle()
    bench.serving = new Serving(
      {
        world,
        backend,
        config,
        model: 'acme/chat@1:2',
        backendModel: undefined,
        usageSource: 'stated',
        full: false,
        ...options.context,
      },
      {
        query: options.query ?? requestOf(options.json ?? chat),
        coefficient: 1000,
        timeoutMs: 60_000,
        enableDebug: false,
        ...options.request,
      },
      new WorkerAnswer(connection, options.version ?? 3, requestId, run => world.soon(run)),
      (outcome, tokens) => void bench.ends.push([outcome, tokens]),
    )
    bench.serving.start()
    await world.settle()
    return bench
  }

  /** Gives the backend's next steps time to get to the proxy. */
  async backendDoes(...steps: Array<(backend: ScriptedBackend) => void>): Promise<void> {
    for (const step of steps) {
      step(this.backend)
      await this.world.settle()
    }
  }

  get answer(): Answer {
    return this.proxy.answer(requestId)
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes
  }

  /** The one end that there was. */
  get end(): [Outcome, TokensUsed] {
    assert.equal(this.ends.length, 1)
    return this.ends[0]!
  }
}

export const used = { prompt_tokens: 20, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } }
export const usedTokens = tokensOf({ prompt: 16n, cached: 4n, completion: 5n })
export const whole = JSON.stringify({
  choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }],
  usage: used,
})
export const delta = (text: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`
export const usageEvent = `data: ${JSON.stringify({ choices: [], usage: used })}\n\n`
export const events = 'text/event-stream'
export const streamed = { ...chat, stream: true }
