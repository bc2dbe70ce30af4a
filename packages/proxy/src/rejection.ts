import { type Connection, type Reply, WireError } from '@cocoon/wire'
import { errorCode } from './refusal.ts'

/** A session handshake that ends here: the peer is told why, then the connection closes. */
export class Rejection extends Error {
  /** The network's error number. */
  readonly peerCode: number

  constructor(peerCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Rejection'
    this.peerCode = peerCode
  }
}

/** The steps of one handshake, each answered before the next begins. */
export class HandshakeSteps {
  #underWay = false

  /** Whatever goes wrong in a step is told to the peer and ends the connection. */
  run(connection: Connection, reply: Reply, step: () => Promise<void>): void {
    if (this.#underWay)
      return reject(connection, reply, new Rejection(errorCode.protocol, 'one step at a time'))
    this.#underWay = true
    step().then(
      () => {
        this.#underWay = false
      },
      (error: unknown) => reject(connection, reply, error),
    )
  }
}

function reject(connection: Connection, reply: Reply, error: unknown): void {
  if (connection.isClosed) return
  const code = error instanceof Rejection ? error.peerCode : errorCode.failure
  const message =
    error instanceof Rejection || error instanceof WireError
      ? error.message
      : 'the proxy could not complete the handshake'
  reply.error(code, message)
  connection.close(new WireError('handshake', `refused: ${message}`, { cause: error }))
}
