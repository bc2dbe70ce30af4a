import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressKey, contractAddress, formatAddress, parseAddress, sameAddress } from '../src/index.ts'
import { isAddressKey } from '../src/address.ts'
import { vectors } from './vectors.ts'

const anyAddress = fc
  .tuple(fc.integer({ min: -128, max: 127 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([workchain, hash]) => contractAddress(workchain, hash))

test('addresses of the vectors', () => {
  for (const { raw, eq, uq } of Object.values(vectors.inputs.addresses)) {
    const address = parseAddress(raw)
    assert.equal(addressKey(address), raw)
    assert.equal(formatAddress(address), uq)
    assert.equal(formatAddress(address, { bounceable: true }), eq)
    assert.deepEqual(parseAddress(eq), address)
    assert.deepEqual(parseAddress(uq), address)
  }
})

test('mainnet and testnet form of 0:aa..aa', () => {
  const address = parseAddress(`0:${'aa'.repeat(32)}`)
  assert.equal(formatAddress(address), 'UQCqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqppe')
  const testnet = formatAddress(address, { testnet: true })
  assert.equal(testnet, '0QCqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqiHU')
  assert.ok(sameAddress(parseAddress(testnet), address))
})

test('every form reads back', () => {
  fc.assert(
    fc.property(anyAddress, fc.boolean(), fc.boolean(), (address, testnet, bounceable) => {
      const friendly = formatAddress(address, { testnet, bounceable })
      assert.equal(friendly.length, 48)
      assert.deepEqual(parseAddress(friendly), address)
      assert.deepEqual(parseAddress(Buffer.from(friendly, 'base64url').toString('base64')), address)
      assert.deepEqual(parseAddress(addressKey(address)), address)
      assert.deepEqual(parseAddress(addressKey(address).toUpperCase()), address)
      assert.ok(isAddressKey(addressKey(address)))
    }),
  )
})

test('accounts differ by workchain and by hash', () => {
  const address = contractAddress(0, 'ab'.repeat(32))
  assert.ok(sameAddress(address, contractAddress(0, 'AB'.repeat(32))))
  assert.ok(!sameAddress(address, contractAddress(-1, 'ab'.repeat(32))))
  assert.ok(!sameAddress(address, contractAddress(0, 'ac'.repeat(32))))
})

const good = vectors.inputs.addresses.root.uq
const refused = {
  nothing: '',
  'one character changed': `${good.slice(0, 20)}A${good.slice(21)}`,
  'too short': good.slice(1),
  'a line end': `${good}\n`,
  'another alphabet': `${good.slice(0, 47)}*`,
  'half a hash': `0:${'aa'.repeat(16)}`,
  'a far workchain': `128:${'aa'.repeat(32)}`,
  'hash digits that are none': `0:${'ag'.repeat(32)}`,
  'a tag of no account': Buffer.from(`91${'00'.repeat(35)}`, 'hex').toString('base64url'),
  'far too long': 'A'.repeat(100_000),
}
for (const [what, text] of Object.entries(refused)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => parseAddress(text), { name: 'MoneyError', code: 'address' })
    assert.ok(!isAddressKey(text))
  })
}

test('any text is an address or an address error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String({ minLength: 48, maxLength: 48 })), text => {
      try {
        parseAddress(text)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'address')
      }
    }),
  )
})

test('an address is made of a signed byte and 32 bytes', () => {
  assert.throws(() => contractAddress(0, new Uint8Array(31)), { code: 'address' })
  assert.throws(() => contractAddress(1.5, new Uint8Array(32)), { code: 'address' })
  assert.throws(() => contractAddress(-129, new Uint8Array(32)), { code: 'address' })
})
