import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { decode, encode, type SealedReceipt, sealedReceipt, type SealedSignedReceipt } from '@cocoon/wire'
import fc from 'fast-check'
import { labels } from '../../src/seal/labels.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import {
  maxReceiptBytes,
  readReceipt,
  type Receipt,
  receiptDigest,
  requestCommitment,
  signReceipt,
  startAnswerCommitment,
  verifyReceipt,
} from '../../src/seal/receipt.ts'
import { assertBytes, backEnds, bitsOf, flipped, hex, refuses, seeded } from './fixture.ts'

const random = seeded('receipts')
const key = nodeSeal.signingKey(random(32))

const receipt: Receipt = {
  proxyKey: random(32),
  identity: random(32),
  requestId: random(32),
  model: 'test/model@0123456789abcdef:00ff',
  requestCommitment: random(32),
  answerCommitment: random(32),
  outcome: 'complete',
  status: 200,
  coefficient: 1200,
  promptTokens: 100,
  cachedTokens: 40,
  completionTokens: 50,
  reasoningTokens: 20,
  chargedTokens: 180n,
  pricePerTokenNano: 25n,
  paramsVersion: 3,
  startedAtMs: Date.UTC(2026, 5),
  finishedAtMs: Date.UTC(2026, 5) + 1234,
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function withBytes(bytes: Uint8Array): SealedSignedReceipt {
  return { _: 'sealed.signedReceipt', receipt: bytes, signature: new Uint8Array(64) }
}

describe('a signed receipt', () => {
  test('is read as it was written', () => {
    const counts = fc.nat({ max: 2 ** 30 })
    fc.assert(
      fc.property(
        fc.record({
          outcome: fc.constantFrom('complete', 'cancelled', 'failed' as const),
          status: fc.nat({ max: 599 }),
          coefficient: fc.nat({ max: 999_999_999 }),
          promptTokens: counts,
          completionTokens: counts,
          chargedTokens: fc.bigInt({ min: 0n, max: 2n ** 62n }),
          pricePerTokenNano: fc.bigInt({ min: 0n, max: 2n ** 62n }),
          paramsVersion: fc.nat(),
          startedAtMs: fc.nat({ max: 2 ** 52 }),
          finishedAtMs: fc.nat({ max: 2 ** 52 }),
          model: fc.string({ unit: 'grapheme', maxLength: 100 }),
        }),
        changed => {
          const { promptTokens, completionTokens } = changed
          const given: Receipt = {
            ...receipt,
            ...changed,
            cachedTokens: Math.floor(promptTokens / 2),
            reasoningTokens: completionTokens,
          }
          const signed = readReceipt(signReceipt(key, given))
          for (const [field, value] of Object.entries(signed.receipt)) {
            const due = given[field as keyof Receipt]
            if (value instanceof Uint8Array) assertBytes(value, due as Uint8Array, field)
            else assert.equal(value, due, field)
          }
          for (const crypto of backEnds) assert.equal(verifyReceipt(crypto, signed, key.publicKey), true)
        },
      ),
      { numRuns: 20 },
    )
  })

  test('is signed over its label and its bytes, and over nothing else', () => {
    const signed = signReceipt(key, receipt)
    assert.equal(Buffer.from(labels.receipt).toString(), 'cocoon receipt v1\0')
    const text = joined(labels.receipt, signed.receipt)
    assertBytes(signed.signature, key.sign(text))
    const others = [
      signed.receipt,
      joined(labels.receiptDigest, signed.receipt),
      text.subarray(1),
      sha256(text),
    ]
    for (const other of others) {
      const { bytes, receipt } = readReceipt(signed)
      const forged = { bytes, receipt, signature: key.sign(other) }
      for (const crypto of backEnds) assert.equal(verifyReceipt(crypto, forged, key.publicKey), false)
    }
  })

  test('holds with no bit changed, and by no other key', () => {
    const signed = signReceipt(key, receipt)
    for (const bit of bitsOf(signed.receipt, 60)) {
      const changed = flipped(signed.receipt, bit)
      const read = attempt(() => readReceipt({ ...signed, receipt: changed }))
      if (read !== undefined) assert.equal(verifyReceipt(nodeSeal, read, key.publicKey), false)
    }
    const read = readReceipt(signed)
    for (const bit of bitsOf(signed.signature, 60)) {
      const signature = flipped(signed.signature, bit)
      assert.equal(verifyReceipt(nodeSeal, { ...read, signature }, key.publicKey), false)
    }
    const other = nodeSeal.signingKey(random(32))
    assert.equal(verifyReceipt(nodeSeal, read, other.publicKey), false)
  })

  test('is known to the log by what was signed and the signature', () => {
    const signed = signReceipt(key, receipt)
    const due = sha256('cocoon receipt digest v1\0', signed.receipt, signed.signature)
    for (const crypto of backEnds) assertBytes(receiptDigest(crypto, signed), due)
    const other = { ...signed, signature: flipped(signed.signature, 3) }
    assert.notEqual(hex(receiptDigest(nodeSeal, other)), hex(due))
  })
})

describe('a receipt has one form', () => {
  const { receipt: bytes } = signReceipt(key, receipt)
  const fields = decode(sealedReceipt, bytes)
  const written = (changed: Partial<SealedReceipt>): Uint8Array =>
    encode(sealedReceipt, { ...fields, ...changed })
  const notRead = (given: Uint8Array): void => refuses('receipt-invalid', () => readReceipt(withBytes(given)))

  test('and every other is refused', () => {
    readReceipt(withBytes(bytes))
    for (let length = 0; length < bytes.length; length++) notRead(bytes.subarray(0, length))
    notRead(joined(bytes, new Uint8Array(4)))
    notRead(joined(Uint8Array.of(1, 2, 3, 4), bytes.subarray(4)))
    // A model with its length in four bytes where one does, and with padding that is not zeros.
    const at = 4 + 3 * 32
    const { length } = Buffer.from(receipt.model)
    assert.equal(bytes[at], length)
    const long = Uint8Array.of(254, length, 0, 0)
    notRead(joined(bytes.subarray(0, at), long, bytes.subarray(at + 1)))
    const padding = at + 1 + length
    assert.equal(bytes[padding], 0)
    notRead(flipped(bytes, padding * 8))
    // A model that is no UTF-8.
    const broken = Uint8Array.from(bytes)
    broken[at + 1] = 0xff
    notRead(broken)
  })

  test('whose fields are within their bounds', () => {
    for (const outcome of [0, 1, 2]) readReceipt(withBytes(written({ outcome })))
    for (const outcome of [-1, 3, 2 ** 31 - 1]) notRead(written({ outcome }))
    for (const coefficient of [-1, 1e9]) notRead(written({ coefficient }))
    notRead(written({ chargedTokens: -1n }))
    notRead(written({ pricePerToken: -1n }))
    notRead(written({ cachedTokens: fields.promptTokens + 1n }))
    notRead(written({ reasoningTokens: fields.completionTokens + 1n }))
    for (const count of [2n ** 31n, 2n ** 63n - 1n, -1n, -(2n ** 63n)]) {
      notRead(written({ promptTokens: count }))
      notRead(written({ completionTokens: count }))
      notRead(written({ promptTokens: count, cachedTokens: count }))
    }
    notRead(written({ cachedTokens: -1n }))
    notRead(written({ reasoningTokens: -1n }))
    for (const time of [-1n, 2n ** 52n + 1n, 2n ** 63n - 1n]) {
      notRead(written({ startedAt: time }))
      notRead(written({ finishedAt: time }))
    }
  })

  test('of at most 2048 bytes', () => {
    const rest = written({ model: '' }).length
    const longest = 'm'.repeat(maxReceiptBytes - rest)
    assert.equal(written({ model: longest }).length, maxReceiptBytes)
    readReceipt(withBytes(written({ model: longest })))
    notRead(written({ model: `${longest}m` }))
  })

  test('with a signature of 64 bytes', () => {
    for (const length of [0, 32, 63, 65]) {
      const signed = { ...withBytes(bytes), signature: new Uint8Array(length) }
      refuses('receipt-invalid', () => readReceipt(signed))
    }
  })
})

describe('commitments', () => {
  const request = {
    requestSalt: random(32),
    header: random(100),
    path: '/v1/chat/completions',
    body: new TextEncoder().encode('{"messages":[]}'),
  }

  test('to a request are those of the protocol', () => {
    const { requestSalt, header, path, body } = request
    const due = sha256(
      'cocoon request commitment v1\0',
      requestSalt,
      u32(header.length),
      header,
      u32(path.length),
      path,
      body,
    )
    for (const crypto of backEnds) assertBytes(requestCommitment(crypto, request), due)
  })

  test('to a request open with all of it, and its salt, alone', () => {
    const due = hex(requestCommitment(nodeSeal, request))
    const { requestSalt, header, path, body } = request
    const others = [
      { ...request, requestSalt: flipped(requestSalt, 9) },
      { ...request, requestSalt: new Uint8Array(32) },
      { ...request, header: flipped(header, 9) },
      { ...request, path: `${path}/` },
      { ...request, body: flipped(body, 9) },
      // The same bytes with their borders elsewhere.
      { ...request, header: header.subarray(0, 99), path: `${String.fromCharCode(header[99]!)}${path}` },
      { ...request, path: `${path}{`, body: body.subarray(1) },
    ]
    for (const other of others) assert.notEqual(hex(requestCommitment(nodeSeal, other)), due)
  })

  test('to an answer are those of the protocol, however its body is cut', () => {
    const salt = random(32)
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 6 }),
        fc.nat({ max: 599 }),
        (pieces, status) => {
          const due = sha256('cocoon answer commitment v1\0', salt, u32(status), ...pieces)
          for (const crypto of backEnds) {
            const hash = startAnswerCommitment(crypto, salt, status)
            for (const piece of pieces) hash.update(piece)
            assertBytes(hash.digest(), due)
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  test('to an answer open with its salt, status and body alone', () => {
    const salt = random(32)
    const body = random(64)
    const of = (ofSalt: Uint8Array, status: number, text: Uint8Array): string => {
      const hash = startAnswerCommitment(nodeSeal, ofSalt, status)
      hash.update(text)
      return hex(hash.digest())
    }
    const due = of(salt, 200, body)
    const others = [
      of(flipped(salt, 5), 200, body),
      of(salt, 201, body),
      of(salt, 0, body),
      of(salt, 200, flipped(body, 5)),
      of(salt, 200, body.subarray(1)),
      of(salt, 200, new Uint8Array(0)),
    ]
    for (const other of others) assert.notEqual(other, due)
  })
})

test('no label is the beginning of another', () => {
  const all = Object.values(labels).map(label => hex(label))
  for (const one of all) {
    assert.ok(one.endsWith('00'))
    assert.deepEqual(
      all.filter(other => other.startsWith(one)),
      [one],
    )
  }
})

function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'receipt-invalid')
    return undefined
  }
}
