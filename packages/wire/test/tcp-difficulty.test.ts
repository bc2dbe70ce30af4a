import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { adaptiveDifficulty } from '../src/node.ts'
import { ManualWorld } from './manual-world.ts'

describe('adaptive difficulty', () => {
  const start = (count: number, difficulty: ReturnType<typeof adaptiveDifficulty>): void => {
    for (let index = 0; index < count; index += 1) difficulty.handshakeStarted()
  }

  test('stays at its base while handshakes are finished', () => {
    const difficulty = adaptiveDifficulty({ world: new ManualWorld(), base: 20, tolerated: 8 })
    for (let index = 0; index < 1000; index += 1) {
      difficulty.handshakeStarted()
      difficulty.handshakeFinished()
    }
    assert.equal(difficulty.difficulty(), 20)
  })

  test('rises by a bit with each doubling of the unfinished, up to its maximum', () => {
    const difficulty = adaptiveDifficulty({ world: new ManualWorld(), base: 10, max: 13, tolerated: 8 })
    const risen: number[] = []
    for (const more of [8, 1, 7, 1, 15, 1, 10_000]) {
      start(more, difficulty)
      risen.push(difficulty.difficulty())
    }
    assert.deepEqual(risen, [10, 11, 11, 12, 12, 13, 13])
  })

  test('falls back as they are forgotten', () => {
    const world = new ManualWorld()
    const difficulty = adaptiveDifficulty({ world, base: 10, tolerated: 8, halfLifeMs: 1000 })
    start(64, difficulty)
    const fallen: number[] = []
    for (let second = 0; second < 5; second += 1) {
      fallen.push(difficulty.difficulty())
      world.monotonicMs += 1000
    }
    assert.deepEqual(fallen, [13, 12, 11, 10, 10])
  })

  test('never asks for more than dialers do unless its base is there', () => {
    const world = new ManualWorld()
    const difficulty = adaptiveDifficulty({ world, base: 24 })
    start(100_000, difficulty)
    assert.equal(difficulty.difficulty(), 24)
  })
})
