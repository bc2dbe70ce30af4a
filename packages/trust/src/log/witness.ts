import { sameBytes } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import type { Checkpoint, KnownLog } from './checkpoint.ts'
import { type LogCrypto, nobleLogCrypto } from './crypto.ts'
import { emptyRoot, verifyConsistency } from './merkle.ts'
import { formatSignatureLine } from './note.ts'
import { cosign, type NoteSigner, verifyNote } from './note-key.ts'
import { parseAddCheckpoint } from './witness-request.ts'

/** The checkpoint of a log that a witness cosigned last. */
export interface Witnessed {
  readonly size: number
  readonly root: Uint8Array
  /** As the log signed it. */
  readonly note: string
}

/** Where a witness remembers what it cosigned. Whoever loses it must never cosign with the same key again. */
export interface WitnessStore {
  latest(origin: string): Promise<Witnessed | undefined>
  /**
   * One atomic step, durable once it resolves: sets what was cosigned if its size and root are still these, or nothing
   * was cosigned; false where others are there.
   */
  replace(origin: string, old: Witnessed | undefined, latest: Witnessed): Promise<boolean>
}

/** An answer over HTTP. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly contentType: string
  readonly body: string
}

export interface WitnessOptions {
  /** Key of type `cosignature-v1`. */
  readonly signer: NoteSigner
  /** By origin. */
  readonly logs: readonly Pick<KnownLog, 'origin' | 'keys'>[]
  readonly store: WitnessStore
  /** Unix milliseconds. */
  readonly nowMs: () => number
  readonly crypto?: LogCrypto
}

/**
 * Cosigns checkpoints of logs, each only where it continues the last one that it cosigned: C2SP tlog-witness. Whoever
 * asks for the cosignature of a witness knows that the log has one history.
 */
export class Witness {
  readonly #options: WitnessOptions
  readonly #crypto: LogCrypto

  constructor(options: WitnessOptions) {
    this.#options = options
    this.#crypto = options.crypto ?? nobleLogCrypto
  }

  /** The answer to the body of `POST <prefix>/add-checkpoint`. Rejects with what the store or the signer rejects with. */
  async addCheckpoint(body: string | Uint8Array): Promise<WitnessAnswer> {
    const { logs, store } = this.#options
    const request = attempt(() => parseAddCheckpoint(body))
    if (request === undefined) return refusal(400, 'The request is malformed.')
    const { oldSize, proof, note, parsed, checkpoint } = request
    const { origin, size, root } = checkpoint
    const log = logs.find(known => known.origin === origin)
    if (log === undefined) return refusal(404, 'The log is unknown.')
    const signatures = attempt(() => verifyNote(this.#crypto, parsed, log.keys)) ?? []
    if (signatures.length === 0) return refusal(403, 'No known key of the log has signed the checkpoint.')
    if (oldSize > size) return refusal(400, 'The old size is larger than the size of the checkpoint.')
    const latest = await store.latest(origin)
    if (oldSize !== (latest?.size ?? 0)) return conflict(latest)
    if (latest?.size === size && !sameBytes(latest.root, root)) return conflict(latest)
    if (!this.#continues(latest, checkpoint, proof)) return refusal(422, 'The proof does not hold.')
    if (!(await store.replace(origin, latest, { size, root, note })))
      return conflict(await store.latest(origin))
    return this.#cosign(parsed.text)
  }

  #continues(
    latest: Witnessed | undefined,
    { size, root }: Checkpoint,
    proof: readonly Uint8Array[],
  ): boolean {
    const { sha256 } = this.#crypto
    const empty = emptyRoot(sha256)
    if (size === 0 && !sameBytes(root, empty)) return false
    const { size: oldSize, root: oldRoot } = latest ?? { size: 0, root: empty }
    return verifyConsistency(sha256, { oldSize, oldRoot, size, root, proof })
  }

  async #cosign(text: string): Promise<WitnessAnswer> {
    const { signer, nowMs } = this.#options
    const signature = await cosign(signer, text, Math.floor(nowMs() / 1000))
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: formatSignatureLine(signature) }
  }
}

/** What a witness cosigned, for as long as its process lives: for tests and trials. */
export class MemoryWitnessStore implements WitnessStore {
  readonly #latest = new Map<string, Witnessed>()

  async latest(origin: string): Promise<Witnessed | undefined> {
    return this.#latest.get(origin)
  }

  async replace(origin: string, old: Witnessed | undefined, latest: Witnessed): Promise<boolean> {
    const now = this.#latest.get(origin)
    const isSame =
      now === undefined || old === undefined
        ? now === old
        : now.size === old.size && sameBytes(now.root, old.root)
    if (isSame) this.#latest.set(origin, latest)
    return isSame
  }
}

function conflict(latest: Witnessed | undefined): WitnessAnswer {
  return { status: 409, contentType: 'text/x.tlog.size', body: `${latest?.size ?? 0}\n` }
}

function refusal(status: WitnessAnswer['status'], why: string): WitnessAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${why}\n` }
}

function attempt<Value>(act: () => Value): Value | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof TrustError) return undefined
    throw error
  }
}
