import { WireError } from './error.ts'
import {
  type ByteBudget,
  FrameDecoder,
  frameHeaderBytes,
  maxPayloadBytes,
  writeFrameHeader,
} from './frame.ts'
import { LiveMap } from './live-map.ts'
import type { Codec } from './tl/index.ts'
import {
  decode,
  encode,
  encodedSize,
  paddedSize,
  peekId,
  Reader,
  tcpConnect,
  tcpConnected,
  tcpPacket,
  tcpPing,
  tcpPong,
  tcpQuery,
  tcpQueryAnswer,
  tcpQueryError,
  writeBoxed,
  Writer,
} from './tl/index.ts'
import type { Peer, Transport } from './transport.ts'
import type { Timer, World } from './world.ts'

/** What a connection bounds. `docs/LIMITS.md` lists the defaults and why they are what they are. */
export interface ConnectionLimits {
  /** No frame for so long: the peer is gone. */
  inactivityMs: number
  /** A dialer pings after so long without a frame. */
  pingAfterMs: number
  /** From the first byte to `tcp.connected`. */
  handshakeMs: number
  /** Unsent bytes at which a peer that does not read is given up. */
  maxQueuedBytes: number
  /** Queries of the peer that wait for our answer. */
  maxInboundQueries: number
  /** Queries of ours that wait for the peer's answer. */
  maxOutboundQueries: number
}

export const dialerLimits: ConnectionLimits = {
  inactivityMs: 20_000,
  pingAfterMs: 10_000,
  handshakeMs: 20_000,
  maxQueuedBytes: 24 << 20,
  maxInboundQueries: 64,
  maxOutboundQueries: 64,
}

export const acceptorLimits: ConnectionLimits = { ...dialerLimits, inactivityMs: 60_000, handshakeMs: 10_000 }

/** Longest frame that a peer may send before its session is established. */
export const strangerFrameBytes = 64 << 10

export interface ConnectionEvents {
  /** `tcp.connect` and `tcp.connected` have been exchanged; messages may be sent. */
  ready(): void
  /** A one-way message. The bytes are the callee's to keep. A WireError thrown here closes the connection. */
  packet(data: Uint8Array): void
  /** A question; exactly one call of `reply` is due. A WireError thrown here closes the connection. */
  query(data: Uint8Array, reply: Reply): void
  /** The send queue is short again after `congested` was true. */
  drain(): void
  /** Exactly once, and nothing after it. */
  closed(cause: WireError): void
}

export interface Reply {
  answer<T>(codec: Codec<T>, value: T): void
  /** The peer sees the text: never anything secret. */
  error(code: number, message: string): void
}

interface PendingQuery {
  resolve(answer: Uint8Array): void
  reject(error: WireError): void
  timer: Timer
}

/**
 * Messages, questions and answers between two peers over one transport. Whatever the peer sends, the worst
 * that happens is that this connection closes with a typed cause.
 */
export class Connection {
  readonly peer: Peer
  readonly #transport: Transport
  readonly #world: World
  readonly #events: ConnectionEvents
  readonly #limits: ConnectionLimits
  readonly #dialer: boolean
  readonly #decoder: FrameDecoder
  readonly #reader = new Reader()
  readonly #pending = new LiveMap<bigint, PendingQuery>()
  readonly #onFrame = (payload: Uint8Array) => this.#frame(payload)
  #state: 'handshake' | 'ready' | 'closed' = 'handshake'
  #connectId = 0n
  #seqno = 0
  #inboundQueries = 0
  #lastFrameAt: number
  /** A ping went out and no frame has come since. */
  #pinged = false
  #watch: Timer | undefined

  constructor(options: {
    transport: Transport
    world: World
    side: 'dialer' | 'acceptor'
    events: ConnectionEvents
    limits?: Partial<ConnectionLimits>
    /** For unfinished frames, shared with other connections. */
    budget?: ByteBudget
  }) {
    this.#decoder = new FrameDecoder({ maxPayloadBytes: strangerFrameBytes, budget: options.budget })
    this.#transport = options.transport
    this.peer = options.transport.peer
    this.#world = options.world
    this.#events = options.events
    this.#dialer = options.side === 'dialer'
    this.#limits = { ...(this.#dialer ? dialerLimits : acceptorLimits), ...options.limits }
    this.#lastFrameAt = this.#world.monotonic()
  }

