import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readChunk, readEvents } from '../../src/sdk/event-stream.ts'

async function* pieces(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array, string> {
  const bytes = Buffer.from(text)
  let from = 0
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    yield bytes.subarray(from, Math.min(cut, bytes.length))
    from = Math.min(cut, bytes.length)
  }
  return 'the end'
}

async function read(text: string, cuts: readonly number[] = []): Promise<{ events: string[]; end: string }> {
  const events: string[] = []
  const reader = readEvents(pieces(text, cuts))
  for (;;) {
    const next = await reader.next()
    if (next.done === true) return { events, end: next.value }
    events.push(next.value)
  }
}

describe('an event stream', () => {
  test('gives the data of each event, and what its body ends with', async () => {
    const text =
      ': hello\n\ndata: {"a":1}\n\nevent: x\ndata: one\ndata:two\n\nid: 3\n\ndata: [DONE]\r\n\r\ndata: half'
    assert.deepEqual(await read(text), { events: ['{"a":1}', 'one\ntwo', '[DONE]'], end: 'the end' })
  })

  test('gives the same however it came', async () => {
    const words = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(words, fc.array(fc.nat(200), { maxLength: 20 }), async (given, cuts) => {
        const texts = given.map(word => JSON.stringify({ word }))
        const whole = texts.map(text => `data: ${text}\n\n`).join('')
        assert.deepEqual((await read(whole, cuts)).events, texts)
      }),
    )
  })

  test('has events of a bounded length', async () => {
    await assert.rejects(read(`data: ${'x'.repeat(9 << 20)}`), { code: 'answer-invalid' })
  })
})

describe('a chunk', () => {
  const usage = JSON.stringify({ choices: [], usage: { total_tokens: 3 } })

  test('always has a choice, unless its caller asked for the one that has none', () => {
    const filled = readChunk(usage, 'chat', true) as { choices: object[] }
    assert.deepEqual(filled.choices, [{ index: 0, delta: {}, finish_reason: null }])
    assert.deepEqual((readChunk(usage, 'chat', false) as { choices: object[] }).choices, [])
    const text = readChunk(usage, 'completion', true) as { choices: Array<{ text: string }> }
    assert.equal(text.choices[0]?.text, '')
  })

  test('that is an error, or nothing, is thrown', () => {
    const failed = JSON.stringify({ error: { message: 'out of memory' } })
    assert.throws(() => readChunk(failed, 'chat', true), { code: 'upstream', message: /out of memory/ })
    for (const text of ['', '{', '3', 'null']) {
      assert.throws(() => readChunk(text, 'chat', true), { code: 'answer-invalid' })
    }
  })
})
