import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FewAtOnce } from '../src/few-at-once.ts'

test('so many run at once, and the others in turn, whatever becomes of each', async () => {
  const few = new FewAtOnce(2)
  const ends: Array<() => void> = []
  const begun: number[] = []
  const runs = [0, 1, 2, 3, 4].map(number =>
    few.run(() => {
      begun.push(number)
      return new Promise<number>((resolve, reject) => {
        ends.push(number === 1 ? () => reject(new Error('no')) : () => resolve(number))
      })
    }),
  )
  const outcomes = Promise.allSettled(runs)
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  await turn()
  assert.deepEqual(begun, [0, 1])
  for (let next = 0; next < 5; next++) {
    ends[next]!()
    await turn()
    assert.deepEqual(begun, [0, 1, 2, 3, 4].slice(0, next + 3))
  }
  assert.deepEqual(
    (await outcomes).map(outcome => (outcome.status === 'fulfilled' ? outcome.value : 'failed')),
    [0, 'failed', 2, 3, 4],
  )
})
