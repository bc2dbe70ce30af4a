import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { World } from '@cocoon/wire'
import { rotatingIdentity } from '../src/index.ts'

/** A clock whose timers run when they are told to. */
class ManualWorld implements World {
  readonly timers: { delayMs: number; run: () => void; cancelled: boolean }[] = []
  #draws = 0
  now = () => Date.UTC(2026, 5)
  monotonic = () => 0
  random = (sizeBytes: number) => new Uint8Array(sizeBytes).fill((this.#draws += 1))
  soon = (run: () => void) => queueMicrotask(run)
  after(delayMs: number, run: () => void) {
    const timer = { delayMs, run, cancelled: false }
    this.timers.push(timer)
    return { cancel: () => void (timer.cancelled = true) }
  }

  /** Runs the latest timer and waits until it has set the next. */
  async fire(): Promise<void> {
    const { length } = this.timers
    this.timers.at(-1)?.run()
    while (this.timers.length === length) await new Promise(resolve => setImmediate(resolve))
  }
}

test('a certificate is replaced in time, with another key', async () => {
  const world = new ManualWorld()
  using rotating = await rotatingIdentity({ world, renewAfterMs: 1000 })
  const first = rotating.current()
  assert.equal(rotating.current(), first)
  assert.equal(world.timers[0]?.delayMs, 1000)
  await world.fire()
  assert.notDeepEqual(rotating.current().publicKey, first.publicKey)
  assert.equal(world.timers[1]?.delayMs, 1000)
})

test('a failed renewal keeps the old certificate and is tried again sooner', async () => {
  const world = new ManualWorld()
  const failures: unknown[] = []
  let works = true
  const evidence = () => {
    if (!works) throw new Error('no quote today')
    return { quote: new Uint8Array(64) }
  }
  using rotating = await rotatingIdentity({ world, evidence, onFailure: cause => failures.push(cause) })
  const first = rotating.current()
  works = false
  await world.fire()
  assert.equal(rotating.current(), first)
  assert.equal(failures.length, 1)
  assert.equal(world.timers.at(-1)?.delayMs, 60_000)
  works = true
  await world.fire()
  assert.notEqual(rotating.current(), first)
})

test('disposal stops the renewal', async () => {
  const world = new ManualWorld()
  const rotating = await rotatingIdentity({ world })
  rotating[Symbol.dispose]()
  assert.equal(world.timers[0]?.cancelled, true)
})
