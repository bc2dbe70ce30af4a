import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readFrames } from '../../src/sdk/frames.ts'

async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    yield bytes.subarray(from, cut)
    from = cut
  }
}

const frameOf = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([length, bytes])
}

async function read(bytes: Buffer, cuts: readonly number[] = []): Promise<string[]> {
  const frames: string[] = []
  for await (const frame of readFrames(pieces(bytes, cuts))) frames.push(Buffer.from(frame).toString('hex'))
  return frames
}

describe('frames', () => {
  test('come out whole however they came in', async () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(400), { maxLength: 30 }), async (given, cuts) => {
        const bytes = Buffer.concat(given.map(frameOf))
        const within = cuts.map(cut => Math.min(cut, bytes.length))
        const expected = given.map(frame => Buffer.from(frame).toString('hex'))
        assert.deepEqual(await read(bytes, within), expected)
      }),
    )
  })

  test('are given before the next has come', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const frames = readFrames(
      (async function* () {
        yield frameOf(Buffer.from('one'))
        await promise
        yield frameOf(Buffer.from('two'))
      })(),
    )
    assert.equal(String(Buffer.from((await frames.next()).value!)), 'one')
    resolve()
    assert.equal(String(Buffer.from((await frames.next()).value!)), 'two')
    assert.equal((await frames.next()).done, true)
  })

  test('that are cut off or too long are refused', async () => {
    const one = frameOf(Buffer.from('one'))
    for (const bytes of [one.subarray(0, 3), one.subarray(0, 5), Buffer.from('ffffff7f', 'hex')]) {
      await assert.rejects(read(bytes), { code: 'answer-invalid' })
    }
    assert.deepEqual(await read(Buffer.alloc(0)), [])
  })

  test('as long as the longest chunk cost what they hold', async () => {
    const long = frameOf(Buffer.alloc(16 << 20))
    const cuts = Array.from({ length: 1_000 }, (_, index) => index * 16_000)
    const [frame] = await read(long, cuts)
    assert.equal(frame?.length, 2 * (16 << 20))
  })
})
