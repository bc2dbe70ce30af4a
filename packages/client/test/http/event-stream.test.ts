import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventStream } from '../../src/http/event-stream.ts'

const limitBytes = 1024 * 1024

function run(text: string, cuts: number[], fill = true, event?: string): string {
  const bytes = Buffer.from(text)
  const stream = new EventStream('chat', fill, limitBytes)
  const out: Buffer[] = []
  let from = 0
  for (const cut of [...cuts.map(n => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    const passed = stream.push(bytes.subarray(from, cut))
    if (passed !== undefined) out.push(Buffer.from(passed))
    from = cut
  }
  out.push(stream.end({ event }))
  return Buffer.concat(out).toString()
}

const usage = '"usage":{"prompt_tokens":9007199254740993,"total_cost":448}'
const filled = '"choices":[{"index":0,"delta":{},"finish_reason":null}]'

const line = fc.oneof(
  fc.constantFrom(
    `data: {"id":"1","choices":[],${usage}}`,
    `data: {"choices" : [ ] , "id":"1"}`,
    `data:{"a":{"choices":[]},"choices":[{"delta":{"content":"\\"choices\\":[]"}}]}`,
    'data: {"choices":[{"delta":{"content":"choices"}}]}',
    'data: [DONE]',
    'data: {"choices":[]',
    ': ping',
    'event: message',
    '"choices":[]',
    '',
    'data: Привет 👋',
  ),
  fc.string(),
)
const text = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\n\n', '\r\n', '\r\n\r\n', '\n\r\n', '\r', '')), {
    maxLength: 12,
  })
  .map(parts => parts.flat().join(''))

test('gives the same bytes however the stream is cut', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (stream, cuts, fill) => {
      assert.equal(run(stream, cuts, fill), run(stream, [], fill))
    }),
    { numRuns: 2000 },
  )
})

test('changes nothing when it has nothing to fill', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 5 }), (stream, cuts) => {
      assert.equal(run(stream, cuts, false), Buffer.from(stream).toString())
    }),
  )
})

test('fills empty choices and leaves the rest of the event byte by byte', () => {
  assert.equal(
    run(`data: {"id":"1","choices": [ ],${usage}}\r\n\r\ndata: [DONE]\r\n\r\n`, []),
    `data: {"id":"1","choices": [{"index":0,"delta":{},"finish_reason":null}],${usage}}\r\n\r\ndata: [DONE]\r\n\r\n`,
  )
  for (const untouched of [
    'data: {"a":{"choices":[]}}\n\n',
    'data: {"choices":[],\n\n',
    'data: {"content":"\\"choices\\":[]","choices":[{}]}\n\n',
    'event: x "choices":[]\n\n',
  ]) {
    assert.equal(run(untouched, []), untouched)
  }
  const completion = new EventStream('completion', true, limitBytes)
  assert.match(String(completion.push(Buffer.from('data: {"choices":[]}\n\n'))), /"text":"","logprobs":null/)
  assert.equal(run('data: {"choices":[]}\n\n', [3]), `data: {${filled}}\n\n`)
})

test('passes complete events at once, holds incomplete ones and the end mark', () => {
  const stream = new EventStream('chat', true, limitBytes)
  assert.equal(String(stream.push(Buffer.from('data: 1\r\n\r\n'))), 'data: 1\r\n\r\n')
  assert.equal(String(stream.push(Buffer.from('data: {"a":1}\n\ndata: {"b'))), 'data: {"a":1}\n\n')
  assert.equal(stream.push(Buffer.from('":2}\n')), undefined)
  assert.equal(String(stream.push(Buffer.from('\n'))), 'data: {"b":2}\n\n')
  assert.equal(stream.push(Buffer.from('data: [DONE]\n\n')), undefined)
  assert.equal(String(stream.end({ event: '{"debug":{}}' })), 'data: {"debug":{}}\n\ndata: [DONE]\n\n')
})

test('the debug event comes before the end mark and after an unfinished last event', () => {
  assert.equal(run('data: 1\n\ndata: [DONE]', [9, 12], true, '{}'), 'data: 1\n\n\n\ndata: {}\n\ndata: [DONE]')
  assert.equal(run('data: 1', [], true, '{}'), 'data: 1\n\ndata: {}\n\n')
  assert.equal(run('', [], true, '{}'), 'data: {}\n\n')
})

test('an event that never ends is bounded, and one that dribbles in is cheap', () => {
  const stream = new EventStream('chat', true, 100_000)
  const byte = Buffer.from('x')
  for (let count = 0; count < 100_000; count++) stream.push(byte)
  assert.equal(stream.isOverfull, false)
  stream.push(byte)
  assert.equal(stream.isOverfull, true)
})
