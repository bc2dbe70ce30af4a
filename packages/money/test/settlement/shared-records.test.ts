import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { SharedRecords, type Word } from '../../src/index.ts'
import { CutLine } from '../database/cut-line.ts'
import { PostgresServer } from '../database/postgres-server.ts'

const contract = `0:${'c'.repeat(64)}`
let server: PostgresServer
let names = 0

before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

/** Looks at the database thirty times a second; its clock can be put forward. */
class QuickWorld {
  readonly world: World
  skippedMs = 0
  isStopped = false

  constructor() {
    this.world = {
      ...systemWorld,
      monotonic: () => systemWorld.monotonic() + this.skippedMs,
      after: (delayMs, run) =>
        systemWorld.after(delayMs >= 1_000 && delayMs <= 3_000 ? delayMs / 30 : delayMs, () => {
          if (!this.isStopped) run()
        }),
    }
  }
}

async function open(name: string, options: { url?: string; quick?: QuickWorld; obstacle?: string } = {}) {
  const { url = server.url, quick = new QuickWorld(), obstacle } = options
  const records = await SharedRecords.open({ url, name, world: quick.world })
  const word: Word = { obstacle, lastLt: 9n }
  const state = { shifts: 0, isFailing: false }
  records.begin({
    words: () => new Map([[contract, word]]),
    changed: async () => {
      if (state.isFailing) throw new Error('not now')
      state.shifts++
    },
  })
  return { records, state, quick, [Symbol.asyncDispose]: () => records[Symbol.asyncDispose]() }
}

async function until(condition: () => boolean): Promise<void> {
  const end = systemWorld.monotonic() + 10_000
  while (!condition()) {
    assert.ok(systemWorld.monotonic() < end, 'it did not come to pass')
    await new Promise<void>(resolve => void systemWorld.after(5, resolve))
  }
}

test('the others hear what the leader says, and take its place with what it wrote', async () => {
  const name = `test/${names++}`
  const first = await open(name, { obstacle: 'not yet' })
  await using second = await open(name)
  assert.deepEqual([first.records.mayAct(), second.records.mayAct()], [true, false])
  await until(() => second.records.word(contract).obstacle === 'not yet')
  assert.equal(second.records.word(contract).lastLt, 9n)
  assert.match(
    second.records.word(`0:${'d'.repeat(64)}`).obstacle ?? '',
    /does not serve this proxy contract/,
  )
  await first.records.write(new Map([['a', 'led']]))
  await second.records.write(new Map([['a', 'noted']]))
  assert.deepEqual([first.records.get('a'), second.records.get('a')], ['led', 'noted'])
  await first[Symbol.asyncDispose]()
  await until(() => second.records.mayAct() && second.state.shifts === 1)
  assert.equal(second.records.get('a'), 'led')
})

test('a leader that is cut off writes nothing more, not even to records of an earlier shift', async () => {
  const name = `test/${names++}`
  await using line = await CutLine.open(server.folder)
  await using first = await open(name, { url: line.url })
  await using second = await open(name)
  const { current } = first.records
  line.down()
  await until(() => !first.records.mayAct() && second.records.mayAct())
  line.up()
  await assert.rejects(current.write(new Map([['a', 'too late']])), { code: 'storage' })
  assert.match(first.records.word(contract).obstacle ?? '', /nothing is heard of a process that leads/)
  await until(() => first.state.shifts === 1 && first.records.word(contract).obstacle === undefined)
  assert.equal(first.records.mayAct(), false)
  await second.records.write(new Map([['a', 'in time']]))
  assert.equal(second.records.get('a'), 'in time')
})

test('a leader that says nothing keeps the others from serving, and old words are none', async () => {
  const name = `test/${names++}`
  await using first = await open(name)
  await using second = await open(name)
  await until(() => second.records.word(contract).obstacle === undefined)
  first.quick.isStopped = true
  await new Promise<void>(resolve => void systemWorld.after(200, resolve))
  second.quick.skippedMs += 10_000
  assert.match(second.records.word(contract).obstacle ?? '', /nothing is heard of a process that leads/)
  await using third = await open(name)
  await new Promise<void>(resolve => void systemWorld.after(200, resolve))
  assert.match(third.records.word(contract).obstacle ?? '', /nothing is heard of a process that leads/)
})

test('who cannot begin to lead lets another one do it', async () => {
  const name = `test/${names++}`
  const first = await open(name)
  await using second = await open(name)
  await using third = await open(name)
  second.state.isFailing = true
  await first[Symbol.asyncDispose]()
  await until(() => third.records.mayAct() && third.state.shifts > 0)
  second.state.isFailing = false
  await until(() => second.records.word(contract).obstacle === undefined)
  assert.equal(second.records.mayAct(), false)
})
