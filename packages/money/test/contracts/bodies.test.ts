import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell, Cell } from '@ton/core'
import {
  clientBody,
  codeFromCell,
  contractAddress,
  createPaymentKey,
  messageCell,
  parseAddress,
  paymentBody,
  proxyBody,
  readMessageHead,
  rootBody,
  signClosing,
  signPayment,
  verifyClosing,
  walletBody,
  workerBody,
  type ContractAddress,
} from '../../src/index.ts'
import { opcodes } from '../../src/contracts/opcodes.generated.ts'
import { cell, hashOf, hex, vectors } from '../vectors.ts'

const queryId = 0x0123456789abcdefn
const excessesTo = parseAddress(vectors.inputs.addresses.excesses.raw)
const query = { queryId, excessesTo }
const plain = vectors.plain_bodies
const ton = 1_000_000_000n
const bytes32 = (last: number) => new Uint8Array(32).fill(last, 31)
const { synthetic_codes: codes } = vectors.inputs

/** Bodies that the vectors have, and how they are made here. */
const made: Record<string, () => Cell> = {
  client_top_up_15: () => clientBody.topUp({ ...query, nano: 15n * ton }),
  client_increase_stake_16: () => clientBody.increaseStake({ ...query, stakeNano: 16n * ton }),
  client_withdraw: () => clientBody.withdraw(query),
  client_request_refund: () => clientBody.requestRefund(query),
  worker_register: () => workerBody.register(query),
  proxy_payout_request: () => proxyBody.requestPayout(query),
  proxy_increase_stake_15: () => proxyBody.increaseStake({ ...query, nano: 15n * ton }),
  proxy_owner_close: () => proxyBody.close(query),
  proxy_text_close: () => proxyBody.textClose(),
  proxy_text_withdraw: () => proxyBody.textWithdraw(),
  save_state_seqno42_hash77: () =>
    proxyBody.saveState({ queryId, seqno: 42, sessionHash: new Uint8Array(32).fill(0x77) }),
  root_add_proxy_type_1: () => rootBody.admit({ queryId, list: 'proxy', hash: bytes32(1) }),
  root_del_proxy_type_1: () => rootBody.expel({ queryId, list: 'proxy', hash: bytes32(1) }),
  root_add_worker_type_3: () => rootBody.admit({ queryId, list: 'worker', hash: bytes32(3) }),
  root_del_worker_type_3: () => rootBody.expel({ queryId, list: 'worker', hash: bytes32(3) }),
  root_add_model_type_4: () => rootBody.admit({ queryId, list: 'model', hash: bytes32(4) }),
  root_del_model_type_4: () => rootBody.expel({ queryId, list: 'model', hash: bytes32(4) }),
  root_register_proxy: () =>
    rootBody.registerProxy({
      queryId,
      workerEndpoint: { host: '91.108.4.11', port: 5222 },
      clientEndpoint: { host: '91.108.4.11', port: 8888 },
    }),
  root_unregister_proxy_2: () => rootBody.unregisterProxy({ queryId, seqno: 2 }),
  root_change_price_30_20: () =>
    rootBody.changePrice({ queryId, pricePerTokenNano: 30n, workerFeePerTokenNano: 20n }),
  root_change_params: () =>
    rootBody.changeParams({
      queryId,
      pricePerTokenNano: 30n,
      workerFeePerTokenNano: 20n,
      proxyDelayBeforeCloseS: 86_400,
      clientDelayBeforeCloseS: 43_200,
      minProxyStakeNano: 15n * ton,
      minClientStakeNano: 15n * ton,
    }),
  root_upgrade_contracts_synthetic: () => {
    const code = (party: keyof typeof codes) => codeFromCell(cell(codes[party]))
    return rootBody.upgradeContracts({
      queryId,
      codes: { proxy: code('proxy'), worker: code('worker'), client: code('client') },
    })
  },
  root_upgrade_code_synthetic: () => rootBody.upgradeCode({ queryId, code: cell(codes.root) }),
  root_upgrade_full_synthetic: () =>
    rootBody.upgradeFull({ queryId, data: cell(vectors.root.v4_empty), code: cell(codes.root) }),
  root_reset: () => rootBody.reset({ queryId }),
  root_add_public_key_v4: () =>
    rootBody.addPublicKey({ queryId, publicKey: bytes32(0x30), type: 1, expiresAtS: 1_900_000_000 }),
  root_change_key_manager_v4: () =>
    rootBody.changeKeyKeeper({
      queryId,
      publicKey: hex(vectors.inputs.key_manager_key.public_key_hex),
      imageHash: new Uint8Array(32).fill(0x5a),
      endpoint: '127.0.0.1:14000',
    }),
  wallet_text_w: () => walletBody.withdraw(),
  wallet_text_b: () => walletBody.block(),
  wallet_text_u: () => walletBody.unblock(),
  wallet_owner_send_mode64: () =>
    walletBody.send({ queryId, mode: 64, message: messageCell({ to: excessesTo, valueNano: 0n }) }),
}
for (const [name, make] of Object.entries(made)) {
  test(`body ${name}`, () => assert.equal(hashOf(make()), plain[name]!.hash))
}

