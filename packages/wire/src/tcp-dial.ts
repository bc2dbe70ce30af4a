import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { WireError } from './error.ts'
import { challengeBytes, decodeChallenge, encodeResponse } from './pow.ts'
import { solve } from './pow-solver.ts'
import {
  checkSocksMethod,
  checkSocksReply,
  encodeSocksConnect,
  socksGreeting,
  socksMethodBytes,
  socksReplyBytes,
} from './socks.ts'
import { Handshake, checkTlsPeer, formatAddress, readPreamble, secureContextOf } from './tcp-handshake.ts'
import type { CheckedPeer, PeerCheck, TlsIdentity } from './tcp-handshake.ts'
import { SocketTransport } from './tcp-transport.ts'
import type { Peer, Transport } from './transport.ts'
import type { World } from './world.ts'

export interface DialOptions {
  /** The peer. Behind a router it is an IPv4 address. */
  readonly host: string
  readonly port: number
  /** Proof of work and TLS done here, or by a router of the reference that is reached over SOCKS5. */
  readonly mode:
    | { readonly kind: 'direct' }
    | { readonly kind: 'router'; readonly host: string; readonly port: number }
  /** Shown to the peer in direct mode, which needs it; a router shows its own. */
  readonly identity?: TlsIdentity
  /** Judges the peer in direct mode; behind a router the router has done so and its word is taken. */
  readonly checkPeer: PeerCheck
  readonly maxDifficulty?: number
  /** For everything up to the transport. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly world: World
}

const defaultTimeoutMs = 20_000

/**
 * Connects to an attested peer. Rejects with a `WireError` that names the phase it failed in: `timeout`,
 * `closed` (unreachable, or gone), `proof-of-work`, `tls` (with the check's own error as its cause),
 * `handshake` and `malformed` (of a router). A peer that refuses our certificate closes the connection without
 * a word, possibly after this has resolved: TLS 1.3 tells a client no sooner.
 */
export async function dial(options: DialOptions): Promise<Transport> {
  const { host, port, mode, signal, world, timeoutMs = defaultTimeoutMs } = options
  const address = formatAddress(host, port)
  if (signal?.aborted) throw aborted(address, signal)
  const target = mode.kind === 'router' ? mode : { host, port }
  const socket = connect({ host: target.host, port: target.port, noDelay: true })
  const handshake = new Handshake(
    socket,
    formatAddress(target.host, target.port),
    'connect',
    world,
    timeoutMs,
  )
  const abort = (): void => handshake.abandon(aborted(address, signal))
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await handshake.step(new Promise<void>(resolve => socket.once('connect', resolve)))
    const peer =
      mode.kind === 'router' ? await passRouter(handshake, options) : await passPeer(handshake, options)
    return new SocketTransport(handshake.finish(), { ...peer, address }, world)
  } catch (cause) {
    const error = handshake.explain(cause)
    handshake.abandon(error)
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** The way over the public wire: proof of work, then TLS, then the check of the peer's certificate. */
async function passPeer(handshake: Handshake, options: DialOptions): Promise<CheckedPeer> {
  const { identity, checkPeer, maxDifficulty, world } = options
  if (!identity) throw new WireError('tls', 'A direct connection needs an identity to show to the peer.')

  handshake.phase = 'proof of work'
  const challenge = decodeChallenge(await handshake.read(challengeBytes))
  const { signal } = handshake
  const work = solve(challenge, { world, signal, ...(maxDifficulty !== undefined && { maxDifficulty }) })
  handshake.write(encodeResponse(await handshake.step(work)))

  handshake.phase = 'TLS'
  const secure = handshake.upgrade(socket =>
    connectTls({
      socket,
      secureContext: secureContextOf(identity),
      // The peers' certificates are self-signed: checkPeer alone decides, before a byte is delivered.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    }),
  )
  return checkTlsPeer(handshake, secure, checkPeer)
}

/** The way over loopback: SOCKS5 to a router, which then tells whom it has verified at the other end. */
async function passRouter(handshake: Handshake, { host, port }: DialOptions): Promise<Peer> {
  handshake.phase = 'SOCKS5'
  const request = encodeSocksConnect(host, port)
  handshake.write(socksGreeting)
  checkSocksMethod(await handshake.read(socksMethodBytes))
  handshake.write(request)
  checkSocksReply(await handshake.read(socksReplyBytes))
  return readPreamble(handshake)
}

function aborted(address: string, signal: AbortSignal | undefined): WireError {
  return new WireError('closed', `Dialing ${address} was given up by the caller.`, { cause: signal?.reason })
}
