import { WireError } from './error.ts'

/** What a listener bounds. */
export interface ListenLimits {
  /** Established connections. */
  readonly maxConnections: number
  /** Connections on their way there; a newcomer beyond it displaces another. */
  readonly maxHandshakes: number
  /** Connections and handshakes from one host together. */
  readonly maxPerAddress: number
  /** From accept to transport. */
  readonly handshakeTimeoutMs: number
}

export const defaultListenLimits: ListenLimits = {
  maxConnections: 10_000,
  maxHandshakes: 1024,
  maxPerAddress: Infinity,
  handshakeTimeoutMs: 10_000,
}

/** The place of one connection, from accept to close. */
export interface Place {
  /** The peer has done its work. */
  prove(): void
  /** The handshake is over. Throws `overloaded` if there are as many connections as may be. */
  establish(): void
  /** The connection is gone. Idempotent. */
  leave(): void
}

class Entry {
  readonly host: string
  readonly displace: (reason: WireError) => void
  state: 'unproven' | 'proven' | 'established' | 'gone' = 'unproven'

  constructor(host: string, displace: (reason: WireError) => void) {
    this.host = host
    this.displace = displace
  }
}

/**
 * Who may come in. Unfinished handshakes are cheap to start for anybody, so when there are too many, the
 * oldest of the host with the most of them that have no proof of work yet has to go: a flood from a few hosts
 * displaces itself, and whoever has paid is displaced last.
 */
export class Admission {
  readonly #limits: ListenLimits
  /** In the order of arrival. */
  readonly #handshakes = new Set<Entry>()
  readonly #unprovenByHost = new Map<string, number>()
  readonly #allByHost = new Map<string, number>()
  #connections = 0

  constructor(limits: ListenLimits) {
    this.#limits = limits
  }

  get handshakes(): number {
    return this.#handshakes.size
  }

  get connections(): number {
    return this.#connections
  }

  /** Gives a newcomer a place. `displace` is called if the place is taken back. Throws `overloaded`. */
  enter(host: string, displace: (reason: WireError) => void): Place {
    if (this.#connections >= this.#limits.maxConnections) throw overloaded('there are too many connections')
    if ((this.#allByHost.get(host) ?? 0) >= this.#limits.maxPerAddress) {
      throw overloaded(`there are too many connections from ${host}`)
    }
    const victim = this.#handshakes.size >= this.#limits.maxHandshakes ? this.#victim() : undefined
    if (victim) {
      // Its place is free at once, however long its socket takes to close.
      this.#leave(victim)
      victim.displace(overloaded('too many newer connections are waiting'))
    }
    const entry = new Entry(host, displace)
    this.#handshakes.add(entry)
    add(this.#unprovenByHost, host, 1)
    add(this.#allByHost, host, 1)
    return {
      prove: () => this.#prove(entry),
      establish: () => this.#establish(entry),
      leave: () => this.#leave(entry),
    }
  }

  /** Takes back the place of every unfinished handshake. */
  displaceAll(reason: WireError): void {
    for (const entry of this.#handshakes) {
      this.#leave(entry)
      entry.displace(reason)
    }
  }

  #prove(entry: Entry): void {
    if (entry.state !== 'unproven') return
    entry.state = 'proven'
    add(this.#unprovenByHost, entry.host, -1)
  }

  #establish(entry: Entry): void {
    if (entry.state === 'gone') throw overloaded('its place is taken')
    if (this.#connections >= this.#limits.maxConnections) throw overloaded('there are too many connections')
    this.#prove(entry)
    this.#handshakes.delete(entry)
    this.#connections += 1
    entry.state = 'established'
  }

  #leave(entry: Entry): void {
    if (entry.state === 'gone') return
    if (entry.state === 'established') this.#connections -= 1
    this.#prove(entry)
    this.#handshakes.delete(entry)
    add(this.#allByHost, entry.host, -1)
    entry.state = 'gone'
  }

  #victim(): Entry | undefined {
    let victim: Entry | undefined
    let mostUnproven = 0
    for (const entry of this.#handshakes) {
      victim ??= entry
      const unproven = entry.state === 'unproven' ? (this.#unprovenByHost.get(entry.host) ?? 0) : 0
      if (unproven > mostUnproven) {
        victim = entry
        mostUnproven = unproven
      }
    }
    return victim
  }
}

/** Counts a host up or down; a host without a count takes no memory. */
function add(counts: Map<string, number>, host: string, change: number): void {
  const count = (counts.get(host) ?? 0) + change
  if (count === 0) counts.delete(host)
  else counts.set(host, count)
}

function overloaded(why: string): WireError {
  return new WireError('overloaded', `The connection was dropped: ${why}.`)
}
