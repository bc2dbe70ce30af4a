import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemWorld } from '@cocoon/wire/node'
import { openPostgresLedger, type PostgresLedgerOptions, type SharedLedger } from '../../src/index.ts'
import { PostgresConnection } from '../../src/database/postgres.ts'
import { schemaOf } from '../../src/ledger/postgres-schema.ts'
import { findBreach } from '../../src/ledger/postgres-session.ts'
import { PostgresServer } from '../database/postgres-server.ts'
import { account, codeOf } from './model.ts'

const credit = { paid: 1000n, stake: 1000n, charged: 0n, lt: 0n }
const [alice, bob, carol] = [account(1), account(2), account(3)] as const
const [worker, otherWorker] = [account(11), account(12)] as const

let server: PostgresServer
let contracts = 0

before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

/** The same, but for a look at the database twenty times a second. */
const quickWorld: PostgresLedgerOptions['world'] = {
  monotonic: () => systemWorld.monotonic(),
  after: (delayMs, run) => systemWorld.after(delayMs === 1_000 ? 50 : delayMs, run),
}

/** A process that has stopped: none of its timers runs. */
const stoppedWorld: PostgresLedgerOptions['world'] = {
  monotonic: () => systemWorld.monotonic(),
  after: () => ({ cancel: () => {} }),
}

class Books {
  readonly contract = `0:${String(++contracts).padEnd(64, 'e')}`

  async open(options: Partial<PostgresLedgerOptions> = {}): Promise<SharedLedger> {
    const { contract } = this
    const ledger = await openPostgresLedger({ url: server.url, contract, world: quickWorld, ...options })
    for (const client of [alice, bob, carol]) await ledger.openClient(client, credit)
    for (const owner of [worker, otherWorker]) await ledger.openWorker(owner)
    return ledger
  }

  connect(): PostgresConnection {
    return new PostgresConnection({ url: server.url, world: systemWorld, schema: schemaOf(this.contract) })
  }

  async requireConserved(): Promise<void> {
    await using connection = this.connect()
    assert.equal(await findBreach(connection), undefined)
  }
}

test('reservations of all processes count against one credit', async () => {
  const books = new Books()
  await using first = await books.open()
  await using second = await books.open()
  await using third = await books.open()
  const asked = [first, second, third].flatMap((ledger, process) =>
    Array.from({ length: 30 }, (_, index) =>
      codeOf(ledger.reserve({ requestId: `${process}-${index}`, client: alice, tokens: 17n })),
    ),
  )
  const codes = await Promise.all(asked)
  assert.equal(codes.filter(code => code === undefined).length, 58, 'as many as fit')
  assert.equal(codes.filter(code => code === 'balance').length, 32)
  await books.requireConserved()
})

test('a process sees within a moment what another one did', async () => {
  const books = new Books()
  await using first = await books.open()
  await using second = await books.open()
  await spend(first, 'r', 40n)
  await until(() => second.client(alice).max === 40n && second.worker(worker).committedToDb === 40n)
  await first.commit()
  await until(() => second.worker(worker).committedToChain === 40n)
  first.recordSigned('client', alice, 40n)
  first.recordPaid(worker, 30n)
  await until(() => second.client(alice).signed === 40n && second.worker(worker).paid === 30n)
})

test('the credit that a process has read last is that of all of them', async () => {
  const books = new Books()
  await using first = await books.open()
  await using second = await books.open()
  await first.openClient(alice, { ...credit, paid: 500n })
  await second.openClient(alice, { ...credit, paid: 700n })
  await spend(first, 'r', 1n)
  assert.equal(first.client(alice).credit.paid, 500n)
  await spend(second, 's', 1n)
  await until(() => first.client(alice).credit.paid === 700n)
  await first.openClient(alice, { ...credit, paid: 600n })
  await until(() => second.client(alice).credit.paid === 600n)
})

test('a request is charged once, whoever charges it', async () => {
  const books = new Books()
  await using first = await books.open()
  await using second = await books.open()
  for (let round = 0; round < 20; round++) {
    const requestId = `r${round}`
    await first.reserve({ requestId, client: alice, tokens: 10n })
    const request = { requestId, worker, tokens: 9n }
    const charges = await Promise.all([first.charge(request), second.charge(request), first.charge(request)])
    assert.deepEqual(
      charges.map(({ chargedTokens }) => chargedTokens),
      [9n, 9n, 9n],
    )
  }
  const last = await first.charge({ requestId: 'r0', worker, tokens: 9n })
  assert.equal(last.client.max, 180n)
  assert.equal(last.worker.max, 180n)
  await books.requireConserved()
})

