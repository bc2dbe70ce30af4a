import type {
  AccountKey,
  Charge,
  ChargeRequest,
  ClientCredit,
  ClientView,
  Ledger,
  Note,
  Reservation,
  WorkerView,
} from '@cocoon/money'
import type { SimProcess } from './process.ts'

export interface LedgerFaults {
  /** Longest time until an operation is durable, milliseconds. */
  slowestMs: number
  /** How often a charge is refused by a full disk. */
  chargeFailure: number
}

export const soundLedger: LedgerFaults = { slowestMs: 0, chargeFailure: 0 }

/** One charge as the books have it. */
export interface BookedCharge {
  requestId: string
  client: AccountKey
  worker: AccountKey
  reserved: bigint
  charged: bigint
  /** What was asked for: as much as was charged, or more than was reserved. */
  due: bigint
}

/**
 * A ledger that outlives its process, as a database does: it takes its time, may fail, and holds every
 * operation against the rules. What a process had asked for when it died may be done or not.
 */
export class WatchedLedger implements Ledger {
  readonly charges: BookedCharge[] = []
  readonly #books: Ledger
  readonly #open = new Map<string, Reservation>()
  readonly #violation: (what: string) => void
  #process: SimProcess
  #faults: LedgerFaults

  constructor(books: Ledger, options: { process: SimProcess; violation: (what: string) => void }) {
    this.#books = books
    this.#process = options.process
    this.#violation = options.violation
    this.#faults = soundLedger
  }

  /** Reservations that were neither charged nor released. */
  get openReservations(): number {
    return this.#open.size
  }

  set faults(faults: LedgerFaults) {
    this.#faults = faults
  }

  /** The process died: its reservations end with it, and the next one takes over. */
  async reopen(process: SimProcess): Promise<void> {
    this.#process = process
    for (const requestId of this.#open.keys()) await this.#books.release(requestId)
    this.#open.clear()
  }

  async openClient(owner: AccountKey, credit: ClientCredit): Promise<ClientView> {
    await this.#pause()
    return this.#books.openClient(owner, credit)
  }

  async openWorker(owner: AccountKey): Promise<WorkerView> {
    await this.#pause()
    return this.#books.openWorker(owner)
  }

  async reserve(reservation: Reservation): Promise<Reservation> {
    const process = this.#process
    await this.#pause()
    const before = this.#books.client(reservation.client).available
    const made = await this.#books.reserve(reservation)
    if (made.tokens > before) this.#violation(`reserved ${made.tokens} of ${before} available`)
    if (this.#open.has(made.requestId)) this.#violation(`a second reservation as ${made.requestId}`)
    this.#open.set(made.requestId, made)
    await this.#pause(process)
    return made
  }

  async charge(request: ChargeRequest): Promise<Charge> {
    const process = this.#process
    await this.#pause()
    const reservation = this.#open.get(request.requestId)
    if (process.chance.chance(this.#faults.chargeFailure)) throw new Error('the disk is full')
    const charge = await this.#books.charge(request)
    const { chargedTokens, cutTokens } = charge
    if (reservation === undefined) this.#violation(`charged ${request.requestId}, which has no reservation`)
    else if (chargedTokens > reservation.tokens)
      this.#violation(`charged ${chargedTokens} of ${reservation.tokens}`)
    if (chargedTokens + cutTokens !== request.tokens)
      this.#violation('a charge and what was cut do not add up')
    this.#open.delete(request.requestId)
    this.charges.push({
      requestId: request.requestId,
      client: reservation?.client ?? '',
      worker: request.worker,
      reserved: reservation?.tokens ?? 0n,
      charged: chargedTokens,
      due: request.tokens,
    })
    await this.#pause(process)
    return charge
  }

  async release(requestId: string, note?: Uint8Array): Promise<boolean> {
    const process = this.#process
    await this.#pause()
    const released = await this.#books.release(requestId, note)
    this.#open.delete(requestId)
    await this.#pause(process)
    return released
  }

  async notes(most: number): Promise<Note[]> {
    await this.#pause()
    return this.#books.notes(most)
  }

  async dropNotes(requestIds: readonly string[]): Promise<void> {
    const process = this.#process
    await this.#pause()
    await this.#books.dropNotes(requestIds)
    await this.#pause(process)
  }

  client(owner: AccountKey): ClientView {
    return this.#books.client(owner)
  }

  worker(owner: AccountKey): WorkerView {
    return this.#books.worker(owner)
  }

  announce(): Promise<number> {
    return this.#books.announce()
  }

  confirm(seqno: number): Promise<void> {
    return this.#books.confirm(seqno)
  }

  async commit(): Promise<void> {
    await this.#pause()
    await this.#books.commit()
  }

  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void {
    this.#books.recordSigned(party, owner, tokens)
  }

  clients(): ClientView[] {
    return this.#books.clients()
  }

  workers(): WorkerView[] {
    return this.#books.workers()
  }

  recordPaid(owner: AccountKey, tokens: bigint): void {
    this.#books.recordPaid(owner, tokens)
  }

  assertConserved(): void {
    this.#books.assertConserved()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#books[Symbol.asyncDispose]()
  }

  /** Never over for a process that dies meanwhile. */
  #pause(process = this.#process): Promise<void> {
    const { slowestMs } = this.#faults
    if (slowestMs === 0) return Promise.resolve()
    return new Promise(resolve => void process.event(slowestMs * process.chance.unit(), resolve))
  }
}
