import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { check } from '../src/index.ts'
import { solve, systemWorld as world } from '../src/node.ts'

const salt = Uint8Array.from({ length: 16 }, (_, index) => index)

describe('solve', () => {
  for (const difficulty of [0, 1, 7, 8, 12, 14]) {
    test(`difficulty ${difficulty} on the calling thread`, async () => {
      assert.equal(check({ difficulty, salt }, await solve({ difficulty, salt }, { world })), true)
    })
  }

  test('difficulty 16 on other threads', async () => {
    assert.equal(check({ difficulty: 16, salt }, await solve({ difficulty: 16, salt }, { world })), true)
  })

  test('more than the maximum is refused', async () => {
    const expected = { name: 'WireError', code: 'proof-of-work' }
    await assert.rejects(solve({ difficulty: 29, salt }, { world }), expected)
    await assert.rejects(solve({ difficulty: 9, salt }, { world, maxDifficulty: 8 }), expected)
  })

  for (const difficulty of [14, 60]) {
    test(`difficulty ${difficulty} can be given up`, async () => {
      const abort = new AbortController()
      const reason = new Error('enough')
      // No nonce is found between the start and the abort: the world gives the search no second turn.
      const stalled = {
        soon: (run: () => void) => {
          setImmediate(() => {
            abort.abort(reason)
            run()
          })
        },
      }
      const work = solve(
        { difficulty, salt: new Uint8Array(16) },
        {
          world: stalled,
          maxDifficulty: 64,
          signal: abort.signal,
        },
      )
      if (difficulty === 60) setImmediate(() => abort.abort(reason))
      await assert.rejects(work, reason)
    })
  }

  test('what was given up before is not begun', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(solve({ difficulty: 1, salt }, { world, signal }), { message: 'enough' })
  })
})
