import type { Ledger, LogHead, PaymentKey, SeenAnchor } from '@cocoon/money'
import {
  consistencyProof,
  Cosigners,
  inclusionProof,
  LogAppender,
  type LogStore,
  noteKey,
  parseCheckpoint,
  type RemoteWitness,
  storedTiles,
  type TiledTree,
} from '@cocoon/trust/log'
import type { ClientConsistency, ClientInclusion, LogAnchor, Timer, World } from '@cocoon/wire'
import { entryOf } from './log-entry.ts'
import { nodeLogCrypto } from './node-log-crypto.ts'

export interface ProxyLogOptions {
  readonly world: World
  /** Where its notes are. */
  readonly ledger: Pick<Ledger, 'notes' | 'dropNotes'>
  readonly store: LogStore
  /** Whether a store without a log gets a new one: where there was one before, that would be a second history. */
  readonly ifEmpty: 'create' | 'refuse'
  /** The proxy's own: its contract has the public half. */
  readonly key: PaymentKey
  /** `addressKey` of the proxy's contract. */
  readonly contract: string
  /** Between batches, milliseconds. */
  readonly intervalMs: number
  /** Of several processes on the same books one writes the log. */
  readonly mayAct: () => boolean
  /** The newest heads that the chain has, oldest first. */
  readonly anchors: () => readonly SeenAnchor[]
  /** Hears of batches that could not be appended. They are tried again. */
  readonly onFailure: (cause: unknown) => void
}

/** Notes in one batch. */
const batchNotes = 1_000
/** Witnesses that are asked about one checkpoint, and how long they have. */
const maxCosigners = 8
const cosigningMs = 2_000
/** How long an anchor waits for the log. */
const headMs = 10_000
const sha256 = nodeLogCrypto.sha256

/** What the notes of a log are called that a proxy's contract stands behind. `contract`: as `addressKey` has it. */
export function logOrigin(contract: string): string {
  return `cocoon/${contract}`
}

/**
 * The public log of what a proxy charged: takes the notes that charges have left in the ledger and appends them, each
 * once, whatever stops it in between.
 */
export class ProxyLog implements AsyncDisposable {
  readonly #options: ProxyLogOptions
  readonly #appender: LogAppender
  /** Who cosigns checkpoints: peers that are connected now, and those of the configuration. */
  readonly #witnesses = new Set<RemoteWitness>()
  #head: LogHead | undefined
  #timer: Timer | undefined
  #working: Promise<void> | undefined
  #isClosed = false

  private constructor(options: ProxyLogOptions, appender: LogAppender, head: LogHead | undefined) {
    this.#options = options
    this.#appender = appender
    this.#head = head
    this.#later()
  }

  /** Opens the log of a store, or begins one. Rejects with a TrustError where the store's state does not hold. */
  static async open(options: ProxyLogOptions): Promise<ProxyLog> {
    const { store, key, contract, ifEmpty } = options
    const origin = logOrigin(contract)
    const appender = await LogAppender.open({
      store,
      origin,
      signer: {
        key: noteKey(nodeLogCrypto, 'ed25519', origin, key.publicKey),
        sign: message => key.sign(message),
      },
      writer: 'proxy',
      ifEmpty,
      isWitnessed: true,
      crypto: nodeLogCrypto,
    })
    return new ProxyLog(options, appender, headOf((await store.head())?.checkpoint))
  }

