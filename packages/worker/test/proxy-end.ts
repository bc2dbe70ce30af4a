import assert from 'node:assert/strict'
import {
  type Codec,
  Connection,
  decode,
  httpResponse,
  peekId,
  pipe,
  proxyQueryAnswer,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPart,
  proxyQueryAnswerPartError,
  proxyQueryAnswerPartEx,
  type Reply,
  type TokensUsed,
  type Transport,
  type WireError,
} from '@cocoon/wire'
import type { VirtualWorld } from '../../wire/test/virtual-world.ts'

/** An answer as the proxy put it together. */
export interface Answer {
  status: number | undefined
  headers: Record<string, string>
  text: string
  error: { code: number; message: string } | undefined
  /** Undefined until it has ended. */
  tokens: TokensUsed | undefined
  debug: string | undefined
  messages: string[]
}

const answers = [
  proxyQueryAnswer,
  proxyQueryAnswerPart,
  proxyQueryAnswerPartError,
  proxyQueryAnswerEx,
  proxyQueryAnswerPartEx,
  proxyQueryAnswerErrorEx,
] as const
const answerCodecs = new Map<number, (typeof answers)[number]>(answers.map(codec => [codec.id, codec]))

type Piece = ReturnType<(typeof answers)[number]['read']>

/** The proxy's end of a worker's connection: keeps what comes, and answers as a test says. */
export class ProxyEnd {
  readonly connection: Connection
  /** The worker's end, for whoever is tested. */
  readonly transport: Transport
  readonly packets: Uint8Array[] = []
  cause: WireError | undefined
  onQuery: (data: Uint8Array, reply: Reply) => void = (_data, reply) => reply.error(1, 'not expected')

  constructor(world: VirtualWorld, imageHash: Uint8Array = new Uint8Array(32)) {
    const { a, b } = pipe(world, {
      a: { address: 'worker', imageHash: new Uint8Array(32) },
      b: { address: 'proxy', imageHash },
    })
    this.transport = a
    this.connection = new Connection({
      transport: b,
      world,
      side: 'acceptor',
      events: {
        ready: () => {},
        packet: data => void this.packets.push(data),
        query: (data, reply) => this.onQuery(data, reply),
        drain: () => {},
        closed: cause => {
          this.cause = cause
        },
      },
    })
    this.connection.trust()
    this.connection.start()
  }

  /** The packets of one kind that came, decoded. */
  all<T>(codec: Codec<T>): T[] {
    return this.packets.filter(packet => peekId(packet) === codec.id).map(packet => decode(codec, packet))
  }

  answer(requestId: Uint8Array): Answer {
    const answer: Answer = {
      status: undefined,
      headers: {},
      text: '',
      error: undefined,
      tokens: undefined,
      debug: undefined,
      messages: [],
    }
    const texts: Uint8Array[] = []
    for (const packet of this.packets) {
      const codec = answerCodecs.get(peekId(packet))
      if (codec === undefined) continue
      const piece = decode(codec as Codec<Piece>, packet)
      if (!Buffer.from(piece.requestId).equals(requestId)) continue
      assert.equal(answer.tokens, undefined, 'a piece after the end')
      answer.messages.push(codec.name)
      switch (piece._) {
        case 'proxy.queryAnswer':
        case 'proxy.queryAnswerEx': {
          assert.equal(answer.status, undefined, 'a second head')
          const { statusCode, headers, payload } = decode(httpResponse, piece.answer)
          answer.status = statusCode
          for (const { name, value } of headers) answer.headers[name.toLowerCase()] = value
          texts.push(payload)
          break
        }
        case 'proxy.queryAnswerPart':
        case 'proxy.queryAnswerPartEx':
          assert.notEqual(answer.status, undefined, 'a part before the head')
          texts.push(piece.answer)
          break
        default:
          answer.error = { code: piece.errorCode, message: piece.error }
      }
      if ('flags' in piece) {
        answer.tokens = piece.finalInfo?.tokensUsed
        answer.debug = piece.finalInfo?.workerDebug
      } else if ('error' in piece || piece.isCompleted) answer.tokens = piece.tokensUsed
    }
    answer.text = Buffer.concat(texts).toString()
    return answer
  }
}

export function tokensOf(parts: {
  prompt?: bigint
  cached?: bigint
  completion?: bigint
  reasoning?: bigint
}): TokensUsed {
  const { prompt = 0n, cached = 0n, completion = 0n, reasoning = 0n } = parts
  return {
    _: 'tokensUsed',
    promptTokensUsed: prompt,
    cachedTokensUsed: cached,
    completionTokensUsed: completion,
    reasoningTokensUsed: reasoning,
    totalTokensUsed: prompt + cached + completion + reasoning,
  }
}
