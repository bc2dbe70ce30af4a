import assert from 'node:assert/strict'
import { formatAddress } from '@cocoon/money'
import {
  clientAuthorizationWithProxySuccess,
  clientAuthorizeWithProxyShort,
  clientCancelQuery,
  clientConnectedToProxy,
  clientConnectToProxy,
  type ClientParams,
  clientQueryAnswer,
  clientQueryAnswerErrorEx,
  clientQueryAnswerEx,
  clientQueryAnswerPart,
  clientQueryAnswerPartError,
  clientQueryAnswerPartEx,
  clientRunQuery,
  clientRunQueryEx,
  type Codec,
  decode,
  httpResponse,
  peekId,
  proxyClientRequestPayment,
  type TokensUsed,
} from '@cocoon/wire'
import { address, config, model } from './network.ts'
import type { ProxyBench } from './proxy-bench.ts'
import { ScriptedPeer } from './scripted-peer.ts'

/** An answer as a client put it together. */
export interface Answer {
  status: number | undefined
  headers: Record<string, string>
  text: string
  error: { code: number; message: string } | undefined
  /** Undefined until it has ended. */
  tokens: TokensUsed | undefined
  /** Messages that it came in. */
  messages: number
}

export class ScriptedClient extends ScriptedPeer {
  readonly version: number
  readonly #fill: number
  #nextId = 1

  constructor(bench: ProxyBench, version: number, fill: number) {
    super(bench, 'client', `client-${fill}`, new Uint8Array(32).fill(fill))
    this.version = version
    this.#fill = fill
  }

  params(): ClientParams {
    const { version } = this
    return {
      _: 'client.params',
      flags: version === 0 ? 1 : 3,
      clientOwnerAddress: formatAddress(address(this.#fill), { testnet: true }),
      isTest: config.isTest,
      ...(version === 0 ? {} : { minProtoVersion: 0, maxProtoVersion: version }),
    }
  }

  async shakeHands(): Promise<void> {
    await this.ask(
      clientConnectToProxy,
      { _: 'client.connectToProxy', params: this.params(), minConfigVersion: config.version },
      clientConnectedToProxy,
    )
    await this.ask(
      clientAuthorizeWithProxyShort,
      { _: 'client.authorizeWithProxyShort', data: new Uint8Array(0) },
      clientAuthorizationWithProxySuccess,
    )
  }

  /** Sends a query and gives its id. */
  async run(
    query: {
      modelName?: string
      maxTokens?: number
      maxCoefficient?: number
      timeout?: number
      minConfigVersion?: number
      query?: Uint8Array
      requestId?: Uint8Array
      enableDebug?: boolean
    } = {},
  ): Promise<Uint8Array> {
    const { enableDebug = false, ...rest } = query
    const fields = {
      modelName: model,
      query: new Uint8Array(100),
      maxCoefficient: 4000,
      maxTokens: 1000,
      timeout: 60,
      requestId: new Uint8Array(32).fill(this.#nextId++),
      minConfigVersion: 0,
      ...rest,
    }
    if (this.version === 0) this.connection.send(clientRunQuery, { _: 'client.runQuery', ...fields })
    else this.connection.send(clientRunQueryEx, { _: 'client.runQueryEx', ...fields, flags: 1, enableDebug })
    await this.bench.world.settle()
    return fields.requestId
  }

  async cancel(requestId: Uint8Array): Promise<void> {
    this.connection.send(clientCancelQuery, { _: 'client.cancelQuery', requestId })
    await this.bench.world.settle()
  }

  get payments() {
    return this.all(proxyClientRequestPayment)
  }

  answer(requestId: Uint8Array): Answer {
    const answer: Answer = {
      status: undefined,
      headers: {},
      text: '',
      error: undefined,
      tokens: undefined,
      messages: 0,
    }
    const head = (encoded: Uint8Array): void => {
      assert.equal(answer.status, undefined, 'a second head')
      const { statusCode, headers, payload } = decode(httpResponse, encoded)
      answer.status = statusCode
      for (const { name, value } of headers) answer.headers[name.toLowerCase()] = value
      answer.text += Buffer.from(payload).toString()
    }
    for (const packet of this.packets) {
      const codec = answerCodecs.get(peekId(packet))
      if (codec === undefined) continue
      const piece = decode(codec as Codec<ClientPiece>, packet)
      if (!Buffer.from(piece.requestId).equals(requestId)) continue
      assert.equal(answer.tokens, undefined, 'a piece after the end')
      answer.messages++
      switch (piece._) {
        case 'client.queryAnswer':
        case 'client.queryAnswerEx':
          head(piece.answer)
          break
        case 'client.queryAnswerPart':
        case 'client.queryAnswerPartEx':
          assert.notEqual(answer.status, undefined, 'a part before the head')
          answer.text += Buffer.from(piece.answer).toString()
          break
        default:
          answer.error = { code: piece.errorCode, message: piece.error }
      }
      if ('flags' in piece) answer.tokens = piece.finalInfo?.tokensUsed
      else if ('error' in piece || piece.isCompleted) answer.tokens = piece.requestTokensUsed
    }
    return answer
  }

  protected override took(data: Uint8Array): void {
    if (answerCodecs.has(peekId(data))) this.bench.journal.push('told')
  }
}

const answers = [
  clientQueryAnswer,
  clientQueryAnswerPart,
  clientQueryAnswerPartError,
  clientQueryAnswerEx,
  clientQueryAnswerPartEx,
  clientQueryAnswerErrorEx,
] as const
const answerCodecs = new Map<number, (typeof answers)[number]>(answers.map(codec => [codec.id, codec]))

type ClientPiece = ReturnType<(typeof answers)[number]['read']>
