import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cell, loadMessage, loadMessageRelaxed } from '@ton/core'
import {
  clientStateInit,
  codeFromCell,
  contractAddress,
  createPaymentKey,
  nodeWalletAddress,
  nodeWalletStateInit,
  parseAddress,
  proxyBody,
  sentMessages,
  signWalletExternal,
  type ChainMessage,
  type ChainTransaction,
  type WalletMessage,
} from '../../src/index.ts'
import { cell, deployableConfig, hashOf, hex, vectors } from '../vectors.ts'

const { node_wallet_key: walletKey, proxy_key: proxyKey, addresses, synthetic_codes: codes } = vectors.inputs
const key = createPaymentKey(hex(walletKey.seed_hex))
const code = codeFromCell(cell(codes.wallet))
const wallet = { owner: parseAddress(addresses.walletOwner.raw), code }
const { synthetic, wallet_external: vector } = vectors
const { proxy, client } = synthetic.struct_version_3
const proxyContract = parseAddress(proxy.address.raw)
const clientContract = parseAddress(client.address.raw)
const note = proxyBody.saveState({
  queryId: 0x0123456789abcdefn,
  seqno: 42,
  sessionHash: new Uint8Array(32).fill(0x77),
})
const deployment = clientStateInit(deployableConfig(3), {
  clientOwner: parseAddress(addresses.clientOwner.raw),
  proxyContract,
  proxyPublicKey: hex(proxyKey.public_key_hex),
})
const messages: WalletMessage[] = [
  { to: proxyContract, valueNano: 1n, body: note },
  { to: clientContract, valueNano: 800_000_000n, stateInit: deployment },
]
const signed = { wallet, key, seqno: 7, validUntilS: vector.valid_until, messages }

/** Reads an external as the chain does. */
function read(bytes: Uint8Array) {
  const message = loadMessage(Cell.fromBoc(Buffer.from(bytes))[0]!.beginParse())
  assert.equal(message.info.type, 'external-in')
  const body = message.body.beginParse()
  const signature = body.loadBuffer(64)
  const order = body.asCell()
  const [subwallet, validUntilS, seqno] = [body.loadUint(32), body.loadUint(32), body.loadUint(32)]
  const modes: number[] = []
  const sent = []
  while (body.remainingRefs > 0) {
    modes.push(body.loadUint(8))
    sent.push(loadMessageRelaxed(body.loadRef().beginParse()))
  }
  assert.equal(body.remainingBits, 0)
  return { message, signature, order, subwallet, validUntilS, seqno, modes, sent }
}

test('an external of the vectors', () => {
  const [first, second] = messages
  const modes = [
    { ...first!, mode: 1 },
    { ...second!, mode: 0 },
  ]
  const external = signWalletExternal({ ...signed, messages: modes })
  assert.equal(external.bodyHash, vector.signed_body.hash)
  const { order, signature, message } = read(external.bytes)
  assert.equal(hashOf(order), vector.unsigned.hash)
  assert.equal(signature.toString('hex'), vector.signature_hex)
  assert.equal(message.init, null)
})

test('messages never fail an external, and one nanoton pays its way separately', () => {
  const { modes, sent, seqno, subwallet, validUntilS } = read(signWalletExternal(signed).bytes)
  assert.deepEqual(modes, [3, 2])
  assert.deepEqual([seqno, subwallet, validUntilS], [7, 0, vector.valid_until])
  const [saved, deployed] = sent
  assert.ok(saved?.info.type === 'internal' && deployed?.info.type === 'internal')
  assert.deepEqual([saved.info.bounce, deployed.info.bounce], [true, false])
  assert.deepEqual([saved.info.value.coins, deployed.info.value.coins], [1n, 800_000_000n])
  assert.equal(saved.info.dest.toRawString(), proxy.address.raw)
  assert.ok(saved.body.equals(note) && !saved.init)
  assert.equal(deployed.info.dest.toRawString(), client.address.raw)
  assert.ok(deployed.body.equals(Cell.EMPTY))
  assert.equal(deployed.init?.code?.hash().toString('hex'), codes.client.hash)
})

