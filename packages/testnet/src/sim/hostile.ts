import { formatAddress } from '@cocoon/money'
import {
  clientAuthorizeWithProxyShort,
  clientCancelQuery,
  clientConnectToProxy,
  clientGetWorkerTypesV2,
  type ClientRunQueryEx,
  clientRunQueryEx,
  type Codec,
  type CombinatorName,
  combinators,
  Connection,
  decodeAny,
  encode,
  encodeAny,
  httpResponse,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPartEx,
  type ProxyQueryFinalInfo,
  tcpConnect,
  tcpPing,
  type Transport,
  workerCompareBalanceWithProxy,
  workerConnectToProxy,
  workerEnabledDisabled,
  workerNewCoefficient,
  workerProxyHandshakeComplete,
  workerUpdatePaymentStatus,
  writeFrameHeader,
} from '@cocoon/wire'
import { addressFor, clientPort, fullModel, type Scene, workerPort } from './parties.ts'
import { simModel } from './plan.ts'
import { SimProcess } from './process.ts'
import { damaged, randomMessage } from './random-value.ts'

/** Between one attack and the next, on average. */
const attackMs = 700
const queryTimeoutMs = 5_000

/** What a proxy sees of somebody who wishes it ill: one attack after the other, some at once. */
abstract class HostileParty {
  readonly process: SimProcess
  readonly #scene: Scene
  readonly #host: string
  readonly #port: number

  constructor(scene: Scene, options: { name: string; host: string; port: number }) {
    this.#scene = scene
    this.#host = options.host
    this.#port = options.port
    this.process = new SimProcess(scene.world, options.name)
  }

  start(): void {
    this.process.event(this.process.chance.exponential(attackMs), () => {
      this.#attack()
      this.start()
    })
  }

  /** It is gone, with its machine or without. */
  kill(): void {
    this.process.write('is killed')
    this.process.kill()
    this.#scene.network.died(this.process, this.process.chance.chance(0.5))
  }

  protected abstract readonly messages: readonly CombinatorName[]
  /** An attack that begins as an honest peer begins. */
  protected abstract inSession(transport: Transport): Promise<void>

  #attack(): void {
    const { process } = this
    const { chance } = process
    const { config, network } = this.#scene
    const proxy = chance.pick(config.proxies)
    const endpoint = { host: proxy.workerEndpoint.host, port: this.#port }
    const attack = chance.weighted({
      session: 6,
      strayMessages: 3,
      frames: 2,
      noise: 1,
      silence: 1,
      pings: 0.3,
    })
    network.dial(process, this.#host, endpoint).then(
      transport => {
        process.write(`attacks ${endpoint.host} by ${attack}`)
        if (attack === 'session')
          return this.inSession(transport).catch((error: Error) => process.write(error.message))
        if (attack === 'strayMessages') return this.#strayMessages(transport)
        transport.start({ data: () => {}, drain: () => {}, closed: () => {} })
        if (attack === 'frames') this.#frames(transport)
        else if (attack === 'noise') transport.write(chance.bytes(chance.whole(1, 3_000)))
        else if (attack === 'silence')
          transport.write(this.#frame(chance.whole(0, 1), chance.bytes(64)).subarray(0, 30))
        else this.#pings(transport)
        return undefined
      },
      () => {},
    )
  }

  /** A connection as it should be, and then messages that nobody asked for. */
  #strayMessages(transport: Transport): void {
    const { chance } = this.process
    const connection = this.connect(transport, {
      ready: () => {
        for (let left = chance.whole(1, 30); left > 0; left--) {
          this.later(chance.exponential(100), () =>
            sendAnything(connection, randomMessage(chance, this.messages), chance.chance(0.5)),
          )
        }
      },
    })
  }

