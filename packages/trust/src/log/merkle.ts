import { sameBytes } from '@cocoon/wire'
import type { Sha256 } from './crypto.ts'

/** Bytes of a hash. */
export const hashBytes = 32

/** SHA-256(00 ‖ entry): RFC 6962, section 2.1. */
export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + entry.length)
  input.set(entry, 1)
  return sha256(input)
}

/** SHA-256(01 ‖ left ‖ right): RFC 6962, section 2.1. */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * hashBytes)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + hashBytes)
  return sha256(input)
}

/** The root of a tree without leaves. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array())
}

/** Of a perfect subtree: the root over concatenated hashes, whose number is a power of two. */
export function perfectRoot(sha256: Sha256, hashes: Uint8Array): Uint8Array {
  let level = hashes
  while (level.length > hashBytes) {
    const above = new Uint8Array(level.length / 2)
    for (let at = 0; at < above.length; at += hashBytes) {
      const left = level.subarray(2 * at, 2 * at + hashBytes)
      const right = level.subarray(2 * at + hashBytes, 2 * at + 2 * hashBytes)
      above.set(nodeHash(sha256, left, right), at)
    }
    level = above
  }
  return level.slice()
}

/** The largest power of two below a number of leaves, of which there are at least two. */
export function splitPoint(leaves: number): number {
  let split = 1
  while (2 * split < leaves) split *= 2
  return split
}

/** Leaves are counted in integers below 2^53. */
export function isTreeSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

export function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value === 1 || splitPoint(value) * 2 === value)
}

/** That a leaf is in a tree. */
export interface InclusionClaim {
  /** From 0. */
  readonly index: number
  /** Leaves of the tree. */
  readonly size: number
  readonly root: Uint8Array
  /** Of the leaf, not of its entry. */
  readonly leaf: Uint8Array
  /** Audit path of RFC 6962, section 2.1.1: hashes from the leaf up. */
  readonly proof: readonly Uint8Array[]
}

/** Whether an inclusion proof holds: RFC 9162, section 2.1.3.2. False for anything that is malformed. */
export function verifyInclusion(sha256: Sha256, { index, size, root, leaf, proof }: InclusionClaim): boolean {
  if (!isTreeSize(index) || !isTreeSize(size) || index >= size) return false
  if (!areHashes([root, leaf, ...proof])) return false
  let node = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash)
      while (node % 2 === 0 && node > 0) [node, last] = [node / 2, half(last)]
    } else {
      hash = nodeHash(sha256, hash, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && sameBytes(hash, root)
}

/** That a tree is the beginning of another. */
export interface ConsistencyClaim {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly size: number
  readonly root: Uint8Array
  /** Consistency proof of RFC 6962, section 2.1.2. Empty where the old tree is, and between equal sizes. */
  readonly proof: readonly Uint8Array[]
}

/** Whether a consistency proof holds: RFC 9162, section 2.1.4.2. False for anything that is malformed. */
export function verifyConsistency(sha256: Sha256, claim: ConsistencyClaim): boolean {
  const { oldSize, oldRoot, size, root, proof } = claim
  if (!isTreeSize(oldSize) || !isTreeSize(size) || oldSize > size) return false
  if (!areHashes([oldRoot, root, ...proof])) return false
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, emptyRoot(sha256))
  if (oldSize === size) return proof.length === 0 && sameBytes(oldRoot, root)
  const roots = prefixRoots(sha256, { oldSize, size, proof: toPrefixProof(claim) })
  return roots !== undefined && sameBytes(roots.old, oldRoot) && sameBytes(roots.new, root)
}

/**
 * A consistency proof that always begins with the hash of the subtree that ends where the old tree does. The proof
 * of RFC 6962 leaves it out where it is the old root. With it, the proof leads to both roots and needs neither: a
 * proof that leads to the new root shows what the first leaves of that tree hash to.
 */
export function toPrefixProof({
  oldSize,
  oldRoot,
  proof,
}: Pick<ConsistencyClaim, 'oldSize' | 'oldRoot' | 'proof'>): readonly Uint8Array[] {
  return isPowerOfTwo(oldSize) || proof.length === 0 ? [oldRoot, ...proof] : proof
}

/** Both roots that a prefix proof leads to; undefined where its length is not that of these sizes. */
export function prefixRoots(
  sha256: Sha256,
  { oldSize, size, proof }: { oldSize: number; size: number; proof: readonly Uint8Array[] },
): { old: Uint8Array; new: Uint8Array } | undefined {
  const [seed, ...path] = proof
  if (!isTreeSize(oldSize) || !isTreeSize(size) || oldSize === 0 || oldSize > size) return undefined
  if (seed === undefined || !areHashes(proof)) return undefined
  if (oldSize === size) return path.length === 0 ? { old: seed, new: seed } : undefined
  let node = oldSize - 1
  let last = size - 1
  while (node % 2 === 1) [node, last] = [half(node), half(last)]
  let oldRoot = seed
  let newRoot = seed
  for (const hash of path) {
    if (last === 0) return undefined
    if (node % 2 === 1 || node === last) {
      oldRoot = nodeHash(sha256, hash, oldRoot)
      newRoot = nodeHash(sha256, hash, newRoot)
      while (node % 2 === 0 && node > 0) [node, last] = [node / 2, half(last)]
    } else {
      newRoot = nodeHash(sha256, newRoot, hash)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 ? { old: oldRoot, new: newRoot } : undefined
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every(value => value.length === hashBytes)
}
