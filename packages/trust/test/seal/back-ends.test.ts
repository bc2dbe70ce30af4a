import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { nobleSeal } from '../../src/seal/noble-seal.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import { mlKemCiphertextBytes, mlKemPublicBytes, sealSizes } from '../../src/seal/seal-crypto.ts'
import { assertBytes, backEnds, flipped, hex, seeded, unhex } from './fixture.ts'

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength })
const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

/** Both give the same bytes, or both nothing. */
function agree(run: (crypto: (typeof backEnds)[number]) => Uint8Array | undefined): Uint8Array | undefined {
  const [one, other] = backEnds.map(crypto => run(crypto))
  assert.equal(one && hex(one), other && hex(other))
  return one
}

describe('hashes', () => {
  test('of parts', () => {
    fc.assert(
      fc.property(fc.array(bytes(200), { maxLength: 5 }), bytes(200), (parts, key) => {
        agree(crypto => crypto.sha256(...parts))
        agree(crypto => crypto.sha512(...parts))
        agree(crypto => crypto.hmacSha256(key, ...parts))
        agree(crypto => crypto.hmacSha512(key, ...parts))
        const pieces = agree(crypto => {
          const running = crypto.startSha256()
          for (const part of parts) running.update(part)
          return running.digest()
        })
        assertBytes(pieces, nodeSeal.sha256(...parts))
      }),
      { numRuns: 50 },
    )
  })
})

describe('ChaCha20-Poly1305', () => {
  test('what one seals the other opens, and both write the same', () => {
    fc.assert(
      fc.property(exactly(32), exactly(12), bytes(100), bytes(2000), (key, nonce, aad, text) => {
        const sealed = agree(crypto => crypto.aead(key).seal(nonce, aad, text))!
        assert.equal(sealed.length, text.length + sealSizes.tag)
        const inPlace = agree(crypto => {
          const frame = Uint8Array.from([...text, ...new Uint8Array(sealSizes.tag)])
          crypto.aead(key).sealInPlace(nonce, aad, frame)
          return frame
        })
        assertBytes(inPlace, sealed)
        assertBytes(
          agree(crypto => crypto.aead(key).open(nonce, aad, sealed)),
          text,
        )
      }),
      { numRuns: 50 },
    )
  })

  test('nothing else opens: changed, cut, longer, other data, other nonce, other key', () => {
    fc.assert(
      fc.property(exactly(32), bytes(60), fc.nat(), (key, text, bit) => {
        const nonce = new Uint8Array(12)
        const aad = Uint8Array.of(1, 2)
        const sealed = nodeSeal.aead(key).seal(nonce, aad, text)
        const none = (run: Parameters<typeof agree>[0]): void => assert.equal(agree(run), undefined)
        none(crypto => crypto.aead(key).open(nonce, aad, flipped(sealed, bit)))
        none(crypto => crypto.aead(key).open(nonce, aad, sealed.subarray(0, bit % sealed.length)))
        none(crypto => crypto.aead(key).open(nonce, aad, Uint8Array.from([...sealed, 0])))
        none(crypto => crypto.aead(key).open(nonce, flipped(aad, bit), sealed))
        none(crypto => crypto.aead(key).open(flipped(nonce, bit), aad, sealed))
        none(crypto => crypto.aead(flipped(key, bit)).open(nonce, aad, sealed))
      }),
      { numRuns: 50 },
    )
  })

  test('random bytes never open, and never throw', () => {
    fc.assert(
      fc.property(exactly(32), bytes(100), (key, ciphertext) => {
        assert.equal(
          agree(crypto => crypto.aead(key).open(new Uint8Array(12), new Uint8Array(0), ciphertext)),
          undefined,
        )
      }),
    )
  })
})

test("a wrong length of the caller's own is a fault of the caller", () => {
  for (const crypto of backEnds) {
    const empty = new Uint8Array(0)
    for (const length of [0, 16, 31, 33]) {
      const wrong = new Uint8Array(length)
      assert.throws(() => crypto.aead(wrong), RangeError)
      assert.throws(() => crypto.sealKey(wrong), RangeError)
      assert.throws(() => crypto.signingKey(wrong), RangeError)
      assert.throws(() => crypto.aead(new Uint8Array(32)).seal(wrong, empty, empty), RangeError)
      assert.throws(() => crypto.aead(new Uint8Array(32)).open(wrong, empty, new Uint8Array(16)), RangeError)
    }
  }
})

/** Points of X25519 that agree with every key on zeros: u of order 1, 2, 4 and 8, on the curve and its twist. */
const smallOrderU = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].flatMap(text => [unhex(text), withHighBit(unhex(text))])

/** Encodings of u above the prime that are no points of small order: X25519 reduces them. */
const unreducedU = [2, 5, 9, 18].map(u => {
  const point = new Uint8Array(32).fill(0xff)
  point[0] = 0xed + u
  point[31] = 0x7f
  return point
})

