import { KeptBytes, NewestMap, toHex, type World } from '@cocoon/wire'
import type { AnswerEvidence, SealedProof } from '../sealing/sealed-exchange.ts'
import { type LogRecord, type ReceiptFile, receiptFileOf } from './receipt-file.ts'

const limits = {
  /** Receipts that are kept, the newest, and for how long. */
  kept: 1_000,
  keptMs: 3_600_000,
} as const

/** Of a salt, and of a signature. */
const sizes = { salt: 32, signature: 64 } as const

interface Kept {
  readonly verified: AnswerEvidence['verified']
  /** Both salts, the signature, the header, the receipt. */
  readonly bytes: Uint8Array
  readonly headerBytes: number
  /** Who asked: alone gets it. */
  readonly owner: string
  readonly untilMs: number
  log: LogRecord | undefined
}

/** A receipt that is new, or that the log has now. */
export interface ReceiptNews {
  /** Of the query, 64 hexadecimal digits. */
  readonly id: string
  /** Of one that is new. */
  readonly proof: SealedProof | undefined
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
  readonly #kept = new NewestMap<Kept>(limits.kept)
  readonly #keptBytes = new KeptBytes()

  constructor(world: Pick<World, 'monotonic'>) {
    this.#world = world
  }

  /** Keeps the receipt of an answer that was found right; `owner`: who asked. Returns its id. */
  add(proof: SealedProof, owner = ''): string {
    this.#dropOld()
    const id = toHex(proof.signed.receipt.requestId)
    const { signed, verified, header, requestSalt, answerSalt } = proof
    const kept: Kept = {
      verified,
      bytes: this.#keptBytes.copy(requestSalt, answerSalt, signed.signature, header, signed.bytes),
      headerBytes: header.length,
      owner,
      untilMs: this.#world.monotonic() + limits.keptMs,
      log: undefined,
    }
    this.#kept.set(id, kept)
    this.#tell(id, kept, proof)
    return id
  }

  /** The file of a receipt; with `owner` only if it is theirs. */
  find(id: string, owner?: string): ReceiptFile | undefined {
    this.#dropOld()
    const kept = this.#kept.get(id)
    if (kept === undefined || (owner !== undefined && owner !== kept.owner)) return undefined
    return fileOf(id, kept)
  }

  /** Where it stands in the proxy's log; false where the receipt is not kept any more. */
  attachLog(id: string, log: LogRecord): boolean {
    const kept = this.#kept.get(id)
    if (kept === undefined) return false
    kept.log = log
    this.#tell(id, kept, undefined)
    return true
  }

  /** Calls `listener` for each receipt that is new, and once more when its place in the log is known. */
  onChange(listener: ReceiptListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #tell(id: string, kept: Kept, proof: SealedProof | undefined): void {
    for (const listener of this.#listeners)
      listener({ id, proof, log: kept.log, file: () => fileOf(id, kept) })
  }

  #dropOld(): void {
    const now = this.#world.monotonic()
    this.#kept.dropWhile(({ untilMs }) => untilMs <= now)
  }
}

function fileOf(id: string, { verified, bytes, headerBytes, log }: Kept): ReceiptFile {
  let at = 0
  const take = (sizeBytes: number): Uint8Array => bytes.subarray(at, (at += sizeBytes))
  const requestSalt = take(sizes.salt)
  const answerSalt = take(sizes.salt)
  const signature = take(sizes.signature)
  const header = take(headerBytes)
  const signed = { bytes: bytes.subarray(at), signature }
  return receiptFileOf(id, { signed, verified, header, requestSalt, answerSalt }, log)
}
