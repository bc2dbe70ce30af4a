import { WireError } from './error.ts'
import type { Transport } from './transport.ts'
import { randomBetween, type Timer, type World } from './world.ts'

/** Where a peer listens. */
export interface PeerEndpoint {
  readonly host: string
  readonly port: number
}

/** A session over one uplink, from its handshake on. */
export interface UplinkSession {
  readonly isReady: boolean
  close(cause: WireError): void
}

export interface UplinksOptions<S extends UplinkSession> {
  world: World
  /** All peers that may be dialled, as the registry has them now. */
  endpoints: () => readonly PeerEndpoint[]
  /** How many to stay connected to. */
  count: number
  dial: (endpoint: PeerEndpoint, signal: AbortSignal) => Promise<Transport>
  /** Begins a session; `ready` and `closed` are to be called, at most once each. */
  open: (
    transport: Transport,
    endpoint: PeerEndpoint,
    state: { ready(): void; closed(cause: Error): void },
  ) => S
  failed?: (endpoint: PeerEndpoint, error: Error) => void
}

const firstRetryMs = 200
const longestRetryMs = 10_000
/** A target that was not ready for so long makes room for another registered peer. */
const replaceAfterMs = 60_000

/** Keeps a role connected to some of the registered peers: dials, dials again, and moves on where one stays silent. */
export class Uplinks<S extends UplinkSession> {
  readonly #options: UplinksOptions<S>
  readonly #targets = new Set<Target<S>>()
  #review: Timer | undefined
  #closed = false

  constructor(options: UplinksOptions<S>) {
    this.#options = options
  }

  start(): void {
    this.#fill()
    this.#reviewLater()
  }

  /** Sessions that are ready, in no particular order. */
  ready(): S[] {
    const sessions: S[] = []
    for (const { session } of this.#targets) if (session?.isReady) sessions.push(session)
    return sessions
  }

  /** Every target, connected or not, for status pages. */
  targets(): Array<{ endpoint: PeerEndpoint; session: S | undefined }> {
    return [...this.#targets].map(({ endpoint, session }) => ({ endpoint, session }))
  }

  close(): void {
    this.#closed = true
    this.#review?.cancel()
    for (const target of this.#targets) this.#drop(target)
  }

  /** Dials until there are enough targets. `silent` has just been given up: anybody else is as good or better. */
  #fill(silent?: string): void {
    const { count, endpoints, world } = this.#options
    const taken = new Set([...this.#targets].map(target => addressOf(target.endpoint)))
    let free = endpoints().filter(endpoint => !taken.has(addressOf(endpoint)))
    const others = free.filter(endpoint => addressOf(endpoint) !== silent)
    if (others.length > 0) free = others
    while (this.#targets.size < count && free.length > 0) {
      const [endpoint] = free.splice(Math.floor(randomBetween(world, 0, free.length)), 1)
      const target: Target<S> = {
        endpoint: endpoint!,
        session: undefined,
        retryMs: firstRetryMs,
        timer: undefined,
        dialling: undefined,
        lastReadyAt: world.monotonic(),
      }
      this.#targets.add(target)
      this.#dial(target)
    }
  }

  #dial(target: Target<S>): void {
    if (this.#closed || !this.#targets.has(target)) return
    const dialling = new AbortController()
    target.dialling = dialling
    this.#options.dial(target.endpoint, dialling.signal).then(
      transport => {
        target.dialling = undefined
        if (this.#closed || !this.#targets.has(target)) return transport.destroy()
        target.session = this.#options.open(transport, target.endpoint, {
          ready: () => {
            target.retryMs = firstRetryMs
            target.lastReadyAt = this.#options.world.monotonic()
          },
          closed: cause => this.#lost(target, cause),
        })
      },
      (error: unknown) => this.#lost(target, error instanceof Error ? error : new Error(String(error))),
    )
  }

  #lost(target: Target<S>, cause: Error): void {
    if (target.session?.isReady) target.lastReadyAt = this.#options.world.monotonic()
    target.session = undefined
    target.dialling = undefined
    if (this.#closed || !this.#targets.has(target)) return
    this.#options.failed?.(target.endpoint, cause)
    const waitMs = randomBetween(this.#options.world, 0.5 * target.retryMs, target.retryMs)
    target.retryMs = Math.min(2 * target.retryMs, longestRetryMs)
    target.timer = this.#options.world.after(waitMs, () => this.#dial(target))
  }

  #reviewLater(): void {
    this.#review = this.#options.world.after(1_000, () => {
      this.#fill(this.#dropStale())
      this.#reviewLater()
    })
  }

  /**
   * Drops what is no longer registered, and at most one target a review that somebody else could replace: the
   * address of that one.
   */
  #dropStale(): string | undefined {
    const registered = new Set(this.#options.endpoints().map(addressOf))
    const now = this.#options.world.monotonic()
    let replaced: string | undefined
    for (const target of this.#targets) {
      const silent = !target.session?.isReady && now - target.lastReadyAt > replaceAfterMs
      const replaceable: boolean = silent && replaced === undefined && registered.size > this.#targets.size
      if (!replaceable && registered.has(addressOf(target.endpoint))) continue
      if (replaceable) replaced = addressOf(target.endpoint)
      this.#targets.delete(target)
      this.#drop(target)
    }
    return replaced
  }

  #drop(target: Target<S>): void {
    target.timer?.cancel()
    target.dialling?.abort()
    target.session?.close(new WireError('closed', 'this peer is no longer wanted'))
  }
}

interface Target<S> {
  endpoint: PeerEndpoint
  session: S | undefined
  retryMs: number
  timer: Timer | undefined
  dialling: AbortController | undefined
  lastReadyAt: number
}

function addressOf(endpoint: PeerEndpoint): string {
  return `${endpoint.host}:${endpoint.port}`
}
