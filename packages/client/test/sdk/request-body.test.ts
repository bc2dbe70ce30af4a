import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { queryDefaults } from '../../src/http/limits.ts'
import { readQuery } from '../../src/http/read-query.ts'
import { readRequest } from '../../src/sdk/request-body.ts'

const path = '/v1/chat/completions'

/** Fields of requests, right and wrong. */
const counts = fc.oneof(fc.nat(5), fc.constantFrom(null, -1, 1.5, 'x', 3_000_000_000))
const fields = fc.record(
  {
    model: fc.constantFrom<unknown>('tiny', '', 3, 'a\nb'),
    messages: fc.constant([{ role: 'user', content: 'Hi' }]),
    max_tokens: counts,
    max_completion_tokens: counts,
    n: counts,
    best_of: counts,
    prompt: fc.constantFrom<unknown>('one', ['one', 'two'], [1, 2, 3]),
    max_coefficient: counts,
    timeout: fc.constantFrom<unknown>(2, 0.5, 0, 'soon', null),
    cocoon_protection: fc.constantFrom<unknown>('sealed', 'any', 'none', null),
    stream: fc.constantFrom<unknown>(true, false, 'yes'),
    stream_options: fc.constantFrom<unknown>({ include_usage: true }, {}, null),
    temperature: fc.constant(0.5),
  },
  { requiredKeys: ['messages'] },
)

/** What is read, or which field is wrong. */
function outcome<Value>(read: () => Value): Value | string {
  try {
    return read()
  } catch (error) {
    const { code, param } = error as { code: string; param: string }
    return `${code} ${param}`
  }
}

describe('a request on a device', () => {
  test('is read as an endpoint reads it', () => {
    const kinds = fc.constantFrom('chat' as const, 'completion' as const, 'embedding' as const)
    fc.assert(
      fc.property(kinds, fields, (kind, given) => {
        const here = outcome(() => {
          const { body, model, maxCoefficient, maxTokens, timeoutMs, leastProtection, fillsChoices } =
            readRequest(kind, path, given)
          const sent = JSON.parse(Buffer.from(body).toString()) as unknown
          return { sent, model, maxCoefficient, maxTokens, timeoutMs, leastProtection, fillsChoices }
        })
        const there = outcome(() => {
          const bytes = Buffer.from(JSON.stringify(given))
          const { query, wantsUsageEvent } = readQuery(kind, path, bytes, queryDefaults, 3_600_000)
          const { model, maxCoefficient, maxTokens, timeoutMs, leastProtection } = query
          const sent = JSON.parse(Buffer.from(query.body).toString()) as unknown
          const fillsChoices = !wantsUsageEvent
          return { sent, model, maxCoefficient, maxTokens, timeoutMs, leastProtection, fillsChoices }
        })
        assert.deepEqual(here, there)
      }),
    )
  })
})
