import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { emitModule } from '../../generate/emit.ts'
import { parseSchema } from '../../generate/schema.ts'
import { codecs, combinators } from '../../src/tl/index.ts'
import { readVectors } from './neutral.ts'

const published = readVectors<Record<string, string>>('constructor-ids.json')
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('the 98 combinators of the published schema have its ids', () => {
  assert.equal(Object.keys(published).length, 98)
  for (const [name, id] of Object.entries(published)) {
    const codec = Object.values(codecs).find(candidate => candidate.name === name)
    assert.equal(codec?.id.toString(16).padStart(8, '0'), id, name)
  }
})

test('the extensions are known by name', () => {
  const extensions = Object.keys(combinators).filter(name => !(name in published))
  const ours = /^(?:(?:client|proxy)\.(?:cancelQuery|\w*[sS]ealed\w*)|sealed\.|log\.|witness\.)/
  const others = extensions.filter(name => !ours.test(name))
  assert.deepEqual(others.toSorted(), [
    'client.consistency',
    'client.disputeReceipt',
    'client.getConsistency',
    'client.getEvidence',
    'client.getInclusion',
    'client.getOffers',
    'client.inclusion',
    'client.offer',
    'client.offers',
    'worker.identity',
  ])
})

test('the generated codec is the one that the schema gives', () => {
  assert.equal(read('src/tl/schema.generated.ts'), emitModule(parseSchema(read('../../schema/cocoon.tl'))))
})

test('a declaration gets the CRC-32 of its text on one line, without parentheses', () => {
  const schema = parseSchema(`
    client.workerType name:string active_workers:int coefficient_min:int // a comment
      coefficient_bucket50:int coefficient_max:int = client.WorkerType;
    client.workerTypes   types:(vector client.workerType) = client.WorkerTypes;`)
  assert.deepEqual(
    schema.combinators.map(({ id }) => id.toString(16)),
    [published['client.workerType'], published['client.workerTypes']],
  )
})

const faults: readonly [string, string, RegExp][] = [
  ['text that is no declaration', 'a.b : = a.B;', /not a declaration/],
  ['a type of a later declaration', 'a.b c:a.c = a.B; a.c = a.C;', /a\.c is not declared before/],
  ['a boxed type that contains itself', 'a.b c:a.B = a.B;', /a\.B is not declared before/],
  ['a function without a result', '---functions--- a.b = a.B;', /no constructor of its result a\.B/],
  ['two declarations of one name', 'a.b = a.B; a.b c:int = a.B;', /declared twice/],
  ['two declarations of one id', 'a.b#1 = a.B; a.c#1 = a.B;', /has the id of a\.b/],
  ['a condition without flags', 'a.b c:flags.0?int = a.B;', /depends on no flags/],
  ['a condition on bit 31', 'a.b flags:# c:flags.31?int = a.B;', /depends on no flags/],
  ['a field after a conditional one', 'a.b flags:# c:flags.0?int d:int = a.B;', /follows a conditional one/],
]

for (const [what, text, message] of faults) {
  test(`the generator refuses ${what}`, () => assert.throws(() => parseSchema(text), { message }))
}
