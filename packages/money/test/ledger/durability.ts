import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ledger } from '../../src/index.ts'
import { account, codeOf } from './model.ts'

const client = account(1)
const worker = account(2)
const credit = { paid: 2n ** 64n - 1n, stake: 2n ** 64n - 1n, charged: 0n, lt: 0n }

/** Opens the same books again and again: each time the one before was disposed of. */
type Open = (options?: { rememberedRequests?: number }) => Promise<Ledger>

/** What a ledger that outlives its process does. `place` names new books. */
export function ledgerDurability(name: string, place: () => Open): void {
  const check = (what: string, run: (open: Open) => Promise<void>) =>
    test(`${name}: ${what}`, () => run(place()))

  check('what was charged is there again, to the last token', async open => {
    const most = 2n ** 64n - 1n
    {
      await using ledger = await opened(open)
      await ledger.reserve({ requestId: 'r', client, tokens: most })
      await ledger.charge({ requestId: 'r', worker, tokens: most })
    }
    await using ledger = await open()
    const zero = { committedToChain: 0n, signed: 0n }
    assert.deepEqual(ledger.clients(), [
      { owner: client, max: most, committedToDb: most, ...zero, credit, reserved: 0n, available: 0n },
    ])
    assert.deepEqual(ledger.workers(), [{ owner: worker, max: most, committedToDb: most, ...zero, paid: 0n }])
    ledger.assertConserved()
  })

  check('a repeated charge is known, a repeated reservation too', async open => {
    const request = { requestId: 'r', worker, tokens: 15n }
    {
      await using ledger = await opened(open)
      await ledger.reserve({ requestId: 'r', client, tokens: 10n })
      await ledger.charge(request)
    }
    await using ledger = await open()
    const again = await ledger.charge(request)
    assert.equal(again.chargedTokens, 10n)
    assert.equal(again.cutTokens, 5n)
    assert.equal(again.client.max, 10n)
    assert.equal(await codeOf(ledger.charge({ ...request, tokens: 14n })), 'request-conflict')
    assert.equal(await codeOf(ledger.reserve({ requestId: 'r', client, tokens: 10n })), 'request-conflict')
    assert.equal(ledger.client(client).max, 10n)
  })

  check('reservations end with the process', async open => {
    {
      await using ledger = await opened(open)
      await spend(ledger, 'q', 1n)
      await ledger.reserve({ requestId: 'r', client, tokens: 10n })
    }
    await using ledger = await open()
    assert.equal(ledger.client(client).reserved, 0n)
    assert.ok(isGone(await codeOf(ledger.charge({ requestId: 'r', worker, tokens: 1n }))))
    assert.equal(ledger.client(client).max, 1n)
  })

  check('an announced state can be confirmed by the next process', async open => {
    let seqno
    {
      await using ledger = await opened(open)
      await spend(ledger, 'r', 10n)
      seqno = await ledger.announce()
      await spend(ledger, 's', 5n)
    }
    {
      await using ledger = await open()
      assert.equal(ledger.client(client).committedToChain, 0n)
      assert.equal(await ledger.announce(), seqno)
      await ledger.confirm(seqno)
      assert.equal(ledger.client(client).committedToChain, 10n)
      assert.equal(ledger.worker(worker).committedToChain, 10n)
    }
    await using ledger = await open()
    assert.equal(ledger.client(client).committedToChain, 10n)
    await ledger.confirm(seqno)
    const next = await ledger.announce()
    assert.ok(next > seqno)
    await ledger.confirm(next)
    assert.equal(ledger.client(client).committedToChain, 15n)
    assert.equal(ledger.client(client).max, 15n)
  })

  check('a state without changes has a number of its own, which is not given twice', async open => {
    let seqno
    {
      await using ledger = await open()
      seqno = await ledger.announce()
    }
    await using ledger = await open()
    assert.equal(await ledger.announce(), seqno)
    await ledger.confirm(seqno)
    assert.ok((await ledger.announce()) > seqno)
  })

  check('credit, what was signed and what was paid are there again', async open => {
    const topUp = { paid: 900n, stake: 800n, charged: 7n, lt: (1n << 64n) - 1n }
    {
      await using ledger = await opened(open)
      await spend(ledger, 'r', 10n)
      await ledger.commit()
      await ledger.openClient(client, topUp)
      ledger.recordSigned('client', client, 9n)
      ledger.recordSigned('worker', worker, 8n)
      ledger.recordPaid(worker, 7n)
    }
    await using ledger = await open()
    assert.deepEqual(ledger.client(client).credit, topUp)
    assert.equal(ledger.client(client).signed, 9n)
    assert.equal(ledger.worker(worker).signed, 8n)
    assert.equal(ledger.worker(worker).paid, 7n)
  })

  check('notes are there again until they were dropped, also without a charge', async open => {
    const [first, second, third] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]
    {
      await using ledger = await opened(open)
      for (const requestId of ['r', 's', 't']) await ledger.reserve({ requestId, client, tokens: 10n })
      await ledger.release('s', second)
      await ledger.charge({ requestId: 'r', worker, tokens: 15n, note: first })
    }
    const noted = [
      { id: 's', bytes: second, chargedTokens: 0n },
      { id: 'r', bytes: first, chargedTokens: 10n },
    ]
    {
      await using ledger = await opened(open)
      assert.deepEqual(await ledger.notes(10), noted)
      // A charge that is repeated after the crash is noted already.
      await ledger.charge({ requestId: 'r', worker, tokens: 15n, note: third })
      await ledger.reserve({ requestId: 'u', client, tokens: 10n })
      await ledger.charge({ requestId: 'u', worker, tokens: 1n, note: third })
      await ledger.dropNotes(['s'])
    }
    {
      await using ledger = await open()
      assert.deepEqual(await ledger.notes(10), [
        { id: 'r', bytes: first, chargedTokens: 10n },
        { id: 'u', bytes: third, chargedTokens: 1n },
      ])
      await ledger.dropNotes(['u', 'r'])
    }
    await using ledger = await open()
    assert.deepEqual(await ledger.notes(10), [])
    assert.equal(ledger.client(client).max, 11n)
  })

  check('ended requests are forgotten by their number, also across processes', async open => {
    const remembered = 8
    for (let round = 0; round < 4; round++) {
      await using ledger = await opened(open, { rememberedRequests: remembered })
      for (let i = 0; i < 1100; i += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, j) => spend(ledger, `${round}-${i + j}`, 1n)))
      }
    }
    await using ledger = await open({ rememberedRequests: remembered })
    assert.equal(await codeOf(ledger.charge({ requestId: '3-1099', worker, tokens: 1n })), undefined)
    assert.equal(await codeOf(ledger.charge({ requestId: '0-0', worker, tokens: 1n })), 'request-unknown')
    assert.equal(ledger.client(client).max, 4400n)
  })
}

async function opened(open: Open, options?: { rememberedRequests?: number }): Promise<Ledger> {
  const ledger = await open(options)
  await ledger.openClient(client, credit)
  await ledger.openWorker(worker)
  return ledger
}

async function spend(ledger: Ledger, requestId: string, tokens: bigint): Promise<void> {
  await ledger.reserve({ requestId, client, tokens })
  await ledger.charge({ requestId, worker, tokens })
}

/** Whether the ledger knew that there had been a reservation is its own affair. */
function isGone(code: string | undefined): boolean {
  return code === 'request-unknown' || code === 'request-released'
}
