import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { withDeadline } from '../../src/watch/deadline.ts'
import { Poll } from '../../src/watch/poll.ts'

const interval = { fromMs: 1000, toMs: 2000 }

test('looks again a while after the last look ended', async () => {
  const world = new VirtualWorld()
  let looks = 0
  await using poll = new Poll(world, interval, async () => void looks++)
  assert.equal(looks, 0)
  await poll.poke()
  assert.equal(looks, 1)
  await world.advance(999)
  assert.equal(looks, 1)
  await world.advance(1001)
  assert.equal(looks, 2)
  await world.advance(20_000)
  assert.ok(looks >= 11 && looks <= 22, `${looks}`)
})

test('a poke during a look begins another one after it, once for all who ask', async () => {
  const world = new VirtualWorld()
  const ends: Array<() => void> = []
  let running = 0
  await using poll = new Poll(world, interval, async () => {
    assert.equal(++running, 1)
    await new Promise<void>(resolve => ends.push(resolve))
    running--
  })
  const first = poll.poke()
  const [second, third] = [poll.poke(), poll.poke()]
  ends[0]!()
  await first
  await world.settle()
  assert.equal(ends.length, 2)
  ends[1]!()
  await Promise.all([second, third])
  assert.equal(ends.length, 2)
})

test('a look that rejects does not end the polling', async () => {
  const world = new VirtualWorld()
  let looks = 0
  await using poll = new Poll(world, interval, () => Promise.reject(new Error(`look ${++looks}`)))
  await poll.poke()
  await world.advance(2000)
  assert.equal(looks, 2)
})

test('after its disposal nothing is set and nothing looks', async () => {
  const world = new VirtualWorld()
  let looks = 0
  const poll = new Poll(world, interval, async () => void looks++)
  await poll.poke()
  await poll[Symbol.asyncDispose]()
  assert.equal(world.timers, 0)
  await poll.poke()
  assert.equal(looks, 1)
})

test('a call has so long, and no timer stays behind', async () => {
  const world = new VirtualWorld()
  const signal = new AbortController().signal
  const within = { timeoutMs: 5000, signal }
  assert.equal(await withDeadline(world, async () => 7, within), 7)
  await assert.rejects(
    withDeadline(world, () => Promise.reject(new TypeError('no')), within),
    TypeError,
  )
  const late = withDeadline(world, () => new Promise(() => undefined), within)
  const refused = assert.rejects(late, { code: 'chain-unreachable' })
  await world.advance(5000)
  await refused
  assert.equal(world.timers, 0)
})

test('a signal ends the wait for a call at once', async () => {
  const world = new VirtualWorld()
  const closing = new AbortController()
  const within = { timeoutMs: 5000, signal: closing.signal }
  const waiting = withDeadline(world, () => new Promise(() => undefined), within)
  closing.abort()
  await assert.rejects(waiting, { code: 'closed' })
  await assert.rejects(
    withDeadline(world, async () => 7, within),
    { code: 'closed' },
  )
  assert.equal(world.timers, 0)
})
