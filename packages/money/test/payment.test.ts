import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell, Cell, type Builder } from '@ton/core'
import fc from 'fast-check'
import {
  contractAddress,
  createPaymentKey,
  nodeWalletAddress,
  parseAddress,
  signPayment,
  verifyPayment,
  type MoneyErrorCode,
  type PaymentKind,
} from '../src/index.ts'
import { hex, payments, session, vectors } from './vectors.ts'

const key = createPaymentKey(new Uint8Array(32).fill(1))
const contract = contractAddress(0, 'aa'.repeat(32))
const excessesTo = contractAddress(0, 'bb'.repeat(32))
const kind = 'client-charge'
const expected = { kind, contract, publicKey: key.publicKey } as const
const kinds = {
  charge: 'client-charge',
  grant_refund: 'client-refund',
  payout: 'worker-payout',
  last_payout: 'worker-last-payout',
} as const

test('payments of the vectors, byte for byte', () => {
  assert.deepEqual(key.publicKey, hex(payments.public_key))
  for (const kind of ['client-charge', 'worker-payout'] as const) {
    const bytes = signPayment({ kind, key, queryId: 1n, tokens: 1000n, contract, excessesTo })
    assert.equal(Buffer.from(bytes).toString('hex'), payments[kind])
    assert.deepEqual(verifyPayment(bytes, { ...expected, kind }), { tokens: 1000n, queryId: 1n })
  }
})

for (const family of ['signed_messages', 'signed_messages_v4'] as const) {
  for (const [name, kind] of Object.entries(kinds) as Array<[keyof typeof kinds, PaymentKind]>) {
    test(`${family}: ${name}`, () => {
      const message = vectors[family][name]
      const signer = createPaymentKey(hex(vectors.inputs.proxy_key.seed_hex))
      const contract = parseAddress(message.expected_my_address)
      const tokens = BigInt(message.new_tokens_used ?? message.new_tokens ?? -1)
      const queryId = BigInt(message.query_id)
      const excessesTo = parseAddress(message.send_excesses_to)
      const bytes = signPayment({ kind, key: signer, queryId, tokens, contract, excessesTo })
      assert.equal(Buffer.from(bytes).toString('base64'), message.body.boc)
      const checks = { kind, contract, publicKey: signer.publicKey }
      assert.deepEqual(verifyPayment(Buffer.from(message.body.boc, 'base64'), checks), { tokens, queryId })
    })
  }
}

test('payments of a recorded session, byte for byte', () => {
  const key = createPaymentKey(Buffer.from(session.seeds_base64.proxy, 'base64'))
  const excessesTo = nodeWalletAddress({ publicKey: key.publicKey, owner: parseAddress(session.owner) })
  const recorded = [
    { kind: 'client-charge', contract: parseAddress(session.client_contract), ...session.client_charge },
    { kind: 'worker-payout', contract: parseAddress(session.worker_contract), ...session.worker_payout },
  ] as const
  for (const { kind, contract, query_id, tokens, hex: bytes } of recorded) {
    const payment = { tokens: BigInt(tokens), queryId: BigInt(`0x${query_id}`) }
    assert.equal(
      Buffer.from(signPayment({ kind, key, contract, excessesTo, ...payment })).toString('hex'),
      bytes,
    )
    assert.deepEqual(verifyPayment(hex(bytes), { kind, contract, publicKey: key.publicKey }), payment)
  }
})

test('what is signed verifies, in every form of a bag of cells', () => {
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  fc.assert(
    fc.property(uint64, uint64, fc.boolean(), fc.boolean(), (queryId, tokens, idx, crc32) => {
      const bytes = signPayment({ kind, key, queryId, tokens, contract, excessesTo })
      assert.equal(bytes.length, 180)
      const other = Cell.fromBoc(Buffer.from(bytes))[0]!.toBoc({ idx, crc32 })
      assert.deepEqual(verifyPayment(other, expected), { tokens, queryId })
    }),
    { numRuns: 30 },
  )
})

test('no byte of a payment can be changed but those of the excesses address', () => {
  const bytes = signPayment({ kind, key, queryId: 7n, tokens: 9n, contract, excessesTo })
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at]! ^= 0x10
    if (at >= 25 && at <= 57) {
      assert.deepEqual(verifyPayment(changed, expected), { tokens: 9n, queryId: 7n })
    } else {
      const code = codeOf(changed)
      assert.ok(code === undefined ? harmless(changed) : code.startsWith('payment-'), `byte ${at}: ${code}`)
    }
  }
  /** A change that a reader of bags of cells passes over, such as an unused flag, leaves the payment itself whole. */
  function harmless(changed: Uint8Array): boolean {
    const { tokens, queryId } = verifyPayment(changed, expected)
    return tokens === 9n && queryId === 7n
  }
})

test('a payment cut short or run on', () => {
  const bytes = signPayment({ kind, key, queryId: 7n, tokens: 9n, contract, excessesTo })
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(codeOf(bytes.subarray(0, length)), 'payment-malformed', `${length} bytes`)
  }
  assert.equal(codeOf(Buffer.concat([bytes, Buffer.alloc(1000)])), 'payment-malformed')
})

