import { formatAddress } from '@cocoon/money'
import {
  clientAuthorizationWithProxySuccess,
  clientAuthorizeWithProxyLong,
  clientAuthorizeWithProxyShort,
  clientCancelQuery,
  clientConnectedToProxy,
  clientConnectToProxy,
  type ClientConnectToProxy,
  clientGetWorkerTypes,
  clientGetWorkerTypesV2,
  clientPaymentStatus,
  type ClientProxyConnectionAuthAny,
  clientQueryAnswer,
  clientQueryAnswerErrorEx,
  clientQueryAnswerEx,
  clientQueryAnswerPart,
  clientQueryAnswerPartError,
  clientQueryAnswerPartEx,
  clientRunQuery,
  clientRunQueryEx,
  clientUpdatePaymentStatus,
  clientWorkerTypes,
  clientWorkerTypesV2,
  type Codec,
  Connection,
  decode,
  encode,
  httpResponse,
  peekId,
  pipe,
  type ProxyParams,
  type Reply,
  type TokensUsed,
  type Transport,
  type WireError,
} from '@cocoon/wire'
import type { VirtualWorld } from '../../wire/test/virtual-world.ts'
import {
  config,
  contract,
  emptySecretHash,
  noPayment,
  proxyContract,
  proxyKey,
  proxyOwner,
} from './network.ts'

/** One query as a proxy got it. */
export interface Job {
  modelName: string
  query: Uint8Array
  maxCoefficient: number
  maxTokens: number
  timeout: number
  requestId: Uint8Array
  minConfigVersion: number
  enableDebug?: boolean | undefined
}

/** A proxy that follows the handshake, but for what a test changes. */
export class ScriptedProxy {
  readonly connection: Connection
  /** The client's end, for whoever is tested. */
  readonly transport: Transport
  readonly packets: Uint8Array[] = []
  readonly jobs: Job[] = []
  cause: WireError | undefined
  version = 3
  params: Partial<ProxyParams> = {}
  clientScAddress = formatAddress(contract)
  auth: ClientProxyConnectionAuthAny = {
    _: 'client.proxyConnectionAuthShort',
    secretHash: emptySecretHash,
    nonce: 0n,
  }
  authorized = { signedPayment: noPayment, tokensCommittedToDb: 0n, maxTokens: 0n }
  status = { signedPayment: noPayment, dbTokens: 0n, maxTokens: 0n }
  /** What the client asked, by name, in order. */
  readonly asked: string[] = []
  connect: ClientConnectToProxy | undefined
  secret: Uint8Array | undefined
  /** Answers instead of the script where it returns true. */
  intercept: (name: string, reply: Reply) => boolean = () => false

  constructor(world: VirtualWorld, imageHash: Uint8Array = new Uint8Array(32)) {
    const { a, b } = pipe(world, {
      a: { address: 'client', imageHash: new Uint8Array(32) },
      b: { address: 'proxy', imageHash },
    })
    this.transport = a
    this.connection = new Connection({
      transport: b,
      world,
      side: 'acceptor',
      events: {
        ready: () => {},
        packet: data => this.#took(data),
        query: (data, reply) => this.#answer(data, reply),
        drain: () => {},
        closed: cause => {
          this.cause = cause
        },
      },
    })
    this.connection.trust()
    this.connection.start()
  }

  /** The newest query. */
  get job(): Job {
    const job = this.jobs.at(-1)
    if (job === undefined) throw new Error('No query has come')
    return job
  }

  /** The packets of one kind that came, decoded. */
  all<T>(codec: Codec<T>): T[] {
    return this.packets.filter(packet => peekId(packet) === codec.id).map(packet => decode(codec, packet))
  }

  get cancelled(): Uint8Array[] {
    return this.all(clientCancelQuery).map(({ requestId }) => requestId)
  }

  head(
    options: { status?: number; payload?: string; tokens?: bigint; job?: Job; asVersion?: number } = {},
  ): void {
    const { status = 200, payload = '' } = options
    this.encodedHead(encodedResponse(status, payload), options)
  }

  encodedHead(answer: Uint8Array, options: { tokens?: bigint; job?: Job; asVersion?: number } = {}): void {
    const { tokens, job = this.job, asVersion = this.version } = options
    const { requestId } = job
    if (asVersion === 0) {
      const fields = {
        answer,
        isCompleted: tokens !== undefined,
        requestId,
        requestTokensUsed: tokensOf(tokens ?? 0n),
      }
      this.connection.send(clientQueryAnswer, { _: 'client.queryAnswer', ...fields })
    } else {
      this.connection.send(clientQueryAnswerEx, {
        _: 'client.queryAnswerEx',
        requestId,
        answer,
        ...finalOf(tokens),
      })
    }
  }

  part(text: string, options: { tokens?: bigint; job?: Job; asVersion?: number } = {}): void {
    const { tokens, job = this.job, asVersion = this.version } = options
    const { requestId } = job
    const answer = Buffer.from(text)
    if (asVersion === 0) {
      const fields = {
        answer,
        isCompleted: tokens !== undefined,
        requestId,
        requestTokensUsed: tokensOf(tokens ?? 0n),
      }
      this.connection.send(clientQueryAnswerPart, { _: 'client.queryAnswerPart', ...fields })
    } else {
      this.connection.send(clientQueryAnswerPartEx, {
        _: 'client.queryAnswerPartEx',
        requestId,
        answer,
        ...finalOf(tokens),
      })
    }
  }

