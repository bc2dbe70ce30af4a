import type { TileSource } from './proof.ts'
import { TrustError } from '../error.ts'
import { hashBytes } from './merkle.ts'

/** The newest state of a log that was committed. */
export interface LogHead {
  /** Leaves of the tree. */
  readonly size: number
  /** Signed checkpoint of that size. */
  readonly checkpoint: string
}

/** Where the entries of a batch are, by the ids that their writer knows them by. */
export type LogBatch = ReadonlyArray<{ readonly id: string; readonly index: number }>

/** A tile as far as it is filled. */
export interface StoredTile {
  readonly level: number
  readonly index: number
  /** Up to 256 hashes. */
  readonly hashes: Uint8Array
}

export interface StoredEntry {
  readonly leaf: Uint8Array
  readonly entry: Uint8Array
}

/** All that a batch changes. The bytes are borrowed until the commit is answered. */
export interface LogCommit {
  /** Size that the log has before; undefined for the first commit of a log. */
  readonly oldSize: number | undefined
  readonly head: LogHead
  /** Whether the checkpoint is for everybody at once, with no wait for witnesses. */
  readonly isPublished: boolean
  /** Every tile that has changed, whole. */
  readonly tiles: readonly StoredTile[]
  /** Entries from `oldSize` on. */
  readonly entries: readonly StoredEntry[]
  readonly writer: string
  /** In the place of the writer's last one. */
  readonly batch: LogBatch
}

/**
 * Where a log lies. A commit is one atomic step, and durable once it resolves. Reading sees whole commits. A rejection
 * with `log-conflict` says that nothing was done; any other leaves open whether it was.
 */
export interface LogStore extends AsyncDisposable {
  head(): Promise<LogHead | undefined>
  /** The checkpoint that is for everybody, with its cosignatures. */
  published(): Promise<LogHead | undefined>
  /** The hashes of a tile, as far as it is filled; undefined where there is none. */
  tile(level: number, index: number): Promise<Uint8Array | undefined>
  /** Entries from an index on, at most 256; fewer where the log ends. */
  entries(first: number, count: number): Promise<Uint8Array[]>
  /** Index of the first entry with this leaf hash. */
  find(leaf: Uint8Array): Promise<number | undefined>
  /** What a writer committed last. */
  lastBatch(writer: string): Promise<LogBatch | undefined>
  /** Rejects with `log-conflict` where the log does not have the old size. */
  commit(commit: LogCommit): Promise<void>
  /**
   * Replaces the checkpoint that is for everybody. Rejects with `log-conflict` where it is smaller than the one that
   * is there, or larger than the log.
   */
  publish(head: LogHead): Promise<void>
}

/** The tiles of a store. Rejects with `log-inconsistent` for one that the store should have and has not. */
export function storedTiles(store: Pick<LogStore, 'tile'>): TileSource {
  return async ({ level, index, width }) => {
    const hashes = await store.tile(level, index)
    if (hashes === undefined || hashes.length < width * hashBytes) {
      throw new TrustError('log-inconsistent', `The log has no tile ${level}/${index} of ${width} hashes.`)
    }
    return hashes.subarray(0, width * hashBytes)
  }
}

export function conflict(why: string): TrustError {
  return new TrustError('log-conflict', `${why}: nothing was written. Read the log again.`)
}
