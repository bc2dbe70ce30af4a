import { noteKey, type RemoteWitness } from '@cocoon/trust/log'
import { type Connection, decode, witnessAddCheckpoint, witnessAnswer, type WitnessOffer } from '@cocoon/wire'
import { nodeLogCrypto } from './node-log-crypto.ts'
import type { ProxyLog } from './proxy-log.ts'

const witnessTimeoutMs = 5_000

/** Asks a connected peer for cosignatures from now on. Throws a TrustError for an offer whose name or key is none. */
export function askPeer(
  log: ProxyLog,
  connection: Connection,
  { name, publicKey }: WitnessOffer,
): Disposable {
  const witness: RemoteWitness = {
    key: noteKey(nodeLogCrypto, 'cosignature-v1', name, publicKey),
    submit: async body => {
      const ask = { _: 'witness.addCheckpoint' as const, body }
      return decode(witnessAnswer, await connection.query(witnessAddCheckpoint, ask, witnessTimeoutMs))
    },
  }
  return log.addWitness(witness)
}
