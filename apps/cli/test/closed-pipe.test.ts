import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'

test('a reader that has seen enough, as head does, is no error', async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const [complaint, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.deepEqual([complaint, exitCode], ['', 0])
})
