import type { ClientCredit } from '../credit.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey, Charge, ChargeRequest, Note, Reservation } from '../ledger.ts'
import { type Account, Accounts, ClientAccount, WorkerAccount } from './accounts.ts'
import { BooksAudit } from './audit.ts'
import {
  balanceTooLow,
  requestReleased,
  requestUnknown,
  requireAmount,
  requireNote,
  usedBefore,
} from './refusals.ts'
import { RecentMap } from './recent-map.ts'

export interface BooksLimits {
  /** Most accounts of clients, and most of workers. */
  maxAccounts: number
  /** Most reservations open at once. */
  maxReservations: number
  /** How many ended requests are remembered, to know a repeated call. */
  rememberedRequests: number
}

export interface ChargedRequest {
  readonly kind: 'charged'
  readonly requestId: string
  readonly client: ClientAccount
  readonly worker: WorkerAccount
  /** What the worker asked for. */
  readonly tokens: bigint
  readonly chargedTokens: bigint
}

type Ended = ChargedRequest | { readonly kind: 'released' }

/** A reservation that is open. */
export interface OpenRequest {
  readonly reservation: Reservation
  readonly client: ClientAccount
}

/** What a database holds of books that were closed. */
export interface BooksRecord {
  readonly clients: readonly ClientAccount[]
  readonly workers: readonly WorkerAccount[]
  /** Oldest first. */
  readonly charges: readonly ChargedRequest[]
  readonly lastSeqno: number
  /** The state of `lastSeqno` waits for the chain. */
  readonly isWaiting: boolean
  readonly spent: bigint
  readonly earned: bigint
}

/**
 * The books in memory, which decide: every operation takes constant time and is done when it returns. What
 * changed is collected for whoever makes it durable.
 */
export class Books {
  readonly clients: Accounts<ClientAccount>
  readonly workers: Accounts<WorkerAccount>
  readonly open = new Map<string, OpenRequest>()
  /** Tokens of all open reservations. */
  reserved = 0n
  spent = 0n
  earned = 0n
  lastSeqno = 0
  readonly rememberedRequests: number
  readonly #ended: RecentMap<Ended>
  readonly #maxReservations: number
  readonly #audit = new BooksAudit(this)
  /** Accounts whose total moved since the last announced state. */
  #moved = new Set<Account>()
  /** Accounts in the state that waits for the chain. */
  #waiting: Account[] | undefined
  #changed = new Set<Account>()
  #charges: ChargedRequest[] = []
  #notes: Note[] = []

  constructor({
    maxAccounts = 100_000,
    maxReservations = 100_000,
    rememberedRequests = 4_096,
  }: Partial<BooksLimits>) {
    this.rememberedRequests = rememberedRequests
    this.clients = new Accounts(maxAccounts)
    this.workers = new Accounts(maxAccounts)
    this.#maxReservations = maxReservations
    this.#ended = new RecentMap(rememberedRequests)
  }

  openClient(owner: AccountKey, credit: ClientCredit): ClientAccount {
    const account = this.clients.open(owner, id => new ClientAccount(id, owner, credit))
    if (credit.lt >= account.credit.lt && !sameCredit(account.credit, credit)) {
      account.credit = credit
      this.#change(account, this.clients.isKept(account))
    }
    return account
  }

  openWorker(owner: AccountKey): WorkerAccount {
    return this.workers.open(owner, id => new WorkerAccount(id, owner))
  }

