import assert from 'node:assert/strict'
import type { ClientCredit } from './credit.ts'
import { MoneyError } from './error.ts'
import { RecentMap } from './recent-map.ts'
import type { AccountKey, Charge, ClientView, Ledger, Reservation, WorkerView } from './ledger.ts'
import { type Account, Accounts, ClientAccount, WorkerAccount } from './memory-accounts.ts'

export interface MemoryLedgerOptions {
  /** Most accounts of clients, and most of workers. */
  maxAccounts?: number
  /** Most reservations open at once. */
  maxReservations?: number
  /** How many ended requests are remembered, to know a repeated call. */
  rememberedRequests?: number
}

/** Books that end with the process: for networks without a chain and for tests. Every operation takes constant time. */
export class MemoryLedger implements Ledger {
  readonly #clients: Accounts<ClientAccount>
  readonly #workers: Accounts<WorkerAccount>
  readonly #open = new Map<string, { reservation: Reservation; client: ClientAccount }>()
  readonly #ended: RecentMap<Ended>
  readonly #maxReservations: number
  /** Accounts whose total moved since the last announced state. */
  #moved = new Set<Account>()
  #announced: { seqno: number; totals: Map<Account, bigint> } | undefined
  #lastSeqno = 0
  #spent = 0n
  #earned = 0n
  #balances = true

  constructor(options: MemoryLedgerOptions = {}) {
    const maxAccounts = options.maxAccounts ?? 100_000
    this.#clients = new Accounts(maxAccounts)
    this.#workers = new Accounts(maxAccounts)
    this.#maxReservations = options.maxReservations ?? 100_000
    this.#ended = new RecentMap(options.rememberedRequests ?? 4_096)
  }

  async openClient(owner: AccountKey, credit: ClientCredit): Promise<ClientView> {
    const account = this.#clients.open(owner, () => new ClientAccount(owner, credit))
    account.credit = credit
    return account.view()
  }

  async openWorker(owner: AccountKey): Promise<WorkerView> {
    return this.#workers.open(owner, () => new WorkerAccount(owner)).view()
  }

