import { TrustError } from '@cocoon/trust'
import { type NoteKey, noteKey } from '@cocoon/trust/log'
import { type Connection, decode, witnessAddCheckpoint, witnessAnswer, type WitnessOffer } from '@cocoon/wire'
import { nodeLogCrypto } from './node-log-crypto.ts'
import type { ProxyLog } from './proxy-log.ts'

const witnessTimeoutMs = 5_000

/** Asks a connected peer for cosignatures from now on. Undefined where its name or key is none. */
export function askPeer(log: ProxyLog, connection: Connection, offer: WitnessOffer): Disposable | undefined {
  const key = keyOf(offer)
  return (
    key &&
    log.addWitness({
      key,
      submit: async body => {
        const ask = { _: 'witness.addCheckpoint' as const, body }
        return decode(witnessAnswer, await connection.query(witnessAddCheckpoint, ask, witnessTimeoutMs))
      },
    })
  )
}

function keyOf({ name, publicKey }: WitnessOffer): NoteKey | undefined {
  try {
    return noteKey(nodeLogCrypto, 'cosignature-v1', name, publicKey)
  } catch (error) {
    if (error instanceof TrustError) return undefined
    throw error
  }
}
