/** What went wrong between two parties, as a program can tell it apart. */
export type WireErrorCode =
  /** Bytes that are not what the schema says; the sender is faulty, a retry does not help. */
  | 'malformed'
  /** A frame longer than the limit. */
  | 'frame-too-large'
  /** A frame out of its order. */
  | 'sequence'
  /** The first frames of a connection are not the handshake. */
  | 'handshake'
  /** Nothing came in time; a retry may help. */
  | 'timeout'
  /** The connection ended. */
  | 'closed'
  /** This side refuses more work for now; retry later. */
  | 'overloaded'
  /** The proof of work was refused, or asks for more work than this side is willing to do. */
  | 'proof-of-work'
  /** TLS failed, or the peer's certificate was refused. */
  | 'tls'
  /** The peer answered a query with an error of its own. */
  | 'peer-error'
  /** A bound of this side was reached. */
  | 'limit'
  /** A mistake of this side in handling a message; only the connection it came on is given up. */
  | 'internal'

/** Every failure that this package reports. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly code: WireErrorCode
  /** Of `peer-error`: the number that the peer answered with. */
  readonly peerCode: number | undefined

  constructor(code: WireErrorCode, message: string, options?: ErrorOptions & { peerCode?: number }) {
    super(message, options)
    this.code = code
    this.peerCode = options?.peerCode
  }
}
