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

/** Runs one step of a handshake; whatever goes wrong in it is told to the peer and ends the connection. */
export function handshakeStep(connection: Connection, reply: Reply, step: () => Promise<void> | void): void {
  const reject = (error: unknown) => {
    if (connection.isClosed) return
    const code = error instanceof Rejection ? error.peerCode : errorCode.failure
    const message =
      error instanceof Rejection || error instanceof WireError ? error.message : 'the proxy could not complete the handshake'
    reply.error(code, message)
    connection.close(new WireError('handshake', `refused: ${message}`, { cause: error }))
  }
  try {
    Promise.resolve(step()).catch(reject)
  } catch (error) {
    reject(error)
  }
}
