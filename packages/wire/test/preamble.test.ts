import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  WireError,
  decodePreambleBody,
  decodePreambleLength,
  encodePreamble,
  maxPreambleBytes,
  peerImageHash,
} from '../src/index.ts'
import type { PeerInfo } from '../src/index.ts'

const publicKey = Uint8Array.from({ length: 32 }, (_, index) => index)
const plain: PeerInfo = {
  collateralRootHash: new Uint8Array(48),
  publicKey,
  source: { ip: '10.0.0.1', port: 40_000 },
  destination: { ip: '127.0.0.1', port: 11_102 },
}
const fake: PeerInfo = {
  ...plain,
  attestation: {
    kind: 'tdx',
    measurements: new Uint8Array(384),
    reportData: Uint8Array.from(createHash('sha512').update(publicKey).digest()),
  },
}
const sgx: PeerInfo = {
  ...plain,
  attestation: { kind: 'sgx', measurements: new Uint8Array(32).fill(3), reportData: new Uint8Array(64) },
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('preamble', () => {
  test('without attestation', () => {
    const expected =
      '780000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
      '000000000000000020000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00000008313' +
      '02e302e302e31000000409c0000093132372e302e302e3100005e2b0000'
    assert.equal(hex(encodePreamble(plain)), expected)
  })

  test('with fake TDX attestation', () => {
    const bytes = encodePreamble(fake)
    assert.equal(bytes.length, 576)
    const hash = createHash('sha256').update(bytes).digest('hex')
    assert.equal(hash, '275b2d17c9f7057e412506da16717d3ec3ff0578f993a22116107ce1e089d476')
  })

  test('comes back as it was', () => {
    for (const info of [plain, fake, sgx]) {
      const bytes = encodePreamble(info)
      const length = decodePreambleLength(bytes.subarray(0, 4))
      assert.equal(length, bytes.length - 4)
      assert.deepEqual(decodePreambleBody(bytes.subarray(4)), info)
    }
  })

  test('of recorded reference routers', () => {
    for (const link of ['rpc-client-proxy', 'rpc-worker-proxy']) {
      const file = new URL(`../../../vectors/wire/${link}.c2s.bin`, import.meta.url)
      const recorded = Uint8Array.from(readFileSync(file))
      const end = 4 + decodePreambleLength(recorded.subarray(0, 4))
      const info = decodePreambleBody(recorded.subarray(4, end))
      assert.equal(info.source.ip, '127.0.0.1')
      assert.deepEqual(encodePreamble(info), recorded.subarray(0, end))
    }
  })

  test('tells the image hash', async () => {
    assert.deepEqual(await peerImageHash(plain), new Uint8Array(32))
    assert.equal(
      hex(await peerImageHash(fake)),
      '5c55c8f4db4010ba9203d83536d0609856af8c847ac039e37e7dde8fbd574b61',
    )
    const enclave = createHash('sha256').update(Buffer.alloc(32, 3)).update(Buffer.alloc(64)).digest('hex')
    assert.equal(hex(await peerImageHash(sgx)), enclave)
  })

  test('of an impossible length is refused before it is read', () => {
    for (const length of [-1, 0, 71, maxPreambleBytes + 1, 0x7fff_ffff]) {
      const prefix = new Uint8Array(4)
      new DataView(prefix.buffer).setInt32(0, length, true)
      assert.throws(() => decodePreambleLength(prefix), { code: 'malformed' })
    }
  })

  const broken: [string, (body: Uint8Array) => Uint8Array][] = [
    ['a byte too many', body => Uint8Array.of(...body, 0)],
    ['a byte too few', body => body.subarray(0, -1)],
    ['a flag that is neither', body => body.fill(2, 0, 1)],
    ['evidence of unknown kind', body => body.fill(2, 4, 5)],
    ['evidence cut off', body => body.subarray(0, 300)],
    ['a key of 31 bytes', body => body.fill(31, 8 + 448 + 48, 8 + 448 + 49)],
    ['an address that is none', body => body.fill(0x0a, 8 + 448 + 48 + 36 + 1, 8 + 448 + 48 + 36 + 2)],
  ]
  for (const [name, spoil] of broken) {
    test(`with ${name} is refused`, () => {
      const body = encodePreamble(fake).slice(4)
      assert.throws(() => decodePreambleBody(spoil(body)), { name: 'WireError', code: 'malformed' })
    })
  }

  test('fails with a WireError on any bytes', () => {
    const sound = [plain, fake, sgx].map(info => encodePreamble(info).slice(4))
    const changed = fc
      .tuple(
        fc.constantFrom(...sound),
        fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 5 }),
        fc.nat(600),
      )
      .map(([body, changes, length]) => {
        const bytes = body.slice(0, length)
        for (const [index, value] of changes) bytes[index] = value
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 700 }), changed), body => {
        try {
          decodePreambleBody(body)
        } catch (error) {
          assert.ok(error instanceof WireError, String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
