import { isAddressKey } from './address.ts'
import { spendLimit, type ClientCredit } from './credit.ts'
import { MoneyError } from './error.ts'
import type { AccountKey, ClientView, Grades, WorkerView } from './ledger.ts'

export abstract class Account {
  readonly owner: AccountKey
  max = 0n
  committedToChain = 0n
  signed = 0n

  constructor(owner: AccountKey) {
    this.owner = owner
  }

  /** Memory is all the durability there is: what is live is also committed to the database. */
  grades(): Grades {
    const { max, committedToChain, signed } = this
    return { max, committedToDb: max, committedToChain, signed }
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

  constructor(owner: AccountKey, credit: ClientCredit) {
    super(owner)
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

  constructor(max: number) {
    this.#max = max
  }

  open(owner: AccountKey, create: () => A): A {
    const found = this.#find(owner)
    if (found !== undefined) return found
    if (!isAddressKey(owner)) {
      throw new MoneyError('address', 'An account is opened by the raw form of an address')
    }
    if (this.#used.size + this.#unused.size >= this.#max) this.#makeRoom()
    const account = create()
    this.#unused.set(owner, account)
    return account
  }

  /** Throws `MoneyError('account-unknown')`. */
  get(owner: AccountKey): A {
    const account = this.#find(owner)
    if (account === undefined) {
      throw new MoneyError('account-unknown', `No account is open for ${owner}`)
    }
    return account
  }

  /** From now on the account is used, and stays. */
  keep(account: A): void {
    if (this.#unused.delete(account.owner)) this.#used.set(account.owner, account)
  }

  all(): A[] {
    return [...this.#used.values(), ...this.#unused.values()]
  }

  #find(owner: AccountKey): A | undefined {
    return this.#used.get(owner) ?? this.#unused.get(owner)
  }

  #makeRoom(): void {
    for (const oldest of this.#unused.keys()) {
      this.#unused.delete(oldest)
      return
    }
    throw new MoneyError('limit', `${this.#max} accounts are in use, and no more may be`)
  }
}
