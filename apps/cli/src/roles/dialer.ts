import type { PeerEndpoint, Transport, World } from '@cocoon/wire'
import { dial } from '@cocoon/wire/node'
import type { Report } from '../event.ts'
import type { Attestation } from './attestation.ts'

/** How a client or worker reaches proxies. */
export interface Reach {
  /** What is shown to proxies and asked of them on direct connections. */
  readonly attestation: Attestation
  /** Proofs of work that are harder are refused. */
  readonly maxDifficulty: number
  /** A router of the reference that connects in this role's place. */
  readonly router?: { readonly host: string; readonly port: number } | undefined
}

export interface Dialer extends Disposable {
  dial(endpoint: PeerEndpoint, signal: AbortSignal): Promise<Transport>
  /** Attempts by what became of them. */
  readonly counts: { established: number; failed: number }
}

/** Dials proxies with proof of work and TLS, or through a router. */
export async function createDialer(world: World, reach: Reach, report: Report): Promise<Dialer> {
  const { attestation, maxDifficulty, router } = reach
  const identity = await attestation.identity(report)
  const checkPeer = attestation.checkServer
  const mode = router === undefined ? ({ kind: 'direct' } as const) : ({ kind: 'router', ...router } as const)
  const counts = { established: 0, failed: 0 }
  return {
    counts,
    dial: async ({ host, port }, signal) => {
      try {
        const options = { host, port, mode, identity: identity.current(), checkPeer, maxDifficulty }
        const transport = await dial({ ...options, signal, world })
        counts.established++
        return transport
      } catch (error) {
        counts.failed++
        throw error
      }
    },
    [Symbol.dispose]: () => identity[Symbol.dispose](),
  }
}
