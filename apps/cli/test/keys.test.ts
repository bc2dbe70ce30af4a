import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { runToEnd } from './support/console.ts'
import { makeFolder } from './support/files.ts'

test('keys are made, listed and removed; the file has none of them', async () => {
  await using folder = await makeFolder()
  const file = `${folder.path}/keys.json`
  const grant = ['--requests-per-minute', '3', '--models', 'a/b, c', '--expires', '2999-01-31T01:00+01:00']
  const made = await runToEnd(['keys', 'new', '--file', file, '--name', 'Ann', '--budget', '0.5', ...grant])
  assert.equal(made.exitCode, 0, made.stderr)
  assert.match(made.stdout, /^sk-cocoon-[\w-]{43}\n$/)
  assert.match(made.stderr, /^This is its only copy: .* under the id [\da-f]{12}\.\n$/)
  const other = JSON.parse((await runToEnd(['keys', 'new', '--file', file, '--json'])).stdout)
  assert.deepEqual(Object.keys(other), ['key', 'id', 'name'])

  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const text = await readFile(file, 'utf8')
  assert.ok(!text.includes(made.stdout.trim()) && !text.includes(other.key))
  const listed = await runToEnd(['keys', 'list', '--file', file, '--json'])
  const [ann, second] = JSON.parse(listed.stdout).keys
  assert.deepEqual(ann, {
    id: ann.id,
    name: 'Ann',
    budgetNano: '500000000',
    requestsPerMinute: 3,
    models: ['a/b', 'c'],
    expires: '2999-01-31T00:00:00.000Z',
  })
  assert.deepEqual(second, { id: other.id, name: '' })
  const table = await runToEnd(['keys', 'list', '--file', file])
  assert.match(table.stdout, /\n[\da-f]{12} {2}Ann {3}0\.5 +3 +a\/b, c {2}2999-01-31T00:00:00.000Z\n/)

  const removed = await runToEnd(['keys', 'remove', '--file', file, ann.id])
  assert.equal(removed.exitCode, 0)
  const again = await runToEnd(['keys', 'remove', '--file', file, ann.id])
  assert.equal(again.exitCode, 1)
  assert.match(again.stderr, /has no key with the id [\da-f]{12}\.\n {2}`cocoon keys list --file /)
  assert.equal(JSON.parse(await readFile(file, 'utf8')).keys.length, 1)
  assert.deepEqual(await readdir(folder.path), ['keys.json'])
})

test('a budget in coins is exact', async () => {
  await using folder = await makeFolder()
  const file = `${folder.path}/keys.json`
  const budgets = [
    ['0', '0'],
    ['0.000000001', '1'],
    ['9007199254.740993001', '9007199254740993001'],
    ['12345678901234567890.1', '12345678901234567890100000000'],
  ] as const
  for (const [coins] of budgets) await runToEnd(['keys', 'new', '--file', file, '--budget', coins])
  const { keys } = JSON.parse(await readFile(file, 'utf8'))
  assert.deepEqual(
    keys.map(({ budgetNano }: { budgetNano: string }) => budgetNano),
    budgets.map(([, nano]) => nano),
  )
  const { stdout } = await runToEnd(['keys', 'list', '--file', file])
  for (const [coins] of budgets) assert.ok(stdout.replaceAll(',', '').includes(` ${coins} `), coins)
})

test('a key that makes no sense is not made', async () => {
  await using folder = await makeFolder()
  const file = `${folder.path}/keys.json`
  for (const [flag, ...values] of [
    ['--budget', '', '-1', '1e3', '.5', '0.0000000001', '0x1'],
    ['--budget-nano', '1.5', '-1'],
    ['--requests-per-minute', '0', 'x'],
    ['--models', '', 'a,,b'],
    ['--expires', 'soon', '2999-02-31', '2999-01-31T12:00', '2001-01-01'],
  ] as const) {
    for (const value of values) {
      const { exitCode, stderr } = await runToEnd(['keys', 'new', '--file', file, `${flag}=${value}`])
      assert.equal(exitCode, 2, `${flag} ${value}`)
      assert.ok(stderr.includes(flag))
    }
  }
  const both = await runToEnd(['keys', 'new', '--file', file, '--budget', '1', '--budget-nano', '1'])
  assert.equal(both.exitCode, 2)
  assert.deepEqual(await readdir(folder.path), [])
})

test('a key file keeps its rights and what else stands in it', async () => {
  await using folder = await makeFolder()
  const entry = { id: 'a', hash: '0'.repeat(64), name: 'Ann', note: 'kept' }
  const file = await folder.write('keys.json', { version: 7, keys: [entry] })
  const { mode } = await stat(file)
  assert.equal((await runToEnd(['keys', 'new', '--file', file])).exitCode, 0)
  assert.equal((await stat(file)).mode, mode)
  const { version, keys } = JSON.parse(await readFile(file, 'utf8'))
  assert.equal(version, 7)
  assert.deepEqual(keys[0], entry)
})

test('a key file that does not fit, or that another command changes, is left alone', async () => {
  await using folder = await makeFolder()
  const broken = await folder.write('broken.json', { keys: [{ id: 'a', hash: 'no' }] })
  for (const command of [['new'], ['list'], ['remove', 'a']]) {
    const { exitCode, stderr } = await runToEnd(['keys', ...command, '--file', broken])
    assert.equal(exitCode, 1)
    assert.match(stderr, /keys\[0\]\.hash has to be 64 lower-case hex digits\.\n {2}Correct .*broken\.json\./)
  }
  const file = await folder.write('keys.json', { keys: [] })
  await folder.write('keys.json.lock', '')
  const { exitCode, stderr } = await runToEnd(['keys', 'new', '--file', file])
  assert.equal(exitCode, 1)
  assert.match(stderr, /Another command changes .*keys\.json\.\n .* remove .*keys\.json\.lock\./)
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { keys: [] })
})
