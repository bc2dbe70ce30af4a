import assert from 'node:assert/strict'
import { test } from 'node:test'
import { profiles, type ProfileName, simulate } from '../src/index.ts'

const names = Object.keys(profiles) as ProfileName[]
const steps = 100
const seeds = 5

for (const profile of names) {
  test(`the network keeps its promises and heals: ${profile}`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await simulate({ profile, seed: `${seed}`, steps })
      assert.ok(result.answered > 0 && result.chargedTokens > 0n)
    }
  })
}

test('in calm weather every query that can be paid for is answered or was hung up on', async () => {
  const { queries, answered, refused, failed } = await simulate({ profile: 'calm', seed: 'weather', steps })
  assert.equal(answered + refused + failed, queries)
  assert.ok(answered > 0.6 * queries, `${answered} of ${queries}`)
})

test('honest clients are served while others do their worst', async () => {
  const { queries, answered } = await simulate({ profile: 'hostile', seed: 'service', steps: 2 * steps })
  assert.ok(answered > 0.6 * queries, `${answered} of ${queries}`)
})

test('the same seed twice gives the same log, another seed another one', async () => {
  for (const profile of names) {
    const first = await simulate({ profile, seed: 'twice', steps: 30 })
    const second = await simulate({ profile, seed: 'twice', steps: 30 })
    const other = await simulate({ profile, seed: 'other', steps: 30 })
    assert.deepEqual(second, first)
    assert.notEqual(other.digest, first.digest)
  }
})

test('what a run prints is its log', async () => {
  const lines: string[] = []
  const print = (line: string): unknown => lines.push(line)
  await simulate({ profile: 'calm', seed: 'printed', steps: 10, print })
  assert.ok(lines.some(line => line.includes('client-ready')))
  assert.ok(lines.some(line => line.includes('the faults are over')))
})
