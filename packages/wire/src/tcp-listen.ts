import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { WireError } from './error.ts'
import { check, decodeResponse, encodeChallenge, responseBytes, saltBytes } from './pow.ts'
import { Admission, defaultListenLimits } from './tcp-admission.ts'
import type { ListenLimits, Place } from './tcp-admission.ts'
import type { ProofOfWork } from './tcp-difficulty.ts'
import { Handshake, checkTlsPeer, formatAddress, readPreamble, secureContextOf } from './tcp-handshake.ts'
import type { PeerCheck, TlsIdentity } from './tcp-handshake.ts'
import { SocketTransport } from './tcp-transport.ts'
import type { Peer, Transport } from './transport.ts'
import type { World } from './world.ts'

interface CommonListenOptions {
  /** `127.0.0.1` unless told. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  readonly limits?: Partial<ListenLimits>
  /** Gets each peer that passed everything. */
  readonly onTransport: (transport: Transport) => void
  /** Hears of each connection that came to nothing. */
  readonly onRefused?: (error: WireError, address: string) => void
  readonly world: World
}

/** Proof of work and TLS are done here. */
export interface DirectListenOptions extends CommonListenOptions {
  readonly mode: 'direct'
  /** Asked for each connection, so that certificates can be renewed. */
  readonly identity: () => TlsIdentity
  readonly checkPeer: PeerCheck
  readonly proofOfWork: ProofOfWork
}

/**
 * A router of the reference stands in front and says who the peer is. Whoever can connect to this port is
 * believed, so it must be on loopback.
 */
export interface RouterListenOptions extends CommonListenOptions {
  readonly mode: 'router'
}

export type ListenOptions = DirectListenOptions | RouterListenOptions

export interface Listener extends AsyncDisposable {
  readonly port: number
  /** Established and not closed yet. */
  readonly connections: number
  /** On their way there. */
  readonly handshakes: number
  /** Takes no more connections, drops handshakes, ends transports; resolves when all are gone. */
  close(): Promise<void>
}

/** Accepts connections. A peer that misbehaves loses its own connection and nothing else. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host = '127.0.0.1', port, mode } = options
  if (mode === 'router' && !isLoopback(host)) {
    throw new TypeError(`Behind a router a port is opened on loopback only, not on ${host}.`)
  }
  const server = createServer({ noDelay: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return new SocketListener(server, options)
}

class SocketListener implements Listener {
  readonly port: number
  readonly #server: Server
  readonly #options: ListenOptions
  readonly #limits: ListenLimits
  readonly #admission: Admission
  readonly #sockets = new Set<Socket>()
  readonly #transports = new Set<Transport>()

  constructor(server: Server, options: ListenOptions) {
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#options = options
    this.#limits = { ...defaultListenLimits, ...options.limits }
    this.#admission = new Admission(this.#limits)
    server.on('connection', socket => this.#enter(socket))
    server.on('error', cause => {
      this.#refuse(new WireError('overloaded', `Accepting a connection failed: ${cause.message}`, { cause }))
    })
  }

  get connections(): number {
    return this.#admission.connections
  }

  get handshakes(): number {
    return this.#admission.handshakes
  }

  async close(): Promise<void> {
    const gone = [...this.#sockets].map(socket => new Promise(resolve => socket.once('close', resolve)))
    gone.push(new Promise(resolve => this.#server.close(resolve)))
    this.#admission.displaceAll(new WireError('closed', 'The listener closes.'))
    for (const transport of this.#transports) transport.end()
    await Promise.all(gone)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #enter(socket: Socket): void {
    const { mode, world } = this.#options
    const { remoteAddress = 'unknown', remotePort } = socket
    const address = formatAddress(remoteAddress, remotePort)
    const firstPhase = mode === 'direct' ? 'proof of work' : 'preamble'
    const handshake = new Handshake(socket, address, firstPhase, world, this.#limits.handshakeTimeoutMs)
    let place: Place
    try {
      place = this.#admission.enter(remoteAddress, reason => handshake.abandon(reason))
    } catch (cause) {
      const error = handshake.explain(cause)
      handshake.abandon(error)
      this.#refuse(error, address)
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      place.leave()
    })
    void this.#shakeHands(handshake, place)
  }

  async #shakeHands(handshake: Handshake, place: Place): Promise<void> {
    const options = this.#options
    try {
      const peer = await (options.mode === 'direct'
        ? meetPeer(handshake, place, options)
        : readPreamble(handshake))
      place.establish()
      const socket = handshake.finish()
      const transport = new SocketTransport(socket, peer, options.world)
      this.#transports.add(transport)
      socket.once('close', () => this.#transports.delete(transport))
      options.onTransport(transport)
    } catch (cause) {
      const error = handshake.explain(cause)
      handshake.abandon(error)
      this.#refuse(error, handshake.address)
    }
  }

  #refuse(error: WireError, address = 'unknown'): void {
    this.#options.onRefused?.(error, address)
  }
}

/** The acceptor's side of the public wire: nothing but 24 bytes is spent on a peer that has not worked for it. */
async function meetPeer(handshake: Handshake, place: Place, options: DirectListenOptions): Promise<Peer> {
  const { identity, checkPeer, proofOfWork, world } = options
  const challenge = { difficulty: proofOfWork.difficulty(), salt: world.random(saltBytes) }
  proofOfWork.handshakeStarted?.()
  handshake.write(encodeChallenge(challenge))
  if (!check(challenge, decodeResponse(await handshake.read(responseBytes)))) {
    throw new WireError('proof-of-work', `The proof of work of ${handshake.address} is wrong.`)
  }
  place.prove()

  handshake.phase = 'TLS'
  const secureContext = secureContextOf(identity())
  const secure = handshake.upgrade(
    socket =>
      new TLSSocket(socket, { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false }),
  )
  const checked = await checkTlsPeer(handshake, secure, checkPeer)
  proofOfWork.handshakeFinished?.()
  const spki = secure.getX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
  return { ...checked, address: handshake.address, ...(spki && { shownKey: spki.subarray(-32) }) }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
