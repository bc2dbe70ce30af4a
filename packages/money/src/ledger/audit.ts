import assert from 'node:assert/strict'
import { MoneyError } from '../error.ts'
import type { Account, ClientAccount } from './accounts.ts'
import type { Books } from './books.ts'

/** So much is added up at every call; larger books are added up at a call in proportion to their size. */
const auditedAtOnce = 2_000

/**
 * Whether the books balance. The running sums are compared at each call. Every account and reservation is added
 * up at a share of the calls such that the mean effort of one has a bound, whatever the size of the books.
 */
export class BooksAudit {
  readonly #books: Books
  #balances = true
  #due = 0

  constructor(books: Books) {
    this.#books = books
  }

  /** Throws `MoneyError('unbalanced')` once an audit has failed. */
  requireBalanced(): void {
    if (!this.#balances) throw new MoneyError('unbalanced', 'The books do not balance: nothing is charged')
  }

  /** Throws an AssertionError; from then on `requireBalanced` throws. */
  assertConserved(): void {
    const wasBalanced = this.#balances
    this.#balances = false
    const { spent, earned, clients, workers, open } = this.#books
    assert.equal(spent, earned, 'clients spent what workers earned')
    this.#due -= auditedAtOnce
    // After a breach every call looks at everything: what failed may not pass for sound in between.
    if (this.#due <= 0 || !wasBalanced) {
      this.#due = clients.size + workers.size + open.size
      this.#addUp()
    }
    this.#balances = true
  }

  #addUp(): void {
    const { clients, workers, open, reserved, spent, earned } = this.#books
    const reservedOf = new Map<ClientAccount, bigint>()
    for (const { client, reservation } of open.values()) {
      reservedOf.set(client, (reservedOf.get(client) ?? 0n) + reservation.tokens)
    }
    let sum = 0n
    for (const client of clients) {
      if (client.reserved === 0n && !reservedOf.has(client)) continue
      assert.equal(client.reserved, reservedOf.get(client) ?? 0n, 'reservations add up')
      sum += client.reserved
    }
    assert.equal(sum, reserved, 'reservations of all clients add up')
    assert.equal(total(clients), spent, 'accounts of clients add up to what was spent')
    assert.equal(total(workers), earned, 'accounts of workers add up to what was earned')
  }
}

function total(accounts: Iterable<Account>): bigint {
  let sum = 0n
  for (const account of accounts) {
    const { max } = account
    // One that was never used has nothing to compare.
    if (max === 0n && account.durableMax === 0n && account.signed === 0n && account.durableCommitted === 0n)
      continue
    if (!isOrdered(account)) assert.fail(`grades of ${account.owner} are in order`)
    sum += max
  }
  return sum
}

function isOrdered({ signed, durableCommitted, committed, durableMax, max }: Account): boolean {
  if (signed < 0n || signed > durableCommitted) return false
  return (
    durableCommitted <= committed && durableCommitted <= durableMax && committed <= max && durableMax <= max
  )
}
