import type { ClientCredit } from '../credit.ts'
import {
  type AccountKey,
  type Charge,
  type ChargeRequest,
  type ClientView,
  type Ledger,
  maxNotesAtOnce,
  type Note,
  type Reservation,
  type WorkerView,
} from '../ledger.ts'
import { type Books, chargeOf } from './books.ts'

/** How books in memory become durable. */
export interface Durability {
  /** Throws once a commit has failed: nothing is decided any more. */
  requireSound(): void
  /** Resolves once all that has changed up to now is durable. */
  commit(): Promise<void>
  /** The oldest notes that are durable. */
  notes(most: number): Promise<Note[]>
  /** Has these notes forgotten with the next commit. */
  dropNotes(requestIds: readonly string[]): void
  close(): Promise<void>
}

/** The books in memory decide, and what was decided is answered once it is durable. */
export class BooksLedger implements Ledger {
  readonly #books: Books
  readonly #durability: Durability
  #durableSeqno: number

  constructor(books: Books, durability: Durability) {
    this.#books = books
    this.#durability = durability
    this.#durableSeqno = books.lastSeqno
  }

  async openClient(owner: AccountKey, credit: ClientCredit): Promise<ClientView> {
    this.#durability.requireSound()
    return this.#books.openClient(owner, credit).view()
  }

  async openWorker(owner: AccountKey): Promise<WorkerView> {
    this.#durability.requireSound()
    return this.#books.openWorker(owner).view()
  }

  async reserve(reservation: Reservation): Promise<Reservation> {
    this.#durability.requireSound()
    return this.#books.reserve(reservation)
  }

  async charge(request: ChargeRequest): Promise<Charge> {
    this.#durability.requireSound()
    const charged = this.#books.charge(request)
    // A repeated one waits as well: the first may not be durable yet.
    await this.#durability.commit()
    return chargeOf(charged)
  }

  async release(requestId: string, note?: Uint8Array): Promise<boolean> {
    this.#durability.requireSound()
    const isReleased = this.#books.release(requestId, note)
    if (note !== undefined) await this.#durability.commit()
    return isReleased
  }

  async notes(most: number): Promise<Note[]> {
    this.#durability.requireSound()
    return this.#durability.notes(Math.min(most, maxNotesAtOnce))
  }

  async dropNotes(requestIds: readonly string[]): Promise<void> {
    this.#durability.requireSound()
    this.#durability.dropNotes(requestIds)
    await this.#durability.commit()
  }

  client(owner: AccountKey): ClientView {
    return this.#books.clients.get(owner).view()
  }

  worker(owner: AccountKey): WorkerView {
    return this.#books.workers.get(owner).view()
  }

  clients(): ClientView[] {
    return this.#books.clients.all().map(account => account.view())
  }

  workers(): WorkerView[] {
    return this.#books.workers.all().map(account => account.view())
  }

  recordPaid(owner: AccountKey, tokens: bigint): void {
    this.#books.recordPaid(owner, tokens)
  }

  async announce(): Promise<number> {
    this.#durability.requireSound()
    const seqno = this.#books.announce()
    await this.#durability.commit()
    this.#durableSeqno = seqno
    return seqno
  }

  async confirm(seqno: number): Promise<void> {
    this.#durability.requireSound()
    // Nobody was told the number of a state that is not durable.
    if (seqno <= this.#durableSeqno && this.#books.confirm(seqno)) await this.#durability.commit()
  }

  async commit(): Promise<void> {
    await this.confirm(await this.announce())
  }

  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void {
    this.#durability.requireSound()
    this.#books.recordSigned(party, owner, tokens)
  }

  assertConserved(): void {
    this.#books.assertConserved()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#durability.close()
  }
}
