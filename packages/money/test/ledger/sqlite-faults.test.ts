import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemWorld as world } from '@cocoon/wire/node'
import type { Ledger } from '../../src/index.ts'
import { openSqliteDisk } from '../../src/database/sqlite-disk.ts'
import { openLedgerOn } from '../../src/ledger/sqlite.ts'
import { ledgerSchema } from '../../src/ledger/sqlite-schema.ts'
import { type DiskFault, diskFaults, FaultyDisk } from '../database/faulty-disk.ts'
import { sqliteBooks } from './killed-books.ts'
import { account, codeOf } from './model.ts'
import { SqlitePlace } from '../database/sqlite-place.ts'

const client = account(1)
const worker = account(2)
const credit = { paid: 1000n, stake: 1000n, charged: 0n, lt: 0n }

class Scene {
  readonly #place = new SqlitePlace()
  disk!: FaultyDisk

  async open(fault?: DiskFault): Promise<Ledger> {
    const { path } = this.#place
    this.disk = new FaultyDisk(await openSqliteDisk({ path, schema: ledgerSchema, world }), fault)
    return openLedgerOn(this.disk, { contract: account(100), world })
  }
}

/** Each step of a ledger: what it does, and what has to hold after the file was opened again. */
const steps: ReadonlyArray<{
  name: string
  run: (ledger: Ledger) => Promise<unknown>
  /** Steps that do not wait for the disk succeed, and what follows them fails. */
  waits: boolean
  after: (ledger: Ledger, persisted: boolean) => Promise<void>
}> = [
  {
    name: 'open client',
    run: ledger => ledger.openClient(client, { ...credit, paid: 2000n }),
    waits: false,
    after: async (ledger, persisted) =>
      assert.equal(ledger.client(client).credit.paid, persisted ? 2000n : 1000n),
  },
  {
    name: 'reserve',
    run: ledger => ledger.reserve({ requestId: 's', client, tokens: 7n }),
    waits: false,
    after: async ledger => {
      assert.equal(ledger.client(client).reserved, 0n)
      assert.equal(await codeOf(ledger.charge({ requestId: 's', worker, tokens: 7n })), 'request-unknown')
    },
  },
  {
    name: 'charge',
    run: ledger => ledger.charge({ requestId: 'r', worker, tokens: 5n }),
    waits: true,
    after: async (ledger, persisted) => {
      const again = ledger.charge({ requestId: 'r', worker, tokens: 5n })
      if (persisted) assert.equal((await again).chargedTokens, 5n)
      else {
        assert.equal(await codeOf(again), 'request-unknown')
        await ledger.reserve({ requestId: 'r', client, tokens: 10n })
        await ledger.charge({ requestId: 'r', worker, tokens: 5n })
      }
      assert.equal(ledger.client(client).max, 105n)
      assert.equal(ledger.worker(worker).max, 105n)
    },
  },
  {
    name: 'release',
    run: ledger => ledger.release('r'),
    waits: false,
    after: async ledger => {
      assert.equal(ledger.client(client).reserved, 0n)
      assert.equal(await ledger.release('r'), false)
    },
  },
  {
    name: 'charge with a note',
    run: ledger => ledger.charge({ requestId: 'r', worker, tokens: 15n, note: Uint8Array.of(2) }),
    waits: true,
    after: async (ledger, persisted) => {
      assert.equal(ledger.client(client).max, persisted ? 110n : 100n)
      const noted = persisted ? [{ id: 'r', bytes: Uint8Array.of(2), chargedTokens: 10n }] : []
      assert.deepEqual((await ledger.notes(10)).slice(1), noted)
      if (!persisted) return
      await ledger.charge({ requestId: 'r', worker, tokens: 15n, note: Uint8Array.of(3) })
      assert.deepEqual((await ledger.notes(10)).slice(1), noted)
    },
  },
  {
    name: 'release with a note',
    run: ledger => ledger.release('r', Uint8Array.of(2)),
    waits: true,
    after: async (ledger, persisted) => {
      const noted = persisted ? [{ id: 'r', bytes: Uint8Array.of(2), chargedTokens: 0n }] : []
      assert.deepEqual((await ledger.notes(10)).slice(1), noted)
      assert.equal(ledger.client(client).max, 100n)
    },
  },
  {
    name: 'drop notes',
    run: ledger => ledger.dropNotes(['q']),
    waits: true,
    after: async (ledger, persisted) => {
      assert.equal((await ledger.notes(10)).length, persisted ? 0 : 1)
      await ledger.dropNotes(['q'])
      assert.deepEqual(await ledger.notes(10), [])
    },
  },
  {
    name: 'announce',
    run: ledger => ledger.announce(),
    waits: true,
    after: async (ledger, persisted) => {
      assert.equal(await ledger.announce(), 2)
      assert.equal(ledger.client(client).committedToChain, 60n)
      await ledger.confirm(2)
      assert.equal(ledger.client(client).committedToChain, 100n, String(persisted))
    },
  },
  {
    name: 'confirm',
    run: async ledger => {
      await ledger.confirm(2)
    },
    waits: false,
    after: async ledger => assert.equal(ledger.client(client).committedToChain, 60n),
  },
]

