import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/sim/random.ts'
import { SimProcess } from '../../src/sim/process.ts'
import { SimWorld } from '../../src/sim/world.ts'
import { withoutThreads } from '../../src/sim/without-threads.ts'

test('events run by time, and those of one time in the order in which they were set', async () => {
  const world = new SimWorld()
  const order: string[] = []
  for (const [delayMs, name] of [
    [20, 'c'],
    [10, 'a'],
    [10, 'b'],
    [0, 'first'],
    [20, 'd'],
  ] as const) {
    world.after(delayMs, () => order.push(`${name}@${world.monotonic()}`))
  }
  world.after(15, () => order.push('never')).cancel()
  await world.runFor(100)
  assert.deepEqual(order, ['first@0', 'a@10', 'b@10', 'c@20', 'd@20'])
  assert.equal(world.monotonic(), 100)
  assert.equal(world.waiting, 0)
})

test('what an event leaves to promises is done before the next event, however deep it goes', async () => {
  const world = new SimWorld()
  const order: string[] = []
  world.after(10, async () => {
    for (let depth = 0; depth < 100; depth++) await Promise.resolve()
    order.push('promise')
  })
  world.after(10, () => order.push('next event'))
  await world.runFor(20)
  assert.deepEqual(order, ['promise', 'next event'])
})

test('what an event throws is kept, and time goes on', async () => {
  const world = new SimWorld()
  world.after(1, () => {
    throw new Error('oops')
  })
  let ran = false
  world.after(2, () => {
    ran = true
  })
  await world.runFor(10)
  assert.ok(ran)
  assert.match(String(world.thrown[0]), /oops/)
})

test('waiting for what never comes ends, in time and when nothing is left to happen', async () => {
  const world = new SimWorld()
  await assert.rejects(
    world.until(() => false),
    { code: 'stuck' },
  )
  const again = (): void => void world.after(100, again)
  again()
  await assert.rejects(
    world.until(() => false, 1_000),
    { code: 'stuck' },
  )
  await assert.rejects(world.finish(new Promise(() => {}), 1_000), { code: 'stuck' })
  assert.equal(await world.finish(Promise.resolve(5)), 5)
})

test('a killed process does nothing more, a frozen one does it later, in order', async () => {
  const world = new SimWorld()
  const process = new SimProcess(world, 'one')
  const done: string[] = []
  process.after(10, () => done.push(`early@${world.monotonic()}`))
  process.after(20, () => done.push(`late@${world.monotonic()}`))
  const cancelled = process.after(20, () => done.push('cancelled'))
  process.after(1_000, () => done.push('dead'))
  process.freeze(500)
  await world.runFor(100)
  cancelled.cancel()
  assert.deepEqual(done, [])
  await world.runFor(500)
  assert.deepEqual(done, ['early@500', 'late@500'])
  assert.equal(process.waiting, 1)
  process.kill()
  assert.equal(process.waiting, 0)
  await world.runFor(1_000)
  assert.deepEqual(done, ['early@500', 'late@500'])
})

test('a clock that is turned changes the wall clock alone', () => {
  const world = new SimWorld()
  const process = new SimProcess(world, 'one', { clockOffsetMs: 1_000 })
  process.turnClock(-5_000)
  assert.equal(process.now(), world.now() - 4_000)
  assert.equal(process.monotonic(), world.monotonic())
})

test('turns of one process keep their order', async () => {
  const world = new SimWorld()
  const process = new SimProcess(world, 'one')
  const order: number[] = []
  for (let turn = 0; turn < 50; turn++) process.soon(() => order.push(turn))
  await world.runFor(100)
  assert.deepEqual(
    order,
    Array.from({ length: 50 }, (_, turn) => turn),
  )
})

test('digests are the same without threads, and at hand at once', async () => {
  const data = new Uint8Array([1, 2, 3])
  const expected = await crypto.subtle.digest('SHA-256', data)
  {
    using _ = withoutThreads()
    let digest: ArrayBuffer | undefined
    void crypto.subtle.digest('SHA-256', data).then(value => (digest = value))
    await Promise.resolve()
    await Promise.resolve()
    assert.deepEqual(digest, expected)
  }
  assert.equal(Object.hasOwn(crypto.subtle, 'digest'), false)
  assert.deepEqual(await crypto.subtle.digest('SHA-256', data), expected)
})

test('randomness follows from the seed, and its branches do not depend on each other', () => {
  const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.uint32())
  assert.deepEqual(draw(new Random('a')), draw(new Random('a')))
  assert.notDeepEqual(draw(new Random('a')), draw(new Random('b')))
  const used = new Random('a')
  used.bytes(100)
  assert.deepEqual(draw(used.fork('x')), draw(new Random('a').fork('x')))
  const counts = { often: 0, seldom: 0, never: 0 }
  for (let i = 0; i < 1_000; i++) counts[used.weighted({ often: 9, seldom: 1, never: 0 })]++
  assert.ok(counts.often > 8 * counts.seldom && counts.seldom > 0 && counts.never === 0)
  for (let i = 0; i < 1_000; i++) {
    const value = used.whole(3, 5)
    assert.ok(value >= 3 && value <= 5 && Number.isInteger(value))
  }
})
