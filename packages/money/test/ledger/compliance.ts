import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ClientCredit, type Ledger, maxNoteBytes } from '../../src/index.ts'
import { maxNotesAtOnce } from '../../src/ledger.ts'
import { account, anyOperation, codeOf, LedgerModel } from './model.ts'

const alice = account(1)
const bob = account(2)
const worker = account(3)
const otherWorker = account(4)
const credit: ClientCredit = { paid: 1000n, stake: 1000n, charged: 0n, lt: 0n }

/** What every ledger does. `open` gives an empty one, which is disposed of here. */
export function ledgerCompliance(
  name: string,
  open: () => Promise<Ledger>,
  { sequences = 60 }: { sequences?: number } = {},
): void {
  const check = (what: string, run: (ledger: Ledger) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      await using ledger = await open()
      await ledger.openClient(alice, credit)
      await ledger.openClient(bob, credit)
      await ledger.openWorker(worker)
      await ledger.openWorker(otherWorker)
      await run(ledger)
      ledger.assertConserved()
    })

  check('accounts begin at zero', async ledger => {
    const zero = { max: 0n, committedToDb: 0n, committedToChain: 0n, signed: 0n }
    const opened = { owner: alice, ...zero, credit, reserved: 0n, available: 1000n }
    assert.deepEqual(ledger.client(alice), opened)
    assert.deepEqual(await ledger.openClient(alice, credit), opened)
    assert.deepEqual(ledger.worker(worker), { owner: worker, paid: 0n, ...zero })
    assert.deepEqual(await ledger.openWorker(worker), { owner: worker, paid: 0n, ...zero })
  })

  check('an account is opened by the key of an address', async ledger => {
    for (const key of ['', 'alice', `0:${'AB'.repeat(32)}`, `${alice}0`]) {
      assert.equal(await codeOf(ledger.openClient(key, credit)), 'address')
      assert.equal(await codeOf(ledger.openWorker(key)), 'address')
    }
  })

  check('an account that is not open', async ledger => {
    const stranger = account(9)
    assert.throws(() => ledger.client(stranger), { code: 'account-unknown' })
    assert.throws(() => ledger.worker(alice), { code: 'account-unknown' })
    assert.throws(() => ledger.recordSigned('worker', alice, 0n), { code: 'account-unknown' })
    assert.equal(
      await codeOf(ledger.reserve({ requestId: 'r', client: stranger, tokens: 1n })),
      'account-unknown',
    )
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 1n })
    assert.equal(
      await codeOf(ledger.charge({ requestId: 'r', worker: stranger, tokens: 1n })),
      'account-unknown',
    )
    assert.equal(ledger.client(alice).reserved, 1n)
  })

  check('reserve, charge', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 400n })
    assert.equal(ledger.client(alice).reserved, 400n)
    assert.equal(ledger.client(alice).available, 600n)
    assert.equal(ledger.client(bob).available, 1000n)

    const charge = await ledger.charge({ requestId: 'r', worker, tokens: 150n })
    assert.equal(charge.chargedTokens, 150n)
    assert.equal(charge.cutTokens, 0n)
    assert.deepEqual(charge.client, { max: 150n, committedToDb: 150n, committedToChain: 0n, signed: 0n })
    assert.deepEqual(charge.worker, charge.client)
    assert.equal(ledger.client(alice).reserved, 0n)
    assert.equal(ledger.client(alice).available, 850n)
    assert.equal(ledger.worker(worker).max, 150n)
    assert.equal(ledger.worker(otherWorker).max, 0n)
  })

  check('a charge is cut to its reservation', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })
    const charge = await ledger.charge({ requestId: 'r', worker, tokens: 101n })
    assert.equal(charge.chargedTokens, 100n)
    assert.equal(charge.cutTokens, 1n)
    assert.equal(ledger.worker(worker).max, 100n)
  })

  check('reserve, release', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 1000n })
    assert.equal(ledger.client(alice).available, 0n)
    assert.equal(await ledger.release('r'), true)
    assert.equal(ledger.client(alice).available, 1000n)
    assert.equal(await ledger.release('r'), false)
    assert.equal(await codeOf(ledger.charge({ requestId: 'r', worker, tokens: 1n })), 'request-released')
    assert.equal(ledger.client(alice).max, 0n)
  })

  check('nothing was reserved', async ledger => {
    assert.equal(await ledger.release('r'), false)
    assert.equal(await codeOf(ledger.charge({ requestId: 'r', worker, tokens: 1n })), 'request-unknown')
  })

  check('the same reservation twice is one', async ledger => {
    const reservation = { requestId: 'r', client: alice, tokens: 100n }
    assert.deepEqual(await ledger.reserve(reservation), reservation)
    assert.deepEqual(await ledger.reserve(reservation), reservation)
    assert.equal(ledger.client(alice).reserved, 100n)
  })

  check('the same charge twice is one', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })
    const request = { requestId: 'r', worker, tokens: 120n }
    const first = await ledger.charge(request)
    assert.deepEqual(await ledger.charge(request), first)
    assert.equal(await ledger.release('r'), false)
    assert.equal(ledger.client(alice).max, 100n)
    assert.equal(ledger.worker(worker).max, 100n)
  })

  check('charges at the same moment', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })
    await ledger.reserve({ requestId: 's', client: bob, tokens: 100n })
    await Promise.all([
      ledger.charge({ requestId: 'r', worker, tokens: 60n }),
      ledger.charge({ requestId: 'r', worker, tokens: 60n }),
      ledger.charge({ requestId: 's', worker, tokens: 7n }),
    ])
    assert.equal(ledger.client(alice).max, 60n)
    assert.equal(ledger.worker(worker).max, 67n)
  })

  check('a request id stands for one thing', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })
    assert.equal(
      await codeOf(ledger.reserve({ requestId: 'r', client: alice, tokens: 101n })),
      'request-conflict',
    )
    assert.equal(
      await codeOf(ledger.reserve({ requestId: 'r', client: bob, tokens: 100n })),
      'request-conflict',
    )
    await ledger.charge({ requestId: 'r', worker, tokens: 10n })
    assert.equal(
      await codeOf(ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })),
      'request-conflict',
    )
    assert.equal(await codeOf(ledger.charge({ requestId: 'r', worker, tokens: 11n })), 'request-conflict')
    assert.equal(
      await codeOf(ledger.charge({ requestId: 'r', worker: otherWorker, tokens: 10n })),
      'request-conflict',
    )
    assert.equal(ledger.client(alice).max, 10n)
  })

  check('a balance that is too low', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 300n })
    await ledger.charge({ requestId: 'r', worker, tokens: 200n })
    await ledger.reserve({ requestId: 's', client: alice, tokens: 500n })
    const figures = {
      requested: 301n,
      available: 300n,
      paid: 1000n,
      stake: 1000n,
      used: 200n,
      reserved: 500n,
    }
    const refused = { code: 'balance', figures }
    await assert.rejects(ledger.reserve({ requestId: 't', client: alice, tokens: 301n }), refused)
    await ledger.reserve({ requestId: 't', client: alice, tokens: 300n })
    assert.equal(ledger.client(alice).available, 0n)
  })

  check('new credit', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 1000n })
    await ledger.charge({ requestId: 'r', worker, tokens: 1000n })
    assert.equal(ledger.client(alice).available, 0n)
    // Charged on chain and topped up: used tokens stay used, the stake is free again.
    await ledger.openClient(alice, { paid: 1800n, stake: 1000n, charged: 1000n, lt: 0n })
    assert.equal(ledger.client(alice).available, 800n)
    await ledger.openClient(alice, { paid: 500n, stake: 1000n, charged: 0n, lt: 0n })
    assert.equal(ledger.client(alice).available, 0n)
    assert.equal(ledger.client(alice).max, 1000n)
  })

  check('credit of an earlier time than is known', async ledger => {
    const topUp = { paid: 1800n, stake: 2000n, charged: 0n, lt: 5n }
    await ledger.openClient(alice, topUp)
    await ledger.openClient(alice, { ...credit, lt: 4n })
    assert.deepEqual(ledger.client(alice).credit, topUp)
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 1800n })
    await ledger.openClient(alice, { ...credit, lt: 4n })
    assert.deepEqual(ledger.client(alice).credit, topUp)
    await ledger.openClient(alice, { ...credit, lt: 6n })
    assert.equal(ledger.client(alice).available, 0n)
  })

  check('amounts that are none', async ledger => {
    for (const tokens of [-1n, 2n ** 64n]) {
      assert.equal(await codeOf(ledger.reserve({ requestId: 'r', client: alice, tokens })), 'amount')
      await ledger.reserve({ requestId: 's', client: alice, tokens: 10n })
      assert.equal(await codeOf(ledger.charge({ requestId: 's', worker, tokens })), 'amount')
      assert.equal(ledger.client(alice).reserved, 10n)
    }
    const charge = await ledger.charge({ requestId: 's', worker, tokens: 2n ** 64n - 1n })
    assert.equal(charge.chargedTokens, 10n)
  })

  check('nothing costs nothing', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 0n })
    await ledger.charge({ requestId: 'r', worker, tokens: 0n })
    await ledger.reserve({ requestId: 's', client: alice, tokens: 0n })
    assert.equal((await ledger.charge({ requestId: 's', worker, tokens: 5n })).cutTokens, 5n)
    assert.equal(ledger.client(alice).max, 0n)
  })

  check('grades follow the chain', async ledger => {
    const spend = async (requestId: string, tokens: bigint) => {
      await ledger.reserve({ requestId, client: alice, tokens })
      await ledger.charge({ requestId, worker, tokens })
    }
    await spend('r', 10n)
    const seqno = await ledger.announce()
    await spend('s', 5n)
    assert.equal(await ledger.announce(), seqno)
    assert.equal(ledger.client(alice).committedToChain, 0n)
    await ledger.confirm(seqno + 1)
    assert.equal(ledger.client(alice).committedToChain, 0n)
    await ledger.confirm(seqno)
    assert.equal(ledger.client(alice).committedToChain, 10n)
    assert.equal(ledger.worker(worker).committedToChain, 10n)
    assert.equal(ledger.worker(worker).max, 15n)

    const next = await ledger.announce()
    assert.ok(next > seqno)
    await ledger.confirm(seqno)
    assert.equal(ledger.client(alice).committedToChain, 10n)
    await ledger.confirm(next)
    assert.equal(ledger.client(alice).committedToChain, 15n)
    await spend('t', 1n)
    await ledger.commit()
    assert.equal(ledger.client(alice).committedToChain, 16n)
    assert.equal(ledger.worker(worker).committedToChain, 16n)
  })

  check('only what is committed is signed', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 10n })
    await ledger.charge({ requestId: 'r', worker, tokens: 10n })
    ledger.recordSigned('client', alice, 0n)
    assert.throws(() => ledger.recordSigned('client', alice, 1n), { code: 'uncommitted' })
    await ledger.commit()
    ledger.recordSigned('client', alice, 10n)
    ledger.recordSigned('client', alice, 4n)
    ledger.recordSigned('worker', worker, 9n)
    assert.equal(ledger.client(alice).signed, 10n)
    assert.equal(ledger.worker(worker).signed, 9n)
    assert.throws(() => ledger.recordSigned('worker', worker, 11n), { code: 'uncommitted' })
  })

  check('a note is there with its charge, and says what was charged', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })
    await ledger.reserve({ requestId: 's', client: alice, tokens: 100n })
    assert.deepEqual(await ledger.notes(10), [])
    const bytes = Uint8Array.of(0, 255, 10)
    const charging = ledger.charge({ requestId: 'r', worker, tokens: 120n, note: bytes })
    // What becomes of the bytes afterwards is the caller's affair.
    bytes.fill(7)
    await charging
    await ledger.charge({ requestId: 's', worker, tokens: 20n, note: Uint8Array.of() })
    assert.deepEqual(await ledger.notes(10), [
      { id: 'r', bytes: Uint8Array.of(0, 255, 10), chargedTokens: 100n },
      { id: 's', bytes: Uint8Array.of(), chargedTokens: 20n },
    ])
  })

  check('a release leaves a note of its own, or none', async ledger => {
    for (const requestId of ['r', 's']) await ledger.reserve({ requestId, client: alice, tokens: 100n })
    assert.equal(await ledger.release('r', Uint8Array.of(1)), true)
    assert.equal(await ledger.release('r', Uint8Array.of(2)), false)
    assert.equal(await ledger.release('s'), true)
    assert.equal(await ledger.release('s', Uint8Array.of(3)), false)
    assert.equal(await ledger.release('t', Uint8Array.of(4)), false)
    assert.deepEqual(await ledger.notes(10), [{ id: 'r', bytes: Uint8Array.of(1), chargedTokens: 0n }])
  })

  check('the note of a repeated charge is that of the first', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })
    const charge = (note?: Uint8Array) => ledger.charge({ requestId: 'r', worker, tokens: 120n, note })
    await Promise.all([charge(Uint8Array.of(1)), charge(Uint8Array.of(2)), charge()])
    await charge(Uint8Array.of(3))
    assert.equal(await ledger.release('r', Uint8Array.of(4)), false)
    const first = [{ id: 'r', bytes: Uint8Array.of(1), chargedTokens: 100n }]
    assert.deepEqual(await ledger.notes(10), first)
    await ledger.dropNotes(['r'])
    await charge(Uint8Array.of(5))
    assert.deepEqual(await ledger.notes(10), [])
  })

  check('the oldest notes come first, and stay until they are dropped', async ledger => {
    const ids = ['q', 'b', 'z', 'a', 'm']
    for (const requestId of ids) {
      await ledger.reserve({ requestId, client: alice, tokens: 10n })
      await ledger.charge({ requestId, worker, tokens: 1n, note: Uint8Array.of(1) })
    }
    const noted = async (most: number) => (await ledger.notes(most)).map(({ id }) => id)
    assert.deepEqual(await noted(3), ['q', 'b', 'z'])
    assert.deepEqual(await noted(3), ['q', 'b', 'z'])
    assert.deepEqual(await noted(0), [])
    await ledger.dropNotes(['b', 'unknown', 'b'])
    await ledger.dropNotes(['b'])
    await ledger.dropNotes([])
    assert.deepEqual(await noted(3), ['q', 'z', 'a'])
    await Promise.all([ledger.dropNotes(['z', 'q']), ledger.dropNotes(['q', 'z'])])
    assert.deepEqual(await noted(10), ['a', 'm'])
    assert.equal(ledger.client(alice).max, 5n)
  })

  check('a note that is too large leaves the reservation as it is', async ledger => {
    await ledger.reserve({ requestId: 'r', client: alice, tokens: 100n })
    const note = new Uint8Array(maxNoteBytes + 1)
    assert.equal(await codeOf(ledger.charge({ requestId: 'r', worker, tokens: 1n, note })), 'note-size')
    assert.equal(await codeOf(ledger.release('r', note)), 'note-size')
    assert.equal(ledger.client(alice).reserved, 100n)
    const largest = new Uint8Array(maxNoteBytes).fill(255)
    await ledger.charge({ requestId: 'r', worker, tokens: 1n, note: largest })
    assert.deepEqual(await ledger.notes(1), [{ id: 'r', bytes: largest, chargedTokens: 1n }])
  })

  check('more notes than are read at once', async ledger => {
    const ids = Array.from({ length: maxNotesAtOnce + 5 }, (_, index) => `r${index}`)
    await Promise.all(
      ids.map(async requestId => {
        await ledger.reserve({ requestId, client: alice, tokens: 0n })
        await ledger.release(requestId, Uint8Array.of(1))
      }),
    )
    const read = new Set<string>()
    for (;;) {
      const notes = await ledger.notes(10_000)
      assert.ok(notes.length <= maxNotesAtOnce)
      if (notes.length === 0) break
      for (const { id } of notes) read.add(id)
      await ledger.dropNotes(notes.map(({ id }) => id))
    }
    assert.equal(read.size, ids.length)
  })

  test(`${name}: any sequence of operations`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOperation, { maxLength: 150, size: 'max' }), async operations => {
        await using ledger = await open()
        const model = new LedgerModel()
        for (const operation of operations) await model.run(ledger, operation)
        await model.run(ledger, { kind: 'commit' })
      }),
      { numRuns: sequences },
    )
  })
}
