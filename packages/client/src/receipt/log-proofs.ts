import { addressKey, type ProxyTerms } from '@cocoon/money'
import {
  clientConsistency,
  clientGetConsistency,
  clientGetInclusion,
  type ClientInclusion,
  clientInclusion,
  type Connection,
  decode,
  WireError,
} from '@cocoon/wire'

/** What a proxy proves of its log. It may lie: whoever asks verifies. */
export interface LogProofs {
  /** Of the proxy, 32 bytes. */
  readonly proxyKey: Uint8Array
  /** `addressKey` of the proxy's contract. */
  readonly contract: string
  /** Where the entry with this leaf hash is; undefined while it is in no log. Rejects where the proxy does not say. */
  inclusion(leaf: Uint8Array): Promise<ClientInclusion | undefined>
  /** Proof of RFC 6962 that the log of one size goes on from that of another. Rejects likewise. */
  consistency(oldSize: number, newSize: number): Promise<readonly Uint8Array[]>
}

const proofTimeoutMs = 10_000
const notLogged = 663

/** Asks over the connection to a proxy. */
export function logProofsOf(connection: Connection, { publicKey, contract }: ProxyTerms): LogProofs {
  return {
    proxyKey: publicKey,
    contract: addressKey(contract),
    inclusion: async leaf => {
      const ask = { _: 'client.getInclusion' as const, leaf }
      try {
        return decode(clientInclusion, await connection.query(clientGetInclusion, ask, proofTimeoutMs))
      } catch (error) {
        if (error instanceof WireError && error.peerCode === notLogged) return undefined
        throw error
      }
    },
    consistency: async (oldSize, newSize) => {
      const ask = { _: 'client.getConsistency' as const, oldSize: BigInt(oldSize), newSize: BigInt(newSize) }
      return decode(clientConsistency, await connection.query(clientGetConsistency, ask, proofTimeoutMs))
        .proof
    },
  }
}
