import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import { openPostgresLedger, type SharedLedger } from '../../src/index.ts'
import { CutLine } from '../database/cut-line.ts'
import { PostgresServer } from '../database/postgres-server.ts'
import { account, codeOf } from './model.ts'

const client = account(1)
const worker = account(2)
const credit = { paid: 1000n, stake: 1000n, charged: 0n, lt: 0n }

let server: PostgresServer
let contracts = 0

before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

/** Looks at the database twenty times a second. */
const world = {
  monotonic: () => systemWorld.monotonic(),
  after: (delayMs: number, run: () => void) => systemWorld.after(delayMs === 1_000 ? 50 : delayMs, run),
}

/** Each step: what is asked of the server by a word of it, and what holds when it was done again. */
const steps: ReadonlyArray<{
  name: string
  word: string
  run: (ledger: SharedLedger) => Promise<unknown>
  after: (ledger: SharedLedger) => unknown
}> = [
  {
    name: 'open client',
    word: '900',
    run: ledger => ledger.openClient(client, { ...credit, paid: 900n }),
    after: ledger => assert.equal(ledger.client(client).credit.paid, 900n),
  },
  {
    name: 'reserve',
    word: 'another-request',
    run: ledger => ledger.reserve({ requestId: 'another-request', client, tokens: 7n }),
    after: ledger => assert.equal(ledger.client(client).reserved, 17n),
  },
  {
    name: 'charge',
    word: 'some-request',
    run: ledger => ledger.charge({ requestId: 'some-request', worker, tokens: 5n }),
    after: ledger => {
      assert.equal(ledger.client(client).max, 105n)
      assert.equal(ledger.worker(worker).max, 105n)
      assert.equal(ledger.client(client).reserved, 0n)
    },
  },
  {
    name: 'charge with a note',
    word: 'some-request',
    run: ledger => ledger.charge({ requestId: 'some-request', worker, tokens: 15n, note: Uint8Array.of(2) }),
    after: async ledger => {
      assert.equal(ledger.client(client).max, 110n)
      assert.deepEqual(await ledger.notes(10), [
        { id: 'q', bytes: Uint8Array.of(1), chargedTokens: 40n },
        { id: 'some-request', bytes: Uint8Array.of(2), chargedTokens: 10n },
      ])
    },
  },
  {
    name: 'release with a note',
    word: 'some-request',
    run: ledger => ledger.release('some-request', Uint8Array.of(2)),
    after: async ledger => {
      assert.equal(ledger.client(client).reserved, 0n)
      assert.deepEqual((await ledger.notes(10)).slice(1), [
        { id: 'some-request', bytes: Uint8Array.of(2), chargedTokens: 0n },
      ])
    },
  },
  {
    name: 'drop notes',
    word: 'drop_notes',
    run: ledger => ledger.dropNotes(['q']),
    after: async ledger => assert.deepEqual(await ledger.notes(10), []),
  },
  {
    name: 'release',
    word: 'some-request',
    run: ledger => ledger.release('some-request'),
    after: ledger => assert.equal(ledger.client(client).reserved, 0n),
  },
  {
    name: 'announce',
    word: 'announce()',
    run: async ledger => assert.equal(await ledger.announce(), 2),
    after: ledger => assert.equal(ledger.client(client).committedToChain, 60n),
  },
  {
    name: 'commit',
    word: 'confirm(',
    run: ledger => ledger.commit(),
    after: ledger => assert.equal(ledger.client(client).committedToChain, 100n),
  },
]

for (const cut of ['before the server', 'before the answer'] as const) {
  for (const { name, word, run, after } of steps) {
    test(`${name}, with the line cut ${cut}`, async () => {
      await using line = await CutLine.open(server.folder)
      await using ledger = await prepared(line)
      line.cutNext(cut, word)
      assert.equal(await codeOf(run(ledger)), 'storage')
      assert.ok(line.isCut)
      // The same ledger goes on: it connects anew.
      await run(ledger)
      await ledger.openClient(client, ledger.client(client).credit)
      await after(ledger)
      await using fresh = await openPostgresLedger(options(line))
      await fresh.openClient(client, ledger.client(client).credit)
      await after(fresh)
    })
  }

  test(`a reservation that may have been made is given back, the line cut ${cut}`, async () => {
    await using line = await CutLine.open(server.folder)
    await using ledger = await prepared(line)
    line.cutNext(cut, 'another-request')
    const lost = ledger.reserve({ requestId: 'another-request', client, tokens: 7n })
    assert.equal(await codeOf(lost), 'storage')
    await until(async () => (await ledger.openClient(client, credit)).reserved === 10n)
    await new Promise(resolve => setTimeout(resolve, 1_200))
    assert.equal((await ledger.openClient(client, credit)).reserved, 10n)
  })
}

function options(line: CutLine): Parameters<typeof openPostgresLedger>[0] {
  return { url: line.url, contract: `0:${String(contracts).padEnd(64, 'd')}`, world }
}

/** 100 were charged, of which 60 are committed, and 10 are reserved. */
async function prepared(line: CutLine): Promise<SharedLedger> {
  contracts++
  {
    await using before = await opened(line)
    await spend(before, 'p', 60n)
    await before.commit()
    await before.reserve({ requestId: 'q', client, tokens: 40n })
    await before.charge({ requestId: 'q', worker, tokens: 40n, note: Uint8Array.of(1) })
  }
  // On a new connection statements are sent in full, so that the line can tell them apart.
  const ledger = await opened(line)
  await ledger.reserve({ requestId: 'some-request', client, tokens: 10n })
  return ledger
}

async function opened(line: CutLine): Promise<SharedLedger> {
  const ledger = await openPostgresLedger(options(line))
  await ledger.openClient(client, credit)
  await ledger.openWorker(worker)
  return ledger
}

async function spend(ledger: SharedLedger, requestId: string, tokens: bigint): Promise<void> {
  await ledger.reserve({ requestId, client, tokens })
  await ledger.charge({ requestId, worker, tokens })
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, String(condition))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
