import { TrustError } from '../error.ts'
import type { Sha256 } from './crypto.ts'
import {
  emptyRoot,
  hashBytes,
  isPowerOfTwo,
  isTreeSize,
  nodeHash,
  perfectRoot,
  splitPoint,
} from './merkle.ts'
import { type TileName, tileWidth, widthOf } from './tile.ts'

/** Where the tiles of a tree are read: exactly so wide, or a rejection. They are borrowed. */
export type TileSource = (name: TileName) => Promise<Uint8Array>

/** A tree of so many leaves, by its tiles. */
export interface TiledTree {
  readonly size: number
  readonly tiles: TileSource
  readonly sha256: Sha256
}

/** The root of a tree. */
export async function treeRoot(tree: TiledTree): Promise<Uint8Array> {
  return tree.size === 0 ? emptyRoot(tree.sha256) : new Subtrees(tree).hash(0, tree.size)
}

/** The hash of a leaf. Throws `log-malformed` for an index outside of the tree. */
export async function leafOf(tree: TiledTree, index: number): Promise<Uint8Array> {
  expectLeaf(tree, index)
  return new Subtrees(tree).hash(index, index + 1)
}

/** Audit path of RFC 6962, section 2.1.1. Throws `log-malformed` for an index outside of the tree. */
export async function inclusionProof(tree: TiledTree, index: number): Promise<Uint8Array[]> {
  expectLeaf(tree, index)
  const subtrees = new Subtrees(tree)
  const proof: Uint8Array[] = []
  let [start, end] = [0, tree.size]
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    const isLeft = index < middle
    proof.unshift(await (isLeft ? subtrees.hash(middle, end) : subtrees.hash(start, middle)))
    if (isLeft) end = middle
    else start = middle
  }
  return proof
}

/** Consistency proof of RFC 6962, section 2.1.2, from a size between 0 and that of the tree. */
export async function consistencyProof(tree: TiledTree, oldSize: number): Promise<Uint8Array[]> {
  if (oldSize === 0 || oldSize === tree.size) return []
  const proof = await prefixProof(tree, oldSize)
  return isPowerOfTwo(oldSize) ? proof.slice(1) : proof
}

/**
 * A consistency proof that leads to both roots by itself, from a size between 1 and that of the tree; see
 * `toPrefixProof`. Throws `log-malformed` for any other size.
 */
export async function prefixProof(tree: TiledTree, oldSize: number): Promise<Uint8Array[]> {
  if (!isTreeSize(oldSize) || oldSize < 1 || oldSize > tree.size) {
    throw new TrustError('log-malformed', `A tree of ${tree.size} leaves has no beginning of ${oldSize}.`)
  }
  const subtrees = new Subtrees(tree)
  const proof: Uint8Array[] = []
  let [start, end] = [0, tree.size]
  while (oldSize < end) {
    const middle = start + splitPoint(end - start)
    const isLeft = oldSize <= middle
    proof.unshift(await (isLeft ? subtrees.hash(middle, end) : subtrees.hash(start, middle)))
    if (isLeft) end = middle
    else start = middle
  }
  proof.unshift(await subtrees.hash(start, end))
  return proof
}

function expectLeaf({ size }: TiledTree, index: number): void {
  if (!isTreeSize(index) || index >= size) {
    throw new TrustError('log-malformed', `A tree of ${size} leaves has no leaf ${index}.`)
  }
}

/** Hashes of the subtrees that proofs are made of. Lives as long as one proof: it keeps the tiles that it has read. */
class Subtrees {
  readonly #tree: TiledTree
  readonly #tiles = new Map<string, Promise<Uint8Array>>()

  constructor(tree: TiledTree) {
    this.#tree = tree
  }

  /** MTH(D[start:end]), where the start is what such a subtree of the tree begins at. */
  async hash(start: number, end: number): Promise<Uint8Array> {
    const leaves = end - start
    if (isPowerOfTwo(leaves)) return this.#perfect(start, leaves)
    const middle = start + splitPoint(leaves)
    return nodeHash(this.#tree.sha256, await this.hash(start, middle), await this.hash(middle, end))
  }

  /** All of its hashes at the highest level of tiles below it lie in one tile. */
  async #perfect(start: number, leaves: number): Promise<Uint8Array> {
    let level = 0
    let unit = 1
    while (unit * tileWidth <= leaves) [level, unit] = [level + 1, unit * tileWidth]
    const first = start / unit
    const index = Math.floor(first / tileWidth)
    const tile = await this.#tile(level, index)
    const from = (first % tileWidth) * hashBytes
    return perfectRoot(this.#tree.sha256, tile.subarray(from, from + (leaves / unit) * hashBytes))
  }

  #tile(level: number, index: number): Promise<Uint8Array> {
    const key = `${level}/${index}`
    let tile = this.#tiles.get(key)
    if (tile === undefined) {
      tile = this.#tree.tiles({ level, index, width: widthOf(this.#tree.size, level, index) })
      this.#tiles.set(key, tile)
    }
    return tile
  }
}
