import type { Peer, Transport, TransportEvents } from './transport.ts'
import type { Timer, World } from './world.ts'

/** The same marks as on TCP, so that code under test meets the same back-pressure. */
const highWaterBytes = 1 << 20
const lowWaterBytes = 256 << 10
const endTimeoutMs = 5000

export interface PipeOptions {
  /** Who the end `a` is, as `b` sees it. */
  readonly a: Peer
  /** Who the end `b` is, as `a` sees it. */
  readonly b: Peer
}

/**
 * Two transports in memory, each the peer of the other. What is written in one turn arrives in a later one,
 * in the same arrays. A paused reader takes nothing, so the writer's queue grows as it does on TCP.
 */
export function pipe(world: World, peers: PipeOptions): { a: Transport; b: Transport } {
  const a = new PipeEnd(world, peers.b)
  const b = new PipeEnd(world, peers.a)
  a.connect(b)
  b.connect(a)
  return { a, b }
}

class PipeEnd implements Transport {
  readonly peer: Peer
  queuedBytes = 0
  readonly #world: World
  #other: PipeEnd | undefined
  #events: TransportEvents | undefined
  /** `ending`: nothing is accepted or delivered any more, what is queued still leaves. */
  #state: 'open' | 'ending' | 'closed' = 'open'
  #paused = false
  #full = false
  #queue: Uint8Array[] = []
  #deliveryScheduled = false
  #closedTold = false
  #endTimer: Timer | undefined

  constructor(world: World, peer: Peer) {
    this.#world = world
    this.peer = peer
  }

  connect(other: PipeEnd): void {
    this.#other = other
  }

  start(events: TransportEvents): void {
    if (this.#events) throw new Error('A transport is started once.')
    this.#events = events
    if (this.#state === 'closed') this.#tellClosed()
    else this.#other?.scheduleDelivery()
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open' || bytes.length === 0) return
    this.#queue.push(bytes)
    this.queuedBytes += bytes.length
    if (this.queuedBytes > highWaterBytes) this.#full = true
    this.scheduleDelivery()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#other?.scheduleDelivery()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#endTimer = this.#world.after(endTimeoutMs, () => this.destroy())
    // What the peer has queued is discarded from now on, which may be what it waits for.
    this.#other?.scheduleDelivery()
    this.scheduleDelivery()
  }

  destroy(): void {
    this.#close()
    if (this.#other) this.#other.#close()
  }

  /** Lets the other end take what is queued, once this turn is over. */
  scheduleDelivery(): void {
    if (this.#deliveryScheduled || this.#state === 'closed') return
    this.#deliveryScheduled = true
    this.#world.soon(this.#deliver)
  }

  readonly #deliver = (): void => {
    this.#deliveryScheduled = false
    const other = this.#other
    if (!other || this.#state === 'closed') return
    // What is written meanwhile, in answer to what is delivered, leaves in a later turn.
    let left = this.#queue.length
    let taken = 0
    while (left > 0 && other.#takes()) {
      const bytes = this.#queue[taken]!
      taken += 1
      left -= 1
      this.queuedBytes -= bytes.length
      if (other.#state === 'open') other.#events?.data(bytes)
    }
    // Delivering may have closed this end, and with it emptied the queue.
    if (this.#isClosed()) return
    this.#queue.splice(0, taken)
    if (this.#state === 'ending' && this.#queue.length === 0) {
      this.destroy()
    } else if (this.#full && this.queuedBytes < lowWaterBytes) {
      this.#full = false
      this.#events?.drain()
    }
  }

  /** Whether this end takes what the other has sent. One that is ending takes it and throws it away. */
  #takes(): boolean {
    return this.#state === 'ending' || (this.#state === 'open' && this.#events !== undefined && !this.#paused)
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#endTimer?.cancel()
    this.#queue = []
    this.queuedBytes = 0
    if (this.#events) this.#tellClosed()
  }

  #tellClosed(): void {
    if (this.#closedTold) return
    this.#closedTold = true
    this.#world.soon(() => this.#events?.closed())
  }
}
