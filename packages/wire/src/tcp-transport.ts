import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { WireError } from './error.ts'
import { messageOf } from './tcp-handshake.ts'
import type { Peer, Transport, TransportEvents } from './transport.ts'
import type { Timer, World } from './world.ts'

/** Above this many unsent bytes a transport counts as full; `drain` follows once it is below `lowWaterBytes`. */
export const highWaterBytes = 1 << 20
export const lowWaterBytes = 256 << 10

/** Writes are joined up to this size, and longer ones are cut into pieces of it. */
const pieceBytes = 64 << 10

/**
 * Handed to the socket and not yet taken by the system. At least the socket's own high-water mark, so that
 * reaching it always ends in a `drain` event of the socket.
 */
const inFlightBytes = 256 << 10

/** Joined pieces that the system has taken, for the next ones: without them each would be garbage of its own. */
const sparePieces: Buffer[] = []
const maxSparePieces = 64

/** How long `end` waits for the system to take what is queued and for the peer to close its side. */
const endTimeoutMs = 5000

/** A transport over an established socket, plain or TLS, whose bytes are frames from now on. */
export class SocketTransport implements Transport {
  readonly peer: Peer
  readonly #socket: Socket
  readonly #world: World
  #events: TransportEvents | undefined
  /** `ending`: nothing is accepted or delivered any more, what is queued still leaves. */
  #state: 'open' | 'ending' | 'closed' = 'open'
  #cause: Error | undefined
  #paused = false
  #endTimer: Timer | undefined

  #queue: Uint8Array[] = []
  #queueBytes = 0
  /** Entries of the queue, and bytes of the entry after them, that the socket has taken already. */
  #taken = 0
  #takenBytes = 0
  readonly #lent: Buffer[] = []
  #flushScheduled = false
  #full = false

  constructor(socket: Socket, peer: Peer, world: World) {
    this.peer = peer
    this.#socket = socket
    this.#world = world
    socket.on('error', cause => {
      this.#cause ??= new WireError(
        'closed',
        `The connection to ${peer.address} broke: ${messageOf(cause)}`,
        {
          cause,
        },
      )
    })
    socket.on('drain', this.#flush)
    socket.on('end', () => this.#peerEnded())
    socket.on('close', () => this.#closed())
  }

  start(events: TransportEvents): void {
    if (this.#events) throw new Error('A transport is started once.')
    this.#events = events
    if (this.#state === 'closed') {
      this.#world.soon(() => events.closed(this.#cause))
      return
    }
    this.#socket.on('data', (bytes: Uint8Array) => {
      if (this.#state === 'open') events.data(bytes)
    })
    if (this.#paused) this.#socket.pause()
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open' || bytes.length === 0) return
    this.#queue.push(bytes)
    this.#queueBytes += bytes.length
    if (!this.#full && this.#queueBytes + this.#socket.writableLength > highWaterBytes) this.#full = true
    if (!this.#flushScheduled) {
      this.#flushScheduled = true
      this.#world.soon(this.#flush)
    }
  }

  get queuedBytes(): number {
    return this.#queueBytes + this.#socket.writableLength
  }

  pause(): void {
    this.#paused = true
    if (this.#state === 'open' && this.#events) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#state === 'open' && this.#events) this.#socket.resume()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#beginEnding()
    this.#flush()
  }

  destroy(): void {
    if (this.#state === 'closed') return
    this.#beginEnding()
    this.#dropQueue()
    this.#socket.destroy()
  }

  /** Runs once a turn after writes, and whenever the socket can take more. */
  readonly #flush = (): void => {
    this.#flushScheduled = false
    if (this.#state === 'closed') return
    const socket = this.#socket
    while (this.#queueBytes > 0 && socket.writableLength < inFlightBytes) this.#writePiece(socket)
    this.#compactQueue()
    if (this.#state === 'ending') {
      if (this.#queueBytes === 0) socket.end()
    } else if (this.#full && this.queuedBytes < lowWaterBytes) {
      this.#full = false
      this.#events?.drain()
    }
  }

  /** Writes one long entry's next part, or as many short entries as fit into a piece, copied together. */
  #writePiece(socket: Socket): void {
    const queue = this.#queue
    const first = queue[this.#taken]!
    const firstBytes = first.length - this.#takenBytes
    if (firstBytes > pieceBytes) {
      const piece = first.subarray(this.#takenBytes, this.#takenBytes + pieceBytes)
      this.#takenBytes += pieceBytes
      this.#queueBytes -= pieceBytes
      socket.write(piece)
      return
    }
    const rest = this.#takenBytes > 0 ? first.subarray(this.#takenBytes) : first
    const start = this.#taken + 1
    let end = start
    let sizeBytes = firstBytes
    while (end < queue.length && sizeBytes + queue[end]!.length <= pieceBytes) {
      sizeBytes += queue[end]!.length
      end += 1
    }
    this.#taken = end
    this.#takenBytes = 0
    this.#queueBytes -= sizeBytes
    if (end === start) {
      socket.write(rest)
      return
    }
    const piece = sparePieces.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)
    piece.set(rest)
    let offset = firstBytes
    for (let index = start; index < end; index += 1) {
      const bytes = queue[index]!
      piece.set(bytes, offset)
      offset += bytes.length
    }
    this.#lent.push(piece)
    socket.write(piece.subarray(0, sizeBytes), this.#pieceWritten)
  }

  /** Pieces are written in order, so the one that comes back is the first that was lent. */
  readonly #pieceWritten = (error: Error | null | undefined): void => {
    const piece = this.#lent.shift()
    if (piece !== undefined && !error && sparePieces.length < maxSparePieces) sparePieces.push(piece)
  }

  #compactQueue(): void {
    if (this.#taken === 0) return
    if (this.#taken === this.#queue.length) this.#queue = []
    else this.#queue.splice(0, this.#taken)
    this.#taken = 0
  }

  #beginEnding(): void {
    this.#state = 'ending'
    this.#endTimer ??= this.#world.after(endTimeoutMs, () => this.#socket.destroy())
    // Unread bytes would keep the end of the peer's stream from being seen.
    this.#socket.resume()
  }

  /** A peer that has closed its side reads no more either: connections of the network end both ways at once. */
  #peerEnded(): void {
    if (this.#state === 'open') this.#beginEnding()
    this.#dropQueue()
  }

  #dropQueue(): void {
    this.#queue = []
    this.#queueBytes = 0
    this.#taken = 0
    this.#takenBytes = 0
  }

  #closed(): void {
    this.#state = 'closed'
    this.#endTimer?.cancel()
    this.#dropQueue()
    this.#events?.closed(this.#cause)
  }
}
