import { type Peer, type Timer, type Transport, type TransportEvents, WireError } from '@cocoon/wire'
import type { SimProcess } from './process.ts'
import type { SimWorld } from './world.ts'

/** How a connection carries bytes, each way. */
export interface LinkConditions {
  latencyMs: number
  /** Added to the latency of each piece, at most. */
  jitterMs: number
  bytesPerMs: number
}

/** The marks of the real transports. */
const highWaterBytes = 1 << 20
const lowWaterBytes = 256 << 10
const endTimeoutMs = 5_000
/** Sent and not yet read by the peer: what the systems of both sides buffer. */
const windowBytes = 256 << 10
const pieceBytes = 64 << 10
/** How often a piece is cut at a random place, as a packet boundary may. */
const cutChance = 0.15

/** One connection between two processes. Bytes arrive in order; everything else may go wrong. */
export class Link {
  readonly world: SimWorld
  readonly dialer: End
  readonly acceptor: End
  readonly conditions: LinkConditions
  /** Nothing that is sent arrives any more. */
  lost = false
  /** Most unsent bytes that an end ever had. */
  peakQueuedBytes = 0
  #stalledUntilMs = 0

  constructor(options: {
    world: SimWorld
    conditions: LinkConditions
    dialer: { process: SimProcess; peer: Peer }
    acceptor: { process: SimProcess; peer: Peer }
  }) {
    this.world = options.world
    this.conditions = options.conditions
    this.dialer = new End(this, options.dialer.process, options.acceptor.peer)
    this.acceptor = new End(this, options.acceptor.process, options.dialer.peer)
    this.dialer.other = this.acceptor
    this.acceptor.other = this.dialer
  }

  get isOver(): boolean {
    return this.dialer.isOver && this.acceptor.isOver
  }

  get stalledMs(): number {
    return Math.max(0, this.#stalledUntilMs - this.world.monotonic())
  }

  /** The connection breaks; each end hears of it when it hears of it. */
  cut(): void {
    const { chance } = this.world
    this.lost = true
    for (const end of [this.dialer, this.acceptor]) {
      this.world.schedule(chance.exponential(200), () => end.reset('the connection broke'))
    }
  }

  /** One end hears that the connection is gone, the other hears nothing, ever. */
  halfOpen(): void {
    this.lost = true
    const end = this.world.chance.pick([this.dialer, this.acceptor])
    this.world.schedule(0, () => end.reset('the connection broke'))
  }

  /** Nothing arrives for a while; then everything does. */
  stall(durationMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.world.monotonic() + durationMs)
    for (const end of [this.dialer, this.acceptor])
      this.world.schedule(this.stalledMs, () => end.deliverSoon())
  }

  unstall(): void {
    this.#stalledUntilMs = 0
    for (const end of [this.dialer, this.acceptor]) end.deliverSoon()
  }

  /** The process of this end died. Its system says so to the other end, unless the machine died as well. */
  died(process: SimProcess, withMachine: boolean): void {
    for (const end of [this.dialer, this.acceptor]) {
      if (end.process !== process) continue
      end.die()
      if (withMachine) this.lost = true
      else this.world.schedule(this.conditions.latencyMs, () => end.other.reset('the peer died'))
    }
  }
}

/** One end of a connection, as its process uses it. */
export class End implements Transport {
  readonly peer: Peer
  readonly process: SimProcess
  other!: End
  queuedBytes = 0
  readonly #link: Link
  #events: TransportEvents | undefined
  #state: 'open' | 'ending' | 'closed' = 'open'
  #paused = false
  #queue: Uint8Array[] = []
  #full = false
  #pumpDue = false
  #sentBytes = 0
  #busyUntilMs = 0
  #lastArrivalMs = 0
  #endSent = false
  #endTimer: Timer | undefined
  #arrived: Array<Uint8Array | 'end'> = []
  #deliveryDue = false

  constructor(link: Link, process: SimProcess, peer: Peer) {
    this.#link = link
    this.process = process
    this.peer = peer
  }

  get isOver(): boolean {
    return this.#state === 'closed'
  }

