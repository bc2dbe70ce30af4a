import { sameBytes } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import type { Sha256 } from './crypto.ts'
import { type Edge, edgeRoot, readEdge } from './edge.ts'
import { logLimits } from './limits.ts'
import { hashBytes, leafHash, perfectRoot } from './merkle.ts'
import type { TiledTree, TileSource } from './proof.ts'
import {
  decodeBundle,
  hashIn,
  levelLength,
  maxBundleBytes,
  resourcePath,
  type TileName,
  tileWidth,
  widthOf,
} from './tile.ts'

/**
 * Reads a resource of a log by its path, relative to the log's prefix: undefined where there is none. Never gives
 * more than `maxBytes`. What it gives belongs to the caller.
 */
export type GetResource = (
  path: string,
  options: { readonly maxBytes: number; readonly signal: AbortSignal | undefined },
) => Promise<Uint8Array | undefined>

export interface VerifiedTreeOptions {
  readonly size: number
  readonly root: Uint8Array
  readonly get: GetResource
  readonly sha256: Sha256
}

/**
 * The tiles of a tree whose root is known, of which none is given out that does not lead to this root: a tile on the
 * right edge by way of the root, any other by its hash in the tile above.
 */
export class VerifiedTree {
  readonly #options: VerifiedTreeOptions
  readonly #edge: Edge
  /** Full tiles by level and index, the one that was used last at the end. */
  readonly #tiles = new Map<string, Uint8Array>()

  private constructor(options: VerifiedTreeOptions, edge: Edge) {
    this.#options = options
    this.#edge = edge
  }

  /** Reads the right edge. Rejects with `log-unverified` where it is not there, or does not lead to the root. */
  static async open(options: VerifiedTreeOptions, signal?: AbortSignal): Promise<VerifiedTree> {
    const { size, root, get, sha256 } = options
    const edge = await readEdge(size, name => readTile(get, name, signal))
    if (!sameBytes(edgeRoot(sha256, edge), root)) throw unverified('its tiles do not lead to the root')
    return new VerifiedTree(options, edge)
  }

  /** For proofs. Rejects with `log-unverified` for a tile that is not there, or not of this tree. */
  tree(signal?: AbortSignal): TiledTree {
    const { size, sha256 } = this.#options
    const tiles: TileSource = name => this.#tile(name, signal)
    return { size, tiles, sha256 }
  }

  /** The entries of a bundle. Rejects with `log-unverified` for others than are in the tree, or none. */
  async bundle(index: number, signal?: AbortSignal): Promise<Uint8Array[]> {
    const { get, size, sha256 } = this.#options
    const width = widthOf(size, 0, index)
    const path = (wide: number): string => resourcePath({ kind: 'entries', index, width: wide })
    const bytes = await readWide(get, { path, width, maxBytes: maxBundleBytes }, signal)
    const entries = decodeBundle(bytes.content, bytes.width).slice(0, width)
    const leaves = new Uint8Array(width * hashBytes)
    for (const [at, entry] of entries.entries()) leaves.set(leafHash(sha256, entry), at * hashBytes)
    await this.#verify({ level: 0, index, width }, leaves, signal)
    return entries
  }

  async #tile(name: TileName, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (name.width < tileWidth) return this.#edge.levels[name.level]!
    const key = `${name.level}/${name.index}`
    const known = this.#tiles.get(key)
    if (known !== undefined) {
      this.#tiles.delete(key)
      this.#tiles.set(key, known)
      return known
    }
    const tile = await readTile(this.#options.get, name, signal)
    await this.#verify(name, tile, signal)
    this.#tiles.set(key, tile)
    for (const oldest of this.#tiles.keys()) {
      if (this.#tiles.size <= logLimits.cachedTiles) break
      this.#tiles.delete(oldest)
    }
    return tile
  }

  async #verify(name: TileName, hashes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const { level, index, width } = name
    if (width < tileWidth) {
      const edge = this.#edge.levels[level]
      if (edge === undefined || !sameBytes(hashes, edge)) throw unverified('its last entries are others')
      return
    }
    const above = { level: level + 1, index: Math.floor(index / tileWidth) }
    const parent = await this.#tile(
      { ...above, width: widthOf(this.#options.size, above.level, above.index) },
      signal,
    )
    const expected = hashIn(parent, index % tileWidth)
    if (!sameBytes(perfectRoot(this.#options.sha256, hashes), expected)) {
      throw unverified(`what it has at ${level}/${index} is of another tree`)
    }
  }
}

/** Whether a tile is in the tree at all is for the caller to know. */
async function readTile(
  get: GetResource,
  name: TileName,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { level, index, width } = name
  const path = (wide: number): string => resourcePath({ kind: 'tile', level, index, width: wide })
  const { content, width: wide } = await readWide(
    get,
    { path, width, maxBytes: count => count * hashBytes },
    signal,
  )
  if (content.length !== wide * hashBytes)
    throw unverified(`its tile ${level}/${index} has ${content.length} bytes`)
  return content.subarray(0, width * hashBytes)
}

/** A partial tile or bundle may be gone once it is full: C2SP tlog-tiles, "Partial Tiles". */
async function readWide(
  get: GetResource,
  {
    path,
    width,
    maxBytes,
  }: { path: (width: number) => string; width: number; maxBytes: (width: number) => number },
  signal: AbortSignal | undefined,
): Promise<{ content: Uint8Array; width: number }> {
  for (const wide of width === tileWidth ? [width] : [width, tileWidth]) {
    signal?.throwIfAborted()
    const content = await get(path(wide), { maxBytes: maxBytes(wide), signal })
    if (content === undefined) continue
    if (content.length > maxBytes(wide)) throw unverified(`${path(wide)} is too long`)
    return { content, width: wide }
  }
  throw unverified(`it does not serve ${path(width)}`)
}

/** Bundles of a tree. */
export function bundleCount(size: number): number {
  return Math.ceil(levelLength(size, 0) / tileWidth)
}

function unverified(why: string): TrustError {
  return new TrustError('log-unverified', `What the log serves is not what it signed: ${why}.`)
}
