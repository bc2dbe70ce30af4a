import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { Deadline, retrying } from '../../src/chain/deadline.ts'
import { chainError, Retry } from '../../src/chain/failure.ts'
import { Kept } from '../../src/chain/kept.ts'
import { RateLimit } from '../../src/chain/rate-limit.ts'

test('calls go at the rate, in order, after those that were saved up', async () => {
  const world = new VirtualWorld()
  const limit = new RateLimit(world, 4)
  const atMs: number[] = []
  using deadline = new Deadline(world, 10_000)
  const calls = Array.from({ length: 7 }, async () => {
    await limit.take('the source', deadline)
    atMs.push(world.monotonic())
  })
  await world.advance(2_000)
  await Promise.all(calls)
  assert.deepEqual(atMs, [0, 0, 0, 0, 250, 500, 750])
})

test('a call whose turn comes after its deadline is refused at once, and takes no turn', async () => {
  const world = new VirtualWorld()
  const limit = new RateLimit(world, 1)
  using deadline = new Deadline(world, 500)
  await limit.take('the source', deadline)
  await assert.rejects(limit.take('the source', deadline), { code: 'chain-busy' })
  using longer = new Deadline(world, 5_000)
  const next = limit.take('the source', longer)
  await world.advance(1_000)
  await next
})

test('a source that asks for a pause gets it', async () => {
  const world = new VirtualWorld()
  const limit = new RateLimit(world, Infinity)
  using deadline = new Deadline(world, 10_000)
  await limit.take('the source', deadline)
  limit.hold(3_000)
  let isThrough = false
  const call = limit.take('the source', deadline).then(() => {
    isThrough = true
  })
  await world.advance(2_999)
  assert.equal(isThrough, false)
  await world.advance(1)
  await call
})

test('attempts stop at the deadline with the last error, and leave no timer', async () => {
  const world = new VirtualWorld()
  let attempts = 0
  const deadline = new Deadline(world, 3_000)
  const call = retrying(world, deadline, async () => {
    attempts++
    throw new Retry(chainError('chain-unreachable', 'The source', `fails ${attempts}`))
  })
  const refused = assert.rejects(call, /fails 5/)
  await world.advance(3_000)
  await refused
  deadline[Symbol.dispose]()
  assert.equal(world.timers, 0)
})

test('prices are read once for all who ask, again after a while, and at once after a failure', async () => {
  const world = new VirtualWorld()
  let readings = 0
  const kept = new Kept(world, async () => {
    readings++
    if (readings === 1) throw new Error('not now')
    return readings
  })
  await assert.rejects(kept.get())
  assert.deepEqual(await Promise.all([kept.get(), kept.get()]), [2, 2])
  await world.advance(599_999)
  assert.equal(await kept.get(), 2)
  await world.advance(1)
  assert.equal(await kept.get(), 3)
})
