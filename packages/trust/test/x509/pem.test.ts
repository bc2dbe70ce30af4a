import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePem } from '../../src/x509/pem.ts'

test('PEM takes no time to refuse, whatever it is made of', () => {
  const startedAt = process.cpuUsage().user
  const open = '-----BEGIN CERTIFICATE-----\n'
  for (const text of [
    '\n'.repeat(65_000),
    '\0'.repeat(65_000),
    open + 'A\n'.repeat(32_000),
    open.repeat(2300),
  ]) {
    assert.throws(() => parsePem(`${text}x`), { name: 'TrustError', code: 'certificate-malformed' })
  }
  assert.ok(process.cpuUsage().user - startedAt < 1_000_000, 'a second of work')
})
