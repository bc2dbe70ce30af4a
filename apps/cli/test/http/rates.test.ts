import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { World } from '@cocoon/wire'
import { busyTime } from '../../src/http/busy-time.ts'
import { Rates } from '../../src/http/rates.ts'
import { RecentWork } from '../../src/http/recent-work.ts'

/** A world whose clock a test moves, and whose timers it runs by hand. */
function manualWorld() {
  let nowMs = 0
  let due: Array<() => void> = []
  const world: World = {
    now: () => nowMs,
    monotonic: () => nowMs,
    random: sizeBytes => new Uint8Array(sizeBytes),
    soon: run => void run(),
    after: (_delayMs, run) => {
      due.push(run)
      return { cancel: () => (due = due.filter(one => one !== run)) }
    },
  }
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      nowMs += 1000
      const running = due
      due = []
      for (const run of running) run()
    }
  }
  return { world, pass, waiting: () => due.length }
}

test('rates approach what is steady, the short windows first, and fade afterwards', () => {
  const { world, pass, waiting } = manualWorld()
  let queries = 0
  const rates = new Rates(world, () => ({ queries }))
  for (let second = 0; second < 30; second++) {
    queries += 4
    pass(1)
  }
  const rate = rates.now().queries
  const [total, s1, s10, m1] = rate
  assert.equal(total, 120)
  assert.ok(Math.abs(s1 - 4) < 1e-9)
  assert.ok(s10 > 3.7 && s10 < 4 && m1 > 1 && m1 < s10 && rate[6] < 0.01)
  pass(600)
  const [later, ...faded] = rates.now().queries
  assert.equal(later, 120)
  assert.equal(faded[0], 0)
  assert.ok(faded[1] < 1e-6 && faded[2] < 0.001)
  rates[Symbol.dispose]()
  assert.equal(waiting(), 0)
})

test('busy time adds up queries side by side', () => {
  const { world, pass } = manualWorld()
  let running = 0
  const seconds = busyTime(world, () => running)
  running = 2
  seconds()
  pass(3)
  assert.equal(seconds(), 6)
})

test('recent work follows a worker over its connections and forgets slowly', () => {
  const { world, pass } = manualWorld()
  const standing = { succeeded: 0, failed: 0, latencyMs: 100 }
  let connection = { standing }
  const recent = new RecentWork(world, () => [connection])
  Object.assign(standing, { succeeded: 8, failed: 2 })
  pass(1)
  connection = { standing }
  const { queries, succeeded, seconds } = recent.of(connection)
  assert.deepEqual([queries, succeeded], [10, 8])
  assert.ok(Math.abs(seconds - 0.8) < 0.01)
  pass(6_000)
  assert.equal(recent.of(connection).queries, 0)
  recent[Symbol.dispose]()
})
