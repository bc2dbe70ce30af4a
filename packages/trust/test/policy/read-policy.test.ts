import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explainPolicy } from '../../src/policy/explain-policy.ts'
import { defaultPolicy, lenientPolicy, pinnable } from '../../src/policy/quote-policy.ts'
import { readPolicy } from '../../src/policy/read-policy.ts'

describe('a policy is read from JSON', () => {
  test('what it does not say is as in the default policy', () => {
    assert.deepEqual(readPolicy({}), defaultPolicy)
    assert.deepEqual(readPolicy({ allowDebug: true }), { ...defaultPolicy, allowDebug: true })
  })

  test('and comes back as it was written', () => {
    for (const policy of [defaultPolicy, lenientPolicy]) {
      assert.deepEqual(readPolicy(JSON.parse(JSON.stringify(policy))), policy)
    }
  })

  test('bytes are taken in either case of digits', () => {
    assert.deepEqual(readPolicy({ imageHashes: ['AB'.repeat(32)] }).imageHashes, ['ab'.repeat(32)])
  })

  test('every measurement has its length', () => {
    const lengths: Record<string, number> = {
      tdAttributes: 8,
      xfam: 8,
      mrEnclave: 32,
      mrSigner: 32,
      attributes: 16,
    }
    for (const name of pinnable) {
      const sizeBytes = lengths[name] ?? 48
      readPolicy({ measurements: { [name]: ['00'.repeat(sizeBytes)] } })
      refuses({ measurements: { [name]: ['00'.repeat(sizeBytes - 1)] } })
    }
  })

  for (const [what, json] of [
    ['no object', []],
    ['nothing', null],
    ['a name that no policy has', { tcbStatus: ['UpToDate'] }],
    ['a name that every object has', JSON.parse('{"__proto__":{}}')],
    ['a name of the language', { constructor: 1 }],
    ['an empty list', { imageHashes: [] }],
    ['an empty list of statuses', { tcbStatuses: [] }],
    ['a status that nobody knows', { tcbStatuses: ['Fine'] }],
    ['Revoked', { tcbStatuses: ['Revoked'] }],
    ['TcbNotSupported', { tcbStatuses: ['TcbNotSupported'] }],
    ['another kind of TEE', { tees: ['sev'] }],
    ['a text for a flag', { allowDebug: 'false' }],
    ['a number that is not whole', { minTcbEvaluationDataNumber: 1.5 }],
    ['a negative number', { minIsvSvn: -1 }],
    ['a date in words', { minTcbDate: 'yesterday' }],
    ['a day that does not exist', { minTcbDate: '2026-02-30' }],
    ['a hash of another length', { imageHashes: ['00'] }],
    ['a measurement that does not exist', { measurements: { rtmr4: ['00'.repeat(48)] } }],
    ['null', { ppids: null }],
  ] as const) {
    test(`${what} is refused`, () => refuses(json))
  }
})

test('what a policy accepts is said in sentences', () => {
  for (const policy of [defaultPolicy, lenientPolicy]) {
    for (const sentence of explainPolicy(policy)) assert.match(sentence, /^[A-Z].*\.$/)
  }
  assert.match(explainPolicy({ ...defaultPolicy, allowSimulated: true })[0]!, /proves nothing/)
  const many = Array.from({ length: 20 }, (_, index) => `INTEL-SA-${index}`)
  const text = explainPolicy({ ...defaultPolicy, deniedAdvisoryIds: many }).join('\n')
  assert.match(text, /INTEL-SA-11 or one of 8 more/)
})

function refuses(json: unknown): void {
  assert.throws(() => readPolicy(json), { name: 'TrustError', code: 'policy-malformed' })
}
