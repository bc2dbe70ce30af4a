import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Books } from '../../src/ledger/books.ts'
import { account } from './model.ts'

const credit = { paid: 1000n, stake: 1000n, charged: 0n, lt: 0n }
const maxAccounts = 100_000
const limits = { maxAccounts, maxReservations: 1_000, rememberedRequests: 100 }

function charged(): Books {
  const books = new Books(limits)
  books.openClient(account(1), credit)
  books.openWorker(account(2))
  books.reserve({ requestId: 'r', client: account(1), tokens: 10n })
  books.charge({ requestId: 'r', worker: account(2), tokens: 10n })
  for (const saved of books.take().accounts) saved.persisted(saved.max, saved.committed)
  books.assertConserved()
  return books
}

const breaches: ReadonlyArray<readonly [what: string, commit: (books: Books) => void]> = [
  ['what was earned', books => (books.earned += 1n)],
  ['the account of a client', books => (books.clients.get(account(1)).max += 1n)],
  ['the account of a worker', books => (books.workers.get(account(2)).max -= 1n)],
  ['both sums', books => (books.earned = books.spent += 1n)],
  ['a reservation of a client', books => (books.clients.get(account(1)).reserved += 1n)],
  ['all reservations', books => (books.reserved += 1n)],
  ['what was signed', books => (books.clients.get(account(1)).signed = 1n)],
  ['what is committed', books => (books.workers.get(account(2)).durableCommitted = 11n)],
]

for (const [what, commit] of breaches) {
  test(`${what} was changed: nothing is charged any more`, () => {
    const books = charged()
    books.reserve({ requestId: 's', client: account(1), tokens: 10n })
    commit(books)
    assert.throws(() => books.assertConserved(), assert.AssertionError)
    assert.throws(() => books.assertConserved(), assert.AssertionError)
    const charge = { requestId: 's', worker: account(2), tokens: 10n }
    assert.throws(() => books.charge(charge), { code: 'unbalanced' })
    assert.throws(() => books.reserve({ requestId: 't', client: account(1), tokens: 1n }), {
      code: 'unbalanced',
    })
    assert.equal(books.release('s'), true)
  })
}

test('large books are added up now and then, and the sums at each call', () => {
  const books = charged()
  for (let number = 10; number < maxAccounts; number++) books.openClient(account(number), credit)
  books.assertConserved()
  books.clients.get(account(1)).max += 1n
  let calls = 1
  const audit = (): boolean => {
    try {
      books.assertConserved()
      return true
    } catch {
      return false
    }
  }
  while (audit()) calls++
  assert.ok(calls > 10 && calls <= 51, `found at call ${calls}`)
  assert.equal(audit(), false)

  const others = charged()
  others.earned += 1n
  assert.throws(() => others.assertConserved(), assert.AssertionError)
})
