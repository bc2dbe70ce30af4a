import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { CollateralCache, earliestNextUpdate } from '../../src/collateral/collateral-cache.ts'
import type { CollateralKey } from '../../src/collateral/collateral-key.ts'
import type { Collateral } from '../../src/collateral/collateral.ts'
import { nowMs as startMs, tee } from '../verify/evidence.ts'

const dayMs = 86_400_000
const key: CollateralKey = { tee: 'tdx', fmspc: '51A0CC000000', ca: 'platform' }

describe('the cache of collateral', () => {
  let nowMs = startMs
  let loads = 0
  let fails = false
  let failures = 0
  let cache: CollateralCache

  beforeEach(() => {
    nowMs = startMs
    loads = 0
    fails = false
    failures = 0
    cache = new CollateralCache({
      world: { now: () => nowMs },
      async load(): Promise<Collateral> {
        loads += 1
        if (fails) throw new Error('nobody is there')
        return tee.evidence({ nowMs }).collateral
      },
      onFailure: () => {
        failures += 1
      },
    })
  })

  test('loads once, also for those who ask at once', async () => {
    const [first, second] = await Promise.all([cache.get(key), cache.get(key)])
    assert.equal(first, second)
    assert.equal(await cache.get(key), first)
    assert.equal(loads, 1)
  })

  test('keeps platforms apart', async () => {
    await cache.get(key)
    await cache.get({ ...key, fmspc: '000000000000' })
    await cache.get({ ...key, ca: 'processor' })
    await cache.get({ ...key, tee: 'sgx' })
    assert.equal(loads, 4)
  })

  test('refreshes ahead of time, and nobody waits for it', async () => {
    const first = await cache.get(key)
    const endMs = earliestNextUpdate(first)
    nowMs = startMs + (endMs - startMs) * 0.79
    assert.equal(await cache.get(key), first)
    assert.equal(loads, 1)
    nowMs = startMs + (endMs - startMs) * 0.81
    assert.equal(await cache.get(key), first)
    await new Promise(setImmediate)
    assert.equal(loads, 2)
    assert.notEqual(await cache.get(key), first)
    assert.equal(loads, 2)
  })

  test('stays with what holds while a refresh fails, and not a moment longer', async () => {
    const first = await cache.get(key)
    const endMs = earliestNextUpdate(first)
    fails = true
    nowMs = endMs - dayMs
    for (let turn = 0; turn < 3; turn += 1) {
      assert.equal(await cache.get(key), first)
      await new Promise(setImmediate)
    }
    assert.equal(loads, 2, 'a failed refresh is not repeated at once')
    assert.equal(failures, 1)
    nowMs += 60_000
    await cache.get(key)
    await new Promise(setImmediate)
    assert.equal(loads, 3)
    nowMs = endMs
    await assert.rejects(cache.get(key), /nobody is there/)
    fails = false
    assert.notEqual(await cache.get(key), first)
  })

  test('does not keep what does not hold or cannot be read', async () => {
    const stale = tee.evidence({ nowMs: startMs - 60 * dayMs }).collateral
    for (const collateral of [stale, {}, { ...stale, tcbInfo: 'none' }]) {
      let asked = 0
      const odd = new CollateralCache({
        world: { now: () => startMs },
        async load() {
          asked += 1
          return collateral
        },
      })
      assert.equal(await odd.get(key), collateral)
      assert.equal(await odd.get(key), collateral)
      assert.equal(asked, 2)
    }
  })

  test('has room for a bounded number of platforms, and forgets the one that was unused for longest', async () => {
    for (let index = 0; index < 257; index += 1) await cache.get({ ...key, fmspc: String(index) })
    assert.equal(loads, 257)
    await cache.get({ ...key, fmspc: '256' })
    assert.equal(loads, 257)
    await cache.get({ ...key, fmspc: '0' })
    assert.equal(loads, 258)
  })
})