/** Fields that the vectors choose freely are read from them. */
const chosen: Record<string, (slice: ReturnType<Cell['beginParse']>) => Cell> = {
  client_register: slice => clientBody.register({ ...query, nonce: slice.loadUintBig(64) }),
  client_change_secret_hash: slice =>
    clientBody.changeSecretHash({ ...query, secretHash: slice.loadBuffer(32) }),
  client_change_secret_hash_and_top_up_5: slice => {
    const nano = slice.loadCoins()
    return clientBody.changeSecretHashAndTopUp({ ...query, nano, secretHash: slice.loadBuffer(32) })
  },
  root_change_owner: slice => {
    const address = slice.loadAddress()
    return rootBody.changeOwner({ queryId, owner: parseAddress(address.toRawString()) })
  },
  root_update_proxy_2: slice => {
    const seqno = slice.loadUint(32)
    const endpoint = slice.skip(1).loadBuffer(slice.loadUint(7)).toString()
    return rootBody.updateProxy({ queryId, seqno, endpoint })
  },
}
for (const [name, make] of Object.entries(chosen)) {
  test(`body ${name}`, () => {
    const slice = cell(plain[name]!).beginParse().skip(96)
    assert.equal(hashOf(make(slice)), plain[name]!.hash)
  })
}

test('every body of the vectors is made here, but what contracts alone send', () => {
  const ofContracts = ['excesses', 'payout', 'do_not_process_min', 'note']
  const all = [...Object.keys(made), ...Object.keys(chosen), ...ofContracts]
  assert.deepEqual(Object.keys(plain).toSorted(), all.toSorted())
})

test('signed_messages_v4: root_add_public_key_signed', () => {
  const keeper = createPaymentKey(hex(vectors.inputs.key_manager_key.seed_hex))
  const key = { publicKey: bytes32(0x30), type: 1, expiresAtS: 1_900_000_000 }
  const body = rootBody.addPublicKeySigned({ ...query, ...key, keeper })
  assert.equal(hashOf(body), vectors.signed_messages_v4.root_add_public_key_signed.body.hash)
})

test('bodies that roots of this project take alone', () => {
  const bits = (body: Cell) => body.bits.toString()
  const id = '0123456789ABCDEF'
  const op = (opcode: number) => opcode.toString(16).padStart(8, '0').toUpperCase()
  assert.equal(
    bits(rootBody.removePublicKey({ queryId, publicKey: bytes32(5) })),
    `${op(opcodes.rootRemovePublicKey)}${id}${'00'.repeat(31)}05`,
  )
  assert.equal(
    bits(rootBody.changeDelay({ queryId, delayS: 255 })),
    `${op(opcodes.rootChangeDelay)}${id}000000FF`,
  )
  const pending = opcodes.rootChangePrice
  assert.equal(
    bits(rootBody.cancelPending({ queryId, pending })),
    `${op(opcodes.rootCancelPending)}${id}${op(pending)}`,
  )
  assert.equal(bits(rootBody.acceptOwner({ queryId })), `${op(opcodes.rootAcceptOwner)}${id}`)
})

test('how bodies begin', () => {
  assert.deepEqual(readMessageHead(clientBody.withdraw(query)), {
    operation: opcodes.clientWithdraw,
    queryId,
  })
  assert.deepEqual(readMessageHead(walletBody.block()), { operation: 0, queryId: 0n })
  assert.equal(readMessageHead(cell(plain['do_not_process_min']!)), undefined)
  assert.equal(readMessageHead(new Cell()), undefined)
})

