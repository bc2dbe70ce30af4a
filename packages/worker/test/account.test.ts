import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contractAddress } from '@cocoon/money'
import { WireError } from '@cocoon/wire'
import { Account } from '../src/account.ts'
import { contract, forged, noPayment, proxyKey, signed } from './scripted-proxy.ts'

const fresh = (): Account => new Account({ contract, publicKey: proxyKey.publicKey })
const figures = (account: Account): bigint[] => [account.signedTokens, account.dbTokens, account.maxTokens]

describe('an account', () => {
  test('takes totals and payments as they grow', () => {
    const account = fresh()
    account.update(noPayment, { dbTokens: 5n, maxTokens: 10n })
    assert.deepEqual([figures(account), account.payment], [[0n, 5n, 10n], undefined])
    const payment = signed(5n)
    account.update(payment, { dbTokens: 10n, maxTokens: 10n })
    assert.deepEqual(figures(account), [5n, 10n, 10n])
    assert.ok(payment._ === 'proxy.signedPayment')
    assert.deepEqual(account.payment, payment.data)
    assert.notEqual(account.payment, payment.data)
    account.update(signed(9n))
    assert.deepEqual(figures(account), [9n, 10n, 10n])
  })

  test('ignores what is older', () => {
    const account = fresh()
    account.update(signed(9n), { dbTokens: 9n, maxTokens: 12n })
    const { payment } = account
    account.update(signed(8n), { dbTokens: 3n, maxTokens: -5n })
    assert.deepEqual([figures(account), account.payment], [[9n, 9n, 12n], payment])
    account.update(noPayment)
    assert.equal(account.payment, payment)
  })

  test('a payment of nothing is a payment', () => {
    const account = fresh()
    account.update(signed(0n))
    assert.ok(account.payment !== undefined)
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
      const account = fresh()
      account.update(signed(9n), { dbTokens: 9n, maxTokens: 12n })
      assert.throws(
        () => account.update(payment, { dbTokens: 50n, maxTokens: 50n }),
        error => error instanceof WireError && error.code === 'malformed',
      )
      assert.deepEqual(figures(account), [9n, 9n, 12n])
    }
  })

  test('begins anew where the proxy did', () => {
    const account = fresh()
    account.update(signed(9n), { dbTokens: 9n, maxTokens: 12n })
    assert.throws(() => account.reset(forged(1n), { dbTokens: 0n, maxTokens: 0n }), WireError)
    assert.deepEqual(figures(account), [9n, 9n, 12n])
    account.reset(noPayment, { dbTokens: 0n, maxTokens: 2n })
    assert.deepEqual([figures(account), account.payment], [[0n, 0n, 2n], undefined])
    account.reset(signed(1n), { dbTokens: 1n, maxTokens: 1n })
    assert.deepEqual(figures(account), [1n, 1n, 1n])
  })
})
