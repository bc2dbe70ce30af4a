import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readQuoteFile } from '../../src/quote/read-quote-file.ts'
import { caseNamed } from '../verify/vectors.ts'

const { quote } = caseNamed('phala-sgx-quote')

test('a quote is read raw, in hexadecimal and in base64, with white space and without', () => {
  const hex = Buffer.from(quote).toString('hex')
  const base64 = Buffer.from(quote).toString('base64')
  for (const text of [
    hex,
    `0x${hex.toUpperCase()}\n`,
    hex.replaceAll(/.{64}/g, '$&\r\n'),
    base64,
    `${base64.replaceAll(/.{76}/g, '$&\n')}\n`,
  ]) {
    assert.deepEqual(readQuoteFile(Buffer.from(text)), quote)
  }
  assert.deepEqual(readQuoteFile(quote), quote)
})

test('anything else is refused', () => {
  for (const text of ['', '\n', 'quote!', '0x', 'abc', 'ab==', 'x'.repeat(300_000)]) {
    assert.throws(() => readQuoteFile(Buffer.from(text)), { name: 'TrustError', code: 'evidence-invalid' })
  }
})
