import { createHash } from 'node:crypto'
import assert from 'node:assert/strict'

/** What an anchor commits to: the head of the proxy's transparency log, and which process announced it. */
export interface AnchorOpening {
  /** 32 random bytes, other ones for each start of a proxy. */
  readonly nonce: Uint8Array
  /** Entries of the log; 0 without one. */
  readonly size: bigint
  /** 32 bytes; zeroes without a log. */
  readonly root: Uint8Array
}

/** The head of a log. */
export type LogHead = Pick<AnchorOpening, 'size' | 'root'>

/** What is anchored without a log. */
export const noLog: LogHead = { size: 0n, root: new Uint8Array(32) }

/** An anchor that the chain has shown, with what opens it. */
export interface SeenAnchor extends AnchorOpening {
  /** Number of the state of the books. */
  readonly seqno: number
  /** Of the transaction of the proxy's contract: 64 hex digits. */
  readonly transactionHash: string
  readonly lt: bigint
  /** Unix seconds. */
  readonly timeS: number
}

/**
 * The session hash of the message that announces a state:
 * `SHA-256("cocoon anchor v1" 00 nonce:bytes32 size:u64 root:bytes32)`, the size with its lowest byte first.
 */
export function anchorHash({ nonce, size, root }: AnchorOpening): Uint8Array {
  assert(nonce.length === 32 && root.length === 32, 'a nonce and a root have 32 bytes')
  assert(BigInt.asUintN(64, size) === size, 'a size has 64 bits')
  const sizeBytes = Buffer.alloc(8)
  sizeBytes.writeBigUInt64LE(size)
  const hash = createHash('sha256').update('cocoon anchor v1\0').update(nonce).update(sizeBytes).update(root)
  return new Uint8Array(hash.digest())
}
