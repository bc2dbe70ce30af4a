import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contractAddress } from '@cocoon/money'
import { WireError } from '@cocoon/wire'
import { Channel } from '../src/index.ts'
import { contract, forged, noPayment, proxyKey, signed } from './network.ts'

const fresh = (): Channel => new Channel({ contract, publicKey: proxyKey.publicKey })
const figures = (channel: Channel): bigint[] => [channel.signedTokens, channel.dbTokens, channel.maxTokens]

describe('a channel', () => {
  test('takes totals and payments as they grow', () => {
    const channel = fresh()
    channel.update(noPayment, { dbTokens: 5n, maxTokens: 10n })
    assert.deepEqual([figures(channel), channel.payment], [[0n, 5n, 10n], undefined])
    channel.update(signed(5n), { dbTokens: 10n, maxTokens: 11n })
    channel.update(signed(9n))
    assert.deepEqual(figures(channel), [9n, 10n, 11n])
    assert.ok(channel.payment !== undefined)
  })

  test('ignores what is older', () => {
    const channel = fresh()
    channel.update(signed(9n), { dbTokens: 9n, maxTokens: 12n })
    const { payment } = channel
    channel.update(signed(8n), { dbTokens: 3n, maxTokens: -5n })
    channel.update(noPayment)
    assert.deepEqual([figures(channel), channel.payment], [[9n, 9n, 12n], payment])
  })

  test('refuses what does not verify, and takes nothing of it', () => {
    const bad = [
      forged(50n),
      signed(50n, { kind: 'worker-payout' }),
      signed(50n, { contract: contractAddress(0, new Uint8Array(32).fill(99)) }),
      { _: 'proxy.signedPayment' as const, data: new Uint8Array(40) },
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
})