function withHighBit(point: Uint8Array): Uint8Array {
  return Uint8Array.from(point, (byte, index) => (index === 31 ? byte | 0x80 : byte))
}

function withTail(whole: Uint8Array, tail: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(whole)
  changed.set(tail, whole.length - tail.length)
  return changed
}

describe('X-Wing', () => {
  const seed = seeded('x-wing')(32)
  const keys = backEnds.map(crypto => crypto.sealKey(seed))
  const publicKey = Uint8Array.from(keys[0]!.publicKey)
  const { encapsulation } = nobleSeal.readSealKey(publicKey)!.encapsulate(seeded('encapsulation'))
  const decapsulated = (given: Uint8Array): string | undefined => {
    const [one, other] = keys.map(key => key.decapsulate(given))
    assert.equal(one && hex(one), other && hex(other))
    return one && hex(one)
  }
  const isKey = (given: Uint8Array): boolean => {
    const [one, other] = backEnds.map(crypto => crypto.readSealKey(given))
    assert.equal(one !== undefined, other !== undefined)
    return one !== undefined
  }

  test('keys of any seed', () => {
    fc.assert(
      fc.property(exactly(32), one => void agree(crypto => crypto.sealKey(one).publicKey)),
      { numRuns: 10 },
    )
  })

  test('each opens what the other encapsulates', () => {
    for (const [index, crypto] of backEnds.entries()) {
      const key = crypto.readSealKey(publicKey)!
      const random = seeded(crypto.name)
      for (let round = 0; round < 5; round++) {
        const { secret, encapsulation } = key.encapsulate(random)
        assert.equal(secret.length, 32)
        assert.equal(encapsulation.length, sealSizes.encapsulation)
        assertBytes(keys[1 - index]!.decapsulate(encapsulation), secret)
      }
    }
  })

  test('a changed encapsulation gives both the same other secret', () => {
    const secret = decapsulated(encapsulation)
    fc.assert(
      fc.property(fc.nat({ max: encapsulation.length * 8 - 1 }), bit => {
        const other = decapsulated(flipped(encapsulation, bit))
        // The highest bit of a point of X25519 is ignored there, and hashed all the same.
        assert.notEqual(other, secret)
        assert.notEqual(other, undefined)
      }),
      { numRuns: 40 },
    )
  })

  test('random encapsulations', () => {
    fc.assert(
      fc.property(exactly(sealSizes.encapsulation), given => void decapsulated(given)),
      { numRuns: 10 },
    )
    for (const fill of [0, 0xff]) decapsulated(new Uint8Array(sealSizes.encapsulation).fill(fill))
  })

  test('points of small order are refused on both sides', () => {
    for (const point of smallOrderU) {
      assert.equal(decapsulated(withTail(encapsulation, point)), undefined, hex(point))
      assert.equal(isKey(withTail(publicKey, point)), false, hex(point))
    }
  })

  test('unreduced points are others, and hashed as they are written', () => {
    for (const point of unreducedU) {
      assert.notEqual(decapsulated(withTail(encapsulation, point)), undefined)
      assert.equal(isKey(withTail(publicKey, point)), true)
    }
    const high = withHighBit(encapsulation.subarray(mlKemCiphertextBytes))
    assert.notEqual(decapsulated(withTail(encapsulation, high)), decapsulated(encapsulation))
  })

  test('keys of ML-KEM whose coefficients are not reduced are none', () => {
    const withCoefficient = (index: number, value: number): Uint8Array => {
      const changed = Uint8Array.from(publicKey)
      const at = Math.floor(index / 2) * 3
      if (index % 2 === 0) {
        changed[at] = value & 0xff
        changed[at + 1] = (changed[at + 1]! & 0xf0) | (value >> 8)
      } else {
        changed[at + 1] = (changed[at + 1]! & 0x0f) | ((value & 0x0f) << 4)
        changed[at + 2] = value >> 4
      }
      return changed
    }
    for (const index of [0, 1, 383, 766, 767]) {
      assert.equal(isKey(withCoefficient(index, 3328)), true)
      for (const value of [3329, 4095]) assert.equal(isKey(withCoefficient(index, value)), false)
    }
    fc.assert(
      fc.property(fc.nat({ max: 767 }), fc.integer({ min: 3000, max: 4095 }), (index, value) => {
        assert.equal(isKey(withCoefficient(index, value)), value < 3329)
      }),
      { numRuns: 15 },
    )
  })

  test('other lengths are none', () => {
    for (const length of [0, 32, mlKemPublicBytes, 1215, 1217]) {
      assert.equal(isKey(new Uint8Array(length)), false)
      assert.equal(decapsulated(new Uint8Array(length)), undefined)
    }
  })
})
