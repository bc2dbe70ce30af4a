import { disputeReasons, receiptDigest, type SealCrypto } from '@cocoon/trust/seal'
import {
  type Equivocation,
  type KnownLog,
  leafHash,
  type LogCrypto,
  LogWatcher,
  noteKey,
  verifyInclusion,
} from '@cocoon/trust/log'
import { toBase64, TrustError } from '@cocoon/trust'
import {
  bytesKey,
  type ClientInclusion,
  encode,
  logEntry,
  sameBytes,
  type Timer,
  toHex,
  type World,
} from '@cocoon/wire'
import type { SealedProof } from '../sealing/sealed-exchange.ts'
import type { LogProofs } from './log-proofs.ts'
import type { ReceiptBook } from './receipt-book.ts'
import type { AnchorRecord, LogRecord } from './receipt-file.ts'

/** The newest checkpoint that was seen of each log, kept from one run to the next. */
export interface LogHeads {
  /** The signed checkpoint; undefined for a log that was not seen. */
  find(origin: string): string | undefined
  keep(origin: string, checkpoint: string): void
}

export interface LogFollowerOptions {
  readonly world: Pick<World, 'monotonic' | 'after'>
  /** Receipts that are followed at once, of more the newest are left out: a few keep a proxy honest. */
  readonly most: number
  readonly book: ReceiptBook
  readonly sealCrypto: Pick<SealCrypto, 'sha256'>
  readonly logCrypto: LogCrypto
  /** Absent: what was seen is forgotten with the process. */
  readonly heads?: LogHeads | undefined
  /** Who proves something of the log of this proxy now; undefined while nobody does. */
  readonly proofs: (proxyKey: Uint8Array) => LogProofs | undefined
  /** The proxy has not logged an answer that it was paid for, or never said whether it has. */
  readonly unlogged: (proof: SealedProof, reason: number) => void
  /** The proxy has signed two logs: anybody can check that by the evidence. */
  readonly forked: (log: KnownLog, evidence: Equivocation) => void
}

const limits = {
  /** Between two looks, from the first on: doubled each time. */
  firstMs: 1_000,
  longestMs: 30_000,
  /** Until a receipt has to be in the log, and until nobody waits for its anchor any more. */
  loggedMs: 60_000,
  anchoredMs: 20 * 60_000,
  /** Receipts that are asked about in one look, and of these at the same time. */
  aLook: 512,
  atOnce: 16,
} as const

interface Followed {
  readonly proof: SealedProof
  readonly id: string
  readonly leaf: Uint8Array
  readonly since: number
  nextAt: number
  waitMs: number
  isLogged: boolean
  /** The proxy has said that it is in no log. */
  isMissing: boolean
}

/** The log of a proxy, and its largest checkpoint so far. */
interface Watched {
  readonly log: KnownLog
  readonly watcher: LogWatcher
}

/**
 * Follows the receipts of a client into the logs of its proxies: where each stands, that the log goes on from what it
 * was before, and by which head the chain has it.
 */
