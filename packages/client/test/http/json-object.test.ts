import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  appendMember,
  findFault,
  findMembers,
  memberName,
  rewriteMembers,
} from '../../src/http/json-object.ts'

const spaced = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 8 }), fc.constantFrom(0, 1, '\t', '\r\n  '))
  .map(([value, space]) => ({ value, bytes: Buffer.from(JSON.stringify(value, null, space as number)) }))

test('finds the members that JSON.parse finds', () => {
  fc.assert(
    fc.property(spaced, ({ value, bytes }) => {
      const members = findMembers(bytes) as number[]
      const found: Array<[string, unknown]> = []
      for (let index = 0; index < members.length; index += 4) {
        const text = bytes.toString('utf8', members[index + 2], members[index + 3])
        found.push([memberName(bytes, members, index), JSON.parse(text)])
      }
      assert.deepEqual(found, Object.entries(JSON.parse(JSON.stringify(value)) as object))
    }),
  )
})

test('dropping and adding members leaves the others as they are', () => {
  fc.assert(
    fc.property(spaced, fc.func(fc.boolean()), fc.boolean(), ({ value, bytes }, dropped, adds) => {
      const names = Object.keys(value)
      const drop = new Set(names.filter(name => dropped(name)))
      const added = adds && !names.includes('max_tokens') ? '"max_tokens":7' : ''
      const out = rewriteMembers(bytes, findMembers(bytes) as number[], drop, added)
      const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !drop.has(name)))
      const wanted = added === '' ? kept : { max_tokens: 7, ...kept }
      assert.deepEqual(JSON.parse(out.toString()), JSON.parse(JSON.stringify(wanted)))
    }),
  )
})

test('appends to full and to empty objects', () => {
  for (const [text, wanted] of [
    ['{ }', '{"a":1}'],
    ['{"b": 2.0 }', '{"b": 2.0,"a":1 }'],
  ] as const) {
    const bytes = Buffer.from(text)
    assert.equal(appendMember(bytes, findMembers(bytes) as number[], '"a":1').toString(), wanted)
  }
})

test('any bytes end the search, and a text that JSON.parse refuses has a fault inside it', () => {
  const almost = fc
    .tuple(spaced, fc.nat(), fc.string({ maxLength: 2, unit: 'binary-ascii' }))
    .map(([{ bytes }, at, text]) => {
      const cut = at % bytes.length
      return Buffer.concat([bytes.subarray(0, cut), Buffer.from(text), bytes.subarray(cut + 1)])
    })
  fc.assert(
    fc.property(fc.oneof(almost, fc.uint8Array().map(Buffer.from)), bytes => {
      findMembers(bytes)
      try {
        JSON.parse(bytes.toString())
      } catch {
        const { at } = findFault(bytes)
        assert.ok(at >= 0 && at <= bytes.length)
      }
    }),
    { numRuns: 500 },
  )
})

test('says where a text stops being JSON', () => {
  const cases: Array<[string, number, RegExp]> = [
    ['', 0, /too early/],
    ['{"a": tru}', 6, /value/],
    ['{"a":1,}', 7, /member name/],
    ['{"a" 1}', 5, /colon/],
    ['{"a":1 "b":2}', 7, /comma/],
    ['{"a":"\\x"}', 6, /escape/],
    ['{"a":"\n"}', 6, /control/],
    ['{"a":"b', 5, /not closed/],
    ['{"a":[1,2}', 9, /comma/],
    ['{"a":01}', 5, /value/],
    ['{} {}', 3, /follows/],
    ['{"a":NaN}', 5, /value/],
    [`${'['.repeat(600)}`, 501, /deeper/],
  ]
  for (const [text, at, problem] of cases) {
    const fault = findFault(Buffer.from(text))
    assert.equal(fault.at, at, text)
    assert.match(fault.problem, problem)
  }
})

test('refuses to look into text that is nested too deep', () => {
  const found = findMembers(Buffer.from(`{"a":${'['.repeat(501)}${']'.repeat(501)}}`))
  assert.ok(!Array.isArray(found) && /deeper/.test(found.problem))
  assert.ok(Array.isArray(findMembers(Buffer.from(`{"a":${'['.repeat(499)}${']'.repeat(499)}}`))))
})
