import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js'
import fc from 'fast-check'
import { nobleSeal } from '../../src/seal/noble-seal.ts'
import { backEnds, flipped, hex, seeded, unhex } from './fixture.ts'

const { Point } = ed25519
type Point = typeof Point.BASE

interface Case {
  readonly source: string
  readonly what: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

const vectors = new URL('../../../../vectors/seal/ed25519.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(vectors, 'utf8')) as { cases: Case[] }

/** What both say of the signature: the same, and without throwing. */
function verified(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [one, other] = backEnds.map(crypto => crypto.verify(publicKey, message, signature))
  assert.equal(one, other, `${hex(publicKey)} ${hex(message)} ${hex(signature)}`)
  return one!
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

function scalar(value: bigint): Uint8Array {
  return numberToBytesLE(value, 32)
}

const prime = 2n ** 255n - 19n
/** The eight points of small order. */
const smallOrder: readonly Point[] = (() => {
  const eighth = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
  const points = [Point.ZERO]
  for (let index = 1; index < 8; index++) points.push(points.at(-1)!.add(eighth))
  return points
})()

/** Every way to write y of a small point, canonical or not, with both signs. */
const smallEncodings: readonly Uint8Array[] = smallOrder.flatMap(point => {
  const { y } = point.toAffine()
  const values = y < 19n ? [y, y + prime] : [y]
  return values.flatMap(value => [scalar(value), scalar(value + 2n ** 255n)])
})

/** Encodings of y that are not reduced, whether a point has it or not. */
const unreduced: readonly Uint8Array[] = Array.from({ length: 19 }, (_, y) => prime + BigInt(y)).flatMap(
  value => [scalar(value), scalar(value + 2n ** 255n)],
)

test('published cases, under the strict rule', () => {
  for (const { source, what, publicKey, message, signature, valid } of cases) {
    assert.equal(verified(unhex(publicKey), unhex(message), unhex(signature)), valid, `${source}: ${what}`)
  }
})

test('there are eight points of small order', () => {
  assert.equal(new Set(smallOrder.map(point => point.toHex())).size, 8)
  assert.ok(smallOrder.every(point => point.isSmallOrder()))
})

test('signatures of any message by any key', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 200 }),
      (seed, message) => {
        const [one, other] = backEnds.map(crypto => crypto.signingKey(seed))
        assert.equal(hex(one!.publicKey), hex(other!.publicKey))
        const signature = one!.sign(message)
        assert.equal(hex(signature), hex(other!.sign(message)))
        assert.equal(verified(one!.publicKey, message, signature), true)
      },
    ),
    { numRuns: 20 },
  )
})

test('one changed bit in key, message or signature', () => {
  const key = nobleSeal.signingKey(seeded('signer')(32))
  const message = seeded('message')(64)
  const signature = key.sign(message)
  for (let bit = 0; bit < 512; bit += 17) {
    assert.equal(verified(key.publicKey, message, flipped(signature, bit)), false)
    assert.equal(verified(key.publicKey, flipped(message, bit), signature), false)
    if (bit < 256) assert.equal(verified(flipped(key.publicKey, bit), message, signature), false)
  }
})

test('scalars that are not reduced', () => {
  const key = nobleSeal.signingKey(seeded('signer')(32))
  const message = Uint8Array.of(1)
  const signature = key.sign(message)
  const s = bytesToNumberLE(signature.subarray(32))
  for (let times = 1n; s + times * Point.Fn.ORDER < 2n ** 256n; times++) {
    const other = joined(signature.subarray(0, 32), scalar(s + times * Point.Fn.ORDER))
    assert.equal(verified(key.publicKey, message, other), false)
  }
})

test('keys and points of small order, in every encoding, with a scalar that would fit', () => {
  const message = Uint8Array.of(7)
  const zero = scalar(0n)
  for (const publicKey of [...smallEncodings, ...unreduced]) {
    for (const point of [...smallEncodings.slice(0, 6), publicKey]) {
      assert.equal(verified(publicKey, message, joined(point, zero)), false)
    }
  }
  const honest = nobleSeal.signingKey(seeded('signer')(32))
  for (const point of [...smallEncodings, ...unreduced]) {
    for (const s of [0n, 1n, Point.Fn.ORDER - 1n]) {
      assert.equal(verified(honest.publicKey, message, joined(point, scalar(s))), false)
    }
  }
})

test('a point of small order under an honest key, signed by its owner', () => {
  // The owner of a key can make R small: the equation holds then, and the strict rule refuses it all the same.
  const secret = bytesToNumberLE(seeded('owner')(32)) % Point.Fn.ORDER
  const publicKey = Point.BASE.multiply(secret).toBytes()
  for (const point of smallOrder) {
    const encoded = point.toBytes()
    for (let message = 0; message < 16; message++) {
      const text = Uint8Array.of(message)
      const s = Point.Fn.create(challenge(encoded, publicKey, text) * secret)
      assert.equal(verified(publicKey, text, joined(encoded, scalar(s))), false)
    }
  }
})

test('keys and points of mixed order: right without the cofactor or not at all', () => {
  const secret = bytesToNumberLE(seeded('owner')(32)) % Point.Fn.ORDER
  const nonce = bytesToNumberLE(seeded('nonce')(32)) % Point.Fn.ORDER
  let accepted = 0
  let refused = 0
  for (const ofKey of smallOrder.slice(0, 4)) {
    for (const ofPoint of smallOrder.slice(0, 3)) {
      const publicKey = Point.BASE.multiply(secret).add(ofKey).toBytes()
      const point = Point.BASE.multiply(nonce).add(ofPoint).toBytes()
      for (let index = 0; index < 6; index++) {
        const message = Uint8Array.of(index)
        const k = challenge(point, publicKey, message)
        const s = Point.Fn.create(nonce + k * secret)
        // Where [k] of the key's small part and the point's small part cancel out.
        const isExact = ofPoint.add(times(ofKey, k)).is0()
        assert.equal(verified(publicKey, message, joined(point, scalar(s))), isExact)
        if (isExact) accepted++
        else refused++
      }
    }
  }
  assert.ok(accepted > 5)
  assert.ok(refused > 20)
})

test('random bytes and other lengths', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      (publicKey, signature) => assert.equal(verified(publicKey, new Uint8Array(3), signature), false),
    ),
    { numRuns: 100 },
  )
  const key = nobleSeal.signingKey(seeded('signer')(32))
  const signature = key.sign(new Uint8Array(3))
  for (const length of [0, 1, 31, 33, 63, 65]) {
    const cut = (whole: Uint8Array): Uint8Array =>
      Uint8Array.from({ length }, (_, index) => whole[index] ?? 0)
    assert.equal(verified(cut(key.publicKey), new Uint8Array(3), signature), false)
    assert.equal(verified(key.publicKey, new Uint8Array(3), cut(signature)), false)
  }
})

test('however many keys there are, each is the one that it is', () => {
  const message = Uint8Array.of(5)
  const random = seeded('many')
  const keys = Array.from({ length: 20 }, () => nobleSeal.signingKey(random(32)))
  const signatures = keys.map(key => key.sign(message))
  for (const [index, key] of keys.entries()) {
    assert.equal(verified(key.publicKey, message, signatures[index]!), true)
    assert.equal(verified(key.publicKey, message, signatures[(index + 1) % keys.length]!), false)
  }
})

function challenge(point: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return Point.Fn.create(bytesToNumberLE(nobleSeal.sha512(point, publicKey, message)))
}

function times(point: Point, factor: bigint): Point {
  let sum = Point.ZERO
  for (let left = factor % 8n; left > 0n; left--) sum = sum.add(point)
  return sum
}
