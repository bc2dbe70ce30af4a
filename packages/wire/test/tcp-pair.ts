import { X509Certificate } from 'node:crypto'
import type { Transport, WireError, World } from '../src/index.ts'
import { dial, listen, systemWorld } from '../src/node.ts'
import type { DialOptions, DirectListenOptions, Listener, PeerCheck } from '../src/node.ts'
import { firstIdentity, secondIdentity } from './tls-identities.ts'
import type { Ends } from './transport-suite.ts'

/** Accepts every certificate and takes its key for the peer's. */
export const acceptAnybody: PeerCheck = async certificateDer => {
  const key = new X509Certificate(certificateDer).publicKey.export({ type: 'spki', format: 'der' })
  return { publicKey: Uint8Array.from(key.subarray(-32)), imageHash: new Uint8Array(32) }
}

/** A direct listener with an easy proof of work, and what it reports. */
export async function listenDirect(options: Partial<DirectListenOptions> = {}) {
  const transports: Transport[] = []
  const refusals: WireError[] = []
  let changed = Promise.withResolvers<void>()
  const change = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const listener: Listener = await listen({
    mode: 'direct',
    port: 0,
    identity: () => firstIdentity,
    checkPeer: acceptAnybody,
    proofOfWork: { difficulty: () => 4 },
    world: systemWorld,
    onTransport: transport => {
      transports.push(transport)
      change()
    },
    onRefused: error => {
      refusals.push(error)
      change()
    },
    ...options,
  })
  return {
    listener,
    port: listener.port,
    transports,
    refusals,
    /** Resolves once something that was reported makes this true. */
    until: async (condition: () => boolean): Promise<void> => {
      while (!condition()) await changed.promise
    },
    [Symbol.asyncDispose]: () => listener.close(),
  }
}

export function dialDirect(port: number, options: Partial<DialOptions> = {}): Promise<Transport> {
  return dial({
    host: '127.0.0.1',
    port,
    mode: { kind: 'direct' },
    identity: secondIdentity,
    checkPeer: acceptAnybody,
    world: systemWorld,
    ...options,
  })
}

/** Two transports with proof of work and TLS between them: `a` has dialed `b`. */
export async function connectDirect(world: World = systemWorld): Promise<Ends> {
  const server = await listenDirect({ world })
  const a = await dialDirect(server.port, { world })
  await server.until(() => server.transports.length === 1)
  const b = server.transports[0]!
  return {
    a,
    b,
    [Symbol.asyncDispose]: async () => {
      a.destroy()
      b.destroy()
      await server.listener.close()
    },
  }
}
