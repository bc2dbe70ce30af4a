import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Refusal, refusalResponse, refusals } from '../src/refusal.ts'

const all: Refusal[] = [
  refusals.invalid('max_tokens cannot be negative.'),
  refusals.balance(100n, 5n),
  refusals.configTooOld(9, 8),
  refusals.unknownModel('acme/chat'),
  refusals.noWorker('acme/chat'),
  refusals.busy('acme/chat'),
  refusals.tooExpensive(5_000, 4_000),
  refusals.duplicate(),
  refusals.timeout(),
  refusals.workerLost(),
  refusals.workerFailed(602, 'out of memory'),
  refusals.unread(),
  refusals.cancelled(),
  refusals.draining(),
  refusals.internal(),
]

interface Body {
  error: { message: string; type: string; param: null; code: string; cocoon_code: number }
}

describe('refusals', () => {
  test('are complete HTTP answers with an error in the shape that OpenAI clients read', () => {
    for (const refusal of all) {
      const { statusCode, reason, headers, payload } = refusalResponse(refusal)
      assert.equal(statusCode, refusal.status)
      assert.notEqual(reason, 'Error', `status ${statusCode} has no phrase`)
      const { error } = JSON.parse(Buffer.from(payload).toString()) as Body
      assert.deepEqual(
        [error.message, error.type, error.param, error.code, error.cocoon_code],
        [refusal.message, refusal.type, null, refusal.reason, refusal.code],
      )
      const named = Object.fromEntries(headers.map(({ name, value }) => [name, value]))
      assert.equal(named['Content-Length'], String(payload.length))
      assert.equal(named['Content-Type'], 'application/json')
      assert.equal(
        named['Retry-After'],
        refusal.retryAfterS === undefined ? undefined : String(refusal.retryAfterS),
      )
    }
  })

  test('each has a reason of its own', () => {
    assert.equal(new Set(all.map(({ reason }) => reason)).size, all.length)
  })

  test('what a retry can mend says when; what it cannot does not', () => {
    for (const { status, retryAfterS, reason } of all) {
      if (status === 503) assert.ok(retryAfterS! > 0, reason)
      if (status < 500) assert.equal(retryAfterS, undefined, reason)
    }
  })

  test('a worker that refused the request is told apart from one that failed', () => {
    assert.equal(refusals.workerFailed(621, 'bad').status, 400)
    assert.equal(refusals.workerFailed(652, 'late').status, 504)
    assert.deepEqual([refusals.workerFailed(0, '').status, refusals.workerFailed(0, '').code], [502, 601])
  })

  test('text of peers is quoted and cut, so that it can neither break the JSON nor fill a page', () => {
    const nasty = `"}\u0000\n</script>${'x'.repeat(100_000)}`
    for (const refusal of [
      refusals.unknownModel(nasty),
      refusals.busy(nasty),
      refusals.workerFailed(1, nasty),
    ]) {
      assert.ok(refusal.message.length < 700)
      const { error } = JSON.parse(Buffer.from(refusalResponse(refusal).payload).toString()) as Body
      assert.equal(error.message, refusal.message)
    }
  })
})
