import { type Codec, Connection, decode, peekId, pipe, type WireError } from '@cocoon/wire'
import type { ProxyBench } from './proxy-bench.ts'

/** One end of a connection to the proxy: asks, and keeps what comes. */
export class ScriptedPeer {
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