test('three processes that meet on the same accounts do not stand in each other’s way', async () => {
  const books = new Books()
  await using first = await books.open()
  await using second = await books.open()
  await using third = await books.open()
  const clients = [alice, bob, carol]
  const workers = [worker, otherWorker]
  const work = [first, second, third].flatMap((ledger, process) =>
    Array.from({ length: 20 }, async (_, index) => {
      for (let round = 0; round < 10; round++) {
        const requestId = `${process}-${index}-${round}`
        const place = process + index + round
        await ledger.reserve({ requestId, client: clients[place % 3]!, tokens: 2n })
        if (place % 5 === 0) await ledger.release(requestId)
        else await ledger.charge({ requestId, worker: workers[place % 2]!, tokens: 1n })
        if (place % 7 === 0) await ledger.commit()
      }
    }),
  )
  await Promise.all(work)
  await first.commit()
  assert.deepEqual(
    first.clients().map(({ reserved }) => reserved),
    [0n, 0n, 0n],
  )
  const sum = (totals: ReadonlyArray<{ committedToChain: bigint }>): bigint =>
    totals.reduce((total, { committedToChain }) => total + committedToChain, 0n)
  assert.equal(sum(first.clients()), 480n)
  assert.equal(sum(first.workers()), 480n)
  await books.requireConserved()
})

test('a state is numbered once for all processes', async () => {
  const books = new Books()
  await using first = await books.open()
  await using second = await books.open()
  await spend(first, 'r', 10n)
  const numbers = await Promise.all([first.announce(), second.announce(), first.announce()])
  assert.deepEqual(numbers, [1, 1, 1])
  await Promise.all([second.confirm(1), first.confirm(1)])
  assert.equal(second.client(alice).committedToChain, 10n)
  assert.equal(await first.announce(), 2)
})

test('a note that another process was writing while one read and dropped is not lost', async () => {
  const books = new Books()
  await using first = await books.open()
  await using late = books.connect()
  const note = Uint8Array.of(1)
  const end = async (requestId: string) => {
    await first.reserve({ requestId, client: alice, tokens: 2n })
    await first.charge({ requestId, worker, tokens: 1n, note })
  }
  await late.run('BEGIN')
  await late.query(`INSERT INTO note (request_id, bytes, charged) VALUES ('late', '\\x02', 3)`)
  await end('r')
  await end('s')
  const read = await first.notes(10)
  assert.deepEqual(
    read.map(({ id }) => id),
    ['r', 's'],
  )
  await late.run('COMMIT')
  await first.dropNotes(read.map(({ id }) => id))
  await end('t')
  assert.deepEqual(await first.notes(10), [
    { id: 'late', bytes: Uint8Array.of(2), chargedTokens: 3n },
    { id: 't', bytes: note, chargedTokens: 1n },
  ])
})

test('several processes note, read and drop at once: each note is there once, and gone once', async () => {
  const books = new Books()
  const ledgers = [await books.open(), await books.open(), await books.open()]
  const ids = new Set<string>()
  const write = ledgers.map(async (ledger, process) => {
    for (let round = 0; round < 40; round++) {
      const requestId = `${process}-${round}`
      await ledger.reserve({ requestId, client: alice, tokens: 2n })
      if (round % 4 === 0) await ledger.release(requestId, Uint8Array.of(round))
      else await ledger.charge({ requestId, worker, tokens: 1n, note: Uint8Array.of(round) })
      ids.add(requestId)
    }
  })
  const seen = new Map<string, bigint>()
  let isWriting = true
  const read = ledgers.slice(0, 2).map(async ledger => {
    for (;;) {
      const isLast = !isWriting
      const notes = await ledger.notes(7)
      for (const { id, chargedTokens } of notes) seen.set(id, chargedTokens)
      await ledger.dropNotes(notes.map(({ id }) => id))
      if (isLast && notes.length === 0) return
    }
  })
  await Promise.all(write)
  isWriting = false
  await Promise.all(read)
  assert.deepEqual([...seen.keys()].toSorted(), [...ids].toSorted())
  const noted = [...seen.values()].reduce((sum, tokens) => sum + tokens, 0n)
  await ledgers[0]!.refresh()
  assert.equal(noted, ledgers[0]!.client(alice).max)
  for (const ledger of ledgers) await ledger[Symbol.asyncDispose]()
})

