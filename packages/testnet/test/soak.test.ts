import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from '../src/index.ts'

test('a small soak: every kind of request, books that balance, nothing left running', async () => {
  let samples = 0
  const result = await soak({
    requests: 300,
    concurrency: 16,
    // Too few requests to tell a leak from code that is still being compiled.
    maxGrowthBytes: 64 << 20,
    progress: () => samples++,
  })
  assert.deepEqual(result.answers, {
    whole: 150,
    stream: 90,
    hangUp: 24,
    failure: 18,
    tooCheap: 9,
    unknownModel: 9,
  })
  assert.ok(result.chargedTokens > 240n * 30n)
  assert.ok(samples > 10)
})
