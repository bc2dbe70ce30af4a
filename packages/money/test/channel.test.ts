import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ProxySignedPaymentAny, WireError } from '@cocoon/wire'
import { Channel, contractAddress, createPaymentKey, type PaymentKind, signPayment } from '../src/index.ts'

const contract = contractAddress(0, new Uint8Array(32).fill(5))
const proxyKey = createPaymentKey(new Uint8Array(32).fill(8))
const noPayment: ProxySignedPaymentAny = { _: 'proxy.signedPaymentEmpty' }

function signed(
  tokens: bigint,
  changes: { kind?: PaymentKind; contract?: typeof contract; key?: typeof proxyKey } = {},
): ProxySignedPaymentAny {
  const data = signPayment({
    kind: 'worker-payout',
    key: proxyKey,
    queryId: 7n,
    tokens,
    contract,
    excessesTo: contract,
    ...changes,
  })
  return { _: 'proxy.signedPayment', data }
}

const forged = (tokens: bigint): ProxySignedPaymentAny =>
  signed(tokens, { key: createPaymentKey(new Uint8Array(32).fill(7)) })

const fresh = (): Channel => new Channel({ kind: 'worker-payout', contract, publicKey: proxyKey.publicKey })
const figures = (channel: Channel): bigint[] => [channel.signedTokens, channel.dbTokens, channel.maxTokens]

describe('a channel', () => {
  test('takes totals and payments as they grow', () => {
    const channel = fresh()
    channel.update(noPayment, { dbTokens: 5n, maxTokens: 10n })
    assert.deepEqual([figures(channel), channel.payment], [[0n, 5n, 10n], undefined])
    const payment = signed(5n)
    channel.update(payment, { dbTokens: 10n, maxTokens: 10n })
    assert.deepEqual(figures(channel), [5n, 10n, 10n])
    assert.ok(payment._ === 'proxy.signedPayment')
    assert.deepEqual(channel.payment, payment.data)
    assert.notEqual(channel.payment, payment.data)
    channel.update(signed(9n))
    assert.deepEqual(figures(channel), [9n, 10n, 10n])
  })

  test('ignores what is older', () => {
    const channel = fresh()
    channel.update(signed(9n), { dbTokens: 9n, maxTokens: 12n })
    const { payment } = channel
    channel.update(signed(8n), { dbTokens: 3n, maxTokens: -5n })
    assert.deepEqual([figures(channel), channel.payment], [[9n, 9n, 12n], payment])
    channel.update(noPayment)
    assert.equal(channel.payment, payment)
  })

  test('a payment of nothing is a payment', () => {
    const channel = fresh()
    channel.update(signed(0n))
    assert.ok(channel.payment !== undefined)
  })

  test('refuses what does not verify, and takes nothing of it', () => {
    const other = contractAddress(0, new Uint8Array(32).fill(99))
    const bad = [
      forged(50n),
      signed(50n, { kind: 'client-charge' }),
      signed(50n, { contract: other }),
      { _: 'proxy.signedPayment' as const, data: new Uint8Array(40) },
      { _: 'proxy.signedPayment' as const, data: new Uint8Array(0) },
    ]
    for (const payment of bad) {
      const channel = fresh()
      channel.update(signed(9n), { dbTokens: 9n, maxTokens: 12n })
      assert.throws(
        () => channel.update(payment, { dbTokens: 50n, maxTokens: 50n }),
        error => error instanceof WireError && error.code === 'malformed',
      )
      assert.deepEqual(figures(channel), [9n, 9n, 12n])
    }
  })

  test('begins anew where the proxy did', () => {
    const channel = fresh()
    channel.update(signed(9n), { dbTokens: 9n, maxTokens: 12n })
    assert.throws(() => channel.reset(forged(1n), { dbTokens: 0n, maxTokens: 0n }), WireError)
    assert.deepEqual(figures(channel), [9n, 9n, 12n])
    channel.reset(noPayment, { dbTokens: 0n, maxTokens: 2n })
    assert.deepEqual([figures(channel), channel.payment], [[0n, 0n, 2n], undefined])
    channel.reset(signed(1n), { dbTokens: 1n, maxTokens: 1n })
    assert.deepEqual(figures(channel), [1n, 1n, 1n])
  })
})
