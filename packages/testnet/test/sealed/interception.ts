import {
  type AnyCombinator,
  decodeAny,
  encodeAny,
  FrameDecoder,
  type PeerEndpoint,
  pipe,
  type Transport,
  type World,
  writeFrameHeader,
} from '@cocoon/wire'
import type { Street } from '../../src/street.ts'

const noImage = new Uint8Array(32)

/** A message on its way between a role and a proxy. */
export interface Passing {
  /** Whose connection it is: `worker 0`, `client 1`. */
  readonly who: string
  readonly from: 'role' | 'proxy'
  readonly message: AnyCombinator
  readonly wire: Tapped
}

/** What is handed on in a message's place; undefined: nothing. */
export type Rewrite = (passing: Passing) => AnyCombinator | readonly AnyCombinator[] | undefined

/** Stands between the roles and the proxies with the keys of both, reads every frame and hands on what it likes. */
export class Interception {
  /** All that passed, as it was sent, oldest first. */
  readonly passed: Passing[] = []
  /** The payloads of all frames, as they were sent. */
  readonly payloads: Uint8Array[] = []
  /** Connections, oldest first. */
  readonly wires: Tapped[] = []
  rewrite: Rewrite = ({ message }) => message
  readonly #world: World
  readonly #street: Street

  constructor(world: World, street: Street) {
    this.#world = world
    this.#street = street
  }

  /** How this role reaches proxies. */
  dialAs(who: string): (endpoint: PeerEndpoint, signal?: AbortSignal) => Promise<Transport> {
    return async (endpoint, signal) => {
      const proxy = await this.#street.dial(endpoint, signal)
      const { a, b } = pipe(this.#world, { a: { address: who, imageHash: noImage }, b: proxy.peer })
      this.wires.push(new Tapped(who, b, proxy, this))
      return a
    }
  }

  /** What was sent under this name, by whom it may be. */
  all<Name extends AnyCombinator['_']>(name: Name, who?: string): Array<Extract<AnyCombinator, { _: Name }>> {
    const found = this.passed.filter(({ message, ...of }) => message._ === name && (who ?? of.who) === of.who)
    return found.map(({ message }) => message as Extract<AnyCombinator, { _: Name }>)
  }

  /** The newest connection of a role. */
  wireOf(who: string): Tapped {
    return this.wires.findLast(wire => wire.who === who)!
  }

  /** Whether these bytes were on any wire, in any frame. */
  saw(bytes: Uint8Array): boolean {
    return this.payloads.some(payload => Buffer.from(payload).includes(Buffer.from(bytes)))
  }
}

/** One connection with somebody in between. */
export class Tapped {
  readonly who: string
  readonly toRole: (message: AnyCombinator) => void
  readonly toProxy: (message: AnyCombinator) => void
  /** The connection breaks. */
  readonly cut: () => void

  constructor(who: string, role: Transport, proxy: Transport, interception: Interception) {
    this.who = who
    const senders = { role: frameSender(proxy), proxy: frameSender(role) }
    const hear = (from: 'role' | 'proxy'): ((bytes: Uint8Array) => void) => {
      const decoder = new FrameDecoder()
      return bytes =>
        decoder.push(bytes, payload => {
          interception.payloads.push(Uint8Array.from(payload))
          const frame = decodeAny(Uint8Array.from(payload))
          if (!('data' in frame) || frame._ === 'proxy.signedPayment') return senders[from](frame)
          const passing = { who, from, wire: this, message: decodeAny(frame.data as Uint8Array) }
          interception.passed.push(passing)
          const rewritten = interception.rewrite(passing)
          if (rewritten === passing.message) return senders[from](frame)
          for (const message of rewritten === undefined ? [] : [rewritten].flat()) {
            senders[from]({ ...frame, data: encodeAny(message) } as AnyCombinator)
          }
        })
    }
    role.start({ data: hear('role'), drain: () => {}, closed: () => proxy.end() })
    proxy.start({ data: hear('proxy'), drain: () => {}, closed: () => role.end() })
    this.cut = () => {
      role.destroy()
      proxy.destroy()
    }
    this.toRole = message => senders.proxy({ _: 'tcp.packet', data: encodeAny(message) })
    this.toProxy = message => senders.role({ _: 'tcp.packet', data: encodeAny(message) })
  }
}

function frameSender(transport: Transport): (frame: AnyCombinator) => void {
  let seqno = 0
  return frame => {
    const payload = encodeAny(frame)
    const bytes = new Uint8Array(8 + payload.length)
    writeFrameHeader(bytes, payload.length, seqno++)
    bytes.set(payload, 8)
    transport.write(bytes)
  }
}
