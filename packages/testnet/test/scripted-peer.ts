import {
  addressNamed,
  SimWorld,
  startTestNetwork,
  type TestNetwork,
  type TestNetworkOptions,
  withoutThreads,
} from '../src/index.ts'
import { formatAddress } from '@cocoon/money'
import {
  type AnyCombinator,
  type ClientConnectToProxy,
  type Codec,
  codecs,
  Connection,
  decodeAny,
  encode,
  type HttpRequest,
  httpRequest,
  type Reply,
  type Transport,
  type WireError,
  type WorkerParams,
  type World,
} from '@cocoon/wire'

/** A network whose time the test moves. */
export interface VirtualNetwork extends TestNetwork {
  readonly world: SimWorld
}

/** Starts a network in virtual time and brings it to where everybody is connected. */
export async function virtualNetwork(
  options: Omit<TestNetworkOptions, 'world' | 'transport'> = {},
): Promise<VirtualNetwork> {
  const threads = withoutThreads()
  const world = new SimWorld()
  const network = await startTestNetwork({ ...options, world })
  await world.finish(network.ready())
  const dispose = network[Symbol.asyncDispose]
  return Object.assign(network, {
    world,
    [Symbol.asyncDispose]: async () => {
      await dispose()
      threads[Symbol.dispose]()
    },
  })
}

/** A peer that says what the test tells it to, and keeps what it hears. */
export class ScriptedPeer {
  readonly connection: Connection
  /** One-way messages, oldest first. */
  readonly packets: AnyCombinator[] = []
  /** Questions of the other side, which a test may answer. */
  readonly questions: Array<{ question: AnyCombinator; reply: Reply }> = []
  closed: WireError | undefined
  onQuestion: ((question: AnyCombinator, reply: Reply) => void) | undefined
  onPacket: ((packet: AnyCombinator) => void) | undefined

  constructor(transport: Transport, world: World, side: 'dialer' | 'acceptor' = 'dialer') {
    this.connection = new Connection({
      transport,
      world,
      side,
      events: {
        ready: () => {},
        packet: data => {
          const packet = decodeAny(data)
          this.packets.push(packet)
          this.onPacket?.(packet)
        },
        query: (data, reply) => {
          const question = decodeAny(data)
          this.questions.push({ question, reply })
          this.onQuestion?.(question, reply)
        },
        drain: () => {},
        closed: cause => {
          this.closed = cause
        },
      },
    })
    this.connection.trust()
    this.connection.start()
  }

  send(value: AnyCombinator): void {
    this.connection.send(codecs[value._] as Codec<AnyCombinator>, value)
  }

  /** Rejects with a WireError whose text has the code and words of the refusal. */
  async ask(question: AnyCombinator): Promise<AnyCombinator> {
    return decodeAny(
      await this.connection.query(codecs[question._] as Codec<AnyCombinator>, question, 30_000),
    )
  }

  /** The messages of one kind. */
  all<Name extends AnyCombinator['_']>(name: Name): Array<Extract<AnyCombinator, { _: Name }>> {
    return this.packets.filter(packet => packet._ === name) as Array<Extract<AnyCombinator, { _: Name }>>
  }

  kinds(): string[] {
    return this.packets.map(packet => packet._)
  }
}

/** A peer with nothing but the frames' handshake behind it. */
export async function connectPeer(network: VirtualNetwork, as: 'client' | 'worker'): Promise<ScriptedPeer> {
  const peer = new ScriptedPeer(await network.dial(as), network.world)
  await network.world.until(() => peer.connection.isReady || peer.closed !== undefined)
  return peer
}

export type Versions = { min: number; max: number } | undefined

/** What a client asks first. Without versions it says nothing of them, as the oldest ones do. */
export function clientHello(
  versions: Versions,
  change: Partial<ClientConnectToProxy['params']> = {},
): ClientConnectToProxy {
  return {
    _: 'client.connectToProxy',
    params: {
      _: 'client.params',
      flags: versions === undefined ? 1 : 3,
      clientOwnerAddress: formatAddress(addressNamed('scripted client')),
      isTest: true,
      ...(versions && { minProtoVersion: versions.min, maxProtoVersion: versions.max }),
      ...change,
    },
    minConfigVersion: 0,
  }
}

