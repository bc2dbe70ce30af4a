import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { LogHeadsFile } from '../../src/roles/log-heads.ts'
import { makeFolder } from '../support/files.ts'

const fails = (): never => assert.fail('it can be written')

test('the newest head of each log is there after a restart, for its owner alone', async () => {
  await using folder = await makeFolder()
  {
    await using heads = await LogHeadsFile.open(folder.path, fails)
    assert.equal(heads.find('a'), undefined)
    for (const [origin, checkpoint] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ] as const) {
      heads.keep(origin, checkpoint)
    }
  }
  await using heads = await LogHeadsFile.open(folder.path, fails)
  assert.deepEqual([heads.find('a'), heads.find('b'), heads.find('c')], ['3', '2', undefined])
  assert.deepEqual(await readdir(folder.path), ['log-heads.json'])
  if (process.platform !== 'win32') {
    assert.equal((await stat(join(folder.path, 'log-heads.json'))).mode & 0o777, 0o600)
  }
})

test('of too many logs those are forgotten that grew least lately', async () => {
  await using folder = await makeFolder()
  await using heads = await LogHeadsFile.open(folder.path, fails)
  for (let log = 0; log < 1_000; log++) heads.keep(`log ${log}`, 'head')
  heads.keep('log 0', 'newer')
  heads.keep('another', 'head')
  assert.deepEqual(
    [heads.find('log 0'), heads.find('log 1'), heads.find('another')],
    ['newer', undefined, 'head'],
  )
})

test('what is no record is refused, with what to do about it', async () => {
  for (const text of ['', '[]', '{"a":1}', 'null']) {
    await using folder = await makeFolder()
    await writeFile(join(folder.path, 'log-heads.json'), text)
    await assert.rejects(LogHeadsFile.open(folder.path, fails), { code: 'config', advice: /delete it/ })
  }
})

test('a folder that cannot be written is told of, and the heads are known all the same', async () => {
  await using folder = await makeFolder()
  const told: unknown[] = []
  await using heads = await LogHeadsFile.open(join(folder.path, 'missing'), error => void told.push(error))
  heads.keep('a', '1')
  await heads[Symbol.asyncDispose]()
  assert.equal(told.length, 1)
  assert.equal(heads.find('a'), '1')
})
