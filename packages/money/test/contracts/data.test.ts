import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell, type Builder, type Cell } from '@ton/core'
import fc from 'fast-check'
import {
  addressKey,
  clientContractAddress,
  clientStateInit,
  codeFromHex,
  contractAddress,
  nodeWalletStateInit,
  parseAddress,
  proxyContractAddress,
  proxyStateInit,
  readClientData,
  readNodeWalletData,
  readProxyData,
  readWorkerData,
  workerContractAddress,
  workerStateInit,
  type ContractAddress,
  type ContractParams,
} from '../../src/index.ts'
import { paramsCell, readParams } from '../../src/contracts/params.ts'
import { tonCell } from '../../src/cell.ts'
import { cell, deployableConfig, hashOf, hex, vectorConfig, vectors } from '../vectors.ts'

const { addresses, synthetic_codes: codes, proxy_key: proxyKey } = vectors.inputs
const party = (name: keyof typeof addresses) => parseAddress(addresses[name].raw)
const [root, proxyOwner, clientOwner] = [party('root'), party('proxyOwner'), party('clientOwner')]
const [workerOwner, walletOwner] = [party('workerOwner'), party('walletOwner')]
const proxyPublicKey = hex(proxyKey.public_key_hex)
const unreadable = { name: 'MoneyError', code: 'contract-data' }

/** The parameters of the vectors, as a version that lacks some of them has them. */
function paramsOf(structVersion: number): ContractParams {
  const { multipliers: all, ...config } = vectorConfig(structVersion, codes)
  const old = 10_000
  return {
    structVersion,
    paramsVersion: config.paramsVersion,
    uniqueId: config.uniqueId,
    isTest: config.isTest,
    pricePerTokenNano: config.pricePerTokenNano,
    workerFeePerTokenNano: config.workerFeePerTokenNano,
    multipliers: {
      prompt: structVersion >= 3 ? all.prompt : old,
      cached: structVersion >= 2 ? all.cached : old,
      completion: structVersion >= 3 ? all.completion : old,
      reasoning: structVersion >= 2 ? all.reasoning : old,
    },
    proxyDelayBeforeCloseS: config.proxyDelayBeforeCloseS,
    clientDelayBeforeCloseS: config.clientDelayBeforeCloseS,
    minProxyStakeNano: structVersion >= 1 ? config.minProxyStakeNano : 1_000_000_000n,
    minClientStakeNano: structVersion >= 1 ? config.minClientStakeNano : 1_000_000_000n,
  }
}

const coins = fc.bigInt({ min: 0n, max: 2n ** 120n - 1n })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const uint32 = fc.nat({ max: 2 ** 32 - 1 })
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const anyAddress = fc
  .tuple(fc.constantFrom(-1, 0), bytes32)
  .map(([workchain, hash]) => contractAddress(workchain, hash))

function storeAddress({ workchain, hash }: ContractAddress): (builder: Builder) => void {
  return builder => builder.storeUint(0b100, 3).storeInt(workchain, 8).storeBuffer(Buffer.from(hash, 'hex'))
}

for (const vector of vectors.params_cells) {
  const { struct_version: structVersion, code_mask: mask } = vector
  test(`parameters of struct version ${structVersion}, code mask ${mask}`, () => {
    const { codes: read, ...params } = readParams(cell(vector))
    assert.deepEqual(params, paramsOf(structVersion))
    const present = [read.proxy, read.worker, read.client].map(code => code !== undefined)
    assert.deepEqual(present, [(mask & 1) > 0, (mask & 2) > 0, (mask & 4) > 0])
    assert.equal(hashOf(tonCell(paramsCell({ ...params, codes: read }, mask))), vector.hash)
  })
}

test('parameters of mainnet', () => {
  const { codes: none, ...params } = readParams(cell(vectors.mainnet_2026_04.params_mask0))
  assert.deepEqual(params, paramsOf(4))
  assert.deepEqual(none, {})
})

test('any parameters that are written read back', () => {
  const anyParams = fc.record<ContractParams>({
    structVersion: fc.constantFrom(3, 4),
    paramsVersion: uint32,
    uniqueId: uint32,
    isTest: fc.boolean(),
    pricePerTokenNano: coins,
    workerFeePerTokenNano: coins,
    multipliers: fc.record({ prompt: uint32, cached: uint32, completion: uint32, reasoning: uint32 }),
    proxyDelayBeforeCloseS: uint32,
    clientDelayBeforeCloseS: uint32,
    minProxyStakeNano: coins,
    minClientStakeNano: coins,
  })
  fc.assert(
    fc.property(anyParams, params => {
      const { codes: none, ...read } = readParams(tonCell(paramsCell({ ...params, codes: {} }, 0)))
      assert.deepEqual(read, { ...params, multipliers: { ...params.multipliers } })
      assert.deepEqual(none, {})
    }),
  )
})

