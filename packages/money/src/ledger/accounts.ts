import { isAddressKey } from '../address.ts'
import { spendLimit, type ClientCredit } from '../credit.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey, ClientView, Grades, WorkerView } from '../ledger.ts'

/** Totals of one account. The ones with `durable` are what the views show as safe; the others are decided. */
export abstract class Account {
  /** Names the account in a database; never used for another one. */
  readonly id: number
  readonly owner: AccountKey
  max = 0n
  durableMax = 0n
  /** Its total in the state that waits for the chain. */
  announced: bigint | undefined
  committed = 0n
  durableCommitted = 0n
  signed = 0n

  constructor(id: number, owner: AccountKey) {
    this.id = id
    this.owner = owner
  }

  /** These figures survive a crash from now on. */
  persisted(max: bigint, committed: bigint): void {
    this.durableMax = max
    this.durableCommitted = committed
  }

  /** Throws `MoneyError('uncommitted')` above what is safe to be signed. */
  sign(tokens: bigint): void {
    if (tokens > this.durableCommitted) {
      throw new MoneyError(
        'uncommitted',
        `${tokens} tokens are signed, but only ${this.durableCommitted} are committed`,
      )
    }
    if (tokens > this.signed) this.signed = tokens
  }

  grades(): Grades {
    const { max, durableMax, durableCommitted, signed } = this
    return { max, committedToDb: durableMax, committedToChain: durableCommitted, signed }
  }
}

export class WorkerAccount extends Account {
  paid = 0n

  view(): WorkerView {
    return { owner: this.owner, paid: this.paid, ...this.grades() }
  }
}

export class ClientAccount extends Account {
  credit: ClientCredit
  reserved = 0n

  constructor(id: number, owner: AccountKey, credit: ClientCredit) {
    super(id, owner)
    this.credit = credit
  }

  /** The chain may lower the limit below what is already used or reserved. */
  get available(): bigint {
    const left = spendLimit(this.credit) - this.reserved - this.max
    return left > 0n ? left : 0n
  }

  view(): ClientView {
    const { owner, credit, reserved, available } = this
    return { owner, ...this.grades(), credit, reserved, available }
  }
}

/** Accounts by owner, with a bound: the oldest one that was never used makes room for a new one. */
export class Accounts<A extends Account> {
  readonly #used = new Map<AccountKey, A>()
  /** Nothing was ever reserved or charged; oldest first. */
  readonly #unused = new Map<AccountKey, A>()
  readonly #max: number
  #lastId = 0

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#used.size + this.#unused.size
  }

  /** Throws `MoneyError('address')` for a text that is no key, and `limit`. */
  open(owner: AccountKey, create: (id: number) => A): A {
    const found = this.find(owner)
    if (found !== undefined) return found
    if (!isAddressKey(owner)) {
      throw new MoneyError('address', 'An account is opened by the raw form of an address')
    }
    if (this.size >= this.#max) this.#makeRoom()
    const account = create(++this.#lastId)
    this.#unused.set(owner, account)
    return account
  }

  /** Throws `MoneyError('account-unknown')`. */
  get(owner: AccountKey): A {
    const account = this.find(owner)
    if (account === undefined) {
      throw new MoneyError('account-unknown', `No account is open for ${owner}`)
    }
    return account
  }

  find(owner: AccountKey): A | undefined {
    return this.#used.get(owner) ?? this.#unused.get(owner)
  }

  /** From now on the account is used, and stays. */
  keep(account: A): void {
    if (this.#unused.delete(account.owner)) this.#used.set(account.owner, account)
  }

  isKept(account: A): boolean {
    return this.#used.has(account.owner)
  }

  /** Takes an account from a database, whatever the bound. */
  restore(account: A): void {
    this.#used.set(account.owner, account)
    this.#lastId = Math.max(this.#lastId, account.id)
  }

  all(): A[] {
    return [...this]
  }

  *[Symbol.iterator](): IterableIterator<A> {
    yield* this.#used.values()
    yield* this.#unused.values()
  }

  #makeRoom(): void {
    for (const oldest of this.#unused.keys()) {
      this.#unused.delete(oldest)
      return
    }
    throw new MoneyError('limit', `${this.#max} accounts are in use, and no more may be`)
  }
}
