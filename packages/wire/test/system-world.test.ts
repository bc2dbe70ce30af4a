import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemWorld } from '../src/node.ts'

test('the clocks of the system go forward', () => {
  const [wall, monotonic] = [systemWorld.now(), systemWorld.monotonic()]
  assert.ok(wall > Date.UTC(2025, 0))
  assert.ok(systemWorld.monotonic() >= monotonic)
})

test('random bytes come in the size asked for, and differ', () => {
  const [first, second] = [systemWorld.random(32), systemWorld.random(32)]
  assert.equal(first.length, 32)
  assert.notDeepEqual(first, second)
})

test('timers run once, unless they are cancelled', async () => {
  const ran: string[] = []
  const cancelled = systemWorld.after(0, () => ran.push('cancelled'))
  cancelled.cancel()
  cancelled.cancel()
  // Such a timer keeps no process alive; the immediates do.
  systemWorld.after(0, () => ran.push('timer'))
  while (ran.length === 0) await new Promise<void>(resolve => systemWorld.soon(resolve))
  assert.deepEqual(ran, ['timer'])
})
