import assert from 'node:assert/strict'
import { createSign, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Bytes, fromHex } from '../../src/bytes.ts'
import type { CryptoBackend, Curve, Hash } from '../../src/crypto/backend.ts'
import { nobleCrypto } from '../../src/crypto/noble.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { portableCrypto } from '../../src/crypto/portable.ts'
import { webCrypto } from '../../src/crypto/web.ts'

const backends: readonly CryptoBackend[] = [nodeCrypto, webCrypto, nobleCrypto, portableCrypto]
const curves = [
  ['P-256', 'sha256', 32, 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'],
  [
    'P-384',
    'sha384',
    48,
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ],
] as const

for (const [curve, digest, size, order] of curves) {
  describe(`all backends agree on ${curve}`, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
    const point = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }).subarray(-2 * size))
    const sign = (message: Uint8Array): Bytes =>
      Uint8Array.from(createSign(digest).update(message).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }))
    const agree = async (claim: Parameters<CryptoBackend['verify']>[0], due?: boolean): Promise<void> => {
      const answers = await Promise.all(backends.map(backend => backend.verify(claim)))
      for (const [index, answer] of answers.entries()) {
        assert.equal(answer, due ?? answers[0], backends[index]!.name)
      }
    }

    test('signatures of any message', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
          const message = Uint8Array.from(bytes)
          await agree({ curve, publicKey: point, signature: sign(message), message }, true)
        }),
        { numRuns: 10 },
      )
    })

    test('large s is as good as small s', async () => {
      const message = new Uint8Array(5)
      const signature = sign(message)
      const s = BigInt(`0x${Buffer.from(signature.subarray(size)).toString('hex')}`)
      const other = (BigInt(`0x${order}`) - s).toString(16).padStart(2 * size, '0')
      const mirrored = Uint8Array.from([...signature.subarray(0, size), ...fromHex(other)!])
      await agree({ curve, publicKey: point, signature: mirrored, message }, true)
    })

    test('changed signatures, messages and keys', async () => {
      const message = Uint8Array.from({ length: 64 }, (_, index) => index)
      const signature = sign(message)
      for (let bit = 0; bit < 16 * size; bit += 37) {
        const flip = (bytes: Bytes): Bytes =>
          bytes.map((octet, index) =>
            index === (bit >> 3) % bytes.length ? octet ^ (1 << (bit & 7)) : octet,
          )
        await agree({ curve, publicKey: point, signature: flip(signature), message }, false)
        await agree({ curve, publicKey: point, signature, message: flip(message) }, false)
        // Most changed points do not lie on the curve.
        await agree({ curve, publicKey: flip(point), signature, message }, false)
      }
    })

    test('values at the edges of their ranges', async () => {
      const message = new Uint8Array(1)
      const edges = ['0'.repeat(2 * size), order, 'f'.repeat(2 * size), '1'.padStart(2 * size, '0')]
      for (const r of edges) {
        for (const s of edges) {
          await agree({ curve, publicKey: point, signature: fromHex(r + s)!, message }, false)
        }
      }
      for (const x of edges) {
        const publicKey = fromHex(x + x)!
        await agree({ curve, publicKey, signature: sign(message), message }, false)
      }
    })

    test('other lengths', async () => {
      const message = new Uint8Array(1)
      const signature = sign(message)
      for (const length of [0, 1, 2 * size - 1, 2 * size + 1]) {
        const other = Uint8Array.from({ length }, (_, index) => signature[index] ?? 0)
        await agree({ curve, publicKey: point, signature: other, message }, false)
        await agree({ curve, publicKey: other, signature, message }, false)
      }
    })
  })
}

test('all backends hash alike', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom<Hash>('SHA-256', 'SHA-384', 'SHA-512'),
      async (bytes, hash) => {
        const digests = await Promise.all(
          backends.map(backend => backend.digest(hash, Uint8Array.from(bytes))),
        )
        for (const digest of digests) assert.deepEqual(digest, digests[0])
      },
    ),
    { numRuns: 30 },
  )
})

test('keys are told apart by their curve and by every byte, however many there are', async () => {
  const message = new Uint8Array(3)
  const keys = Array.from({ length: 80 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  const claims = keys.map(({ privateKey, publicKey }) => ({
    curve: 'P-256' as Curve,
    publicKey: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }).subarray(-64)),
    signature: Uint8Array.from(
      createSign('sha256').update(message).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }),
    ),
    message,
  }))
  for (const backend of [nodeCrypto, webCrypto]) {
    for (const [index, claim] of [...claims, ...claims].entries()) {
      assert.equal(await backend.verify(claim), true)
      const { publicKey } = claims[(index + 1) % claims.length]!
      assert.equal(await backend.verify({ ...claim, publicKey }), false)
    }
  }
})
