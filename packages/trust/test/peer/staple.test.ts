import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  createCertificate,
  decodeStaple,
  encodeStaple,
  parseCertificate,
  readCollateral,
  TrustError,
} from '../../src/index.ts'
import { createSimulatedTee } from '../../src/simulate/index.ts'

const vectors = new URL('../../../../vectors/tdx/', import.meta.url)
const tee = createSimulatedTee(new Uint8Array(32).fill(5))
const world = { now: () => Date.UTC(2026, 10, 28), random: (size: number) => new Uint8Array(size).fill(7) }

describe('stapled collateral', () => {
  for (const name of readdirSync(vectors).filter(file => file.endsWith('.json'))) {
    test(`of ${name} comes back as it was`, () => {
      const { collateral } = JSON.parse(readFileSync(new URL(name, vectors), 'utf8'))
      const { pckCrlIssuerChain: _, ...parts } = readCollateral(collateral)
      assert.deepEqual(decodeStaple(encodeStaple(parts)), parts)
    })
  }

  test('leaves out a chain that stands there already, and what nobody needs', () => {
    const { collateral } = tee.evidence({ nowMs: world.now() })
    const { pckCrlIssuerChain: _, ...needed } = collateral
    assert.equal(collateral.qeIdentityIssuerChain, collateral.tcbInfoIssuerChain)
    const staple = encodeStaple(collateral)
    assert.deepEqual(decodeStaple(staple), needed)
    const other = { ...needed, qeIdentityIssuerChain: 'another' }
    assert.deepEqual(decodeStaple(encodeStaple(other)), other)
    assert.ok(encodeStaple(other).length > staple.length)
  })

  test('of nothing is nothing', () => {
    assert.deepEqual(decodeStaple(encodeStaple({})), {})
  })

  test('of any bytes is collateral, or fails with a TrustError', () => {
    const sound = encodeStaple(tee.evidence({ nowMs: world.now() }).collateral)
    const attempt = (bytes: Uint8Array): void => {
      try {
        decodeStaple(Uint8Array.from(bytes))
      } catch (error) {
        assert.ok(error instanceof TrustError)
        assert.equal(error.code, 'evidence-invalid')
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), attempt))
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 0, max: 255 }), (index, value) =>
        attempt(sound.with(index, value)),
      ),
    )
    for (let length = 0; length < sound.length; length += 97) attempt(sound.subarray(0, length))
  })

  test('stays away from a certificate that would become too large with it', async () => {
    const { quote, collateral } = tee.evidence({ nowMs: world.now() })
    const sizes = [0, 20_000, 60_000, 200_000]
    for (const [index, size] of sizes.entries()) {
      const padded = { ...collateral, tcbInfo: ' '.repeat(size) + (collateral.tcbInfo ?? '') }
      const { certificateDer } = await createCertificate({
        world,
        evidence: () => ({ quote, collateral: padded }),
      })
      const { staple } = parseCertificate(certificateDer)
      assert.equal(staple !== undefined, index < 2, `${size} bytes more`)
    }
  })
})
