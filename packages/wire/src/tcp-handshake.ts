import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { SecureContext, TLSSocket } from 'node:tls'
import { WireError } from './error.ts'
import type { WireErrorCode } from './error.ts'
import { decodePreambleBody, decodePreambleLength, peerImageHash, preambleLengthBytes } from './preamble.ts'
import type { Peer, PeerProof } from './transport.ts'
import type { Timer, World } from './world.ts'

/** The certificate that one side shows, PEM, with its private key, PKCS#8 PEM. Ed25519. */
export interface TlsIdentity {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** What is known of a peer whose certificate was accepted. */
export interface CheckedPeer {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** 32 bytes. */
  readonly imageHash: Uint8Array
  readonly proof?: PeerProof
}

/** Judges the DER certificate that a peer showed. Rejecting refuses the peer. */
export type PeerCheck = (certificateDer: Uint8Array) => Promise<CheckedPeer>

/** How far a connection has come, as errors tell it. */
export type HandshakePhase = 'connect' | 'proof of work' | 'TLS' | 'peer check' | 'SOCKS5' | 'preamble'

/**
 * A connection on its way to becoming a transport. It has one deadline for all phases, and whatever ends it
 * early (the peer, the deadline, `abandon`) makes the step that is under way reject with a `WireError`.
 */
export class Handshake {
  readonly address: string
  phase: HandshakePhase
  #socket: Socket
  readonly #timer: Timer
  readonly #abort = new AbortController()
  readonly #lost = Promise.withResolvers<never>()

  constructor(socket: Socket, address: string, phase: HandshakePhase, world: World, timeoutMs: number) {
    this.address = address
    this.phase = phase
    this.#socket = socket
    this.#lost.promise.catch(() => {})
    this.#watch(socket)
    this.#timer = world.after(timeoutMs, () => {
      const message = `No connection with ${address} after ${timeoutMs} ms, in the ${this.phase} phase.`
      this.abandon(new WireError('timeout', message))
    })
  }

  /** Aborted once the connection is lost. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Awaits work that belongs to the present phase, unless the connection is lost before. */
  step<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.#lost.promise, work])
  }

  /** Reads exactly so many bytes; what comes behind them stays in the socket. */
  read(sizeBytes: number): Promise<Uint8Array> {
    return this.step(readExactly(this.#socket, sizeBytes))
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** From here on the connection is this TLS socket, which owns the plain one. */
  upgrade(start: (socket: Socket) => TLSSocket): TLSSocket {
    const plain = this.#socket
    this.#unwatch()
    plain.on('error', ignore)
    const secure = start(plain)
    this.#socket = secure
    this.#watch(secure)
    return secure
  }

  /** Ends the connection. The first reason given is the one that is reported. */
  abandon(reason: WireError): void {
    this.#lose(reason)
    this.#socket.destroy()
  }

  /** Hands the socket out; its errors are the caller's from now on. Throws if the connection is lost already. */
  finish(): Socket {
    this.#abort.signal.throwIfAborted()
    this.#timer.cancel()
    this.#unwatch()
    return this.#socket
  }

  /** What went wrong in the present phase, as an error for people: the loss of the connection before all else. */
  explain(cause: unknown): WireError {
    const { aborted, reason } = this.#abort.signal
    if (aborted) return reason as WireError
    if (cause instanceof WireError) return cause
    const [code, what]: [WireErrorCode, string] =
      this.phase === 'peer check'
        ? ['tls', `The certificate of ${this.address} was refused`]
        : this.phase === 'connect'
          ? ['closed', `Cannot connect to ${this.address}`]
          : [this.phase === 'TLS' ? 'tls' : 'closed', `The ${this.phase} phase with ${this.address} failed`]
    return new WireError(code, `${what}: ${messageOf(cause)}`, { cause })
  }

  readonly #onError = (cause: Error): void => {
    const reset = (cause as { code?: unknown }).code === 'ECONNRESET'
    // While a certificate is being judged, an error of the socket is no verdict on it.
    this.#lose(reset || this.phase === 'peer check' ? this.#peerClosed(cause) : this.explain(cause))
  }

  readonly #onClose = (): void => this.#lose(this.#peerClosed())

  #peerClosed(cause?: Error): WireError {
    const judged = this.phase === 'TLS' || this.phase === 'peer check'
    const hint = judged ? '; peers refuse a proof of work or a certificate without a word' : ''
    const message = `${this.address} closed the connection during the ${this.phase} phase${hint}.`
    return new WireError('closed', message, cause && { cause })
  }

  #watch(socket: Socket): void {
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  #unwatch(): void {
    this.#socket.off('error', this.#onError)
    this.#socket.off('close', this.#onClose)
  }

  #lose(cause: WireError): void {
    this.#timer.cancel()
    this.#lost.reject(cause)
    if (!this.#abort.signal.aborted) this.#abort.abort(cause)
  }
}

/**
 * The TLS settings of one identity: TLS 1.3 with AES-GCM, Ed25519 signatures alone, no certificate
 * authorities. Made once an identity, since it takes milliseconds.
 */
export function secureContextOf(identity: TlsIdentity): SecureContext {
  let context = secureContexts.get(identity)
  if (!context) {
    context = createSecureContext({
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      // An empty list keeps the machine's authorities from being loaded; nothing is verified by them.
      ca: [],
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384',
      sigalgs: 'ed25519',
      // Every connection judges the peer anew: none resumes another.
      secureOptions: constants.SSL_OP_NO_TICKET,
    })
    secureContexts.set(identity, context)
  }
  return context
}

/** Waits for TLS, then lets the peer's certificate be judged. */
export async function checkTlsPeer(
  handshake: Handshake,
  secure: TLSSocket,
  checkPeer: PeerCheck,
): Promise<CheckedPeer> {
  await handshake.step(new Promise(resolve => secure.once('secure', resolve)))
  handshake.phase = 'peer check'
  const certificate = secure.getPeerX509Certificate()
  if (!certificate) {
    throw new WireError('tls', `${handshake.address} shows no Ed25519 certificate; one is required.`)
  }
  const { publicKey, imageHash, proof } = await handshake.step(checkPeer(certificate.raw))
  return { publicKey, imageHash, ...(proof && { proof }) }
}

/** Reads what a router says about the peer at the other end. */
export async function readPreamble(handshake: Handshake): Promise<Peer> {
  handshake.phase = 'preamble'
  const length = decodePreambleLength(await handshake.read(preambleLengthBytes))
  const { source, publicKey, ...info } = decodePreambleBody(await handshake.read(length))
  const imageHash = await handshake.step(peerImageHash(info))
  return { address: formatAddress(source.ip, source.port), publicKey, imageHash }
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(host = 'unknown', port = 0): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const secureContexts = new WeakMap<TlsIdentity, SecureContext>()

/** Settles when the bytes are there or the stream is over; a lost connection is for the caller to notice. */
function readExactly(socket: Socket, sizeBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      const bytes: Uint8Array | null = socket.read(sizeBytes)
      if (bytes === null) return
      socket.off('readable', attempt)
      if (bytes.length === sizeBytes) resolve(bytes)
      else reject(new WireError('closed', 'The peer closed the connection in the middle of a message.'))
    }
    socket.on('readable', attempt)
    attempt()
  })
}

/** The shortest text that says what a socket's error is: OpenSSL's reason where there is one. */
export function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { code, reason } = cause as { code?: unknown; reason?: unknown }
  return typeof reason === 'string' ? reason : cause.message || String(code ?? cause.name)
}

function ignore(): void {}
