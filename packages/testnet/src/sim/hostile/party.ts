import {
  type Codec,
  type CombinatorName,
  combinators,
  Connection,
  encode,
  tcpConnect,
  tcpPing,
  type Transport,
  writeFrameHeader,
} from '@cocoon/wire'
import type { Scene } from '../parties.ts'
import { SimProcess } from '../process.ts'
import { randomMessage } from '../random-value.ts'

/** Between one attack and the next, on average. */
const attackMs = 700
export const queryTimeoutMs = 5_000

/** What a proxy sees of somebody who wishes it ill: one attack after the other, some at once. */
export abstract class HostileParty {
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

/** Words that need not be a message of any kind, in a frame as it should be. */
export function sendAnything(connection: Connection, data: Uint8Array, asQuery: boolean): void {
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

export function namesUnder(...prefixes: string[]): CombinatorName[] {
  const names = Object.keys(combinators) as CombinatorName[]
  return names.filter(name => prefixes.some(prefix => name.startsWith(prefix)))
}
