import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CutLine } from '../../../packages/money/test/database/cut-line.ts'
import { clientKey, type ProxyProcess, serves, startSharedBooks } from './support/shared-books.ts'

function orders({ events }: ProxyProcess): string[] {
  return events.flatMap(event => (event.event === 'chain-order' ? [event.order] : []))
}

test('two processes serve on the same books, one settles for both, and the other takes its place', async () => {
  await using books = await startSharedBooks()
  await using line = await CutLine.open(books.server.folder)
  await using first = await books.open(0, line.url)
  await using second = await books.open(1)
  assert.deepEqual([first.records.mayAct(), second.records.mayAct()], [true, false])
  await books.until('both serve', () => serves(first) && serves(second))

  const asked = await Promise.all([books.ask(0, 6), books.ask(1, 5)])
  const before = asked[0] + asked[1]
  assert.equal(before, 5_500n)
  await books.settled(before)
  assert.ok(
    orders(first).some(order => order.includes(`charge/${clientKey(1)}`)),
    'it charges for both',
  )
  assert.deepEqual(orders(second), [])
  assert.throws(() => second.settlement.chargeNow(clientKey(1)), { code: 'not-leading' })
  await assert.rejects(second.generations.retire(), { code: 'not-leading' })

  // The first one is cut off from the database, with answers that it has charged and not settled.
  const unsettled = await books.ask(0, 3)
  line.down()
  await books.until('it knows', () => !first.records.mayAct())
  const ordered = orders(first).length
  assert.match(
    first.settlement.obstacle ?? '',
    /^nothing is heard of a process that leads on the shared books/,
  )
  await books.until('the other one leads', () => second.records.mayAct() && serves(second))
  const later = await books.ask(1, 4)
  await books.settled(before + unsettled + later)

  // It comes back to serve on the word of the other one.
  line.up()
  await books.until('the first one serves again', () => serves(first))
  const last = await books.ask(0, 2)
  await books.settled(before + unsettled + later + last)
  assert.equal(orders(first).length, ordered, 'who no longer leads orders nothing')
  assert.deepEqual([first.records.mayAct(), second.records.mayAct()], [false, true])
})

test('processes whose leases are over open the books again, and charge nothing twice', async () => {
  await using books = await startSharedBooks()
  await using first = await books.open(0)
  await using second = await books.open(1)
  await books.until('both serve', () => serves(first) && serves(second))
  const before = (await books.ask(0, 2)) + (await books.ask(1, 2))
  const { contract, ledger } = first.generations.current
  const other = second.generations.current.ledger
  await books.server.execute(`DELETE FROM cocoon_${contract.slice(2, 58)}.session`)
  await books.until('both have begun anew', () => {
    const [here, there] = [first.generations.current.ledger, second.generations.current.ledger]
    return here !== ledger && there !== other && serves(first) && serves(second)
  })
  await books.settled(before + (await books.ask(0, 2)) + (await books.ask(1, 2)))
})

test('records that are older than the chain knows make both processes refuse, also after a restart', async () => {
  await using books = await startSharedBooks()
  {
    await using first = await books.open(0)
    await using second = await books.open(1)
    await books.until('both serve', () => serves(first) && serves(second))
    await books.server.execute('CREATE TABLE backup AS SELECT * FROM cocoon_store.record')
    await books.settled(await books.ask(0, 2))
  }
  await books.server.execute('DELETE FROM cocoon_store.record')
  await books.server.execute('INSERT INTO cocoon_store.record SELECT * FROM backup')
  for (let start = 0; start < 2; start++) {
    await using first = await books.open(0)
    await using second = await books.open(1)
    const refuses = ({ settlement }: ProxyProcess): boolean =>
      settlement.obstacle?.includes('These books are older than what the chain knows') === true
    await books.until('both refuse', () => refuses(first) && refuses(second))
    assert.deepEqual([first.generations.proxy.isOpen(), second.generations.proxy.isOpen()], [false, false])
  }
})
