import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HeldVerdict, VerdictCache } from '../../src/peer/verdict-cache.ts'

const bytes = new Uint8Array(32)
const held: HeldVerdict = {
  evidence: { publicKey: bytes, quote: bytes },
  imageHash: bytes,
  simulated: true,
  collateral: {},
  verifiedAtMs: 1_000_000,
  holdsUntilMs: 2_000_000,
}

test('a verdict is given out from when it was made until it ends, and for an hour at most', () => {
  const moments: Array<[number, boolean]> = [
    [999_999, false],
    [1_000_000, true],
    [1_999_999, true],
    [2_000_000, false],
  ]
  for (const [nowMs, isGiven] of moments) {
    const cache = new VerdictCache()
    cache.set('a', held)
    assert.equal(cache.get('a', nowMs) !== undefined, isGiven, String(nowMs))
    // What is not given out is forgotten.
    assert.equal(cache.size, isGiven ? 1 : 0)
  }
  const cache = new VerdictCache()
  cache.set('a', { ...held, holdsUntilMs: Infinity })
  assert.ok(cache.get('a', 1_000_000 + 3_599_999))
  assert.equal(cache.get('a', 1_000_000 + 3_600_000), undefined)
})

test('of too many verdicts the one that was used least lately goes', () => {
  const cache = new VerdictCache()
  for (let number = 0; number < 512; number += 1) cache.set(String(number), held)
  assert.ok(cache.get('0', held.verifiedAtMs))
  cache.set('newest', held)
  assert.equal(cache.size, 512)
  assert.ok(cache.get('0', held.verifiedAtMs))
  assert.equal(cache.get('1', held.verifiedAtMs), undefined)
})
