import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { keySchedule, sealSuite } from '../../src/seal/hpke.ts'
import { nobleSeal } from '../../src/seal/noble-seal.ts'
import { assertBytes, backEnds, hex, unhex } from './fixture.ts'

interface Case {
  readonly source: string
  readonly kem: number
  readonly kdf: number
  readonly aead: number
  readonly keyBytes?: number
  readonly info: string
  readonly seed?: string
  readonly encapsulationSeed?: string
  readonly sharedSecret: string
  readonly key?: string
  readonly baseNonce?: string
  readonly exporterSecret: string
  readonly exports: readonly (readonly [purpose: string, value: string])[]
}

const vectors = new URL('../../../../vectors/seal/hpke.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(vectors, 'utf8')) as { cases: Case[] }

for (const crypto of backEnds) {
  describe(`the key schedule, by ${crypto.name}`, () => {
    for (const { source, kem, kdf, aead, keyBytes = 0, ...due } of cases) {
      test(source, () => {
        const suite = { kem, kdf, aead, keyBytes }
        const context = keySchedule(crypto, suite, unhex(due.sharedSecret), unhex(due.info))
        assert.equal(hex(context.exporterSecret), due.exporterSecret)
        if (due.key !== undefined) assert.equal(hex(context.key), due.key)
        if (due.baseNonce !== undefined) assert.equal(hex(context.baseNonce), due.baseNonce)
        for (const [purpose, value] of due.exports) {
          assert.equal(hex(context.export(unhex(purpose), value.length / 2)), value)
        }
      })
    }

    test('from the seeds of X-Wing', () => {
      const withSeeds = cases.filter(({ seed }) => seed !== undefined)
      assert.ok(withSeeds.length > 0)
      for (const { seed, encapsulationSeed, sharedSecret } of withSeeds) {
        const key = crypto.sealKey(unhex(seed!))
        // Only the portable back-end encapsulates with randomness from outside.
        const { secret, encapsulation } = nobleSeal
          .readSealKey(key.publicKey)!
          .encapsulate(() => unhex(encapsulationSeed!))
        assert.equal(hex(secret), sharedSecret)
        assertBytes(key.decapsulate(encapsulation), unhex(sharedSecret))
      }
    })

    test('a secret may be of any size that HKDF gives', () => {
      const context = keySchedule(crypto, sealSuite, new Uint8Array(32), new Uint8Array(0))
      for (const size of [0, 1, 31, 32, 33, 8160]) {
        assert.equal(context.export(new Uint8Array(1), size).length, size)
      }
      assert.throws(() => context.export(new Uint8Array(1), 8161), RangeError)
    })
  })
}