  /**
   * The newest checkpoint, for the chain, once all that was charged before is under it; where that takes too long or
   * fails, the newest that there is. Undefined while there is none.
   */
  async headNow(): Promise<LogHead | undefined> {
    const { world, onFailure } = this.#options
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = world.after(headMs, resolve)
    // What is being appended was taken before, and may lack the newest.
    const caughtUp = (this.#working ?? Promise.resolve()).catch(() => {}).then(() => this.append())
    await Promise.race([caughtUp.catch(onFailure), late])
    timer.cancel()
    return this.#head
  }

  get store(): LogStore {
    return this.#options.store
  }

  /** Asks this witness too, until it is disposed. */
  addWitness(witness: RemoteWitness): Disposable {
    this.#witnesses.add(witness)
    return { [Symbol.dispose]: () => void this.#witnesses.delete(witness) }
  }

  /** The newest heads that the chain has, oldest first. */
  get anchors(): readonly SeenAnchor[] {
    return this.#options.anchors()
  }

  /** Where an entry is, and the proofs. Undefined where no entry has this leaf hash yet. */
  async inclusion(leaf: Uint8Array): Promise<ClientInclusion | undefined> {
    const { store } = this.#options
    const [index, head] = [await store.find(leaf), await store.published()]
    if (index === undefined || head === undefined || index >= head.size) return undefined
    const [entry] = await store.entries(index, 1)
    const anchor = await this.#anchorOver(index, head.size)
    return {
      _: 'client.inclusion',
      index: BigInt(index),
      entry: entry!,
      proof: await inclusionProof(this.#tree(head.size), index),
      checkpoint: new TextEncoder().encode(head.checkpoint),
      flags: anchor === undefined ? 0 : 1,
      ...(anchor && { anchor }),
    }
  }

  /** That the log of one size goes on from that of another. Undefined for sizes that it never had. */
  async consistency(oldSize: bigint, newSize: bigint): Promise<ClientConsistency | undefined> {
    const head = await this.#options.store.published()
    const isThere = 0n <= oldSize && oldSize <= newSize && newSize <= BigInt(head?.size ?? -1)
    if (!isThere) return undefined
    return {
      _: 'client.consistency',
      proof: await consistencyProof(this.#tree(Number(newSize)), Number(oldSize)),
    }
  }

  /** Appends what has been charged so far. Rejects where that fails; nothing is lost then. */
  append(): Promise<void> {
    this.#working ??= this.#append().finally(() => (this.#working = undefined))
    return this.#working
  }

  /** Appends what is left, where that goes, and closes the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#working?.catch(() => {})
    await this.append().catch(() => {})
    await this.#options.store[Symbol.asyncDispose]()
  }

  async #append(): Promise<void> {
    const { ledger, mayAct } = this.#options
    while (mayAct()) {
      const notes = await ledger.notes(batchNotes)
      if (notes.length === 0) break
      const batch = notes.map(note => ({ id: note.id, entry: entryOf(note) }))
      const { head } = await this.#appender.append(batch)
      this.#head = headOf(head.checkpoint)
      await ledger.dropNotes(notes.map(({ id }) => id))
      if (notes.length < batchNotes) break
    }
    if (mayAct()) await this.#publish()
  }

  /** Shows everybody what was appended, with the cosignatures that come in time: no witness can hold it up. */
  async #publish(): Promise<void> {
    const { store, world } = this.#options
    const [head, published] = [await store.head(), await store.published()]
    if (head === undefined || head.size === published?.size) return
    const giveUp = new AbortController()
    const timer = world.after(cosigningMs, () => giveUp.abort())
    try {
      const witnesses = this.#someWitnesses()
      await new Cosigners({ store, witnesses, quorum: 0, crypto: nodeLogCrypto }).publish(giveUp.signal)
    } finally {
      timer.cancel()
    }
  }

  /** Others each time, where there are many. */
  #someWitnesses(): RemoteWitness[] {
    const all = [...this.#witnesses]
    for (const witness of all.slice(0, maxCosigners)) {
      this.#witnesses.delete(witness)
      this.#witnesses.add(witness)
    }
    return all.slice(0, maxCosigners)
  }

  async #anchorOver(index: number, size: number): Promise<LogAnchor | undefined> {
    const anchor = this.anchors.findLast(({ size: at }) => at > BigInt(index) && at <= BigInt(size))
    if (anchor === undefined) return undefined
    return {
      _: 'log.anchor',
      seqno: anchor.seqno,
      nonce: anchor.nonce,
      size: anchor.size,
      root: anchor.root,
      transaction: Buffer.from(anchor.transactionHash, 'hex'),
      lt: anchor.lt,
      time: anchor.timeS,
      proof: await inclusionProof(this.#tree(Number(anchor.size)), index),
    }
  }

  #tree(size: number): TiledTree {
    return { size, tiles: storedTiles(this.#options.store), sha256 }
  }

  #later(): void {
    if (this.#isClosed) return
    this.#timer = this.#options.world.after(this.#options.intervalMs, () => {
      void this.append()
        .catch(this.#options.onFailure)
        .finally(() => this.#later())
    })
  }
}

function headOf(checkpoint: string | undefined): LogHead | undefined {
  if (checkpoint === undefined) return undefined
  const { size, root } = parseCheckpoint(checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1))
  return { size: BigInt(size), root }
}
