import assert from 'node:assert/strict'
import { test } from 'node:test'
import { debugText, errorBody, withCost, withDebug } from '../../src/http/answer-body.ts'

const cost = (text: string): string => withCost(Buffer.from(text), 448n).toString()
const debug = (text: string): string => withDebug(Buffer.from(text), '{"worker":1}').toString()

test('the cost is added to a usage that has none', () => {
  assert.equal(
    cost('{"usage":{"prompt_tokens":1} ,"x":1.0}'),
    '{"usage":{"prompt_tokens":1,"total_cost":448} ,"x":1.0}',
  )
  assert.equal(cost('{"usage": {}}'), '{"usage": {"total_cost":448}}')
  assert.equal(
    cost('{"content":"total_cost","note":"\\"total_cost\\":1","usage":{"a":1}}'),
    '{"content":"total_cost","note":"\\"total_cost\\":1","usage":{"a":1,"total_cost":448}}',
  )
})

test('answers with a cost, without usage, or not in JSON stay as they are', () => {
  for (const text of [
    '{"usage":{"total_cost" : 7}}',
    '{"usage":null}',
    '{"usage":[]}',
    '{"a":1}',
    '[]',
    '',
    '{"usage":{"a":1}',
    `{"usage":{"a":${'['.repeat(600)}${']'.repeat(600)}}}`,
  ]) {
    assert.equal(cost(text), text)
  }
})

test('the debug object is added or replaces one', () => {
  assert.equal(debug('{"a":1}\n'), '{"a":1,"debug":{"worker":1}}\n')
  assert.equal(debug('{"debug":"x","a":1}'), '{"debug":{"worker":1},"a":1}')
  for (const text of ['[]', '', 'x', '{"a":']) assert.equal(debug(text), text)
})

test('what peers say of themselves becomes one line of JSON, whatever it is', () => {
  assert.equal(debugText(undefined), '{}')
  assert.equal(debugText({ client: '{"a":\n1}', worker: 'x"\n' }), '{"client":{"a":1},"worker":"x\\"\\n"}')
  for (const text of ['[', '\ud800', '['.repeat(200_000), '', '{"__proto__":1}', 'x'.repeat(1_000_000)]) {
    const said = debugText({ proxy: text })
    JSON.parse(said)
    assert.ok(!said.includes('\n') && said.length < 100_000)
  }
})

test('errors that are in shape stay as they are, others are put into shape', () => {
  const shaped = '{ "error": {"message":"no"}}'
  assert.equal(errorBody(400, Buffer.from(shaped)).toString(), shaped)
  const message = (status: number, text: string): unknown => {
    const { error } = JSON.parse(errorBody(status, Buffer.from(text)).toString()) as {
      error: Record<string, unknown>
    }
    assert.equal(error.type, status >= 500 ? 'server_error' : 'invalid_request_error')
    return error.message
  }
  assert.equal(message(400, '{"error":"plain","error_code":602}'), 'plain')
  assert.equal(message(400, '{"object":"error","message":"vllm"}'), 'vllm')
  assert.equal(message(502, '<html>Bad gateway</html>'), '<html>Bad gateway</html>')
  assert.equal(message(502, ''), 'The worker answered with status 502.')
  assert.equal((message(500, 'x'.repeat(100_000)) as string).length, 2000)
})
