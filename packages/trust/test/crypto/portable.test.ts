import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { portableCrypto } from '../../src/crypto/portable.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { caseNamed } from '../verify/vectors.ts'

test('a page that is not secure, and has no WebCrypto, comes to the same report', async () => {
  const { quote, collateral, nowMs } = caseNamed('phala-tdx-quote')
  const options = { nowMs, ignoreTrailing: true }
  const due = await verifyQuote(quote, collateral, { ...options, crypto: nodeCrypto })
  const { crypto } = globalThis
  try {
    Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true, writable: true })
    assert.deepEqual(await verifyQuote(quote, collateral, { ...options, crypto: portableCrypto }), due)
  } finally {
    Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true, writable: true })
  }
  assert.equal(due.verdict, 'accept')
})