export class LogFollower implements Disposable {
  readonly #options: LogFollowerOptions
  readonly #followed = new Map<string, Followed>()
  readonly #watchers = new Map<string, Watched>()
  readonly #listening: Disposable
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: LogFollowerOptions) {
    this.#options = options
    this.#listening = options.book.onChange(({ id, proof }) => {
      if (proof !== undefined) this.#follow(id, proof)
    })
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#listening[Symbol.dispose]()
    this.#timer?.cancel()
  }

  #follow(id: string, proof: SealedProof): void {
    if (this.#followed.size >= this.#options.most) return
    const now = this.#options.world.monotonic()
    const { firstMs } = limits
    const leaf = this.#leafOf(proof)
    this.#followed.set(id, {
      proof,
      id,
      leaf,
      since: now,
      nextAt: now + firstMs,
      waitMs: firstMs,
      isLogged: false,
      isMissing: false,
    })
    this.#later()
  }

  #leafOf({ signed, chargedTokens }: SealedProof): Uint8Array {
    const { receipt, bytes, signature } = signed
    const entry = encode(logEntry, {
      _: 'log.entry',
      receipt: receiptDigest(this.#options.sealCrypto, { receipt: bytes, signature }),
      identity: receipt.identity,
      model: receipt.model,
      coefficient: receipt.coefficient,
      chargedTokens,
    })
    return leafHash(this.#options.logCrypto.sha256, entry)
  }

  #later(): void {
    if (this.#isClosed || this.#followed.size === 0) return
    this.#timer ??= this.#options.world.after(limits.firstMs, () => {
      void this.#look().finally(() => {
        this.#timer = undefined
        this.#later()
      })
    })
  }

  async #look(): Promise<void> {
    const now = this.#options.world.monotonic()
    const due = [...this.#followed.values()].filter(({ nextAt }) => nextAt <= now).slice(0, limits.aLook)
    for (let at = 0; at < due.length; at += limits.atOnce) {
      await Promise.all(due.slice(at, at + limits.atOnce).map(followed => this.#lookAgain(followed)))
    }
  }

  async #lookAgain(followed: Followed): Promise<void> {
    followed.waitMs = Math.min(limits.longestMs, followed.waitMs * 2)
    followed.nextAt = this.#options.world.monotonic() + followed.waitMs
    // Who does not answer says nothing against the log.
    await this.#lookAt(followed).catch(() => {})
    this.#giveUp(followed)
  }

  async #lookAt(followed: Followed): Promise<void> {
    const { proof, id, leaf } = followed
    const { proxyKey } = proof.signed.receipt
    const proofs = this.#options.proofs(proxyKey)
    if (proofs === undefined) return
    const inclusion = await proofs.inclusion(leaf)
    followed.isMissing = inclusion === undefined
    if (inclusion === undefined) return
    const record = await this.#verify(inclusion, leaf, proofs).catch((error: unknown) => {
      // Shown is something else, or nothing that proves it.
      followed.isMissing = error instanceof TrustError
      throw error
    })
    if (record === undefined) return
    followed.isLogged = true
    const isKept = this.#options.book.attachLog(id, record)
    if (!isKept || record.anchor !== undefined) this.#followed.delete(id)
  }

  /** What was shown, if it holds; undefined, and told, where the proxy shows another log than before. */
  async #verify(
    inclusion: ClientInclusion,
    leaf: Uint8Array,
    proofs: LogProofs,
  ): Promise<LogRecord | undefined> {
    const { sha256 } = this.#options.logCrypto
    const { index, entry, proof, anchor } = inclusion
    const { watcher, log } = this.#watcherOf(proofs)
    const observed = await watcher.observe(inclusion.checkpoint, {
      consistency: (newer, oldSize) => proofs.consistency(oldSize, newer.size),
    })
    if (observed.kind === 'equivocation') {
      this.#options.forked(log, observed.evidence)
      return undefined
    }
    const { size, root, note } = observed.checkpoint
    if (observed.kind === 'accepted') this.#options.heads?.keep(log.origin, note)
    const claim = { index: Number(index), size, root, leaf, proof }
    if (!sameBytes(leafHash(sha256, entry), leaf) || !verifyInclusion(sha256, claim)) {
      throw new TrustError('log-unverified', 'The proxy proves another entry than that of the receipt.')
    }
    const record = { index: String(index), entry: toBase64(entry), proof: proof.map(toHex), checkpoint: note }
    if (anchor === undefined) return record
    const under = { ...claim, size: Number(anchor.size), root: anchor.root, proof: anchor.proof }
    // That the chain has it is for the reader of the receipt to check: here it is only that it would hold.
    if (!verifyInclusion(sha256, under)) return record
    return { ...record, anchor: anchorRecord(anchor, proofs.contract) }
  }

  #watcherOf({ proxyKey, contract }: LogProofs): Watched {
    const key = bytesKey(proxyKey)
    const known = this.#watchers.get(key)
    if (known !== undefined) return known
    const { logCrypto } = this.#options
    const origin = `cocoon/${contract}`
    const log: KnownLog = { origin, keys: [noteKey(logCrypto, 'ed25519', origin, proxyKey)] }
    const trusted = this.#options.heads?.find(origin)
    const watched = { log, watcher: new LogWatcher({ log, crypto: logCrypto, ...(trusted && { trusted }) }) }
    this.#watchers.set(key, watched)
    return watched
  }

  #giveUp({ id, proof, since, isLogged, isMissing }: Followed): void {
    const ageMs = this.#options.world.monotonic() - since
    if (ageMs < (isMissing && !isLogged ? limits.loggedMs : limits.anchoredMs)) return
    this.#followed.delete(id)
    if (!isLogged) this.#options.unlogged(proof, disputeReasons.unlogged)
  }
}

function anchorRecord(anchor: NonNullable<ClientInclusion['anchor']>, contract: string): AnchorRecord {
  return {
    proxy: contract,
    seqno: anchor.seqno,
    nonce: toHex(anchor.nonce),
    size: String(anchor.size),
    root: toHex(anchor.root),
    proof: anchor.proof.map(toHex),
    transaction: toHex(anchor.transaction),
    lt: String(anchor.lt),
    at: new Date(1000 * anchor.time).toISOString(),
  }
}
