import { type ContractAddress, contractAddress, formatAddress } from '@cocoon/money'
import {
  type Codec,
  clientAuthorizeWithProxyShort,
  clientConnectToProxy,
  clientQueryAnswerEx,
  clientRunQueryEx,
  Connection,
  decode,
  encode,
  httpRequest,
  httpResponse,
  peekId,
  proxyQueryAnswerEx,
  proxyRunQueryEx,
  type TokensUsed,
  type Transport,
  workerCompareBalanceWithProxy,
  workerConnectToProxy,
  workerProxyHandshakeComplete,
} from '@cocoon/wire'
import { systemWorld as world } from '@cocoon/wire/node'
import { benchModel } from './scenarios.ts'

const newestVersion = 3
const answerMs = 10_000
const idBytes = 32
const usedTokens = 40n

/** A worker as the proxy sees it: it answers each query at once with the same bytes. */
export async function joinAsWorker(transport: Transport, index: number): Promise<void> {
  const connection = await open(transport, data => {
    if (peekId(data) !== proxyRunQueryEx.id) return
    const { requestId } = decode(proxyRunQueryEx, data)
    const now = world.now() / 1000
    const times = { workerStartTime: now, workerEndTime: now }
    const finalInfo = { _: 'proxy.queryFinalInfo' as const, flags: 2, tokensUsed, ...times }
    connection.send(proxyQueryAnswerEx, { _: 'proxy.queryAnswerEx', requestId, answer, flags: 1, finalInfo })
  })
  const ask = <T>(codec: Codec<T>, value: T) => connection.query(codec, value, answerMs)
  await ask(workerConnectToProxy, {
    _: 'worker.connectToProxy',
    params: {
      _: 'worker.params',
      flags: 3,
      workerOwnerAddress: formatAddress(numberedAddress(index)),
      model: `${benchModel}@0:0`,
      coefficient: 1000 + (index % 50),
      isTest: true,
      proxyCnt: 1,
      maxActiveRequests: 1000,
      minProtoVersion: 0,
      maxProtoVersion: newestVersion,
    },
  })
  await ask(workerCompareBalanceWithProxy, {
    _: 'worker.compareBalanceWithProxy',
    tokensCommittedToBlockchain: 0n,
    tokensCommittedToDb: 0n,
    maxTokens: 0n,
  })
  await ask(workerProxyHandshakeComplete, { _: 'worker.proxyHandshakeComplete', isDisabled: false })
}

/** A client as the proxy sees it: it keeps some queries under way, and asks another for each that is answered. */
export class AskingClient {
  answered = 0
  #connection: Connection | undefined
  #asking = false
  #nextId = 1
  #failure: Error | undefined

  async join(transport: Transport, index: number): Promise<void> {
    const connection = await open(transport, data => this.#packet(data))
    await connection.query(
      clientConnectToProxy,
      {
        _: 'client.connectToProxy',
        params: {
          _: 'client.params',
          flags: 3,
          clientOwnerAddress: formatAddress(numberedAddress(index)),
          isTest: true,
          minProtoVersion: 0,
          maxProtoVersion: newestVersion,
        },
        minConfigVersion: 0,
      },
      answerMs,
    )
    const secret = { _: 'client.authorizeWithProxyShort' as const, data: new Uint8Array(0) }
    await connection.query(clientAuthorizeWithProxyShort, secret, answerMs)
    this.#connection = connection
  }

  start(queriesAtOnce: number): void {
    this.#asking = true
    for (let i = 0; i < queriesAtOnce; i++) this.#ask()
  }

  /** Asks nothing more. Throws if an answer was wrong. */
  stop(): void {
    this.#asking = false
    if (this.#failure !== undefined) throw this.#failure
  }

  #ask(): void {
    const requestId = new Uint8Array(idBytes)
    new DataView(requestId.buffer).setUint32(0, this.#nextId++)
    this.#connection?.send(clientRunQueryEx, {
      _: 'client.runQueryEx',
      modelName: benchModel,
      query,
      maxCoefficient: 4000,
      maxTokens: 100,
      timeout: 100,
      requestId,
      minConfigVersion: 0,
      flags: 1,
      enableDebug: false,
    })
  }

  #packet(data: Uint8Array): void {
    if (peekId(data) !== clientQueryAnswerEx.id) return
    const { finalInfo } = decode(clientQueryAnswerEx, data)
    if ((finalInfo?.tokensUsed.totalTokensUsed ?? 0n) < usedTokens) {
      this.#failure = new Error(`A query was refused: ${Buffer.from(data).toString('latin1', 0, 600)}`)
      return
    }
    this.answered++
    if (this.#asking) this.#ask()
  }
}

/** An account of its own for each peer. */
function numberedAddress(index: number): ContractAddress {
  return contractAddress(0, index.toString(16).padStart(64, '0'))
}

function open(transport: Transport, packet: (data: Uint8Array) => void): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const connection = new Connection({
      transport,
      world,
      side: 'dialer',
      events: {
        ready: () => resolve(connection),
        packet,
        query: (_data, reply) => reply.error(0, 'not here'),
        drain: () => {},
        closed: reject,
      },
    })
    connection.start()
  })
}

const payload = Buffer.alloc(400, 'x')
const query = encode(httpRequest, {
  _: 'http.request',
  method: 'POST',
  url: '/v1/chat/completions',
  httpVersion: 'HTTP/1.1',
  headers: [{ _: 'http.header', name: 'Content-Type', value: 'application/json' }],
  payload,
})
const answer = encode(httpResponse, {
  _: 'http.response',
  httpVersion: 'HTTP/1.1',
  statusCode: 200,
  reason: 'OK',
  headers: [{ _: 'http.header', name: 'Content-Type', value: 'application/json' }],
  payload,
})
const tokensUsed: TokensUsed = {
  _: 'tokensUsed',
  promptTokensUsed: 24n,
  cachedTokensUsed: 0n,
  completionTokensUsed: 16n,
  reasoningTokensUsed: 0n,
  totalTokensUsed: usedTokens,
}
