import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxyParams } from '@cocoon/wire'
import {
  checkProxyTerms,
  expectAddress,
  formatAddress,
  parseAddress,
  parsePseudoConfig,
} from '../src/index.ts'
import { hex, partyCodes, session } from './vectors.ts'

const config = { ...parsePseudoConfig(session.pseudo_config), codes: partyCodes(session.codes) }
const expected = { config, root: parseAddress(session.root), newestVersion: 2 }
const recorded: ProxyParams = {
  _: 'proxy.params',
  flags: 3,
  proxyPublicKey: hex(session.proxy_public_key),
  proxyOwnerAddress: session.owner,
  proxyScAddress: session.proxy_contract,
  isTest: true,
  protoVersion: 2,
}

test('the parameters that a reference proxy stated', () => {
  const terms = checkProxyTerms(recorded, expected)
  assert.equal(terms.version, 2)
  assert.deepEqual(terms.publicKey, hex(session.proxy_public_key))
  assert.equal(formatAddress(terms.owner), session.owner)
  assert.equal(formatAddress(terms.contract), session.proxy_contract)
})

const wrong: Record<string, [change: Partial<ProxyParams>, code: string]> = {
  'no test mode stated': [{ flags: 0 }, 'contract'],
  'another test mode': [{ isTest: false }, 'contract'],
  'a version that was not offered': [{ protoVersion: 3 }, 'contract'],
  'a version below zero': [{ protoVersion: -1 }, 'contract'],
  'another key': [{ proxyPublicKey: new Uint8Array(32) }, 'contract'],
  'another owner': [{ proxyOwnerAddress: session.client_node_wallet }, 'contract'],
  'another contract': [{ proxyScAddress: session.client_contract }, 'contract'],
  'an owner that is no address': [{ proxyOwnerAddress: '' }, 'address'],
  'a contract that is no address': [{ proxyScAddress: 'nowhere' }, 'address'],
}
for (const [what, [change, code]] of Object.entries(wrong)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => checkProxyTerms({ ...recorded, ...change }, expected), { name: 'MoneyError', code })
  })
}

test('an address in any form', () => {
  const contract = parseAddress(session.client_contract)
  expectAddress('client', formatAddress(contract, { testnet: true, bounceable: true }), contract)
  assert.throws(() => expectAddress('client', session.worker_contract, contract), { code: 'contract' })
})