  fail(
    errorCode: number,
    error: string,
    options: { tokens?: bigint; job?: Job; asVersion?: number } = {},
  ): void {
    const { tokens, job = this.job, asVersion = this.version } = options
    const { requestId } = job
    if (asVersion === 0) {
      const fields = { errorCode, error, requestId, requestTokensUsed: tokensOf(tokens ?? 0n) }
      this.connection.send(clientQueryAnswerPartError, { _: 'client.queryAnswerPartError', ...fields })
    } else {
      this.connection.send(clientQueryAnswerErrorEx, {
        _: 'client.queryAnswerErrorEx',
        requestId,
        errorCode,
        error,
        ...finalOf(tokens),
      })
    }
  }

  leave(): void {
    this.connection.close()
  }

  #took(data: Uint8Array): void {
    this.packets.push(data)
    const id = peekId(data)
    if (id === clientRunQueryEx.id) this.jobs.push(decode(clientRunQueryEx, data))
    if (id === clientRunQuery.id) this.jobs.push(decode(clientRunQuery, data))
  }

  #answer(data: Uint8Array, reply: Reply): void {
    const id = peekId(data)
    const step = [
      clientConnectToProxy,
      clientAuthorizeWithProxyShort,
      clientAuthorizeWithProxyLong,
      clientUpdatePaymentStatus,
      clientGetWorkerTypes,
      clientGetWorkerTypesV2,
    ].find(codec => codec.id === id)
    const name = step?.name.replace('client.', '') ?? 'unknown'
    this.asked.push(name)
    if (id === clientConnectToProxy.id) this.connect = decode(clientConnectToProxy, data)
    if (id === clientAuthorizeWithProxyShort.id)
      this.secret = decode(clientAuthorizeWithProxyShort, data).data
    if (!this.intercept(name, reply)) this.#follow(id, reply)
  }

  #follow(id: number, reply: Reply): void {
    switch (id) {
      case clientConnectToProxy.id:
        return reply.answer(clientConnectedToProxy, {
          _: 'client.connectedToProxy',
          params: {
            _: 'proxy.params',
            flags: this.version > 0 ? 3 : 1,
            proxyPublicKey: proxyKey.publicKey,
            proxyOwnerAddress: formatAddress(proxyOwner),
            proxyScAddress: formatAddress(proxyContract),
            isTest: config.isTest,
            ...(this.version > 0 ? { protoVersion: this.version } : {}),
            ...this.params,
          },
          clientScAddress: this.clientScAddress,
          auth: this.auth,
          signedPayment: noPayment,
        })
      case clientAuthorizeWithProxyShort.id:
      case clientAuthorizeWithProxyLong.id:
        return reply.answer(clientAuthorizationWithProxySuccess, {
          _: 'client.authorizationWithProxySuccess',
          ...this.authorized,
        })
      case clientUpdatePaymentStatus.id:
        return reply.answer(clientPaymentStatus, { _: 'client.paymentStatus', ...this.status })
      case clientGetWorkerTypes.id:
        return reply.answer(clientWorkerTypes, {
          _: 'client.workerTypes',
          types: [
            {
              _: 'client.workerType',
              name: 'acme/chat',
              activeWorkers: 2,
              coefficientMin: 900,
              coefficientBucket50: 950,
              coefficientMax: 1000,
            },
          ],
        })
      case clientGetWorkerTypesV2.id:
        return reply.answer(clientWorkerTypesV2, {
          _: 'client.workerTypesV2',
          types: [
            {
              _: 'client.workerTypeV2',
              name: 'acme/chat',
              workers: [
                {
                  _: 'client.workerInstanceV2',
                  flags: 0,
                  coefficient: 900,
                  activeRequests: 1,
                  maxActiveRequests: 8,
                },
              ],
            },
          ],
        })
      default:
        reply.error(1, 'not expected')
    }
  }
}

export function encodedResponse(status: number, payload = ''): Uint8Array {
  return encode(httpResponse, {
    _: 'http.response',
    httpVersion: 'HTTP/1.1',
    statusCode: status,
    reason: '',
    headers: [{ _: 'http.header', name: 'X-Served', value: 'yes' }],
    payload: Buffer.from(payload),
  })
}

function tokensOf(total: bigint): TokensUsed {
  return {
    _: 'tokensUsed',
    promptTokensUsed: total,
    cachedTokensUsed: 0n,
    completionTokensUsed: 0n,
    reasoningTokensUsed: 0n,
    totalTokensUsed: total,
  }
}

function finalOf(tokens: bigint | undefined) {
  if (tokens === undefined) return { flags: 0 }
  const info = { workerDebug: '{"w":1}', proxyDebug: '{"p":1}' }
  return {
    flags: 1,
    finalInfo: { _: 'client.queryFinalInfo' as const, flags: 1, tokensUsed: tokensOf(tokens), ...info },
  }
}

/** For `intercept`: refuses whatever is asked. */
export function refuse(code: number, message: string): (name: string, reply: Reply) => boolean {
  return (_name, reply) => {
    reply.error(code, message)
    return true
  }
}
