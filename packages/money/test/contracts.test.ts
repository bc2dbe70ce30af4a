import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressKey,
  clientContractAddress,
  createPaymentKey,
  formatAddress,
  nodeWalletAddress,
  parseAddress,
  parsePseudoConfig,
  proxyContractAddress,
  workerContractAddress,
  type RootConfig,
} from '../src/index.ts'
import { paramsCell } from '../src/contracts/params.ts'
import { hex, partyCodes, session, vectorConfig, vectors } from './vectors.ts'

const {
  addresses,
  synthetic_codes: dummyCodes,
  proxy_key: proxyKey,
  node_wallet_key: walletKey,
} = vectors.inputs
const root = parseAddress(addresses.root.raw)
const proxyOwner = parseAddress(addresses.proxyOwner.raw)
const clientOwner = parseAddress(addresses.clientOwner.raw)
const workerOwner = parseAddress(addresses.workerOwner.raw)
const proxyPublicKey = hex(proxyKey.public_key_hex)

for (const { struct_version: structVersion, code_mask: mask, hash } of vectors.params_cells) {
  test(`parameters cell of struct version ${structVersion}, code mask ${mask}`, () => {
    const cell = paramsCell(vectorConfig(structVersion, dummyCodes), mask)
    assert.equal(Buffer.from(cell.hash).toString('hex'), hash)
  })
}

for (const structVersion of [3, 4] as const) {
  test(`addresses with dummy codes, struct version ${structVersion}`, () => {
    const expected = vectors.synthetic[`struct_version_${structVersion}`]
    const derived = deriveAll(vectorConfig(structVersion, dummyCodes))
    assert.equal(derived.proxy, expected.proxy.address.raw)
    assert.equal(derived.client, expected.client.address.raw)
    assert.equal(derived.worker, expected.worker.address.raw)
  })
}

for (const { code_hashes: codes, struct_version: structVersion, ...expected } of vectors.real_codes) {
  test(`addresses with real codes, struct version ${structVersion}, proxy ${codes.proxy.hash.slice(0, 8)}`, () => {
    const derived = deriveAll(vectorConfig(structVersion, codes))
    assert.equal(derived.proxy, expected.proxy.address.raw)
    assert.equal(derived.client, expected.client.address.raw)
    assert.equal(derived.worker, expected.worker.address.raw)
  })
}

test('node wallet: the code in use', () => {
  const inUse = vectors.real_codes.find(
    ({ code_hashes: codes }) =>
      codes.wallet.hash === '7a48f05ceef40f06cabbaa39c1c5a67b24e8bb59d8cf8a74e49988a5f44cf66a',
  )
  const owner = parseAddress(addresses.walletOwner.raw)
  const wallet = nodeWalletAddress({ publicKey: hex(walletKey.public_key_hex), owner })
  assert.equal(addressKey(wallet), inUse?.wallet.address.raw)
})

test('mainnet, April 2026', () => {
  const mainnet = vectors.mainnet_2026_04
  const config = vectorConfig(4, mainnet.code_cells)
  assert.equal(Buffer.from(paramsCell(config, 6).hash).toString('hex'), mainnet.params_mask6_hash)
  assert.equal(Buffer.from(paramsCell(config, 7).hash).toString('hex'), mainnet.params_mask7_hash)

  const publicKey = hex(mainnet.proxy_public_key_hex)
  const proxyContract = proxyContractAddress(config, {
    proxyPublicKey: publicKey,
    proxyOwner: parseAddress(mainnet.proxy_owner.raw),
    root: parseAddress(mainnet.root.raw),
  })
  assert.equal(formatAddress(proxyContract, { bounceable: true }), mainnet.proxy.address.eq)
  assert.ok(mainnet.clients.length > 0)
  for (const { client_owner: owner, address } of mainnet.clients) {
    const client = clientContractAddress(config, {
      clientOwner: parseAddress(owner.uq),
      proxyContract,
      proxyPublicKey: publicKey,
    })
    assert.equal(formatAddress(client), address.uq)
  }
})

test('a recorded session of reference runners', () => {
  const config: RootConfig = { ...parsePseudoConfig(session.pseudo_config), codes: partyCodes(session.codes) }
  const owner = parseAddress(session.owner)
  const { publicKey } = createPaymentKey(Buffer.from(session.seeds_base64.proxy, 'base64'))
  assert.equal(Buffer.from(publicKey).toString('hex'), session.proxy_public_key)

  const clientKey = createPaymentKey(Buffer.from(session.seeds_base64.client, 'base64'))
  const clientWallet = nodeWalletAddress({ publicKey: clientKey.publicKey, owner })
  assert.equal(formatAddress(clientWallet), session.client_node_wallet)

  const proxyContract = proxyContractAddress(config, {
    proxyPublicKey: publicKey,
    proxyOwner: owner,
    root: parseAddress(session.root),
  })
  assert.equal(formatAddress(proxyContract), session.proxy_contract)
  const atProxy = { proxyContract, proxyPublicKey: publicKey }
  assert.equal(
    formatAddress(clientContractAddress(config, { clientOwner: clientWallet, ...atProxy })),
    session.client_contract,
  )
  assert.equal(
    formatAddress(workerContractAddress(config, { workerOwner: owner, ...atProxy })),
    session.worker_contract,
  )
})

test('a public key has 32 bytes', () => {
  const short = new Uint8Array(31)
  assert.throws(() => nodeWalletAddress({ publicKey: short, owner: root }), {
    name: 'MoneyError',
    code: 'key',
  })
})

function deriveAll(config: RootConfig) {
  const proxyContract = proxyContractAddress(config, { proxyPublicKey, proxyOwner, root })
  const atProxy = { proxyContract, proxyPublicKey }
  return {
    proxy: addressKey(proxyContract),
    client: addressKey(clientContractAddress(config, { clientOwner, ...atProxy })),
    worker: addressKey(workerContractAddress(config, { workerOwner, ...atProxy })),
  }
}
