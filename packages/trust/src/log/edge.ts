import type { Sha256 } from './crypto.ts'
import type { StoredTile } from './log-store.ts'
import { emptyRoot, hashBytes, nodeHash, perfectRoot } from './merkle.ts'
import type { TileSource } from './proof.ts'
import { levelLength, tileWidth, widthOf } from './tile.ts'

/**
 * The right edge of a tree: the hashes of the tile that is not full yet, at each level. It is all that it takes to
 * know the root, and to append. Immutable.
 */
export interface Edge {
  /** Leaves of the tree. */
  readonly size: number
  /** By level; empty where the last tile is full. */
  readonly levels: readonly Uint8Array[]
}

export const emptyEdge: Edge = { size: 0, levels: [] }

/** Reads the tiles of an edge. What the source rejects with comes through. */
export async function readEdge(size: number, tiles: TileSource): Promise<Edge> {
  const levels: Uint8Array[] = []
  for (let level = 0; levelLength(size, level) > 0; level++) {
    const index = Math.floor(levelLength(size, level) / tileWidth)
    const width = widthOf(size, level, index)
    levels.push(width === 0 ? new Uint8Array() : await tiles({ level, index, width }))
  }
  return { size, levels }
}

/** The root of the tree: its perfect subtrees from the smallest, on the right, to the largest. */
export function edgeRoot(sha256: Sha256, { levels }: Edge): Uint8Array {
  let root: Uint8Array | undefined
  for (const hashes of levels) {
    let end = hashes.length / hashBytes
    for (let leaves = 1; end > 0; leaves *= 2) {
      if (end % (2 * leaves) === 0) continue
      const subtree = perfectRoot(sha256, hashes.subarray((end - leaves) * hashBytes, end * hashBytes))
      root = root === undefined ? subtree : nodeHash(sha256, subtree, root)
      end -= leaves
    }
  }
  return root ?? emptyRoot(sha256)
}

/** Appends leaves, and gives the new edge and every tile that has changed. */
export function extendEdge(
  sha256: Sha256,
  edge: Edge,
  leaves: readonly Uint8Array[],
): { edge: Edge; tiles: StoredTile[] } {
  const levels = [...edge.levels]
  const tiles: StoredTile[] = []
  let hashes = leaves
  for (let level = 0; hashes.length > 0; level++) {
    const above: Uint8Array[] = []
    let index = Math.floor(levelLength(edge.size, level) / tileWidth)
    let filled = levels[level] ?? new Uint8Array()
    for (let next = 0; next < hashes.length;) {
      const count = Math.min(hashes.length - next, tileWidth - filled.length / hashBytes)
      filled = append(filled, hashes, next, count)
      tiles.push({ level, index, hashes: filled })
      next += count
      if (filled.length < tileWidth * hashBytes) continue
      above.push(perfectRoot(sha256, filled))
      filled = new Uint8Array()
      index++
    }
    levels[level] = filled
    hashes = above
  }
  return { edge: { size: edge.size + leaves.length, levels }, tiles }
}

function append(filled: Uint8Array, hashes: readonly Uint8Array[], first: number, count: number): Uint8Array {
  const bytes = new Uint8Array(filled.length + count * hashBytes)
  bytes.set(filled)
  for (let at = 0; at < count; at++) bytes.set(hashes[first + at]!, filled.length + at * hashBytes)
  return bytes
}