  start(events: TransportEvents): void {
    if (this.#events) throw new Error('A transport is started once.')
    this.#events = events
    if (this.#state === 'closed') this.process.soon(() => events.closed())
    else this.deliverSoon()
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open' || bytes.length === 0) return
    this.#queue.push(bytes)
    this.queuedBytes += bytes.length
    this.#link.peakQueuedBytes = Math.max(this.#link.peakQueuedBytes, this.queuedBytes)
    if (this.queuedBytes > highWaterBytes) this.#full = true
    this.#pumpSoon()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.deliverSoon()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#endTimer = this.process.after(endTimeoutMs, () => this.destroy())
    this.deliverSoon()
    this.#pumpSoon()
  }

  destroy(): void {
    if (this.#state === 'closed') return
    this.#close(undefined)
    this.#link.world.schedule(this.#link.conditions.latencyMs, () => {
      if (!this.#link.lost) this.other.reset('the peer closed the connection at once')
    })
  }

  /** The system says that the connection is gone. */
  reset(why: string): void {
    this.#close(new WireError('closed', why))
  }

  /** Nobody is here any more. */
  die(): void {
    this.#state = 'closed'
    this.#drop()
  }

  deliverSoon(): void {
    if (this.#deliveryDue || this.#state === 'closed') return
    this.#deliveryDue = true
    this.process.event(0, this.#deliver)
  }

  #pumpSoon(): void {
    if (this.#pumpDue || this.#state === 'closed') return
    this.#pumpDue = true
    this.process.soon(this.#pump)
  }

  /** Sends what the window has room for. */
  readonly #pump = (): void => {
    this.#pumpDue = false
    if (this.#state === 'closed') return
    const { world, conditions } = this.#link
    const now = world.monotonic()
    while (this.queuedBytes > 0 && this.#sentBytes < windowBytes) {
      const piece = this.#takePiece()
      this.#sentBytes += piece.length
      this.#busyUntilMs = Math.max(this.#busyUntilMs, now) + piece.length / conditions.bytesPerMs
      const arrivalMs = this.#busyUntilMs + conditions.latencyMs + conditions.jitterMs * world.chance.unit()
      this.#arriveAt(arrivalMs, piece)
    }
    if (this.#state === 'ending') {
      if (this.queuedBytes === 0 && !this.#endSent) {
        this.#endSent = true
        this.#arriveAt(now + conditions.latencyMs, 'end')
      }
    } else if (this.#full && this.queuedBytes < lowWaterBytes) {
      this.#full = false
      this.#events?.drain()
    }
  }

  #arriveAt(atMs: number, what: Uint8Array | 'end'): void {
    const { world } = this.#link
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, atMs)
    world.schedule(this.#lastArrivalMs - world.monotonic(), () => {
      if (this.#link.lost || this.other.#state === 'closed') return
      this.other.#arrived.push(what)
      this.other.deliverSoon()
    })
  }

  /** Whatever waits, joined and cut without regard to who wrote what. */
  #takePiece(): Uint8Array {
    const { chance } = this.#link.world
    let limit = pieceBytes
    if (chance.chance(cutChance)) limit = chance.whole(1, chance.chance(0.5) ? 24 : 2_000)
    const parts: Uint8Array[] = []
    let size = 0
    let taken = 0
    while (taken < this.#queue.length && size < limit) {
      const part = this.#queue[taken]!
      const room = limit - size
      if (part.length > room) {
        parts.push(part.subarray(0, room))
        this.#queue[taken] = part.subarray(room)
        size += room
      } else {
        parts.push(part)
        size += part.length
        taken++
      }
    }
    this.#queue.splice(0, taken)
    this.queuedBytes -= size
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /** Hands over what has arrived. */
  readonly #deliver = (): void => {
    this.#deliveryDue = false
    while (this.#arrived.length > 0 && this.#takes()) {
      const what = this.#arrived.shift()!
      if (what === 'end') return this.#peerEnded()
      this.#link.world.log.detail(what.length)
      if (this.#state === 'open') this.#events?.data(what)
      this.other.#wasRead(what.length)
    }
  }

  #takes(): boolean {
    if (this.#link.stalledMs > 0) return false
    if (this.#state === 'ending') return true
    return this.#state === 'open' && this.#events !== undefined && !this.#paused
  }

  /** The peer has taken so much: the window is open again. */
  #wasRead(sizeBytes: number): void {
    this.#sentBytes -= sizeBytes
    if (this.queuedBytes > 0) this.#pumpSoon()
  }

  #peerEnded(): void {
    const { world, conditions } = this.#link
    this.#close(undefined)
    world.schedule(conditions.latencyMs, () => {
      if (!this.#link.lost) this.other.#close(undefined)
    })
  }

  #close(cause: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#endTimer?.cancel()
    this.#drop()
    if (this.#events) this.process.soon(() => this.#events?.closed(cause))
  }

  #drop(): void {
    this.#queue = []
    this.queuedBytes = 0
    this.#arrived = []
  }
}
