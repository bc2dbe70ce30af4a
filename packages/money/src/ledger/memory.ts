import type { ClientCredit } from '../credit.ts'
import type { AccountKey, Charge, ClientView, Ledger, Reservation, WorkerView } from '../ledger.ts'
import { Books, type BooksLimits, chargeOf } from './books.ts'

export type MemoryLedgerOptions = Partial<BooksLimits>

/** Books that end with the process: for networks without a chain and for tests. Every operation takes constant time. */
export class MemoryLedger implements Ledger {
  readonly #books: Books

  constructor(options: MemoryLedgerOptions = {}) {
    const { maxAccounts = 100_000, maxReservations = 100_000, rememberedRequests = 4_096 } = options
    this.#books = new Books({ maxAccounts, maxReservations, rememberedRequests })
  }

  async openClient(owner: AccountKey, credit: ClientCredit): Promise<ClientView> {
    return this.#books.openClient(owner, credit).view()
  }

  async openWorker(owner: AccountKey): Promise<WorkerView> {
    return this.#books.openWorker(owner).view()
  }

  async reserve(reservation: Reservation): Promise<Reservation> {
    return this.#books.reserve(reservation)
  }

  async charge(request: { requestId: string; worker: AccountKey; tokens: bigint }): Promise<Charge> {
    const charged = this.#books.charge(request)
    this.#persist()
    return chargeOf(charged)
  }

  async release(requestId: string): Promise<boolean> {
    return this.#books.release(requestId)
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
    return this.#books.announce()
  }

  async confirm(seqno: number): Promise<void> {
    this.#books.confirm(seqno)
    this.#persist()
  }

  async commit(): Promise<void> {
    await this.confirm(await this.announce())
  }

  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void {
    this.#books.recordSigned(party, owner, tokens)
  }

  assertConserved(): void {
    this.#books.assertConserved()
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Memory is all the durability there is. */
  #persist(): void {
    for (const account of this.#books.take().accounts) account.persisted(account.max, account.committed)
  }
}