/** A client that is through its handshake. */
export async function scriptedClient(network: VirtualNetwork, versions: Versions): Promise<ScriptedPeer> {
  const peer = await connectPeer(network, 'client')
  await network.world.finish(peer.ask(clientHello(versions)))
  await network.world.finish(peer.ask({ _: 'client.authorizeWithProxyShort', data: new Uint8Array(0) }))
  return peer
}

export function workerParams(
  network: VirtualNetwork,
  versions: Versions,
  change: Partial<WorkerParams> = {},
): WorkerParams {
  return {
    _: 'worker.params',
    flags: versions === undefined ? 1 : 3,
    workerOwnerAddress: formatAddress(addressNamed('scripted worker')),
    model: `test/model@1:${'0'.repeat(64)}`,
    coefficient: 1_000,
    isTest: true,
    proxyCnt: 1,
    maxActiveRequests: 10,
    ...(versions && { minProtoVersion: versions.min, maxProtoVersion: versions.max }),
    ...change,
  }
}

export const nothingKnown = {
  _: 'worker.compareBalanceWithProxy' as const,
  tokensCommittedToBlockchain: 0n,
  tokensCommittedToDb: 0n,
  maxTokens: 0n,
}

/** A worker that is through its handshake and on the market. */
export async function scriptedWorker(
  network: VirtualNetwork,
  versions: Versions,
  change: Partial<WorkerParams> = {},
): Promise<ScriptedPeer> {
  const peer = await connectPeer(network, 'worker')
  const { world } = network
  await world.finish(
    peer.ask({ _: 'worker.connectToProxy', params: workerParams(network, versions, change) }),
  )
  await world.finish(peer.ask(nothingKnown))
  await world.finish(peer.ask({ _: 'worker.proxyHandshakeComplete', isDisabled: false }))
  return peer
}

/** A chat request as it travels. */
export function chatRequest(json: object = {}, change: Partial<HttpRequest> = {}): Uint8Array {
  const messages = [{ role: 'user', content: 'Hi' }]
  const payload = Buffer.from(JSON.stringify({ model: 'test/model', max_tokens: 1_000, messages, ...json }))
  return encode(httpRequest, {
    _: 'http.request',
    method: 'POST',
    url: '/v1/chat/completions',
    httpVersion: 'HTTP/1.1',
    headers: [{ _: 'http.header', name: 'Content-Length', value: String(payload.length) }],
    payload,
    ...change,
  })
}

/** Whether the message completes an answer to a client. */
export function isCompletion(packet: AnyCombinator): boolean {
  const { isCompleted, flags } = packet as { isCompleted?: boolean; flags?: number }
  return isCompleted === true || flags === 1
}

/** The first words of a message and no more, sent one way. */
export function sendCut(peer: ScriptedPeer, message: AnyCombinator, sizeBytes: number): void {
  peer.connection.send(cutTo(message, sizeBytes), message)
}

/** The first words of a question and no more. */
export function askCut(peer: ScriptedPeer, question: AnyCombinator, sizeBytes: number): Promise<Uint8Array> {
  return peer.connection.query(cutTo(question, sizeBytes), question, 30_000)
}

function cutTo(message: AnyCombinator, sizeBytes: number): Codec<AnyCombinator> {
  const codec = codecs[message._] as Codec<AnyCombinator>
  const whole = encode(codec, message)
  const words = new DataView(whole.buffer, whole.byteOffset)
  return {
    ...codec,
    size: () => sizeBytes - 4,
    write: writer => {
      for (let at = 4; at < sizeBytes; at += 4) writer.int(words.getInt32(at, true))
    },
  }
}

/** An id that is the same byte all over. */
export function requestId(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte)
}
