import { WireError, type World } from '@cocoon/wire'
import { dial } from '@cocoon/wire/node'
import { statusOf } from '../commands/status.ts'
import { reasonOf } from '../error.ts'
import { checkPeersAs } from '../roles/attestation.ts'
import { probePort } from '../roles/port.ts'
import type { RoleName } from '../roles/role.ts'
import { type Check, failed, passed } from './check.ts'

/** A port that a role wants to listen on. */
export interface WantedPort {
  readonly host: string
  readonly port: number
  /** Whose HTTP surface it is, or `peers` for one that speaks the network's protocol. */
  readonly of: RoleName | 'peers'
  /** Which flag or key chooses it. */
  readonly setting: string
}

/** Free, taken by the very role that is to listen there, or taken by somebody else. */
export async function checkPort({ host, port, of, setting }: WantedPort, world: World): Promise<Check> {
  const name = `port ${port} (${setting})`
  try {
    await probePort(host, port)
    return passed(name, 'free')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
      return failed(name, reasonOf(error), `Choose another port or address with ${setting}.`)
    }
  }
  if (of === 'peers') {
    if (await speaksToPeers(host, port, world)) return passed(name, 'a Cocoon proxy listens there')
  } else {
    const { state } = await statusOf(of, port)
    if (state === 'up' || state === 'not ready') return passed(name, `a Cocoon ${of} listens there`)
  }
  return failed(
    name,
    'in use by another program',
    `Stop that program, or choose another port with ${setting}.`,
  )
}

/** Whether the first thing said there is a proof of work, which is not done here. */
async function speaksToPeers(host: string, port: number, world: World): Promise<boolean> {
  const refuseAll = { maxDifficulty: -1, timeoutMs: 2_000 }
  try {
    const identity = { certificatePem: '', privateKeyPem: '' }
    const checkPeer = checkPeersAs('server', 'any', world)
    const transport = await dial({
      host,
      port,
      mode: { kind: 'direct' },
      identity,
      checkPeer,
      ...refuseAll,
      world,
    })
    transport.destroy()
    return true
  } catch (error) {
    return error instanceof WireError && error.code === 'proof-of-work'
  }
}