  #frames(transport: Transport): void {
    const { chance } = this.process
    transport.write(this.#frame(0, encode(tcpConnect, { _: 'tcp.connect', id: 1n })))
    for (let seqno = 1; seqno < 20; seqno++) {
      const payload = chance.chance(0.8) ? randomMessage(chance) : chance.bytes(chance.whole(0, 100))
      transport.write(this.#frame(chance.chance(0.9) ? seqno : chance.uint32(), payload))
    }
  }

  /** More questions than anybody could want to have answered, and nobody reads the answers. */
  #pings(transport: Transport): void {
    transport.pause()
    const connect = this.#frame(0, encode(tcpConnect, { _: 'tcp.connect', id: 1n }))
    const pings = Array.from({ length: 20_000 }, (_, i) =>
      this.#frame(i + 1, encode(tcpPing, { _: 'tcp.ping', id: BigInt(i) })),
    )
    transport.write(Buffer.concat([connect, ...pings]))
  }

  #frame(seqno: number, payload: Uint8Array): Uint8Array {
    const frame = new Uint8Array(8 + payload.length)
    const { chance } = this.process
    writeFrameHeader(frame, chance.chance(0.95) ? payload.length : chance.uint32(), seqno)
    frame.set(payload, 8)
    return frame
  }

  protected connect(
    transport: Transport,
    events: { ready?: () => void; packet?: (data: Uint8Array) => void; closed?: () => void },
  ): Connection {
    const connection = new Connection({
      transport,
      world: this.process,
      side: 'dialer',
      events: {
        ready: () => events.ready?.(),
        packet: data => events.packet?.(data),
        query: (_data, reply) => reply.error(0, 'no'),
        drain: () => {},
        closed: () => events.closed?.(),
      },
    })
    connection.start()
    return connection
  }

  protected later(delayMs: number, run: () => void): void {
    this.process.event(delayMs, run)
  }
}

/** A client that queries as no client should. */
export class HostileClient extends HostileParty {
  protected readonly messages = namesUnder('client.')

  constructor(scene: Scene, index: number) {
    super(scene, { name: `rogueC${index + 1}`, host: `10.6.6.${index + 1}`, port: clientPort })
  }

  protected async inSession(transport: Transport): Promise<void> {
    const { chance } = this.process
    const ready = Promise.withResolvers<void>()
    const connection = this.connect(transport, { ready: ready.resolve, closed: ready.resolve })
    await ready.promise
    // Sometimes a wallet that nobody has heard of: accounts are cheap to open.
    const wallet = chance.chance(0.5) ? addressFor(this.process.name) : addressFor(`${chance.uint32()}`)
    const connectToProxy = {
      _: 'client.connectToProxy' as const,
      params: {
        _: 'client.params' as const,
        flags: 3,
        clientOwnerAddress: formatAddress(wallet),
        isTest: true,
        minProtoVersion: 0,
        maxProtoVersion: chance.whole(0, 3),
      },
      minConfigVersion: 0,
    }
    if (chance.chance(0.2))
      void connection.query(clientConnectToProxy, connectToProxy, queryTimeoutMs).catch(() => {})
    await connection.query(clientConnectToProxy, connectToProxy, queryTimeoutMs)
    const secret = {
      _: 'client.authorizeWithProxyShort' as const,
      data: chance.bytes(chance.chance(0.1) ? 8 : 0),
    }
    if (chance.chance(0.2))
      void connection.query(clientAuthorizeWithProxyShort, secret, queryTimeoutMs).catch(() => {})
    await connection.query(clientAuthorizeWithProxyShort, secret, queryTimeoutMs)
    for (let left = chance.whole(5, 60); left > 0; left--) {
      this.later(chance.exponential(300), () => this.#misbehave(connection))
    }
    this.later(chance.exponential(3_000), () => connection.close())
  }

  #misbehave(connection: Connection): void {
    const { chance } = this.process
    const what = chance.weighted({ query: 6, cancel: 2, types: 1, message: 2 })
    if (what === 'query') connection.send(clientRunQueryEx, this.#query())
    else if (what === 'cancel') {
      connection.send(clientCancelQuery, {
        _: 'client.cancelQuery',
        requestId: chance.bytes(32).fill(chance.whole(0, 3)),
      })
    } else if (what === 'types') {
      void connection
        .query(clientGetWorkerTypesV2, { _: 'client.getWorkerTypesV2' }, queryTimeoutMs)
        .catch(() => {})
    } else sendAnything(connection, randomMessage(chance, this.messages), chance.chance(0.2))
  }

  /** Numbers from the edges, ids that repeat, bodies that are no requests. */
  #query(): ClientRunQueryEx {
    const { chance } = this.process
    const numbers = [0, 1, 100, 4_000, -1, -2_000_000, 2 ** 31 - 1, -(2 ** 31)]
    return {
      _: 'client.runQueryEx',
      modelName: chance.chance(0.8) ? simModel : 'nobody offers this',
      query: chance.chance(0.5)
        ? randomMessage(chance, ['http.request'])
        : chance.bytes(chance.whole(0, 200)),
      maxCoefficient: chance.pick(numbers),
      maxTokens: chance.pick(numbers),
      timeout: chance.pick([1, 5, 30, 0, -1, NaN, Infinity, 1e300, 0.0001]),
      requestId: new Uint8Array(32).fill(chance.whole(0, 3)),
      minConfigVersion: chance.pick([0, 1, -1, 2]),
      flags: 1,
      enableDebug: chance.chance(0.5),
    }
  }
}