test('parameters of a later version, and with something behind', () => {
  const [vector] = vectors.params_cells
  const later = beginCell().storeUint(5, 8).storeSlice(cell(vector!).beginParse().skip(8)).endCell()
  assert.throws(() => readParams(later), unreadable)
  const longer = beginCell().storeSlice(cell(vector!).beginParse()).storeBit(0).endCell()
  assert.throws(() => readParams(longer), unreadable)
})

for (const structVersion of [3, 4] as const) {
  const expected = vectors.synthetic[`struct_version_${structVersion}`]
  const config = deployableConfig(structVersion)
  const proxyContract = parseAddress(expected.proxy.address.raw)
  const parties = { proxyContract, proxyPublicKey }

  test(`proxy contract, struct version ${structVersion}`, () => {
    const of = { proxyPublicKey, proxyOwner, root }
    const state = proxyStateInit(config, of)
    assert.equal(hashOf(state), expected.proxy.state_init.hash)
    assert.equal(addressKey(proxyContractAddress(config, of)), expected.proxy.address.raw)
    const { terms, ...data } = readProxyData(cell(expected.proxy.data))
    assert.deepEqual(data, { ...of, phase: 'open', balanceNano: 0n, stakeNano: 0n, unlockAtS: 0 })
    // An old proxy contract is enough to know its clients and workers.
    assert.equal(
      addressKey(clientContractAddress(terms, { clientOwner, ...parties })),
      expected.client.address.raw,
    )
    assert.equal(
      addressKey(workerContractAddress(terms, { workerOwner, ...parties })),
      expected.worker.address.raw,
    )
  })

  test(`client contract, struct version ${structVersion}`, () => {
    assert.equal(
      hashOf(clientStateInit(config, { clientOwner, ...parties })),
      expected.client.state_init.hash,
    )
    assert.deepEqual(readClientData(cell(expected.client.data)), {
      clientOwner,
      ...parties,
      phase: 'open',
      balanceNano: 0n,
      stakeNano: 15_000_000_000n,
      chargedTokens: 0n,
      unlockAtS: 0,
      secretHash: '00'.repeat(32),
      params: { ...paramsOf(structVersion), codes: {} },
    })
  })

  test(`worker contract, struct version ${structVersion}`, () => {
    assert.equal(
      hashOf(workerStateInit(config, { workerOwner, ...parties })),
      expected.worker.state_init.hash,
    )
    assert.deepEqual(readWorkerData(cell(expected.worker.data)), {
      workerOwner,
      ...parties,
      phase: 'open',
      paidTokens: 0n,
      params: { ...paramsOf(structVersion), codes: {} },
    })
  })
}

test('node wallet', () => {
  const code = codeFromHex(Buffer.from(codes.wallet.boc, 'base64').toString('hex'))
  const publicKey = hex(vectors.inputs.node_wallet_key.public_key_hex)
  const { data, state_init: state } = vectors.synthetic.wallet
  assert.equal(hashOf(nodeWalletStateInit({ publicKey, owner: walletOwner, code })), state.hash)
  assert.deepEqual(readNodeWalletData(cell(data)), {
    seqno: 0,
    subwallet: 0,
    publicKey,
    isBlocked: false,
    owner: walletOwner,
  })
  const longer = beginCell().storeSlice(cell(data).beginParse()).storeBit(0).endCell()
  assert.throws(() => readNodeWalletData(longer), unreadable)
  assert.throws(() => nodeWalletStateInit({ publicKey, owner: walletOwner }), {
    name: 'MoneyError',
    code: 'config',
  })
})

test('clients of mainnet', () => {
  const { clients, proxy_public_key_hex: key, proxy } = vectors.mainnet_2026_04
  for (const { initial_data: data, client_owner: owner } of clients) {
    const read = readClientData(cell(data))
    assert.equal(addressKey(read.clientOwner), owner.raw)
    assert.equal(addressKey(read.proxyContract), proxy.address.raw)
    assert.deepEqual(read.proxyPublicKey, hex(key))
    const { code_cells: hashes } = vectors.mainnet_2026_04
    const config = { ...read.params, codes: vectorConfig(4, hashes).codes }
    assert.equal(addressKey(clientContractAddress(config, read)), clients[0]!.address.raw)
  }
})

