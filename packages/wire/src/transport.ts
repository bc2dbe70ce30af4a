/**
 * An ordered, reliable byte pipe to one peer whose identity is already settled: TCP with proof of work and
 * TLS, TCP behind a router with its preamble, or an in-memory pipe. Frames run on top of it.
 */
export interface Transport {
  readonly peer: Peer
  /** Must be called once, before anything arrives; bytes that came earlier are delivered first. */
  start(events: TransportEvents): void
  /**
   * Queues bytes; takes ownership of `bytes`. Never throws: after the end it does nothing.
   * Writes of one event-loop turn leave together.
   */
  write(bytes: Uint8Array): void
  /** Bytes queued here that the operating system has not taken yet. */
  readonly queuedBytes: number
  /** Stops and continues the delivery of `data` events. */
  pause(): void
  resume(): void
  /** Sends what is queued within a bounded time, then closes. Idempotent. */
  end(): void
  /** Closes at once and drops what is queued. Idempotent. */
  destroy(): void
}

export interface TransportEvents {
  /** The callee owns `bytes` until it returns, or for good if it keeps views of them: they are never reused. */
  data(bytes: Uint8Array): void
  /** The queue fell below the low-water mark after having been above the high-water mark. */
  drain(): void
  /** Exactly once, and nothing after it. */
  closed(cause?: Error): void
}

/** What is known of the other end before the first frame. */
export interface Peer {
  /** For people: `127.0.0.1:11001`. */
  readonly address: string
  /** Ed25519 key of the peer's certificate, 32 bytes; absent on a pipe. */
  readonly publicKey?: Uint8Array
  /** Ed25519 key that this end has shown to the peer that dialed it, 32 bytes; absent where another process did. */
  readonly shownKey?: Uint8Array
  /** SHA-256 over the peer's measurements (protocol section 4.4); 32 zero bytes where nothing was attested. */
  readonly imageHash: Uint8Array
  /** Absent where nothing was attested, and where somebody else has verified it. */
  readonly proof?: PeerProof
}

/** What is behind a peer that was believed, for as long as its connection lasts. */
export interface PeerProof {
  /** It leads to a stand-in for a maker of processors, and proves nothing. */
  readonly isSimulated: boolean
  /** Calls `lost` once if the peer is no longer to be believed, until it is disposed. */
  watch(lost: (why: Error) => void): Disposable
}