  /** Begins; `ready` or `closed` follows. */
  start(): void {
    this.#watch = this.#world.after(this.#limits.handshakeMs, () => this.#handshakeOverdue())
    this.#transport.start({
      data: bytes => this.#data(bytes),
      drain: () => this.#drain(),
      closed: cause => this.#finish(new WireError('closed', 'the peer closed the connection', { cause })),
    })
    if (this.#dialer) {
      this.#connectId = this.#randomId()
      this.#send(tcpConnect, { _: 'tcp.connect', id: this.#connectId })
    }
  }

  get isReady(): boolean {
    return this.#state === 'ready'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** When the last frame came, on the world's monotonic clock. */
  get lastHeardAt(): number {
    return this.#lastFrameAt
  }

  get queuedBytes(): number {
    return this.#transport.queuedBytes
  }

  /**
   * Sends a one-way message. Returns false, and sends nothing, when it is too large or the connection is not
   * ready; false too when the peer has left so much unread that the connection closes over it.
   */
  send<T>(codec: Codec<T>, value: T): boolean {
    if (this.#state !== 'ready') return false
    const size = encodedSize(codec, value)
    const writer = this.#frameWriter(4 + paddedSize(size))
    if (writer === undefined) return false
    writer.id(tcpPacket.id)
    writer.startBytes(size)
    writeBoxed(writer, codec, value)
    writer.endBytes(size)
    return this.#commit(writer)
  }

  /**
   * Asks the peer and gives the answer's bytes. Rejects with a WireError: `peer-error` (the peer's refusal),
   * `timeout`, `closed`, `limit`, `frame-too-large`.
   */
  query<T>(codec: Codec<T>, value: T, timeoutMs: number): Promise<Uint8Array> {
    const data = encode(codec, value)
    if (this.#state !== 'ready') return Promise.reject(new WireError('closed', 'the connection is not open'))
    if (this.#pending.size >= this.#limits.maxOutboundQueries) {
      return Promise.reject(
        new WireError('limit', `${this.#pending.size} queries already wait for this peer`),
      )
    }
    const id = this.#randomId()
    return new Promise((resolve, reject) => {
      const timer = this.#world.after(timeoutMs, () => {
        this.#pending.delete(id)
        reject(new WireError('timeout', `no answer to ${codec.name} within ${timeoutMs} ms`))
      })
      this.#pending.set(id, { resolve, reject, timer })
      if (!this.#send(tcpQuery, { _: 'tcp.query', id, data })) {
        this.#pending.delete(id)
        timer.cancel()
        reject(new WireError('frame-too-large', `${codec.name} is larger than a frame`))
      }
    })
  }

  /** The peer is known: its frames may be as long as the network allows, not only as a handshake needs. */
  trust(): void {
    this.#decoder.allowLongest()
  }

  pause(): void {
    this.#transport.pause()
  }

  resume(): void {
    this.#transport.resume()
  }

  /** Sends what is queued, then closes. Outstanding queries fail at once. Idempotent. */
  close(cause = new WireError('closed', 'closed here')): void {
    if (this.#state === 'closed') return
    this.#transport.end()
    this.#finish(cause)
  }

  #data(bytes: Uint8Array): void {
    if (this.#state === 'closed') return
    try {
      this.#decoder.push(bytes, this.#onFrame)
    } catch (error) {
      this.#fail(error)
    }
  }

  #drain(): void {
    if (this.#state !== 'ready') return
    try {
      this.#events.drain()
    } catch (error) {
      this.#fail(error)
    }
  }

  #frame(payload: Uint8Array): void {
    this.#lastFrameAt = this.#world.monotonic()
    this.#pinged = false
    if (this.#state === 'handshake') return this.#handshakeFrame(payload)
    const id = peekId(payload)
    if (id === tcpPacket.id) return this.#events.packet(this.#packetData(payload))
    switch (id) {
      case tcpPing.id:
        this.#send(tcpPong, { _: 'tcp.pong', id: decode(tcpPing, payload).id })
        return
      case tcpQuery.id: {
        const query = decode(tcpQuery, payload)
        return this.#inboundQuery(query.id, query.data)
      }
      case tcpQueryAnswer.id: {
        const answer = decode(tcpQueryAnswer, payload)
        return this.#settle(answer.id, pending => pending.resolve(answer.data))
      }
      case tcpQueryError.id: {
        const { id: queryId, code, message } = decode(tcpQueryError, payload)
        return this.#settle(queryId, pending =>
          pending.reject(
            new WireError('peer-error', `the peer answered ${code}: ${message.slice(0, 300)}`, {
              peerCode: code,
            }),
          ),
        )
      }
      case tcpPong.id:
        decode(tcpPong, payload)
        return
      case tcpConnect.id:
        decode(tcpConnect, payload)
        return
      case tcpConnected.id:
        decode(tcpConnected, payload)
        return
      default:
        throw new WireError('malformed', `a frame of unknown kind ${id.toString(16)}`)
    }
  }

  /** `decode(tcpPacket, payload).data`, for the one kind of frame that comes in masses. */
  #packetData(payload: Uint8Array): Uint8Array {
    const reader = this.#reader
    reader.reset(payload)
    reader.id()
    const data = reader.bytes()
    reader.finish()
    reader.reset()
    return data
  }

  #handshakeFrame(payload: Uint8Array): void {
    const due = this.#dialer ? tcpConnected : tcpConnect
    const id = peekId(payload)
    if (id !== due.id)
      throw new WireError('handshake', `a frame of kind ${id.toString(16)} where ${due.name} was due`)
    if (this.#dialer) {
      if (decode(tcpConnected, payload).id !== this.#connectId) {
        throw new WireError('handshake', 'the peer confirmed another connection id')
      }
    } else if (!this.#send(tcpConnected, { _: 'tcp.connected', id: decode(tcpConnect, payload).id })) {
      return
    }
    this.#state = 'ready'
    this.#watch?.cancel()
    this.#watchActivity()
    this.#events.ready()
  }

  #inboundQuery(id: bigint, data: Uint8Array): void {
    if (this.#inboundQueries >= this.#limits.maxInboundQueries) {
      throw new WireError(
        'limit',
        `more than ${this.#limits.maxInboundQueries} unanswered queries from the peer`,
      )
    }
    this.#inboundQueries++
    let due = true
    const once = (send: () => boolean) => {
      if (!due) return
      due = false
      this.#inboundQueries--
      if (!send()) this.close(new WireError('frame-too-large', 'an answer was larger than a frame'))
    }
    this.#events.query(data, {
      answer: (codec, value) =>
        once(() => this.#send(tcpQueryAnswer, { _: 'tcp.queryAnswer', id, data: encode(codec, value) })),
      error: (code, message) =>
        once(() => this.#send(tcpQueryError, { _: 'tcp.queryError', id, code, message })),
    })
  }

  /** Late, unknown and repeated answers are ignored, as is an answer to another connection's query. */
  #settle(id: bigint, settle: (pending: PendingQuery) => void): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    pending.timer.cancel()
    settle(pending)
  }

  #watchActivity(): void {
    const { pingAfterMs, inactivityMs } = this.#limits
    const now = this.#world.monotonic()
    const silentMs = now - this.#lastFrameAt
    if (silentMs >= inactivityMs) {
      this.#fail(new WireError('timeout', `nothing from the peer for ${Math.round(silentMs / 1000)} s`))
      return
    }
    let nextMs = inactivityMs - silentMs
    if (this.#dialer) {
      if (silentMs >= pingAfterMs && !this.#pinged) {
        this.#pinged = true
        if (!this.#send(tcpPing, { _: 'tcp.ping', id: this.#randomId() })) return
      } else if (silentMs < pingAfterMs) {
        nextMs = pingAfterMs - silentMs
      }
    }
    this.#watch = this.#world.after(Math.max(1, Math.ceil(nextMs)), () => this.#watchActivity())
  }

  #handshakeOverdue(): void {
    this.#fail(new WireError('handshake', `no handshake within ${this.#limits.handshakeMs} ms`))
  }

  #send<T>(codec: Codec<T>, value: T): boolean {
    const writer = this.#frameWriter(encodedSize(codec, value))
    if (writer === undefined) return false
    writeBoxed(writer, codec, value)
    return this.#commit(writer)
  }

  #frameWriter(payloadBytes: number): Writer | undefined {
    if (this.#state === 'closed' || payloadBytes > maxPayloadBytes) return undefined
    const frame = newFrame(frameHeaderBytes + payloadBytes)
    writeFrameHeader(frame, payloadBytes, this.#seqno)
    return new Writer(frame, frameHeaderBytes)
  }

  /** False when this was more than the peer may leave unread, and the connection is given up. */
  #commit(writer: Writer): boolean {
    this.#transport.write(writer.finish())
    this.#seqno = (this.#seqno + 1) >>> 0
    if (this.#transport.queuedBytes <= this.#limits.maxQueuedBytes) return true
    this.#fail(new WireError('overloaded', `the peer left ${this.#transport.queuedBytes} bytes unread`))
    return false
  }

  #fail(error: unknown): void {
    const cause = error instanceof WireError ? error : mistake(error)
    if (this.#state === 'closed') return
    this.#transport.end()
    this.#finish(cause)
  }

  #finish(cause: WireError): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#decoder.stop()
    this.#watch?.cancel()
    for (const pending of this.#pending.values()) {
      pending.timer.cancel()
      pending.reject(
        new WireError('closed', `the connection closed before the answer: ${cause.message}`, { cause }),
      )
    }
    this.#pending.clear()
    this.#events.closed(cause)
  }

  #randomId(): bigint {
    const bytes = this.#world.random(8)
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true)
  }
}

/** Node's pooled buffers are several times cheaper than fresh arrays; a frame is written over completely. */
const newFrame: (size: number) => Uint8Array =
  typeof Buffer === 'undefined' ? size => new Uint8Array(size) : size => Buffer.allocUnsafe(size)

/** Says where, not what: an error's own text may quote the message that it was about. */
function mistake(error: unknown): WireError {
  const where = error instanceof Error ? `${error.name} ${firstFrame(error)}` : ''
  return new WireError('internal', `this side could not handle a message: ${where}`, { cause: error })
}

/** The first line of the stack below the message, which may itself have lines that look like it. */
function firstFrame({ message, stack = '' }: Error): string {
  const start = stack.indexOf(message)
  return start < 0 ? '' : (/\n\s+(at .*)/.exec(stack.slice(start + message.length))?.[1] ?? '')
}