test('another kind, contract or key', () => {
  const bytes = signPayment({ kind, key, queryId: 7n, tokens: 9n, contract, excessesTo })
  assert.equal(codeOf(bytes, { ...expected, kind: 'client-refund' }), 'payment-kind')
  assert.equal(codeOf(bytes, { ...expected, kind: 'worker-payout' }), 'payment-kind')
  assert.equal(codeOf(bytes, { ...expected, contract: excessesTo }), 'payment-contract')
  const elsewhere = contractAddress(-1, contract.hash)
  assert.equal(codeOf(bytes, { ...expected, contract: elsewhere }), 'payment-contract')
  const stranger = createPaymentKey(new Uint8Array(32).fill(2))
  assert.equal(codeOf(bytes, { ...expected, publicKey: stranger.publicKey }), 'payment-signature')
  assert.equal(codeOf(bytes, { ...expected, publicKey: new Uint8Array(32).fill(0xff) }), 'payment-signature')
  assert.equal(codeOf(bytes, { ...expected, publicKey: new Uint8Array(31) }), 'key')
})

const operation = 0xbb63ff93
const shapes: Record<string, { envelope?: Shape; payload?: Shape }> = {
  'a bit more in the envelope': { envelope: { tail: builder => builder.storeBit(1) } },
  'a reference more in the envelope': {
    envelope: { tail: builder => builder.storeRef(beginCell().endCell()) },
  },
  'a bit more in the payload': { payload: { tail: builder => builder.storeBit(0) } },
  'a reference in the payload': { payload: { tail: builder => builder.storeRef(beginCell().endCell()) } },
  'another operation inside': { payload: { operation: 0xa040ad28 } },
  'another query id inside': { payload: { queryId: 8n } },
  'no address for excesses': { envelope: { address: builder => builder.storeUint(0, 2) } },
  'an address of another form, as long': {
    envelope: { address: builder => builder.storeUint(0b110, 3).storeUint(0, 264) },
  },
  'no contract': { payload: { address: builder => builder.storeUint(0, 2) } },
}
interface Shape {
  operation?: number
  queryId?: bigint
  address?: (builder: Builder) => Builder
  tail?: (builder: Builder) => Builder
}
for (const [what, shape] of Object.entries(shapes)) {
  test(`refused though signed: ${what}`, () => {
    const head = ({ operation: op = operation, queryId = 7n }: Shape = {}) =>
      beginCell().storeUint(op, 32).storeUint(queryId, 64)
    const address = (byte: number) => (builder: Builder) =>
      builder.storeUint(0b100, 3).storeUint(0, 8).storeBuffer(Buffer.alloc(32, byte))
    const payload = head(shape.payload).storeUint(9, 64)
    ;(shape.payload?.address ?? address(0xaa))(payload)
    shape.payload?.tail?.(payload)
    const signed = payload.endCell()
    const envelope = head(shape.envelope)
    ;(shape.envelope?.address ?? address(0xbb))(envelope)
    envelope.storeBuffer(Buffer.from(key.sign(signed.hash()))).storeRef(signed)
    shape.envelope?.tail?.(envelope)
    assert.equal(codeOf(envelope.endCell().toBoc()), 'payment-malformed')
  })
}

test('whatever the bytes are, the worst is a payment error', () => {
  const payment = signPayment({ kind, key, queryId: 7n, tokens: 9n, contract, excessesTo })
  const magic = fc.constantFrom('b5ee9c72', '68ff65f3', 'acc3a728').map(hex)
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 1100 }),
    fc.tuple(magic, fc.uint8Array({ maxLength: 1000 })).map(parts => Buffer.concat(parts)),
    fc
      .array(fc.tuple(fc.nat({ max: 179 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
      .map(changes => payment.map((byte, at) => changes.find(([index]) => index === at)?.[1] ?? byte)),
  )
  fc.assert(
    fc.property(anyBytes, bytes => {
      const code = codeOf(bytes)
      assert.ok(code === undefined || code.startsWith('payment-'))
    }),
    { numRuns: 1000 },
  )
})

test('amounts that do not fit are not signed', () => {
  const refused = { name: 'MoneyError', code: 'amount' }
  const payment = { kind, key, contract, excessesTo } as const
  assert.throws(() => signPayment({ ...payment, queryId: 1n, tokens: -1n }), refused)
  assert.throws(() => signPayment({ ...payment, queryId: 1n, tokens: 2n ** 64n }), refused)
  assert.throws(() => signPayment({ ...payment, queryId: -1n, tokens: 1n }), refused)
})

test('a seed has 32 bytes and is copied', () => {
  assert.throws(() => createPaymentKey(new Uint8Array(33)), { name: 'MoneyError', code: 'key' })
  const seed = new Uint8Array(32).fill(1)
  const copy = createPaymentKey(seed)
  seed.fill(9)
  assert.deepEqual(copy.sign(new Uint8Array(1)), key.sign(new Uint8Array(1)))
  assert.ok(!JSON.stringify(copy).includes('seed'))
})

function codeOf(
  bytes: Uint8Array,
  against: Parameters<typeof verifyPayment>[1] = expected,
): MoneyErrorCode | undefined {
  try {
    verifyPayment(bytes, against)
    return undefined
  } catch (error) {
    assert.equal((error as Error).name, 'MoneyError', String((error as Error).stack))
    return (error as { code: MoneyErrorCode }).code
  }
}