test('what one process knows of a credit does not undo what another one has learned since', async () => {
  const books = new Books()
  const topUp = { paid: 5000n, stake: 5000n, charged: 0n, lt: 2n }
  // The second one has heard of a client that had nothing yet, and hears no more of it.
  await using first = await books.open()
  await using second = await books.open()
  await second.openClient(alice, { paid: 0n, stake: 0n, charged: 0n, lt: 1n })
  await first.openClient(alice, topUp)
  await first.reserve({ requestId: 'r', client: alice, tokens: 4000n })
  for (const ledger of [second, first]) {
    // Both look at the database several times, and tell what they know.
    await new Promise(resolve => setTimeout(resolve, 200))
    assert.deepEqual(ledger.client(alice).credit, topUp)
  }
  await second.openClient(alice, { paid: 0n, stake: 0n, charged: 0n, lt: 1n })
  assert.deepEqual(second.client(alice).credit, topUp)
  await second.reserve({ requestId: 's', client: alice, tokens: 1000n })
  // One that learns of it later than the other has used the account tells it.
  const more = { ...topUp, paid: 6000n, stake: 6000n, lt: 3n }
  await second.openClient(alice, more)
  await first.refresh()
  assert.deepEqual(first.client(alice).credit, more)
})

test('books of earlier versions take notes from now on, and processes of then go on', async () => {
  const books = new Books()
  {
    await using ledger = await books.open()
    await spend(ledger, 'r', 10n)
  }
  await using connection = books.connect()
  const [seen] = await connection.query(`SELECT pg_get_functiondef('seen(client)'::regprocedure) AS text`)
  const seenBefore = String(seen?.['text']).replace(/,\s*account\.credit_lt::text/, '')
  // What version 1 had: no notes, no times of credits, and functions without them.
  const [row] = await connection.query(`SELECT pg_get_functiondef('finish'::regproc) AS text`)
  const before = String(row?.['text'])
    .replace(', notes text[])', ')')
    .replace(
      'amounts, notes) WITH ORDINALITY AS t (id, worker, tokens, note, place)',
      'amounts) WITH ORDINALITY AS t (id, worker, tokens, place)',
    )
    .replace(/kept AS \([^]*?\), spent AS/, 'spent AS')
  await connection.run(
    `DROP TABLE note; DROP FUNCTION drop_notes; DROP FUNCTION finish(bigint, text[], text[], numeric[], text[]); ${before};
      ${seenBefore}; ALTER TABLE client DROP COLUMN credit_lt; UPDATE book SET version = 1`,
  )
  const [session] = await connection.query(
    `INSERT INTO session (alive_until) VALUES (now() + interval '1 hour') RETURNING id::text`,
  )
  const reserveOld = (id: string) =>
    connection.query('SELECT reserve($1::bigint, $2::text[], $3::text[], $4::numeric[])', [
      String(session?.['id']),
      [id],
      [alice],
      ['3'],
    ])
  await reserveOld('older')
  const both = await Promise.all([books.open(), books.open()])
  for (const [index, ledger] of both.entries()) {
    const requestId = `s${index}`
    await ledger.reserve({ requestId, client: alice, tokens: 5n })
    await ledger.charge({ requestId, worker, tokens: 5n, note: Uint8Array.of(1) })
  }
  await reserveOld('old')
  const charged = [String(session?.['id']), ['old'], [worker], ['3']] as const
  await connection.query('SELECT finish($1::bigint, $2::text[], $3::text[], $4::numeric[])', charged)
  await both[0].refresh()
  assert.equal(both[0].client(alice).max, 23n)
  assert.equal((await both[0].notes(10)).length, 2)
  await books.requireConserved()
  for (const ledger of both) await ledger[Symbol.asyncDispose]()
})