test('the first external deploys the wallet', () => {
  const external = signWalletExternal({ ...signed, seqno: 0 })
  const { message } = read(external.bytes)
  const parties = { ...wallet, publicKey: key.publicKey }
  assert.deepEqual(external.wallet, nodeWalletAddress(parties))
  assert.ok(message.info.type === 'external-in')
  assert.equal(message.info.dest.hash.toString('hex'), hashOf(nodeWalletStateInit(parties)))
  assert.equal(message.init?.code?.hash().toString('hex'), codes.wallet.hash)
  const unknown = { ...signed, wallet: { owner: wallet.owner } }
  assert.throws(() => signWalletExternal({ ...unknown, seqno: 0 }), { name: 'MoneyError', code: 'config' })
  assert.equal(read(signWalletExternal(unknown).bytes).message.init, null)
})

test('bounds of an external', () => {
  const four = Array.from({ length: 4 }, () => messages[0]!)
  assert.equal(read(signWalletExternal({ ...signed, messages: four }).bytes).modes.length, 4)
  assert.equal(read(signWalletExternal({ ...signed, messages: [] }).bytes).modes.length, 0)
  assert.throws(() => signWalletExternal({ ...signed, messages: [...four, ...messages] }), RangeError)
  const costly = { ...messages[0]!, valueNano: 2n ** 120n }
  assert.throws(() => signWalletExternal({ ...signed, messages: [costly] }), {
    name: 'MoneyError',
    code: 'amount',
  })
})

const external = signWalletExternal(signed)
const sent = (to: typeof proxyContract, body: Cell, valueNano: bigint): ChainMessage => ({
  kind: 'internal',
  source: external.wallet,
  destination: to,
  valueNano,
  isBounced: false,
  body,
})
const out = [sent(proxyContract, note, 1n), sent(clientContract, new Cell(), 799_000_000n)] as const
const transaction: ChainTransaction = {
  account: external.wallet,
  lt: 1n,
  hash: '00'.repeat(32),
  timeS: 1,
  inMessage: {
    kind: 'external-in',
    source: undefined,
    destination: external.wallet,
    valueNano: 0n,
    isBounced: false,
    body: Cell.fromBoc(Buffer.from(external.bytes))[0]!.refs.at(-1)!,
  },
  outMessages: out,
  isSuccess: true,
  exitCode: 0,
  actionCode: 0,
  feesNano: 1n,
}

test('what a transaction sent of an external', () => {
  assert.deepEqual(sentMessages(transaction, external), out)
  assert.deepEqual(sentMessages({ ...transaction, outMessages: [out[1]] }, external), [undefined, out[1]])
  assert.deepEqual(sentMessages({ ...transaction, outMessages: [out[0]] }, external), [out[0], undefined])
  assert.deepEqual(sentMessages({ ...transaction, outMessages: [] }, external), [undefined, undefined])
})

test('a message that is sent twice is found twice', () => {
  const twice = signWalletExternal({ ...signed, messages: [messages[0]!, messages[0]!] })
  const body = Cell.fromBoc(Buffer.from(twice.bytes))[0]!.refs.at(-1)!
  const inMessage = { ...transaction.inMessage!, body }
  const found = sentMessages({ ...transaction, inMessage, outMessages: [out[0], out[0]] }, twice)
  assert.deepEqual(found, [out[0], out[0]])
  const once = sentMessages({ ...transaction, inMessage, outMessages: [out[0]] }, twice)
  assert.deepEqual(once, [out[0], undefined])
})

test('transactions of something else', () => {
  const inMessage = transaction.inMessage!
  assert.equal(sentMessages({ ...transaction, inMessage: undefined }, external), undefined)
  assert.equal(
    sentMessages({ ...transaction, inMessage: { ...inMessage, kind: 'internal' } }, external),
    undefined,
  )
  assert.equal(sentMessages({ ...transaction, inMessage: { ...inMessage, body: note } }, external), undefined)
  const elsewhere = contractAddress(0, 'aa'.repeat(32))
  assert.equal(sentMessages({ ...transaction, account: elsewhere }, external), undefined)
})