for (const family of ['signed_messages', 'signed_messages_v4'] as const) {
  const key = createPaymentKey(hex(vectors.inputs.proxy_key.seed_hex))
  for (const [name, kind] of [
    ['close', 'proxy-close'],
    ['close_complete', 'proxy-close-complete'],
  ] as const) {
    test(`${family}: ${name}`, () => {
      const { expected_my_address: address, body } = vectors[family][name]
      const contract = parseAddress(address)
      const bytes = signClosing({ kind, key, queryId, contract, excessesTo })
      assert.equal(Buffer.from(bytes).toString('base64'), body.boc)
      const expected = { kind, contract, publicKey: key.publicKey }
      assert.deepEqual(verifyClosing(Buffer.from(body.boc, 'base64'), expected), { queryId })
      const other = kind === 'proxy-close' ? 'proxy-close-complete' : 'proxy-close'
      assert.throws(() => verifyClosing(bytes, { ...expected, kind: other }), { code: 'payment-kind' })
    })
  }

  for (const name of [
    'charge',
    'grant_refund',
    'payout',
    'last_payout',
    'close',
    'close_complete',
  ] as const) {
    test(`${family}: ${name} is submitted with excesses to another address`, () => {
      const { body } = vectors[family][name]
      const bytes = Buffer.from(body.boc, 'base64')
      assert.equal(hashOf(paymentBody(bytes, excessesTo)), body.hash)
      const elsewhere = parseAddress(vectors.inputs.addresses.walletOwner.raw)
      const changed = paymentBody(bytes, elsewhere).beginParse()
      assert.throws(() => paymentBody(bytes.subarray(1), elsewhere), { code: 'payment-malformed' })
      const original = cell(body).beginParse()
      assert.ok(changed.loadBits(96).equals(original.loadBits(96)))
      assert.equal(changed.loadAddress().toRawString(), vectors.inputs.addresses.walletOwner.raw)
      assert.ok(changed.asCell().equals(original.skip(267).asCell()))
    })
  }
}

test('a payment without tokens, or a closing with some, cannot be submitted', () => {
  const key = createPaymentKey(new Uint8Array(32).fill(1))
  const body = (operation: number, payload: Cell) =>
    beginCell()
      .storeUint(operation, 32)
      .storeUint(7, 64)
      .storeUint(0b100, 3)
      .storeUint(0, 264 + 512)
      .storeRef(payload)
      .endCell()
      .toBoc()
  const payload = (operation: number, tokens: boolean) => {
    const builder = beginCell().storeUint(operation, 32).storeUint(7, 64)
    if (tokens) builder.storeUint(1, 64)
    return builder.storeUint(0b100, 3).storeUint(0, 264).endCell()
  }
  for (const [operation, tokens] of [
    [opcodes.clientCharge, false],
    [opcodes.proxyClose, true],
  ] as const) {
    const refused = { name: 'MoneyError', code: 'payment-malformed' }
    assert.throws(() => paymentBody(body(operation, payload(operation, tokens)), excessesTo), refused)
    paymentBody(body(operation, payload(operation, !tokens)), excessesTo)
  }
  assert.equal(
    signPayment({ kind: 'client-charge', key, tokens: 1n, contract: excessesTo, ...query }).length,
    180,
  )
})

test('what does not fit is refused', () => {
  const refused = { name: 'MoneyError', code: 'amount' }
  assert.throws(() => clientBody.topUp({ ...query, nano: -1n }), refused)
  assert.throws(() => clientBody.topUp({ ...query, nano: 2n ** 120n }), refused)
  assert.throws(() => clientBody.increaseStake({ ...query, stakeNano: 2n ** 63n }), refused)
  assert.throws(() => clientBody.withdraw({ ...query, queryId: 2n ** 64n }), refused)
  assert.throws(() => clientBody.register({ ...query, nonce: -1n }), refused)
  assert.throws(() => clientBody.changeSecretHash({ ...query, secretHash: new Uint8Array(31) }), refused)
  assert.throws(() => rootBody.unregisterProxy({ queryId, seqno: -1 }), refused)
  assert.throws(() => rootBody.updateProxy({ queryId, seqno: 1, endpoint: 'x'.repeat(128) }), {
    name: 'MoneyError',
    code: 'config',
  })
})

test('excesses go only where something arrives', () => {
  const refused = { name: 'MoneyError', code: 'address' }
  const [nowhere, masterchain] = [1, -1].map(workchain => contractAddress(workchain, excessesTo.hash))
  const key = createPaymentKey(new Uint8Array(32).fill(1))
  const payment = { kind: 'worker-payout', key, queryId, tokens: 1n, contract: excessesTo } as const
  for (const make of [
    (to: ContractAddress) => clientBody.withdraw({ queryId, excessesTo: to }),
    (to: ContractAddress) => proxyBody.requestPayout({ queryId, excessesTo: to }),
    (to: ContractAddress) => workerBody.register({ queryId, excessesTo: to }),
    (to: ContractAddress) => rootBody.changeOwner({ queryId, owner: to }),
    (to: ContractAddress) => signPayment({ ...payment, excessesTo: to }),
    (to: ContractAddress) => paymentBody(signPayment({ ...payment, excessesTo }), to),
  ]) {
    assert.throws(() => make(nowhere!), refused)
    make(masterchain!)
  }
})
