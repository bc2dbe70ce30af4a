import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import type { DiskSchema } from '../../src/database/disk.ts'
import { openSqliteDisk } from '../../src/database/sqlite-disk.ts'
import { SqlitePlace } from './sqlite-place.ts'

const schema: DiskSchema = {
  applicationId: 0x74657374,
  what: 'test',
  migrations: ['CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT) STRICT'],
  statements: ['SELECT * FROM t', 'INSERT INTO t (a, b) VALUES (?, ?)'],
}
const [read, insert] = [0, 1]

test('a transaction is done as a whole', async () => {
  const { path } = new SqlitePlace()
  {
    await using disk = await openSqliteDisk({ path, schema, world: systemWorld })
    await disk.write([
      {
        statement: insert,
        rows: [
          [1, 'one'],
          [2, null],
        ],
      },
    ])
    const twice = disk.write([
      {
        statement: insert,
        rows: [
          [3, 'three'],
          [1, 'again'],
        ],
      },
    ])
    await assert.rejects(twice, { code: 'storage' })
    await assert.rejects(disk.read(read), { code: 'storage' })
  }
  await using disk = await openSqliteDisk({ path, schema, world: systemWorld })
  assert.deepEqual(
    (await disk.read(read)).map(row => ({ ...row })),
    [
      { a: 1, b: 'one' },
      { a: 2, b: null },
    ],
  )
})

test('a file of an earlier version is brought up to date, whole', async () => {
  const { path } = new SqlitePlace()
  {
    await using disk = await openSqliteDisk({ path, schema, world: systemWorld })
    await disk.write([{ statement: insert, rows: [[1, 'one']] }])
  }
  const [first = ''] = schema.migrations
  const broken = {
    ...schema,
    migrations: [first, 'ALTER TABLE t ADD COLUMN c TEXT', 'ALTER TABLE missing RENAME TO t'],
  }
  await assert.rejects(openSqliteDisk({ path, schema: broken, world: systemWorld }), { code: 'storage' })
  const second = { ...schema, migrations: [first, `ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'x'`] }
  await using disk = await openSqliteDisk({ path, schema: second, world: systemWorld })
  assert.equal((await disk.read(read))[0]?.['c'], 'x')
})

test('a disk that does not answer is given up', async () => {
  const { path } = new SqlitePlace()
  const impatient = { after: (_delayMs: number, run: () => void) => systemWorld.after(0, run) }
  await assert.rejects(openSqliteDisk({ path, schema, world: impatient }), (error: Error) => {
    assert.match(error.message, /No answer within 120 s/)
    return true
  })
})

test('what is asked after the end is refused', async () => {
  const { path } = new SqlitePlace()
  const disk = await openSqliteDisk({ path, schema, world: systemWorld })
  const written = disk.write([{ statement: insert, rows: [[1, 'one']] }])
  await disk[Symbol.asyncDispose]()
  await written
  await assert.rejects(disk.read(read), { code: 'storage' })
  await disk[Symbol.asyncDispose]()
})