test('what a killed process had reserved is given back, what it had charged stays', async () => {
  const books = new Books()
  await using ledger = await books.open({ leaseMs: 60_000 })
  const program = fileURLToPath(new URL('killed-process.ts', import.meta.url))
  const killed = spawn(process.execPath, [program, 'postgres', server.url, books.contract, 'k'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  killed.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until(() => output.split('!').length > 50)
  const ended = new Promise(resolve => killed.once('close', resolve))
  killed.kill('SIGKILL')
  await ended
  const acknowledged = output.split('\n').filter(line => /^!k-\d+-0$/.test(line)).length
  // The books are looked at now and then: first what was charged before the end is there.
  await until(() => ledger.client(alice).max >= 7n * BigInt(acknowledged))
  // Its lease is 2 s.
  await until(() => ledger.clients().every(({ reserved }) => reserved === 0n))
  await books.requireConserved()
})

test('a process whose lease is over charges nothing any more', async () => {
  const books = new Books()
  await using ledger = await books.open()
  const late = await books.open({ world: stoppedWorld, leaseMs: 300 })
  await late.reserve({ requestId: 'r', client: alice, tokens: 900n })
  assert.equal(await codeOf(ledger.reserve({ requestId: 's', client: alice, tokens: 900n })), 'balance')
  await until(() => ledger.client(alice).reserved === 900n)
  await until(() => ledger.client(alice).reserved === 0n)
  await spend(ledger, 's', 900n)
  assert.equal(await codeOf(late.charge({ requestId: 'r', worker, tokens: 900n })), 'storage')
  assert.equal(await codeOf(late.reserve({ requestId: 't', client: alice, tokens: 1n })), 'storage')
  await late[Symbol.asyncDispose]()
  // Nor does another one for it.
  assert.equal(await codeOf(ledger.charge({ requestId: 'r', worker, tokens: 900n })), 'request-released')
  assert.equal(ledger.client(alice).max, 900n)
  await books.requireConserved()
})

test('one process leads, and another one when it has ended or was cut off', async () => {
  const books = new Books()
  await using first = await books.open()
  await using second = await books.open()
  let isLost = false
  const lost = (): void => {
    isLost = true
  }
  assert.equal(await first.tryLead(lost), true)
  assert.equal(await first.tryLead(lost), true)
  assert.equal(await second.tryLead(() => {}), false)
  {
    await using connection = books.connect()
    await connection.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'`)
  }
  await until(() => isLost)
  assert.equal(await second.tryLead(() => {}), true)
  assert.equal(await first.tryLead(lost), false)
  await second[Symbol.asyncDispose]()
  assert.equal(await first.tryLead(lost), true)
})

test('a breach is found, and closes the books', async () => {
  const books = new Books()
  await using ledger = await books.open()
  await spend(ledger, 'r', 10n)
  ledger.assertConserved()
  await using connection = books.connect()
  await connection.query('UPDATE worker SET total = total + 1 WHERE owner = $1', [worker])
  await until(() => {
    try {
      ledger.assertConserved()
      return false
    } catch (error) {
      assert.ok(error instanceof assert.AssertionError)
      return true
    }
  })
  assert.equal(await codeOf(ledger.reserve({ requestId: 's', client: alice, tokens: 1n })), 'unbalanced')
  assert.equal(await codeOf(ledger.charge({ requestId: 'r', worker, tokens: 10n })), 'unbalanced')
  assert.equal(await codeOf(books.open()), 'unbalanced')
})

test('a server that dies: what was asked may be there or not, and is charged once', async () => {
  const books = new Books()
  await using ledger = await books.open()
  const ids = Array.from({ length: 40 }, (_, index) => `r${index}`)
  for (const requestId of ids) await ledger.reserve({ requestId, client: alice, tokens: 2n })
  const charge = (requestId: string) => codeOf(ledger.charge({ requestId, worker, tokens: 1n }))
  const first = ids.slice(0, 20).map(charge)
  await Promise.all(first)
  const dying = ids.slice(20).map(charge)
  await server.kill()
  for (const code of await Promise.all(dying)) assert.ok(code === undefined || code === 'storage')
  assert.equal(await charge('r0'), 'storage')
  await server.run()
  await until(async () => (await charge('r0')) === undefined)
  assert.deepEqual(
    await Promise.all(ids.map(charge)),
    ids.map(() => undefined),
  )
  assert.equal(ledger.client(alice).max, 40n)
  assert.equal(ledger.client(alice).reserved, 0n)
  await books.requireConserved()
})

async function spend(ledger: SharedLedger, requestId: string, tokens: bigint): Promise<void> {
  await ledger.reserve({ requestId, client: alice, tokens })
  await ledger.charge({ requestId, worker, tokens })
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, String(condition))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
