import { toHex, type World } from '@cocoon/wire'
import type { SealedProof } from '../sealing/sealed-exchange.ts'
import { type LogRecord, type ReceiptFile, receiptFileOf } from './receipt-file.ts'

const limits = {
  /** Receipts that are kept, the newest, and for how long. */
  kept: 1_000,
  keptMs: 3_600_000,
} as const

interface Kept {
  readonly proof: SealedProof
  /** Who asked: alone gets it. */
  readonly owner: string
  readonly untilMs: number
  log: LogRecord | undefined
}

/** A receipt that is new, or that the log has now. */
export interface ReceiptNews {
  /** Of the query, 64 hexadecimal digits. */
  readonly id: string
  readonly proof: SealedProof
  /** Where it stands in the proxy's log; undefined while that is not known. */
  readonly log: LogRecord | undefined
  /** Makes the file: it holds all that the machine has shown of itself, so that it takes its time. */
  file(): ReceiptFile
}

export type ReceiptListener = (news: ReceiptNews) => void

/**
 * The receipts of the newest answers. What machines showed of themselves is shared by the receipts of each, and a
 * file is made when it is asked for.
 */
export class ReceiptBook {
  readonly #world: Pick<World, 'monotonic'>
  readonly #listeners = new Set<ReceiptListener>()
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>()

  constructor(world: Pick<World, 'monotonic'>) {
    this.#world = world
  }

  /** Keeps the receipt of an answer that was found right; `owner`: who asked. Returns its id. */
  add(proof: SealedProof, owner = ''): string {
    this.#dropOld()
    const id = toHex(proof.signed.receipt.requestId)
    const kept: Kept = {
      proof,
      owner,
      untilMs: this.#world.monotonic() + limits.keptMs,
      log: undefined,
    }
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    if (this.#kept.size > limits.kept) this.#kept.delete(this.#kept.keys().next().value!)
    this.#tell(id, kept)
    return id
  }

  /** The file of a receipt; with `owner` only if it is theirs. */
  find(id: string, owner?: string): ReceiptFile | undefined {
    this.#dropOld()
    const kept = this.#kept.get(id)
    if (kept === undefined || (owner !== undefined && owner !== kept.owner)) return undefined
    return fileOf(kept)
  }

  /** Where it stands in the proxy's log; false where the receipt is not kept any more. */
  attachLog(id: string, log: LogRecord): boolean {
    const kept = this.#kept.get(id)
    if (kept === undefined) return false
    kept.log = log
    this.#tell(id, kept)
    return true
  }

  /** Calls `listener` for each receipt that is new, and once more when its place in the log is known. */
  onChange(listener: ReceiptListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #tell(id: string, kept: Kept): void {
    const { proof, log } = kept
    for (const listener of this.#listeners) listener({ id, proof, log, file: () => fileOf(kept) })
  }

  #dropOld(): void {
    const now = this.#world.monotonic()
    for (const [id, { untilMs }] of this.#kept) {
      if (untilMs > now) return
      this.#kept.delete(id)
    }
  }
}

function fileOf({ proof, log }: Kept): ReceiptFile {
  return receiptFileOf(proof, log)
}
