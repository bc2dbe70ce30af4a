import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBundle, encodeBundle, parseResourcePath, resourcePath, widthOf } from '../../src/log/index.ts'

test('paths of C2SP tlog-tiles', () => {
  const paths = {
    checkpoint: { kind: 'checkpoint' },
    'tile/0/x001/x234/067': { kind: 'tile', level: 0, index: 1_234_067, width: 256 },
    'tile/63/000.p/1': { kind: 'tile', level: 63, index: 0, width: 1 },
    'tile/entries/x001/000.p/255': { kind: 'entries', index: 1000, width: 255 },
    'tile/1/999': { kind: 'tile', level: 1, index: 999, width: 256 },
  } as const
  for (const [path, resource] of Object.entries(paths)) {
    assert.equal(resourcePath(resource), path)
    assert.deepEqual(parseResourcePath(path), resource)
  }
})

test('any other path names nothing', () => {
  const others = [
    '',
    '/',
    '/checkpoint',
    'checkpoint/',
    'Checkpoint',
    'tile',
    'tile/',
    'tile/0',
    'tile/0/',
    'tile/0/0',

    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/001',
    'tile/0/001/001',
    'tile/0/x001',
    'tile/0/1000',

    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/0/000/../001',

    'tile/entries',
    'tile/entries/0',
    'tile/data/000',
    'tile/0/000\n',
    'tile/0/%30%30%30',
    '../checkpoint',
    'tile/0/x999/x999/x999/x999/x999/999',
  ]
  for (const path of others) assert.equal(parseResourcePath(path), undefined, path)
})

test('a path that is understood is the only one of its resource', () => {
  const digits = fc.stringMatching(/^(?:tile\/(?:entries|\d{1,2})\/(?:x\d{3}\/){0,2}\d{3}(?:\.p\/\d{1,3})?)$/)
  fc.assert(
    fc.property(digits, path => {
      const resource = parseResourcePath(path)
      if (resource !== undefined) assert.equal(resourcePath(resource), path)
    }),
  )
})

test('the tiles of 70 000 leaves', () => {
  assert.deepEqual(
    [272, 273, 274].map(index => widthOf(70_000, 0, index)),
    [256, 112, 0],
  )
  assert.deepEqual(
    [0, 1, 2].map(index => widthOf(70_000, 1, index)),
    [256, 17, 0],
  )
  assert.deepEqual(
    [0, 1].map(index => widthOf(70_000, 2, index)),
    [1, 0],
  )
  assert.deepEqual(
    [0, 1].map(level => widthOf(256, level, 0)),
    [256, 1],
  )
})

test('bundles are decoded to what was encoded, and to nothing where they are cut or longer', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(entries, fc.nat(), (list, cut) => {
      const bytes = encodeBundle(list)
      assert.deepEqual(decodeBundle(bytes, list.length), list)
      const malformed = { code: 'log-malformed' }
      assert.throws(() => decodeBundle(bytes.subarray(0, cut % bytes.length), list.length), malformed)
      assert.throws(() => decodeBundle(Uint8Array.of(...bytes, 0), list.length), malformed)
      assert.throws(() => decodeBundle(bytes, list.length - 1), malformed)
      assert.throws(() => decodeBundle(bytes, list.length + 1), malformed)
    }),
  )
  assert.deepEqual(decodeBundle(encodeBundle([new Uint8Array(65_535)]), 1), [new Uint8Array(65_535)])
  assert.throws(() => encodeBundle([new Uint8Array(65_536)]), { code: 'log-malformed' })
})
