import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { check, decodeChallenge, decodeResponse, encodeChallenge, encodeResponse } from '../src/index.ts'
import { prepareSalt, searchNonces, zeroBits } from '../src/pow-search.ts'

const salt = Uint8Array.from({ length: 16 }, (_, index) => index)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

describe('proof of work', () => {
  test('a challenge is 24 bytes', () => {
    const encoded = '91128e4114000000000102030405060708090a0b0c0d0e0f'
    assert.equal(hex(encodeChallenge({ difficulty: 20, salt })), encoded)
    assert.deepEqual(decodeChallenge(bytes(encoded)), { difficulty: 20, salt })
  })

  test('a response is 12 bytes', () => {
    assert.equal(hex(encodeResponse(303607n)), '19738201f7a1040000000000')
    assert.equal(decodeResponse(bytes('19738201f7a1040000000000')), 303607n)
    assert.equal(decodeResponse(encodeResponse(-1n)), -1n)
  })

  for (const [difficulty, nonce] of [
    [8, 480],
    [16, 84956],
    [20, 303607],
  ] as const) {
    test(`the smallest nonce of difficulty ${difficulty} is ${nonce}`, () => {
      assert.equal(searchNonces(prepareSalt(salt), difficulty, 0, 0, nonce + 1), nonce)
      assert.equal(check({ difficulty, salt }, BigInt(nonce)), true)
      assert.equal(check({ difficulty, salt }, BigInt(nonce) + 1n), false)
    })
  }

  test('zero bits are counted as in the hash of the 24 bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (anySalt, nonce) => {
          const message = Buffer.alloc(24)
          message.set(anySalt)
          message.writeBigInt64LE(nonce, 16)
          const word = createHash('sha256').update(message).digest().readBigUInt64LE(0)
          const expected = 64 - (word === 0n ? 0 : word.toString(2).length)
          const low = Number(BigInt.asUintN(32, nonce))
          assert.equal(zeroBits(prepareSalt(anySalt), low, Number(BigInt.asIntN(32, nonce >> 32n))), expected)
          assert.equal(check({ difficulty: expected, salt: anySalt }, nonce), true)
          assert.equal(check({ difficulty: expected + 1, salt: anySalt }, nonce), false)
        },
      ),
    )
  })

  test('everything solves difficulty 0, and a search of nothing finds nothing', () => {
    assert.equal(check({ difficulty: 0, salt }, 1n), true)
    assert.equal(searchNonces(prepareSalt(salt), 0, 7, 0, 10), 7)
    assert.equal(searchNonces(prepareSalt(salt), 8, 0, 0, 480), -1)
  })

  const refusedChallenges: [string, string][] = [
    ['another magic', '91128e4014000000000102030405060708090a0b0c0d0e0f'],
    ['a negative difficulty', '91128e41ffffffff000102030405060708090a0b0c0d0e0f'],
    ['a difficulty of 65', '91128e4141000000000102030405060708090a0b0c0d0e0f'],
    ['a byte too few', '91128e4114000000000102030405060708090a0b0c0d0e'],
  ]
  for (const [name, encoded] of refusedChallenges) {
    test(`a challenge with ${name} is refused`, () => {
      assert.throws(() => decodeChallenge(bytes(encoded)), { name: 'WireError', code: 'proof-of-work' })
    })
  }

  test('a response with another magic or size is refused', () => {
    for (const encoded of ['18738201f7a1040000000000', '19738201f7a104000000', '']) {
      assert.throws(() => decodeResponse(bytes(encoded)), { name: 'WireError', code: 'proof-of-work' })
    }
  })
})
