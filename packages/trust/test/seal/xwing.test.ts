import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { nobleSeal } from '../../src/seal/noble-seal.ts'
import { assertBytes, backEnds, hex, unhex } from './fixture.ts'

interface Case {
  readonly seed: string
  readonly eseed: string
  readonly ss: string
  readonly sk: string
  readonly pk: string
  readonly ct: string
}

const vectors = new URL('../../../../vectors/seal/xwing.json', import.meta.url)
const cases = JSON.parse(readFileSync(vectors, 'utf8')) as Case[]

for (const crypto of backEnds) {
  test(`keys and decapsulation, by ${crypto.name}`, () => {
    assert.equal(cases.length, 3)
    for (const { seed, sk, pk, ct, ss } of cases) {
      assert.equal(sk, seed)
      const key = crypto.sealKey(unhex(seed))
      assert.equal(hex(key.publicKey), pk)
      assertBytes(key.decapsulate(unhex(ct)), unhex(ss))
    }
  })

  test(`what one encapsulates the other opens, by ${crypto.name}`, () => {
    for (const { seed, pk } of cases) {
      const { secret, encapsulation } = crypto
        .readSealKey(unhex(pk))!
        .encapsulate(sizeBytes => new Uint8Array(sizeBytes).fill(3))
      for (const other of backEnds) {
        assertBytes(other.sealKey(unhex(seed)).decapsulate(encapsulation), secret, other.name)
      }
    }
  })
}

test('encapsulation with known randomness', () => {
  for (const { pk, eseed, ct, ss } of cases) {
    const sizes: number[] = []
    const { secret, encapsulation } = nobleSeal.readSealKey(unhex(pk))!.encapsulate(sizeBytes => {
      sizes.push(sizeBytes)
      return unhex(eseed)
    })
    assert.deepEqual(sizes, [64])
    assert.equal(hex(encapsulation), ct)
    assert.equal(hex(secret), ss)
  }
})

test('an encapsulation for another key gives another secret, and none of another length does', () => {
  for (const crypto of backEnds) {
    const keys = cases.map(({ seed }) => crypto.sealKey(unhex(seed)))
    const [first, second] = cases
    const crossed = keys[1]!.decapsulate(unhex(first!.ct))
    assert.ok(crossed)
    assert.notEqual(hex(crossed), first!.ss)
    assert.notEqual(hex(crossed), second!.ss)
    for (const length of [0, 1, 1119, 1121]) {
      assert.equal(keys[0]!.decapsulate(new Uint8Array(length)), undefined)
    }
  }
})
