import { connect, type Socket } from 'node:net'
import type { World } from '@cocoon/wire'
import { AdnlKey, adnlKeyId } from './adnl-key.ts'
import { encodeHello, PacketReader, PacketWriter, sessionBytes, sessionKeys } from './adnl-packet.ts'
import type { Deadline } from './deadline.ts'
import { late } from './deadline.ts'
import { chainError } from './failure.ts'

/** Without an answer for so long a connection is ended; the next question opens another one. */
const idleMs = 30_000

/** A node that is reached over TCP. */
export interface AdnlPeer {
  readonly host: string
  readonly port: number
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** How errors name it. */
  readonly source: string
}

/** What becomes of a connection. */
export interface AdnlEvents {
  packet(payload: Buffer): void
  /** Once, whoever has ended it. */
  closed(error: Error): void
}

/**
 * TON's own encrypted connection over TCP, of the side that dials. The peer proves that it has the key by which it
 * is known; we stay anonymous. Whatever the peer sends, the worst is that the connection ends.
 */
export class AdnlConnection {
  readonly #socket: Socket
  readonly #world: World
  readonly #writer: PacketWriter
  readonly #events: AdnlEvents
  #isClosed = false

  private constructor(socket: Socket, world: World, writer: PacketWriter, events: AdnlEvents) {
    this.#socket = socket
    this.#world = world
    this.#writer = writer
    this.#events = events
  }

  /** Resolves when the peer has answered. Rejects with `chain-unreachable`, or `chain-answer`. */
  static async open(
    peer: AdnlPeer,
    world: World,
    deadline: Deadline,
    events: AdnlEvents,
  ): Promise<AdnlConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const session = world.random(sessionBytes)
    const { inbound, outbound } = sessionKeys(session)
    const key = new AdnlKey(world.random(32))
    const shared = key.agree(peer.publicKey)
    const socket = connect({ host: peer.host, port: peer.port, noDelay: true })
    let isOpen = false
    const connection = new AdnlConnection(socket, world, new PacketWriter(outbound), {
      closed: error => (isOpen ? events.closed(error) : reject(error)),
      packet: payload => {
        if (isOpen) events.packet(payload)
        // The first packet is empty: the peer could read our hello, so it has its key.
        else if (payload.length === 0) resolve()
        else connection.close(chainError('chain-answer', peer.source, 'does not greet like a liteserver'))
      },
    })
    connection.#listen(peer, new PacketReader(peer.source, inbound))
    socket.once('connect', () =>
      socket.write(encodeHello(adnlKeyId(peer.publicKey), key.publicKey, shared, session)),
    )
    const end = (): void => connection.close(late(peer.source))
    deadline.signal.addEventListener('abort', end, { once: true })
    if (deadline.signal.aborted) end()
    try {
      await promise
      isOpen = true
      return connection
    } finally {
      deadline.signal.removeEventListener('abort', end)
    }
  }

  send(payload: Uint8Array): void {
    if (!this.#isClosed) this.#socket.write(this.#writer.encode(payload, this.#world.random(32)))
  }

  close(error: Error): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.destroy()
    this.#events.closed(error)
  }

  #listen({ source }: AdnlPeer, reader: PacketReader): void {
    const gone = (cause?: unknown): void =>
      this.close(
        chainError('chain-unreachable', source, 'cannot be reached. Retry later, or name another', cause),
      )
    this.#socket.on('error', gone)
    this.#socket.on('close', () => gone())
    this.#socket.on('end', () => gone())
    this.#socket.setTimeout(idleMs, () => gone())
    this.#socket.on('data', bytes => {
      try {
        for (const payload of reader.read(bytes as Buffer)) {
          if (!this.#isClosed) this.#events.packet(payload)
        }
      } catch (error) {
        this.close(error as Error)
      }
    })
  }
}
