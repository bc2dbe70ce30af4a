import { sameBytes } from '@cocoon/wire'
import { fromBase64, toBase64 } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { type KnownLog, type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import type { LogCrypto } from './crypto.ts'
import { logLimits } from './limits.ts'
import { prefixRoots } from './merkle.ts'

/**
 * Proof that a log has shown two histories: two checkpoints that one key has signed, of which neither continues the
 * other. It can be written as JSON, and verified by anybody who knows the key, without the log.
 */
export interface Equivocation {
  /** Signed checkpoint; of two sizes, the smaller one. */
  readonly older: string
  readonly newer: string
  /**
   * Of two sizes: hashes in base64 that lead to the root of the newer checkpoint, and to what its log hashes to at the
   * size of the older one, which is not the root that was signed. Between equal sizes empty.
   */
  readonly proof: readonly string[]
}

/**
 * Whether these checkpoints contradict each other. Undefined where the proof decides nothing, because it does not lead
 * to the root of the newer one. The sizes are in order, and the older is not of an empty tree.
 */
export function compareCheckpoints(
  { sha256 }: Pick<LogCrypto, 'sha256'>,
  older: VerifiedCheckpoint,
  newer: VerifiedCheckpoint,
  proof: readonly Uint8Array[],
): 'consistent' | Equivocation | undefined {
  const evidence = { older: older.note, newer: newer.note, proof: proof.map(toBase64) }
  if (older.size === newer.size) {
    return sameBytes(older.root, newer.root) ? 'consistent' : { ...evidence, proof: [] }
  }
  const roots = prefixRoots(sha256, { oldSize: older.size, size: newer.size, proof })
  if (roots === undefined || !sameBytes(roots.new, newer.root)) return undefined
  return sameBytes(roots.old, older.root) ? 'consistent' : evidence
}

/**
 * Whether a proof of equivocation holds against a key of the log. False for whatever else it is: nobody can make one
 * against a log that has not signed two histories.
 */
export function verifyEquivocation(
  crypto: LogCrypto,
  { origin, keys }: Pick<KnownLog, 'origin' | 'keys'>,
  { older: olderNote, newer: newerNote, proof }: Equivocation,
): boolean {
  if (proof.length > logLimits.proofHashes + 1) return false
  const hashes = proof.map(fromBase64)
  if (!hashes.every(hash => hash !== undefined)) return false
  return keys.some(key => {
    const [older, newer] = [olderNote, newerNote].map(note => attempt(crypto, { origin, keys: [key] }, note))
    if (older === undefined || newer === undefined || older.size > newer.size || older.size === 0)
      return false
    return typeof compareCheckpoints(crypto, older, newer, hashes) === 'object'
  })
}

function attempt(crypto: LogCrypto, log: KnownLog, note: string): VerifiedCheckpoint | undefined {
  try {
    return verifyCheckpoint(crypto, log, note)
  } catch (error) {
    if (error instanceof TrustError) return undefined
    throw error
  }
}