  async reserve({ requestId, client: owner, tokens }: Reservation): Promise<Reservation> {
    requireAmount(tokens)
    this.#requireBalanced()
    const client = this.#clients.get(owner)
    const open = this.#open.get(requestId)
    if (open?.client === client && open.reservation.tokens === tokens) return open.reservation
    if (open !== undefined || this.#ended.has(requestId)) throw usedBefore(requestId)
    if (this.#open.size >= this.#maxReservations) {
      throw new MoneyError(
        'limit',
        `${this.#open.size} reservations are open, and no more may be. Retry later`,
      )
    }
    if (tokens > client.available) throw balanceTooLow(client, tokens)

    const reservation = Object.freeze({ requestId, client: owner, tokens })
    client.reserved += tokens
    this.#clients.keep(client)
    this.#open.set(requestId, { reservation, client })
    return reservation
  }

  async charge(request: { requestId: string; worker: AccountKey; tokens: bigint }): Promise<Charge> {
    const { requestId, tokens } = request
    requireAmount(tokens)
    this.#requireBalanced()
    const worker = this.#workers.get(request.worker)
    const open = this.#open.get(requestId)
    if (open === undefined) return this.#repeatedCharge(requestId, worker, tokens)

    const { client, reservation } = open
    const chargedTokens = tokens < reservation.tokens ? tokens : reservation.tokens
    const ended: ChargedRequest = { kind: 'charged', client, worker, tokens, chargedTokens }
    this.#end(requestId, ended)
    this.#workers.keep(worker)
    this.#move(client, chargedTokens)
    this.#move(worker, chargedTokens)
    this.#spent += chargedTokens
    this.#earned += chargedTokens
    return chargeOf(ended)
  }

  async release(requestId: string): Promise<boolean> {
    if (!this.#open.has(requestId)) return false
    this.#end(requestId, { kind: 'released' })
    return true
  }

  client(owner: AccountKey): ClientView {
    return this.#clients.get(owner).view()
  }

  worker(owner: AccountKey): WorkerView {
    return this.#workers.get(owner).view()
  }

  clients(): ClientView[] {
    return this.#clients.all().map(account => account.view())
  }

  workers(): WorkerView[] {
    return this.#workers.all().map(account => account.view())
  }

  recordPaid(owner: AccountKey, tokens: bigint): void {
    requireAmount(tokens)
    const account = this.#workers.get(owner)
    if (tokens > account.paid) account.paid = tokens
  }

  async announce(): Promise<number> {
    if (this.#announced === undefined) {
      const totals = new Map(Array.from(this.#moved, account => [account, account.max]))
      this.#announced = { seqno: ++this.#lastSeqno, totals }
      this.#moved = new Set()
    }
    return this.#announced.seqno
  }

  async confirm(seqno: number): Promise<void> {
    if (this.#announced?.seqno !== seqno) return
    for (const [account, total] of this.#announced.totals) account.committedToChain = total
    this.#announced = undefined
  }

  async commit(): Promise<void> {
    await this.confirm(await this.announce())
  }

  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void {
    requireAmount(tokens)
    const account = party === 'client' ? this.#clients.get(owner) : this.#workers.get(owner)
    const { committedToChain } = account
    if (tokens > committedToChain) {
      throw new MoneyError(
        'uncommitted',
        `${tokens} tokens are signed, but only ${committedToChain} are committed`,
      )
    }
    if (tokens > account.signed) account.signed = tokens
  }

  assertConserved(): void {
    this.#balances = false
    const reserved = new Map<ClientAccount, bigint>()
    for (const { client, reservation } of this.#open.values()) {
      reserved.set(client, (reserved.get(client) ?? 0n) + reservation.tokens)
    }
    const clients = this.#clients.all()
    const workers = this.#workers.all()
    for (const client of clients)
      assert.equal(client.reserved, reserved.get(client) ?? 0n, 'reservations add up')
    for (const { signed, committedToChain, max } of [...clients, ...workers]) {
      assert.ok(0n <= signed && signed <= committedToChain && committedToChain <= max, 'grades are in order')
    }
    assert.equal(total(clients), this.#spent, 'accounts of clients add up to what was spent')
    assert.equal(total(workers), this.#earned, 'accounts of workers add up to what was earned')
    assert.equal(this.#spent, this.#earned, 'clients spent what workers earned')
    this.#balances = true
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #requireBalanced(): void {
    if (!this.#balances) throw new MoneyError('unbalanced', 'The books do not balance: nothing is charged')
  }

  #repeatedCharge(requestId: string, worker: WorkerAccount, tokens: bigint): Charge {
    const ended = this.#ended.get(requestId)
    if (ended === undefined)
      throw new MoneyError('request-unknown', `Nothing is reserved for request ${requestId}`)
    if (ended.kind === 'released') {
      throw new MoneyError('request-released', `The reservation of request ${requestId} was released`)
    }
    if (ended.worker !== worker || ended.tokens !== tokens) throw usedBefore(requestId)
    return chargeOf(ended)
  }

  #end(requestId: string, ended: Ended): void {
    const { client, reservation } = this.#open.get(requestId)!
    client.reserved -= reservation.tokens
    this.#open.delete(requestId)
    this.#ended.set(requestId, ended)
  }

  #move(account: Account, tokens: bigint): void {
    if (tokens === 0n) return
    account.max += tokens
    this.#moved.add(account)
  }
}

interface ChargedRequest {
  readonly kind: 'charged'
  readonly client: ClientAccount
  readonly worker: WorkerAccount
  /** What the worker asked for. */
  readonly tokens: bigint
  readonly chargedTokens: bigint
}

type Ended = ChargedRequest | { readonly kind: 'released' }

function chargeOf({ client, worker, tokens, chargedTokens }: ChargedRequest): Charge {
  return {
    client: client.grades(),
    worker: worker.grades(),
    chargedTokens,
    cutTokens: tokens - chargedTokens,
  }
}

function requireAmount(tokens: bigint): void {
  if (BigInt.asUintN(64, tokens) !== tokens) {
    throw new MoneyError('amount', `${tokens} tokens is not an amount from 0 to 2^64 - 1`)
  }
}

function usedBefore(requestId: string): MoneyError {
  return new MoneyError(
    'request-conflict',
    `Request ${requestId} is known already, with other figures or as ended`,
  )
}

function balanceTooLow(client: ClientAccount, requested: bigint): MoneyError {
  const { available, reserved, max: used } = client
  const { paid, stake } = client.credit
  return new MoneyError(
    'balance',
    `The balance is too low: ${requested} tokens are asked for, ${available} are available ` +
      `(paid ${paid}, stake ${stake}, used ${used}, reserved ${reserved})`,
    { figures: { requested, available, paid, stake, used, reserved } },
  )
}

function total(accounts: readonly Account[]): bigint {
  return accounts.reduce((sum, { max }) => sum + max, 0n)
}
