import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import { MemoryTally, openSqliteTally, type Tally, type TallyEntry, type TallyRow } from '../../src/index.ts'
import { openSqliteDisk } from '../../src/database/sqlite-disk.ts'
import { openTallyOn, tallySchema } from '../../src/tally/sqlite.ts'
import { FaultyDisk } from '../database/faulty-disk.ts'
import { SqlitePlace } from '../database/sqlite-place.ts'

const hourS = 3_600
const entry: TallyEntry = {
  model: 'm',
  counterparty: 'c',
  adjustedTokens: 100n,
  promptTokens: 5n,
  cachedTokens: 4n,
  completionTokens: 3n,
  reasoningTokens: 2n,
  nano: 2n ** 62n,
}
const all = { fromS: 0, toS: 10 * hourS }

/** A clock that stands where it was set. */
class Clock {
  nowMs = hourS * 1_000
  readonly now = (): number => this.nowMs
  readonly after = systemWorld.after
}

function row(values: Partial<TallyRow>): TallyRow {
  return { ...entry, hourS, requests: 1n, ...values }
}

tallyCompliance('memory', async clock => new MemoryTally(clock))
tallyCompliance('sqlite', clock => openSqliteTally({ path: new SqlitePlace().path, world: clock }))

function tallyCompliance(name: string, open: (clock: Clock) => Promise<Tally>): void {
  test(`${name}: sums by hour, model and counterparty`, async () => {
    const clock = new Clock()
    await using tally = await open(clock)
    assert.deepEqual(await tally.rows(all), [])
    tally.add(entry)
    tally.add({ ...entry, model: 'a' })
    for (let i = 0; i < 4; i++) tally.add({ ...entry, counterparty: 'b' })
    clock.nowMs += hourS * 1_000 - 1
    tally.add(entry)
    clock.nowMs += 1
    tally.add(entry)
    const twice = { requests: 2n, adjustedTokens: 200n, promptTokens: 10n, cachedTokens: 8n }
    const rows = [
      row({ model: 'a' }),
      row({
        counterparty: 'b',
        requests: 4n,
        adjustedTokens: 400n,
        promptTokens: 20n,
        cachedTokens: 16n,
        completionTokens: 12n,
        reasoningTokens: 8n,
        nano: 2n ** 64n,
      }),
      row({ ...twice, completionTokens: 6n, reasoningTokens: 4n, nano: 2n ** 63n }),
      row({ hourS: 2 * hourS }),
    ]
    assert.deepEqual(await tally.rows(all), rows)
    assert.deepEqual(await tally.rows({ fromS: hourS, toS: 2 * hourS }), rows.slice(0, 3))
    assert.deepEqual(await tally.rows({ fromS: hourS + 1, toS: 3 * hourS }), rows.slice(3))
  })

  test(`${name}: a clock that is set back adds to the newest hour`, async () => {
    const clock = new Clock()
    clock.nowMs = 5 * hourS * 1_000
    await using tally = await open(clock)
    tally.add(entry)
    clock.nowMs = 2 * hourS * 1_000
    tally.add(entry)
    const [sums, ...more] = await tally.rows(all)
    assert.deepEqual(more, [])
    assert.equal(sums?.hourS, 5 * hourS)
    assert.equal(sums.requests, 2n)
  })

  test(`${name}: names beyond the bound are added up`, async () => {
    await using tally = await open(new Clock())
    for (let index = 0; index < 10_010; index++) tally.add({ ...entry, counterparty: `c${index}` })
    const rows = await tally.rows(all)
    assert.ok(rows.length <= 10_001)
    assert.equal(rows[0]?.model, '')
    assert.equal(
      rows.reduce((sum, { requests }) => sum + requests, 0n),
      10_010n,
    )
  })
}

test('sqlite: goes on where it was', async () => {
  const { path } = new SqlitePlace()
  const clock = new Clock()
  for (let round = 0; round < 3; round++) {
    await using tally = await openSqliteTally({ path, world: clock })
    tally.add(entry)
  }
  clock.nowMs = 0
  await using tally = await openSqliteTally({ path, world: clock })
  tally.add(entry)
  const [sums] = await tally.rows(all)
  assert.equal(sums?.requests, 4n)
  assert.equal(sums.nano, 2n ** 64n)
})

test('sqlite: it is written by itself', async () => {
  const { path } = new SqlitePlace()
  const disk = await openSqliteDisk({ path, schema: tallySchema, world: systemWorld })
  await using tally = await openTallyOn(disk, {
    world: { now: new Clock().now, after: (_, run) => systemWorld.after(1, run) },
  })
  tally.add(entry)
  const deadline = Date.now() + 10_000
  while ((await disk.read(0, [0, 9 * hourS])).length === 0) assert.ok(Date.now() < deadline)
})

test('sqlite: a disk that fails is told once, and stops nothing', async () => {
  const { path } = new SqlitePlace()
  const disk = new FaultyDisk(
    await openSqliteDisk({ path, schema: tallySchema, world: systemWorld }),
    'fails',
  )
  const failures: unknown[] = []
  const clock = new Clock()
  await using tally = await openTallyOn(disk, { world: clock, onFailure: error => failures.push(error) })
  tally.add(entry)
  await assert.rejects(tally.rows(all), { code: 'storage' })
  tally.add(entry)
  await assert.rejects(tally.rows(all), { code: 'storage' })
  assert.equal(failures.length, 1)
})