for (const fault of diskFaults) {
  for (const { name, run, waits, after } of steps) {
    test(`${name} ${fault}`, async () => {
      const scene = new Scene()
      {
        await using ledger = await scene.open()
        await ledger.openClient(client, credit)
        await ledger.openWorker(worker)
        await spend(ledger, 'p', 60n)
        await ledger.commit()
        await ledger.reserve({ requestId: 'q', client, tokens: 40n })
        await ledger.charge({ requestId: 'q', worker, tokens: 40n, note: Uint8Array.of(1) })
        await ledger.reserve({ requestId: 'r', client, tokens: 10n })
        scene.disk.fault = fault
        if (waits) assert.equal(await codeOf(run(ledger)), 'storage')
        else {
          await run(ledger)
          await ledger.reserve({ requestId: 'other', client, tokens: 1n })
          assert.equal(await codeOf(ledger.charge({ requestId: 'other', worker, tokens: 0n })), 'storage')
        }
        await refusesEverything(ledger)
      }
      await using ledger = await scene.open()
      await ledger.openWorker(worker)
      ledger.assertConserved()
      await after(ledger, fault === 'fails, but persisted')
      ledger.assertConserved()
    })
  }

  test(`the confirmation of an announced state ${fault}`, async () => {
    const scene = new Scene()
    {
      await using ledger = await scene.open()
      await ledger.openClient(client, credit)
      await ledger.openWorker(worker)
      await spend(ledger, 'p', 60n)
      const seqno = await ledger.announce()
      scene.disk.fault = fault
      assert.equal(await codeOf(ledger.confirm(seqno)), 'storage')
      assert.throws(() => ledger.recordSigned('client', client, 60n), { code: 'storage' })
      assert.equal(ledger.client(client).committedToChain, 0n)
    }
    await using ledger = await scene.open()
    // The chain tells it again, whether it was noted or not.
    await ledger.confirm(1)
    assert.equal(ledger.client(client).committedToChain, 60n)
    assert.equal(await ledger.announce(), 2)
  })

  test(`the first opening ${fault}`, async () => {
    const scene = new Scene()
    await assert.rejects(scene.open(fault), { code: 'storage' })
    await using ledger = await scene.open()
    assert.deepEqual(ledger.clients(), [])
  })
}

test('charges that wait together fail together', async () => {
  const scene = new Scene()
  {
    await using ledger = await scene.open()
    await ledger.openClient(client, credit)
    await ledger.openWorker(worker)
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`)
    for (const requestId of ids) await ledger.reserve({ requestId, client, tokens: 1n })
    scene.disk.fault = 'fails'
    const codes = await Promise.all(
      ids.map(requestId => codeOf(ledger.charge({ requestId, worker, tokens: 1n }))),
    )
    assert.deepEqual(
      codes,
      ids.map(() => 'storage'),
    )
  }
  await using ledger = await scene.open()
  assert.deepEqual(ledger.clients(), [])
})

test('a file that may not grow any more', { skip: process.platform === 'win32' }, async () => {
  const { path } = new SqlitePlace()
  const books = sqliteBooks(path)
  const program = fileURLToPath(new URL('killed-process.ts', import.meta.url))
  // In units of 512 or 1 024 bytes: enough for some hundred charges.
  const command = 'ulimit -f 1000; exec "$0" "$@"'
  const child = spawn('sh', [
    '-c',
    command,
    process.execPath,
    program,
    'sqlite',
    path,
    books.contract,
    'full',
  ])
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const [code] = await once(child, 'close')
  assert.notEqual(code, 0)
  assert.match(errors, /code: 'storage'/)

  const acknowledged = output.split('\n').filter(line => /^!.*\d$/.test(line))
  assert.ok(acknowledged.length > 50)
  const ledger = await books.open()
  ledger.assertConserved()
  const total = ledger.clients().reduce((sum, { max }) => sum + max, 0n)
  await ledger[Symbol.asyncDispose]()
  const charges = await books.charges()
  for (const line of acknowledged) assert.equal(charges.get(line.slice(1)), 7n, line)
  assert.equal(total, BigInt(charges.size) * 7n)
})

async function refusesEverything(ledger: Ledger): Promise<void> {
  for (const operation of [
    () => ledger.openClient(client, credit),
    () => ledger.openWorker(worker),
    () => ledger.reserve({ requestId: 'x', client, tokens: 1n }),
    () => ledger.charge({ requestId: 'r', worker, tokens: 1n }),
    () => ledger.release('r'),
    () => ledger.notes(1),
    () => ledger.dropNotes(['q']),
    () => ledger.announce(),
    () => ledger.confirm(1),
    () => ledger.commit(),
    async () => ledger.recordSigned('client', client, 0n),
  ]) {
    assert.equal(await codeOf(operation()), 'storage', String(operation))
  }
}

async function spend(ledger: Ledger, requestId: string, tokens: bigint): Promise<void> {
  await ledger.reserve({ requestId, client, tokens })
  await ledger.charge({ requestId, worker, tokens })
}
