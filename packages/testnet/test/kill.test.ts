import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { killRoles } from '../src/kill/killed-network.ts'

test('roles that are killed under load lose nothing that was acknowledged, and nothing is charged twice', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cocoon-kills-'))
  try {
    const result = await killRoles({ directory, kills: 12 })
    const { proxy, client, worker } = result.kills
    assert.equal(proxy + client + worker, 12)
    // The rest is checked where it is counted; here it is that something was asked, paid and compared at all.
    assert.ok(result.acknowledged >= 12 && result.acknowledgedTokens <= result.chargedTokens)
    assert.equal(result.toWorkersNano, result.chargedTokens * 70_000n)
    assert.equal(result.toProxyOwnerNano + result.commissionNano, result.chargedTokens * 30_000n)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
