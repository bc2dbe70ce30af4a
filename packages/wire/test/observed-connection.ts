import {
  Connection,
  type ConnectionEvents,
  type ConnectionLimits,
  pipe,
  type Reply,
  tcpConnect,
  tcpConnected,
  type WireError,
} from '../src/index.ts'
import { RawPeer } from './raw-peer.ts'
import { VirtualWorld } from './virtual-world.ts'

/** A connection under test, what it reported, and the raw end of its pipe. */
export class Observed {
  readonly world: VirtualWorld
  readonly connection: Connection
  readonly peer: RawPeer
  readonly packets: Uint8Array[] = []
  readonly queries: Array<{ data: Uint8Array; reply: Reply }> = []
  readonly causes: WireError[] = []
  readies = 0
  drains = 0

  constructor(
    side: 'dialer' | 'acceptor',
    options: {
      world?: VirtualWorld
      limits?: Partial<ConnectionLimits>
      events?: Partial<ConnectionEvents>
    } = {},
  ) {
    this.world = options.world ?? new VirtualWorld()
    const ends = pipe(this.world, {
      a: { address: 'tested', imageHash: new Uint8Array(32) },
      b: { address: 'raw', imageHash: new Uint8Array(32) },
    })
    this.peer = new RawPeer(ends.b)
    this.connection = new Connection({
      transport: ends.a,
      world: this.world,
      side,
      limits: options.limits ?? {},
      events: {
        ready: () => {
          this.readies++
        },
        packet: data => void this.packets.push(data),
        query: (data, reply) => void this.queries.push({ data, reply }),
        drain: () => {
          this.drains++
        },
        closed: cause => void this.causes.push(cause),
        ...options.events,
      },
    })
    this.connection.start()
  }

  /** A connection whose handshake is done. */
  static async ready(...args: ConstructorParameters<typeof Observed>): Promise<Observed> {
    const observed = new Observed(...args)
    await observed.world.settle()
    if (args[0] === 'dialer') {
      const { id } = observed.peer.last(tcpConnect)
      observed.peer.send(tcpConnected, { _: 'tcp.connected', id })
    } else {
      observed.peer.send(tcpConnect, { _: 'tcp.connect', id: 5n })
    }
    await observed.world.settle()
    if (!observed.connection.isReady) throw new Error('The handshake failed')
    return observed
  }

  /** Why it closed, which it did exactly once. */
  get cause(): WireError {
    if (this.causes.length !== 1) throw new Error(`Closed ${this.causes.length} times`)
    return this.causes[0]!
  }
}
