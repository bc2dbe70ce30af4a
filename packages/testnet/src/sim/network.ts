import { type Peer, type PeerEndpoint, type Transport, WireError } from '@cocoon/wire'
import { hash } from 'node:crypto'
import { Link, type LinkConditions } from './link.ts'
import type { SimProcess } from './process.ts'
import type { SimWorld } from './world.ts'

export interface NetworkConditions {
  latencyMs: [from: number, to: number]
  jitterMs: number
  bytesPerMs: [from: number, to: number]
  /** How often a dial fails for no reason. */
  dialFailure: number
  /** Proof of work and TLS, on average. */
  dialWorkMs: number
}

export const calmNetwork: NetworkConditions = {
  latencyMs: [0.2, 20],
  jitterMs: 2,
  bytesPerMs: [5_000, 100_000],
  dialFailure: 0,
  dialWorkMs: 30,
}

interface Listening {
  process: SimProcess
  host: string
  accept: (transport: Transport) => void
}

const dialTimeoutMs = 20_000

/** Hosts, who listens on them, and the connections between them. */
export class SimNetwork {
  readonly links = new Set<Link>()
  conditions: NetworkConditions
  /** Most unsent bytes that any end of any connection ever had. */
  peakQueuedBytes = 0
  readonly #world: SimWorld
  readonly #listening = new Map<string, Listening>()
  readonly #separated = new Set<string>()
  #nextPort = 40_000

  constructor(world: SimWorld, conditions: NetworkConditions = calmNetwork) {
    this.#world = world
    this.conditions = conditions
  }

  listen(process: SimProcess, endpoint: PeerEndpoint, accept: (transport: Transport) => void): void {
    this.#listening.set(keyOf(endpoint), { process, host: endpoint.host, accept })
  }

  /** Dials to it fail from now on; what is connected stays. */
  stopListening(process: SimProcess): void {
    for (const [key, listening] of this.#listening)
      if (listening.process === process) this.#listening.delete(key)
  }

  /** As the roles dial: a transport after a while, or a WireError. */
  dial(process: SimProcess, host: string, endpoint: PeerEndpoint, signal?: AbortSignal): Promise<Transport> {
    const { chance } = this.#world
    const { latencyMs, dialWorkMs, dialFailure } = this.conditions
    const { promise, resolve, reject } = Promise.withResolvers<Transport>()
    const given = { up: false }
    const fail = (delayMs: number, error: WireError): void => void process.event(delayMs, () => reject(error))
    signal?.addEventListener('abort', () => {
      given.up = true
      reject(new WireError('closed', 'the dial was given up'))
    })
    const oneWayMs = chance.between(...latencyMs)
    this.#world.schedule(3 * oneWayMs + chance.exponential(dialWorkMs), () => {
      if (given.up || !process.isAlive) return
      if (this.#areSeparated(host, endpoint.host)) {
        return fail(dialTimeoutMs, new WireError('timeout', `no connection with ${keyOf(endpoint)}`))
      }
      const listening = this.#listening.get(keyOf(endpoint))
      if (listening === undefined || !listening.process.isAlive || chance.chance(dialFailure)) {
        return fail(oneWayMs, new WireError('closed', `${keyOf(endpoint)} is not reachable`))
      }
      const link = this.#connect(process, host, listening, endpoint, oneWayMs)
      listening.process.event(0, () => listening.accept(link.acceptor))
      process.event(oneWayMs, () => {
        if (given.up) link.dialer.destroy()
        else resolve(link.dialer)
      })
    })
    return promise
  }

  /** The process is dead; with its machine, nobody tells its peers. */
  died(process: SimProcess, withMachine: boolean): void {
    for (const link of this.links) link.died(process, withMachine)
  }

  /** Connections that both ends still believe in, in the order in which they were made. */
  living(): Link[] {
    for (const link of this.links) {
      this.peakQueuedBytes = Math.max(this.peakQueuedBytes, link.peakQueuedBytes)
      if (link.isOver) this.links.delete(link)
    }
    return [...this.links].filter(link => !link.lost && !link.dialer.isOver && !link.acceptor.isOver)
  }

  /** The two hosts cannot reach each other for a while: connections stall, dials time out. */
  separate(a: string, b: string, durationMs: number): void {
    const pair = pairOf(a, b)
    this.#separated.add(pair)
    for (const link of this.links) {
      if (pairOf(hostOf(link.dialer.peer), hostOf(link.acceptor.peer)) === pair) link.stall(durationMs)
    }
    this.#world.schedule(durationMs, () => this.#separated.delete(pair))
  }

  /** Ends every fault that has an end. */
  heal(conditions: NetworkConditions): void {
    this.conditions = conditions
    this.#separated.clear()
    for (const link of this.links) {
      link.unstall()
      link.conditions.bytesPerMs = conditions.bytesPerMs[1]
    }
  }

  #connect(
    process: SimProcess,
    host: string,
    listening: Listening,
    endpoint: PeerEndpoint,
    latencyMs: number,
  ): Link {
    const { chance } = this.#world
    const conditions: LinkConditions = {
      latencyMs,
      jitterMs: this.conditions.jitterMs,
      bytesPerMs: chance.between(...this.conditions.bytesPerMs),
    }
    const link = new Link({
      world: this.#world,
      conditions,
      dialer: { process, peer: peerAt(host, this.#nextPort++) },
      acceptor: { process: listening.process, peer: peerAt(endpoint.host, endpoint.port) },
    })
    this.links.add(link)
    return link
  }

  #areSeparated(a: string, b: string): boolean {
    return this.#separated.has(pairOf(a, b))
  }
}

function peerAt(host: string, port: number): Peer {
  return {
    address: `${host}:${port}`,
    publicKey: new Uint8Array(hash('sha256', host, 'buffer')),
    imageHash: new Uint8Array(32),
  }
}

function hostOf(peer: Peer): string {
  return peer.address.slice(0, peer.address.lastIndexOf(':'))
}

function pairOf(a: string, b: string): string {
  return [a, b].toSorted().join(' ')
}

function keyOf(endpoint: PeerEndpoint): string {
  return `${endpoint.host}:${endpoint.port}`
}