test('any state of a contract is read as it is', () => {
  const phases = ['open', 'closing', 'closed'] as const
  const childParams = vectors.params_cells.find(vector => vector.code_mask === 0)!
  const proxyParams = vectors.params_cells.find(vector => vector.code_mask === 6)!
  const anyState = fc.record({
    phase: fc.nat({ max: 2 }),
    owner: anyAddress,
    other: anyAddress,
    key: bytes32,
    // A proxy's data have room for so much.
    balanceNano: uint64,
    stakeNano: uint64,
    tokens: uint64,
    unlockAtS: uint32,
    secret: bytes32,
  })
  fc.assert(
    fc.property(anyState, ({ owner, other, key, ...state }) => {
      const parties = beginCell()
        .store(storeAddress(owner))
        .store(storeAddress(other))
        .storeBuffer(Buffer.from(key))
      const client = beginCell()
        .storeUint(state.phase, 2)
        .storeCoins(state.balanceNano)
        .storeCoins(state.stakeNano)
        .storeUint(state.tokens, 64)
        .storeUint(state.unlockAtS, 32)
        .storeBuffer(Buffer.from(state.secret))
        .storeRef(parties)
        .storeRef(cell(childParams))
      const { params: none, ...readClient } = readClientData(client.endCell())
      assert.ok(none)
      const phase = phases[state.phase]!
      const { balanceNano, stakeNano, unlockAtS } = state
      const proxyPublicKey = key
      assert.deepEqual(readClient, {
        clientOwner: owner,
        proxyContract: other,
        proxyPublicKey,
        phase,
        balanceNano,
        stakeNano,
        unlockAtS,
        chargedTokens: state.tokens,
        secretHash: Buffer.from(state.secret).toString('hex'),
      })

      const proxy = beginCell()
        .store(storeAddress(owner))
        .storeBuffer(Buffer.from(key))
        .store(storeAddress(other))
        .storeUint(state.phase, 2)
        .storeCoins(balanceNano)
        .storeCoins(stakeNano)
        .storeUint(unlockAtS, 32)
        .storeRef(cell(proxyParams))
      const { terms: unused, ...readProxy } = readProxyData(proxy.endCell())
      assert.ok(unused)
      const expected = {
        proxyOwner: owner,
        proxyPublicKey,
        root: other,
        phase,
        balanceNano,
        stakeNano,
        unlockAtS,
      }
      assert.deepEqual(readProxy, expected)

      const worker = beginCell()
        .storeBuilder(parties)
        .storeUint(state.phase, 2)
        .storeUint(state.tokens, 64)
        .storeRef(cell(childParams))
      if (phase === 'closing') return assert.throws(() => readWorkerData(worker.endCell()), unreadable)
      const { params: unread, ...readWorker } = readWorkerData(worker.endCell())
      assert.ok(unread)
      const workerExpected = { workerOwner: owner, proxyContract: other, proxyPublicKey, phase }
      assert.deepEqual(readWorker, { ...workerExpected, paidTokens: state.tokens })
    }),
  )
})

test('any state of a node wallet is read as it is', () => {
  fc.assert(
    fc.property(uint32, uint32, bytes32, uint32, anyAddress, (seqno, subwallet, publicKey, status, owner) => {
      const data = beginCell()
        .storeUint(seqno, 32)
        .storeUint(subwallet, 32)
        .storeBuffer(Buffer.from(publicKey))
        .storeUint(status, 32)
        .store(storeAddress(owner))
      const isBlocked = status % 2 === 1
      assert.deepEqual(readNodeWalletData(data.endCell()), { seqno, subwallet, publicKey, isBlocked, owner })
    }),
  )
})

test('contracts may keep more behind what is known', () => {
  const { proxy, client, worker } = vectors.synthetic.struct_version_4
  const withTail = (data: Cell) =>
    beginCell().storeSlice(data.beginParse()).storeUint(7, 9).storeRef(beginCell().endCell()).endCell()
  assert.deepEqual(
    { ...readProxyData(withTail(cell(proxy.data))), terms: undefined },
    { ...readProxyData(cell(proxy.data)), terms: undefined },
  )
  assert.deepEqual(readClientData(withTail(cell(client.data))), readClientData(cell(client.data)))
  assert.deepEqual(readWorkerData(withTail(cell(worker.data))), readWorkerData(cell(worker.data)))
})

test('amounts of any size, also written with more bytes than they need', () => {
  const { client } = vectors.synthetic.struct_version_4
  const rest = cell(client.data).beginParse()
  rest.skip(2 + 4)
  rest.loadCoins()
  const largest = 2n ** 120n - 1n
  const wide = beginCell()
    .storeUint(1, 2)
    .storeUint(4, 4)
    .storeUint(5, 32)
    .storeCoins(largest)
    .storeSlice(rest)
  const read = readClientData(wide.endCell())
  assert.deepEqual(
    [read.phase, read.balanceNano, read.stakeNano, read.chargedTokens],
    ['closing', 5n, largest, 0n],
  )
})

test('a state that cannot be', () => {
  const { client, worker } = vectors.synthetic.struct_version_4
  const skip = (data: Cell, bits: number) => data.beginParse().skip(bits)
  const fourth = beginCell()
    .storeUint(3, 2)
    .storeSlice(skip(cell(client.data), 2))
    .endCell()
  assert.throws(() => readClientData(fourth), unreadable)
  const head = cell(worker.data).beginParse()
  const closing = beginCell()
    .storeBits(head.loadBits(267 + 267 + 256))
    .storeUint(1, 2)
  assert.throws(() => readWorkerData(closing.storeSlice(head.skip(2)).endCell()), unreadable)
})

test('an address in another form than that of an account', () => {
  const { proxy } = vectors.synthetic.struct_version_4
  const rest = cell(proxy.data).beginParse().skip(3)
  assert.throws(() => readProxyData(beginCell().storeUint(0b110, 3).storeSlice(rest).endCell()), unreadable)
})