/** A worker that lures queries with a price of nothing and answers them in every wrong way. */
export class HostileWorker extends HostileParty {
  protected readonly messages = namesUnder('worker.', 'proxy.')

  constructor(scene: Scene, index: number) {
    super(scene, { name: `rogueW${index + 1}`, host: `10.6.7.${index + 1}`, port: workerPort })
  }

  protected async inSession(transport: Transport): Promise<void> {
    const { chance } = this.process
    const ready = Promise.withResolvers<void>()
    const connection = this.connect(transport, {
      ready: ready.resolve,
      closed: ready.resolve,
      packet: data => this.#packet(connection, data),
    })
    await ready.promise
    await connection.query(
      workerConnectToProxy,
      {
        _: 'worker.connectToProxy',
        params: {
          _: 'worker.params',
          flags: 3,
          workerOwnerAddress: formatAddress(addressFor(this.process.name)),
          model: fullModel,
          coefficient: chance.pick([0, 0, 100, 999_999_999]),
          isTest: true,
          proxyCnt: chance.whole(1, 3),
          maxActiveRequests: chance.pick([1, 5, 2 ** 31 - 1]),
          minProtoVersion: 0,
          maxProtoVersion: chance.whole(0, 3),
        },
      },
      queryTimeoutMs,
    )
    const known = chance.pick([0n, 0n, 1_000_000n, -1n])
    await connection.query(
      workerCompareBalanceWithProxy,
      {
        _: 'worker.compareBalanceWithProxy',
        tokensCommittedToBlockchain: known,
        tokensCommittedToDb: known,
        maxTokens: known,
      },
      queryTimeoutMs,
    )
    const complete = { _: 'worker.proxyHandshakeComplete' as const, isDisabled: false }
    await connection.query(workerProxyHandshakeComplete, complete, queryTimeoutMs)
    this.process.write('is taken for a worker')
    for (let left = chance.whole(0, 10); left > 0; left--) {
      this.later(chance.exponential(1_000), () => this.#misbehave(connection))
    }
    this.later(chance.exponential(6_000), () => connection.close())
  }

  #misbehave(connection: Connection): void {
    const { chance } = this.process
    const what = chance.weighted({ toggle: 3, price: 2, badPrice: 0.3, status: 1, message: 1 })
    if (what === 'toggle') {
      const disabled = chance.whole(0, 2)
      connection.send(workerEnabledDisabled, { _: 'worker.enabledDisabled', disabled })
    } else if (what === 'price' || what === 'badPrice') {
      const newCoefficient = what === 'price' ? chance.whole(0, 999_999_999) : -chance.whole(1, 1_000)
      connection.send(workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient })
    } else if (what === 'status') {
      const status = { _: 'worker.updatePaymentStatus' as const }
      void connection.query(workerUpdatePaymentStatus, status, queryTimeoutMs).catch(() => {})
    } else sendAnything(connection, randomMessage(chance, this.messages), chance.chance(0.2))
  }

  #packet(connection: Connection, data: Uint8Array): void {
    let message: ReturnType<typeof decodeAny>
    try {
      message = decodeAny(data)
    } catch {
      return
    }
    if (message._ !== 'proxy.runQueryEx' && message._ !== 'proxy.runQuery') return
    const { requestId } = message
    for (let left = this.process.chance.whole(0, 5); left > 0; left--) {
      this.later(this.process.chance.exponential(50), () => this.#answer(connection, requestId))
    }
  }

  /** One message of an answer, of any kind, at any point. */
  #answer(connection: Connection, runId: Uint8Array): void {
    const { chance } = this.process
    const requestId = chance.chance(0.95) ? runId : chance.bytes(32)
    const final = chance.chance(0.4) ? { flags: 1, finalInfo: this.#final() } : { flags: 0 }
    const kind = chance.weighted({ head: 4, part: 4, error: 1.5, mutated: 0.5 })
    if (kind === 'head') {
      connection.send(proxyQueryAnswerEx, {
        _: 'proxy.queryAnswerEx',
        requestId,
        answer: this.#head(),
        ...final,
      })
    } else if (kind === 'part') {
      const answer = chance.bytes(chance.chance(0.05) ? 500_000 : chance.whole(0, 2_000))
      connection.send(proxyQueryAnswerPartEx, { _: 'proxy.queryAnswerPartEx', requestId, answer, ...final })
    } else if (kind === 'error') {
      const errorCode = chance.pick([0, -1, 601, 621, 652, 2 ** 31 - 1])
      const error = 'x'.repeat(chance.pick([0, 10, 100_000]))
      connection.send(proxyQueryAnswerErrorEx, {
        _: 'proxy.queryAnswerErrorEx',
        requestId,
        errorCode,
        error,
        ...final,
      })
    } else {
      const head = { _: 'proxy.queryAnswerEx' as const, requestId, answer: this.#head(), ...final }
      sendAnything(connection, damaged(chance, encodeAny(head)), false)
    }
  }

  #head(): Uint8Array {
    const { chance } = this.process
    const head = encode(httpResponse, {
      _: 'http.response',
      httpVersion: chance.pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/9', '']),
      statusCode: chance.pick([200, 200, 200, 404, 500, 503, 0, -1, 99, 999, 100, 204]),
      reason: 'rogue',
      headers: Array.from({ length: chance.pick([0, 1, 1, 5, 101]) }, () => ({
        _: 'http.header' as const,
        name: 'x-rogue',
        value: 'yes\r\nx-injected: yes',
      })),
      payload: chance.bytes(chance.whole(0, 100)),
    })
    return chance.chance(0.1) ? damaged(chance, head) : head
  }

  #final(): ProxyQueryFinalInfo {
    const { chance } = this.process
    const tokens = (): bigint =>
      chance.pick([0n, 1n, 10n, 1_000_000n, 2n ** 62n, chance.chance(0.1) ? -1n : 5n])
    return {
      _: 'proxy.queryFinalInfo',
      flags: 3,
      tokensUsed: {
        _: 'tokensUsed',
        promptTokensUsed: tokens(),
        cachedTokensUsed: tokens(),
        completionTokensUsed: tokens(),
        reasoningTokensUsed: tokens(),
        totalTokensUsed: tokens(),
      },
      workerDebug: chance.pick(['', '{', 'x'.repeat(10_000)]),
      workerStartTime: chance.pick([0, NaN, Infinity, -1e300]),
      workerEndTime: chance.pick([0, NaN, Infinity, -1e300]),
    }
  }
}

/** Words that need not be a message of any kind, in a frame as it should be. */
function sendAnything(connection: Connection, data: Uint8Array, asQuery: boolean): void {
  const words = new DataView(data.buffer, data.byteOffset, data.length - (data.length % 4))
  if (words.byteLength === 0) return
  const anything: Codec<null> = {
    name: 'anything',
    id: words.getUint32(0, true),
    size: () => words.byteLength - 4,
    write: writer => {
      for (let at = 4; at < words.byteLength; at += 4) writer.int(words.getInt32(at, true))
    },
    read: () => null,
  }
  if (asQuery) void connection.query(anything, null, queryTimeoutMs).catch(() => {})
  else connection.send(anything, null)
}

function namesUnder(...prefixes: string[]): CombinatorName[] {
  const names = Object.keys(combinators) as CombinatorName[]
  return names.filter(name => prefixes.some(prefix => name.startsWith(prefix)))
}
