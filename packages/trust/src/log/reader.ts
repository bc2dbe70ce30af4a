import { TrustError } from '../error.ts'
import { type Checkpoint, type KnownLog, type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { type LogCrypto, nobleLogCrypto } from './crypto.ts'
import { logLimits } from './limits.ts'
import { consistencyProof, inclusionProof, leafOf, prefixProof, type TiledTree } from './proof.ts'
import { tileWidth } from './tile.ts'
import { bundleCount, type GetResource, VerifiedTree } from './verified-tree.ts'

export interface LogReaderOptions {
  readonly log: KnownLog
  readonly get: GetResource
  readonly crypto?: LogCrypto
}

/** An entry of a log, and the proof that it is under a checkpoint. */
export interface ProvedEntry {
  readonly index: number
  readonly entry: Uint8Array
  readonly leaf: Uint8Array
  /** Audit path; `verifyInclusion` verifies it again. */
  readonly proof: readonly Uint8Array[]
}

/**
 * Reads a log that somebody else keeps. Nothing is given out that does not follow from a signed checkpoint: rejects
 * with `log-unverified` or `log-malformed`, with what `get` rejects with, and where the signal says so.
 */
export class LogReader {
  readonly #options: LogReaderOptions
  readonly #crypto: LogCrypto
  /** Of the checkpoint that was used last. */
  #last: { root: string; tree: VerifiedTree } | undefined

  constructor(options: LogReaderOptions) {
    this.#options = options
    this.#crypto = options.crypto ?? nobleLogCrypto
  }

  /** The newest checkpoint that the log shows. Whether it follows from an older one, `LogWatcher` tells. */
  async checkpoint(signal?: AbortSignal): Promise<VerifiedCheckpoint> {
    const { log, get } = this.#options
    const note = await get('checkpoint', { maxBytes: logLimits.noteBytes, signal })
    if (note === undefined) throw new TrustError('log-unverified', `The log ${log.origin} has no checkpoint.`)
    return verifyCheckpoint(this.#crypto, log, note)
  }

  /** Proof for `verifyInclusion` that an entry is under a checkpoint. */
  async inclusionProof(checkpoint: Checkpoint, index: number, signal?: AbortSignal): Promise<Uint8Array[]> {
    return inclusionProof(await this.#tree(checkpoint, signal), index)
  }

  /** Proof for `verifyConsistency` that the log of a checkpoint begins with so many entries of an older one. */
  async consistencyProof(
    checkpoint: Checkpoint,
    oldSize: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array[]> {
    return consistencyProof(await this.#tree(checkpoint, signal), oldSize)
  }

  /** Proof of what the first entries of a log hash to, for `LogWatcher`. At least one entry. */
  async prefixProof(checkpoint: Checkpoint, oldSize: number, signal?: AbortSignal): Promise<Uint8Array[]> {
    return prefixProof(await this.#tree(checkpoint, signal), oldSize)
  }

  async entry(checkpoint: Checkpoint, index: number, signal?: AbortSignal): Promise<ProvedEntry> {
    const verified = await this.#verifiedTree(checkpoint, signal)
    const tree = verified.tree(signal)
    const [leaf, proof] = [await leafOf(tree, index), await inclusionProof(tree, index)]
    const bundle = await verified.bundle(Math.floor(index / tileWidth), signal)
    return { index, entry: bundle[index % tileWidth]!, leaf, proof }
  }

  /** Every entry under a checkpoint from an index on, in order. Holds one bundle at a time, and a few tiles. */
  async *entries(
    checkpoint: Checkpoint,
    { from = 0, signal }: { from?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<{ index: number; entry: Uint8Array }, void> {
    const verified = await this.#verifiedTree(checkpoint, signal)
    const bundles = bundleCount(checkpoint.size)
    for (let bundle = Math.floor(from / tileWidth); bundle < bundles; bundle++) {
      const entries = await verified.bundle(bundle, signal)
      const first = bundle * tileWidth
      for (let at = Math.max(0, from - first); at < entries.length; at++) {
        yield { index: first + at, entry: entries[at]! }
      }
    }
  }

  async #tree(checkpoint: Checkpoint, signal: AbortSignal | undefined): Promise<TiledTree> {
    return (await this.#verifiedTree(checkpoint, signal)).tree(signal)
  }

  async #verifiedTree({ size, root }: Checkpoint, signal: AbortSignal | undefined): Promise<VerifiedTree> {
    const key = `${size} ${String(root)}`
    if (this.#last?.root !== key) {
      const { get } = this.#options
      const tree = await VerifiedTree.open({ size, root, get, sha256: this.#crypto.sha256 }, signal)
      this.#last = { root: key, tree }
    }
    return this.#last.tree
  }
}