  reserve({ requestId, client: owner, tokens }: Reservation): Reservation {
    requireAmount(tokens)
    this.#audit.requireBalanced()
    const client = this.clients.get(owner)
    const open = this.open.get(requestId)
    if (open?.client === client && open.reservation.tokens === tokens) return open.reservation
    if (open !== undefined || this.#ended.has(requestId)) throw usedBefore(requestId)
    if (this.open.size >= this.#maxReservations) {
      throw new MoneyError(
        'limit',
        `${this.open.size} reservations are open, and no more may be. Retry later`,
      )
    }
    const { available } = client
    if (tokens > available) {
      const { credit, reserved, max: used } = client
      throw balanceTooLow({ requested: tokens, available, credit, used, reserved })
    }
    const reservation = { requestId, client: owner, tokens }
    client.reserved += tokens
    this.reserved += tokens
    this.clients.keep(client)
    this.open.set(requestId, { reservation, client })
    return reservation
  }

  charge(request: ChargeRequest): ChargedRequest {
    const { requestId, tokens, note } = request
    requireAmount(tokens)
    requireNote(note)
    this.#audit.requireBalanced()
    const worker = this.workers.get(request.worker)
    const open = this.open.get(requestId)
    if (open === undefined) return this.#repeatedCharge(requestId, worker, tokens)

    const { client, reservation } = open
    const chargedTokens = tokens < reservation.tokens ? tokens : reservation.tokens
    const charged: ChargedRequest = { kind: 'charged', requestId, client, worker, tokens, chargedTokens }
    this.#end(requestId, open, charged)
    this.workers.keep(worker)
    this.#move(client, chargedTokens)
    this.#move(worker, chargedTokens)
    this.spent += chargedTokens
    this.earned += chargedTokens
    this.#charges.push(charged)
    this.#note(requestId, note, chargedTokens)
    return charged
  }

  release(requestId: string, note?: Uint8Array): boolean {
    requireNote(note)
    const open = this.open.get(requestId)
    if (open === undefined) return false
    this.#end(requestId, open, { kind: 'released' })
    this.#note(requestId, note, 0n)
    return true
  }

  recordPaid(owner: AccountKey, tokens: bigint): void {
    requireAmount(tokens)
    const account = this.workers.get(owner)
    if (tokens <= account.paid) return
    account.paid = tokens
    this.#change(account, this.workers.isKept(account))
  }

  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void {
    requireAmount(tokens)
    const account = party === 'client' ? this.clients.get(owner) : this.workers.get(owner)
    account.sign(tokens)
    this.#change(account, account.signed > 0n)
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  announce(): number {
    if (this.#waiting === undefined) {
      this.lastSeqno++
      this.#waiting = [...this.#moved]
      this.#moved = new Set()
      for (const account of this.#waiting) {
        account.announced = account.max
        this.#change(account, true)
      }
    }
    return this.lastSeqno
  }

  /** False for a number that is not waiting. */
  confirm(seqno: number): boolean {
    if (this.#waiting === undefined || seqno !== this.lastSeqno) return false
    for (const account of this.#waiting) {
      account.committed = account.announced ?? account.committed
      account.announced = undefined
      this.#change(account, true)
    }
    this.#waiting = undefined
    return true
  }

  /** What is not durable yet, each account, charge and note once. The caller answers for it from now on. */
  take(): { accounts: Set<Account>; charges: ChargedRequest[]; notes: Note[] } {
    const taken = { accounts: this.#changed, charges: this.#charges, notes: this.#notes }
    this.#changed = new Set()
    this.#charges = []
    this.#notes = []
    return taken
  }

  /** Something waits to be made durable. */
  get hasChanged(): boolean {
    return this.#changed.size > 0 || this.#charges.length > 0 || this.#notes.length > 0
  }

  /** Throws an AssertionError if the books do not balance, and closes them to charges. */
  assertConserved(): void {
    this.#audit.assertConserved()
  }

  /** Goes on from what a database holds. Throws an AssertionError if that does not balance. */
  restore(record: BooksRecord): void {
    for (const client of record.clients) this.clients.restore(client)
    for (const worker of record.workers) this.workers.restore(worker)
    for (const charge of record.charges) this.#ended.set(charge.requestId, charge)
    this.spent = record.spent
    this.earned = record.earned
    this.lastSeqno = record.lastSeqno
    const accounts: Account[] = [...record.clients, ...record.workers]
    if (record.isWaiting) this.#waiting = accounts.filter(account => account.announced !== undefined)
    for (const account of accounts) {
      if (account.max !== (account.announced ?? account.committed)) this.#moved.add(account)
    }
    this.#audit.assertConserved()
  }

  #repeatedCharge(requestId: string, worker: WorkerAccount, tokens: bigint): ChargedRequest {
    const ended = this.#ended.get(requestId)
    if (ended === undefined) throw requestUnknown(requestId)
    if (ended.kind === 'released') throw requestReleased(requestId)
    if (ended.worker !== worker || ended.tokens !== tokens) throw usedBefore(requestId)
    return ended
  }

  #end(requestId: string, { client, reservation }: OpenRequest, ended: Ended): void {
    client.reserved -= reservation.tokens
    this.reserved -= reservation.tokens
    this.open.delete(requestId)
    this.#ended.set(requestId, ended)
  }

  #note(id: string, note: Uint8Array | undefined, chargedTokens: bigint): void {
    if (note !== undefined) this.#notes.push({ id, bytes: Uint8Array.from(note), chargedTokens })
  }

  #move(account: Account, tokens: bigint): void {
    this.#changed.add(account)
    if (tokens === 0n) return
    account.max += tokens
    this.#moved.add(account)
  }

  /** Accounts that nothing was charged to are not worth a place in a database. */
  #change(account: Account, isKept: boolean): void {
    if (isKept) this.#changed.add(account)
  }
}

/** The charge as the caller of a ledger sees it, with the totals of now. */
export function chargeOf({ client, worker, tokens, chargedTokens }: ChargedRequest): Charge {
  return {
    client: client.grades(),
    worker: worker.grades(),
    chargedTokens,
    cutTokens: tokens - chargedTokens,
  }
}

export function sameCredit(a: ClientCredit, b: ClientCredit): boolean {
  return a.paid === b.paid && a.stake === b.stake && a.charged === b.charged && a.lt === b.lt
}
