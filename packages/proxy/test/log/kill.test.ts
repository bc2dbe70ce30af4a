import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  consistencyProof,
  type LogHead,
  storedTiles,
  verifyCheckpoint,
  verifyConsistency,
} from '@cocoon/trust/log'
import { nodeLogCrypto as crypto } from '../../src/log/node-log-crypto.ts'
import { systemWorld as world } from '@cocoon/wire/node'
import { openSqliteLogStore } from '../../src/log/sqlite-log-store.ts'
import { checkStore, origin, signer } from './log-store-suite.ts'

const writer = fileURLToPath(new URL('./killed-writer.ts', import.meta.url))
const kills = 12

test('a writer that is killed at any moment loses nothing and doubles nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-log-kill-'))
  try {
    const path = join(folder, 'log.db')
    const heads: LogHead[] = []
    let acknowledged = 0
    for (let kill = 0; kill < kills; kill++) {
      const lines = await runUntilKilled([path, String(acknowledged), String(kill * 31)], Math.random() * 120)
      const said = lines.map(line => JSON.parse(line) as LogHead & { acknowledged: number })
      heads.push(...said)
      acknowledged = said.at(-1)?.acknowledged ?? acknowledged
    }
    assert.ok(acknowledged > 1000)
    await using store = openSqliteLogStore(path, world)
    const size = await checkStore(store)
    assert.ok(size >= acknowledged)
    await checkHistory([...heads, (await store.head())!], storedTiles(store))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** What the writer said until it was killed, so many milliseconds after its first word. */
async function runUntilKilled(parameters: string[], delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const closed = once(child, 'close')
  const reader = createInterface(child.stdout)
  const first = once(reader, 'line')
  reader.on('line', line => lines.push(line))
  await Promise.race([first, closed])
  await wait(delayMs)
  child.kill('SIGKILL')
  const [, signal] = (await closed) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself')
  return lines
}

/** Every checkpoint that was ever signed for anybody continues the one before. */
async function checkHistory(heads: readonly LogHead[], tiles: ReturnType<typeof storedTiles>): Promise<void> {
  const checkpoints = heads.map(({ checkpoint }) =>
    verifyCheckpoint(crypto, { origin, keys: [signer.key] }, checkpoint),
  )
  for (const [at, { size, root }] of checkpoints.entries()) {
    const older = checkpoints[at - 1]
    if (older === undefined) continue
    assert.ok(older.size <= size)
    const proof = await consistencyProof({ size, tiles, sha256: crypto.sha256 }, older.size)
    const claim = { oldSize: older.size, oldRoot: older.root, size, root, proof }
    assert.ok(verifyConsistency(crypto.sha256, claim))
  }
}
