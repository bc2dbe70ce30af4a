import assert from 'node:assert/strict'
import {
  contractAddress,
  createPaymentKey,
  formatAddress,
  type Ledger,
  MemoryLedger,
  modelHash,
  parsePseudoConfig,
  type RootConfig,
  writePseudoConfig,
} from '@cocoon/money'
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
  Connection,
  decode,
  encode,
  httpResponse,
  type HttpResponse,
  peekId,
  pipe,
  proxyCancelQuery,
  proxyClientRequestPayment,
  proxyQueryAnswer,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPart,
  proxyQueryAnswerPartError,
  proxyQueryAnswerPartEx,
  proxyRunQuery,
  proxyRunQueryEx,
  type ProxyRunQueryEx,
  proxyWorkerRequestPayment,
  type TokensUsed,
  workerCompareBalanceWithProxy,
  workerCompareBalanceWithProxyResult,
  workerConnectedToProxy,
  workerConnectToProxy,
  type WorkerParams,
  type WireError,
  workerExtendedCompareBalanceWithProxy,
  workerExtendedCompareBalanceWithProxyResult,
  workerProxyHandshakeComplete,
  workerProxyHandshakeCompleted,
} from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { contractsWithoutChain, Proxy, type ProxyEvent, type ProxyOptions } from '../src/index.ts'

export const model = 'acme/chat'
export const fullModel = `${model}@c0ffee:5eed`
const address = (fill: number) => contractAddress(0, new Uint8Array(32).fill(fill))

export const config: RootConfig = parsePseudoConfig(
  writePseudoConfig({ ownerAddress: address(1), version: 7, modelHashes: [modelHash(fullModel)] }),
)

/** A proxy in virtual time with a ledger that notes what it is asked. */
export class ProxyBench {
  readonly world = new VirtualWorld()
  readonly events: ProxyEvent[] = []
  /** What the ledger was asked and what the peers were told, in order. */
  readonly journal: string[] = []
  readonly books = new MemoryLedger()
  readonly proxy: Proxy
  /** Set to make the ledger's next calls wait or fail. */
  beforeReserve: () => Promise<void> = async () => {}
  beforeCharge: () => Promise<void> = async () => {}

  constructor(options: Partial<ProxyOptions> = {}) {
    this.proxy = new Proxy({
      world: this.world,
      config,
      root: address(2),
      owner: address(3),
      nodeWallet: address(4),
      key: createPaymentKey(new Uint8Array(32).fill(9)),
      ledger: this.#journaled(),
      clientContracts: contractsWithoutChain(config),
      isTestnet: true,
      checkWorkerHashes: false,
      log: event => void this.events.push(event),
      ...options,
    })
  }

  async worker(options: WorkerScript = {}): Promise<ScriptedWorker> {
    const worker = new ScriptedWorker(this, options)
    await this.world.settle()
    await worker.shakeHands()
    return worker
  }

  async client(version = 3, fill = 50): Promise<ScriptedClient> {
    const client = new ScriptedClient(this, version, fill)
    await this.world.settle()
    await client.shakeHands()
    return client
  }

  /** What the client at this address has used and set aside. */
  account(fill = 50): { used: bigint; reserved: bigint } {
    const { max, reserved } = this.books.client(keyOf(fill))
    return { used: max, reserved }
  }

  earned(fill = 70): bigint {
    return this.books.worker(keyOf(fill)).max
  }

  #journaled(): Ledger {
    const { books, journal } = this
    return Object.assign(Object.create(books) as Ledger, {
      openClient: books.openClient.bind(books),
      openWorker: books.openWorker.bind(books),
      client: books.client.bind(books),
      worker: books.worker.bind(books),
      commit: books.commit.bind(books),
      recordSigned: books.recordSigned.bind(books),
      assertConserved: books.assertConserved.bind(books),
      reserve: async (reservation: Parameters<Ledger['reserve']>[0]) => {
        await this.beforeReserve()
        journal.push('reserve')
        return books.reserve(reservation)
      },
      charge: async (charge: Parameters<Ledger['charge']>[0]) => {
        journal.push('charge')
        await this.beforeCharge()
        const result = await books.charge(charge)
        journal.push('charged')
        return result
      },
      release: async (requestId: string) => {
        journal.push('release')
        return books.release(requestId)
      },
    })
  }
}

