import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pipe } from '../src/index.ts'
import { systemWorld } from '../src/node.ts'
import { ManualWorld } from './manual-world.ts'
import { Observer, transportSuite } from './transport-suite.ts'

const a = { address: 'a', imageHash: new Uint8Array(32) }
const b = { address: 'b', imageHash: new Uint8Array(32).fill(1) }

transportSuite('pipe', async () => ({
  ...pipe(systemWorld, { a, b }),
  [Symbol.asyncDispose]: async () => {},
}))

test('each end of a pipe sees the other as its peer', () => {
  const ends = pipe(systemWorld, { a, b })
  assert.equal(ends.a.peer, b)
  assert.equal(ends.b.peer, a)
})

test('a pipe delivers what is written in one turn in a later one, in the same arrays', () => {
  const turns: (() => void)[] = []
  const ends = pipe({ ...systemWorld, soon: run => void turns.push(run) }, { a, b })
  const observer = new Observer()
  ends.b.start(observer)
  const bytes = [Uint8Array.of(1), Uint8Array.of(2)]
  for (const part of bytes) ends.a.write(part)
  assert.equal(observer.receivedBytes, 0)
  while (turns.length > 0) turns.shift()?.()
  assert.equal(observer.chunks[0], bytes[0])
  assert.equal(observer.chunks[1], bytes[1])
})

test('an end that nobody reads from closes after its time', async () => {
  const world = new ManualWorld()
  const ends = pipe(world, { a, b })
  const observer = new Observer()
  ends.a.start(observer)
  ends.a.write(Uint8Array.of(1))
  ends.a.end()
  assert.equal(world.timers, 1)
  world.elapse()
  await observer.until(() => observer.closings === 1)
  assert.equal(world.timers, 0)
})
