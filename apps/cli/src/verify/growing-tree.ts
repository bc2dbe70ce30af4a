import { emptyRoot, leafHash, nodeHash, resourcePath, type Sha256, tileWidth } from '@cocoon/trust/log'

/** A tile of hashes, as far as it is filled. */
export interface BuiltTile {
  /** Its path in a log of tiles. */
  readonly path: string
  readonly hashes: Uint8Array
}

/** A subtree whose size is a power of two. */
interface Subtree {
  readonly size: number
  readonly hash: Uint8Array
}

/** A tree built entry by entry, independently of what a log serves: the root at each size, and all tiles. */
export class GrowingTree {
  readonly #sha256: Sha256
  /** Largest first. */
  readonly #subtrees: Subtree[] = []
  /** Hashes of the tile that is not full yet, by level. */
  readonly #open: Uint8Array[][] = []
  readonly #tiles: number[] = []
  size = 0

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** Adds an entry; the tiles that it has filled. */
  push(entry: Uint8Array): BuiltTile[] {
    const leaf = leafHash(this.#sha256, entry)
    this.size++
    addSubtree(this.#sha256, this.#subtrees, { size: 1, hash: leaf })
    return this.#fill(0, leaf)
  }

  /** Of all entries so far. */
  root(): Uint8Array {
    return rootOf(this.#sha256, this.#subtrees)
  }

  /** The tiles at the right edge, which are not full. */
  edge(): BuiltTile[] {
    return this.#open.flatMap((hashes, level) => (hashes.length === 0 ? [] : [this.#tile(level, hashes)]))
  }

  #fill(level: number, hash: Uint8Array): BuiltTile[] {
    const open = (this.#open[level] ??= [])
    open.push(hash)
    if (open.length < tileWidth) return []
    const tile = this.#tile(level, open)
    const subtrees: Subtree[] = []
    for (const hash of open) addSubtree(this.#sha256, subtrees, { size: 1, hash })
    this.#open[level] = []
    this.#tiles[level] = (this.#tiles[level] ?? 0) + 1
    return [tile, ...this.#fill(level + 1, subtrees[0]!.hash)]
  }

  #tile(level: number, hashes: readonly Uint8Array[]): BuiltTile {
    const index = this.#tiles[level] ?? 0
    return {
      path: resourcePath({ kind: 'tile', level, index, width: hashes.length }),
      hashes: Buffer.concat(hashes),
    }
  }
}

/** Joins it with those of its size. */
function addSubtree(sha256: Sha256, subtrees: Subtree[], added: Subtree): void {
  let last = added
  while (subtrees.at(-1)?.size === last.size) {
    const left = subtrees.pop()!
    last = { size: 2 * last.size, hash: nodeHash(sha256, left.hash, last.hash) }
  }
  subtrees.push(last)
}

function rootOf(sha256: Sha256, subtrees: readonly Subtree[]): Uint8Array {
  const last = subtrees.at(-1)
  if (last === undefined) return emptyRoot(sha256)
  return subtrees.slice(0, -1).reduceRight((right, { hash }) => nodeHash(sha256, hash, right), last.hash)
}