export interface WorkerScript {
  version?: number
  coefficient?: number
  limit?: number
  disabled?: boolean
  model?: string
  /** Byte of the owner's address. */
  owner?: number
  params?: Partial<WorkerParams>
  /** What it remembers to have earned. */
  knows?: { tokensCommittedToBlockchain?: bigint; tokensCommittedToDb?: bigint; maxTokens?: bigint }
}

/** One end of a connection to the proxy: asks, and keeps what comes. */
class ScriptedPeer {
  readonly connection: Connection
  readonly packets: Uint8Array[] = []
  cause: WireError | undefined
  protected readonly bench: ProxyBench

  constructor(bench: ProxyBench, role: 'client' | 'worker', name: string, publicKey: Uint8Array) {
    this.bench = bench
    const { a, b } = pipe(bench.world, {
      a: { address: name, imageHash: new Uint8Array(32), publicKey },
      b: { address: 'proxy', imageHash: new Uint8Array(32) },
    })
    if (role === 'client') bench.proxy.acceptClient(b)
    else bench.proxy.acceptWorker(b)
    this.connection = new Connection({
      transport: a,
      world: bench.world,
      side: 'dialer',
      events: {
        ready: () => {},
        packet: data => {
          this.packets.push(data)
          this.took(data)
        },
        query: (_data, reply) => reply.error(1, 'asks back'),
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

  /** The proxy's answer to one step of the handshake. */
  async ask<T, R>(codec: Codec<T>, value: T, answer: Codec<R>): Promise<R> {
    let settled = false
    const asked = this.connection.query(codec, value, 30_000).finally(() => {
      settled = true
    })
    asked.catch(() => {})
    await this.bench.world.until(() => settled)
    return decode(answer, await asked)
  }

  get isClosed(): boolean {
    return this.connection.isClosed
  }

  leave(): void {
    this.connection.close()
  }

  protected took(_data: Uint8Array): void {}
}

/** One query as a worker got it. */
export interface Job extends Pick<ProxyRunQueryEx, 'query' | 'coefficient' | 'timeout' | 'requestId'> {
  enableDebug?: boolean | undefined
}

export class ScriptedWorker extends ScriptedPeer {
  readonly jobs: Job[] = []
  readonly version: number
  readonly #options: WorkerScript

  constructor(bench: ProxyBench, options: WorkerScript) {
    const owner = options.owner ?? 70
    super(bench, 'worker', `worker-${owner}`, new Uint8Array(32).fill(owner))
    this.#options = options
    this.version = options.version ?? 3
  }

  async shakeHands(): Promise<void> {
    const { coefficient = 1000, limit = 4, disabled = false, owner = 70, params } = this.#options
    const { version } = this
    await this.ask(
      workerConnectToProxy,
      {
        _: 'worker.connectToProxy',
        params: {
          _: 'worker.params',
          flags: version === 0 ? 1 : 3,
          workerOwnerAddress: formatAddress(address(owner), { testnet: true }),
          model: this.#options.model ?? fullModel,
          coefficient,
          isTest: config.isTest,
          proxyCnt: 1,
          maxActiveRequests: limit,
          ...(version === 0 ? {} : { minProtoVersion: 0, maxProtoVersion: version }),
          ...params,
        },
      },
      workerConnectedToProxy,
    )
    const {
      tokensCommittedToBlockchain = 0n,
      tokensCommittedToDb = 0n,
      maxTokens = 0n,
    } = this.#options.knows ?? {}
    const { errorCode } = await this.ask(
      workerCompareBalanceWithProxy,
      { _: 'worker.compareBalanceWithProxy', tokensCommittedToBlockchain, tokensCommittedToDb, maxTokens },
      workerCompareBalanceWithProxyResult,
    )
    if (errorCode !== 0) {
      await this.ask(
        workerExtendedCompareBalanceWithProxy,
        { _: 'worker.extendedCompareBalanceWithProxy', tokensCommittedToDb, other: new Uint8Array(0) },
        workerExtendedCompareBalanceWithProxyResult,
      )
    }
    await this.ask(
      workerProxyHandshakeComplete,
      { _: 'worker.proxyHandshakeComplete', isDisabled: disabled },
      workerProxyHandshakeCompleted,
    )
  }

  /** The newest query. */
  get job(): Job {
    const job = this.jobs.at(-1)
    assert.ok(job !== undefined, 'no query has come')
    return job
  }

  get cancelled(): number {
    return this.all(proxyCancelQuery).length
  }

  get payments() {
    return this.all(proxyWorkerRequestPayment)
  }

  async head(
    options: { status?: number; payload?: string; tokens?: TokensUsed; job?: Job } = {},
  ): Promise<void> {
    await this.encodedHead(encode(httpResponse, response(options.status ?? 200, options.payload)), options)
  }

  async encodedHead(answer: Uint8Array, options: { tokens?: TokensUsed; job?: Job } = {}): Promise<void> {
    const { tokens, job = this.job } = options
    const { requestId } = job
    if (this.version === 0) {
      this.connection.send(proxyQueryAnswer, {
        _: 'proxy.queryAnswer',
        answer,
        isCompleted: tokens !== undefined,
        requestId,
        tokensUsed: tokens ?? tokensOf(0n),
      })
    } else {
      this.connection.send(proxyQueryAnswerEx, {
        _: 'proxy.queryAnswerEx',
        requestId,
        answer,
        ...this.#final(tokens),
      })
    }
    await this.bench.world.settle()
  }

  async part(text: string, tokens?: TokensUsed, job: Job = this.job): Promise<void> {
    const { requestId } = job
    const answer = Buffer.from(text)
    if (this.version === 0) {
      this.connection.send(proxyQueryAnswerPart, {
        _: 'proxy.queryAnswerPart',
        answer,
        isCompleted: tokens !== undefined,
        requestId,
        tokensUsed: tokens ?? tokensOf(0n),
      })
    } else {
      this.connection.send(proxyQueryAnswerPartEx, {
        _: 'proxy.queryAnswerPartEx',
        requestId,
        answer,
        ...this.#final(tokens),
      })
    }
    await this.bench.world.settle()
  }

  async fail(errorCode: number, error: string, tokens?: TokensUsed, job: Job = this.job): Promise<void> {
    const { requestId } = job
    if (this.version === 0) {
      this.connection.send(proxyQueryAnswerPartError, {
        _: 'proxy.queryAnswerPartError',
        errorCode,
        error,
        requestId,
        tokensUsed: tokens ?? tokensOf(0n),
      })
    } else {
      this.connection.send(proxyQueryAnswerErrorEx, {
        _: 'proxy.queryAnswerErrorEx',
        requestId,
        errorCode,
        error,
        ...this.#final(tokens),
      })
    }
    await this.bench.world.settle()
  }

  #final(tokens: TokensUsed | undefined) {
    if (tokens === undefined) return { flags: 0 }
    const times = this.version >= 2 ? { workerStartTime: 11, workerEndTime: 12 } : {}
    return {
      flags: 1,
      finalInfo: {
        _: 'proxy.queryFinalInfo' as const,
        flags: this.version >= 2 ? 2 : 0,
        tokensUsed: tokens,
        ...times,
      },
    }
  }

  protected override took(data: Uint8Array): void {
    const id = peekId(data)
    if (id === proxyRunQueryEx.id) this.jobs.push(decode(proxyRunQueryEx, data))
    if (id === proxyRunQuery.id) this.jobs.push(decode(proxyRunQuery, data))
    if (this.jobs.length > 0 && (id === proxyRunQueryEx.id || id === proxyRunQuery.id))
      this.bench.journal.push('run')
  }
}

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

export function response(status: number, payload = ''): HttpResponse {
  return {
    _: 'http.response',
    httpVersion: 'HTTP/1.1',
    statusCode: status,
    reason: 'Whatever',
    headers: [{ _: 'http.header', name: 'Content-Type', value: 'application/json' }],
    payload: Buffer.from(payload),
  }
}

export function tokensOf(total: bigint, parts: Partial<TokensUsed> = {}): TokensUsed {
  return {
    _: 'tokensUsed',
    promptTokensUsed: total,
    cachedTokensUsed: 0n,
    completionTokensUsed: 0n,
    reasoningTokensUsed: 0n,
    totalTokensUsed: total,
    ...parts,
  }
}

export function keyOf(fill: number): string {
  return `0:${Buffer.alloc(32, fill).toString('hex')}`
}
