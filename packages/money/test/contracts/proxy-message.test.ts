import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell, Cell, type Builder } from '@ton/core'
import fc from 'fast-check'
import {
  clientBody,
  parseAddress,
  proxyBody,
  readClientData,
  readGovernance,
  readKeyKeeper,
  readMessageHead,
  readNodeWalletData,
  readProxyData,
  readProxyMessage,
  readRootConfig,
  readWorkerData,
  type ProxyMessage,
} from '../../src/index.ts'
import { readParams } from '../../src/contracts/params.ts'
import { opcodes } from '../../src/contracts/opcodes.generated.ts'
import { cell, vectors } from '../vectors.ts'

const queryId = 0x0123456789abcdefn
const clientOwner = parseAddress(vectors.inputs.addresses.clientOwner.raw)
const workerOwner = parseAddress(vectors.inputs.addresses.workerOwner.raw)
const ton = 1_000_000_000n
const messages = vectors.inter_contract
const account = {
  phase: 'open',
  balanceNano: 15n * ton,
  stakeNano: 15n * ton,
  chargedTokens: 0n,
  secretHash: '00'.repeat(32),
} as const
const clientReport = { kind: 'client-report', queryId, clientOwner, account } as const

const read: Record<string, ProxyMessage> = {
  client_info: { ...clientReport, request: undefined },
  client_top_up_15: { ...clientReport, request: { kind: 'top-up', nano: 15n * ton } },
  client_refund_granted_5: { ...clientReport, request: { kind: 'refund-granted', nano: 5n * ton } },
  client_refund_force_15: { ...clientReport, request: { kind: 'refund-forced', nano: 15n * ton } },
}
for (const [name, expected] of Object.entries(read)) {
  test(name, () => assert.deepEqual(readProxyMessage(cell(messages[name]!)), expected))
}

test('client_register', () => {
  const message = readProxyMessage(cell(messages['client_register']!))
  const nonce = cell(vectors.plain_bodies['client_register']!).beginParse().skip(96).loadUintBig(64)
  assert.deepEqual(message, { ...clientReport, request: { kind: 'register', nonce } })
})

test('worker_info', () => {
  const message = readProxyMessage(cell(messages['worker_info']!))
  assert.equal(message?.kind, 'worker-report')
  if (message?.kind === 'worker-report') assert.deepEqual(message.workerOwner, workerOwner)
})

test('worker_payout_50M', () => {
  assert.deepEqual(readProxyMessage(cell(messages['worker_payout_50M']!)), {
    kind: 'worker-report',
    queryId,
    workerOwner,
    phase: 'open',
    paidTokens: 50_000_000n,
    request: { kind: 'payout', workerNano: 950_000_000n, proxyNano: 50_000_000n },
  })
})

test('saved state', () => {
  const sessionHash = new Uint8Array(32).fill(0x77)
  const expected = { kind: 'saved-state', queryId, seqno: 42, sessionHash }
  assert.deepEqual(readProxyMessage(cell(vectors.plain_bodies['save_state_seqno42_hash77']!)), expected)
  assert.deepEqual(readProxyMessage(proxyBody.saveState({ queryId, seqno: 42, sessionHash })), expected)
})

test('other operations', () => {
  const operations = {
    excesses: 'excesses',
    payout: 'payout',
    proxy_payout_request: 'payout-request',
    proxy_increase_stake_15: 'increase-stake',
    proxy_owner_close: 'owner-close',
  }
  for (const [name, operation] of Object.entries(operations)) {
    const expected = { kind: 'operation', queryId, operation }
    assert.deepEqual(readProxyMessage(cell(vectors.plain_bodies[name]!)), expected)
  }
  for (const [name, operation] of [
    ['close', 'close'],
    ['close_complete', 'close-complete'],
  ] as const) {
    const expected = { kind: 'operation', queryId, operation }
    assert.deepEqual(readProxyMessage(cell(vectors.signed_messages_v4[name].body)), expected)
  }
})

function report(options: { state?: Cell; payload?: Cell; tail?: (builder: Builder) => Builder } = {}): Cell {
  const state = options.state ?? cell(messages['client_state']!)
  const builder = beginCell()
    .storeUint(opcodes.clientProxyRequest, 32)
    .storeUint(queryId, 64)
    .storeUint(0b100, 3)
    .storeUint(0, 8)
    .storeBuffer(Buffer.from(clientOwner.hash, 'hex'))
    .storeRef(state)
    .storeMaybeRef(options.payload)
  return (options.tail?.(builder) ?? builder).endCell()
}

const unknown = { ...clientReport, request: { kind: 'unknown' } }
for (const [what, payload] of Object.entries({
  'an empty cell': new Cell(),
  'another operation': beginCell().storeUint(1, 32).storeUint(0, 64).endCell(),
  'a nonce that is short': beginCell()
    .storeUint(opcodes.clientRegisterPayload, 32)
    .storeUint(0, 63)
    .endCell(),
  'an amount that is short': beginCell()
    .storeUint(opcodes.clientTopUpPayload, 32)
    .storeUint(15, 4)
    .storeUint(0, 100)
    .endCell(),
})) {
  test(`a report counts though its request is ${what}`, () => {
    assert.deepEqual(readProxyMessage(report({ payload })), unknown)
  })
}

test('a request counts wherever its excesses go', () => {
  const payload = beginCell()
    .storeUint(opcodes.clientRefundGrantedPayload, 32)
    .storeCoins(7n)
    .storeUint(0, 2)
    .endCell()
  assert.deepEqual(readProxyMessage(report({ payload })), {
    ...clientReport,
    request: { kind: 'refund-granted', nano: 7n },
  })
})

test('a stake of any size', () => {
  const stakeNano = 2n ** 120n - 1n
  const state = beginCell()
    .storeUint(0, 2)
    .storeCoins(1n)
    .storeCoins(stakeNano)
    .storeUint(3, 64)
    .storeUint(0, 256)
  assert.deepEqual(readProxyMessage(report({ state: state.endCell() })), {
    ...clientReport,
    account: { ...account, balanceNano: 1n, stakeNano, chargedTokens: 3n },
    request: undefined,
  })
})

test('what is no report', () => {
  const state = cell(messages['client_state']!)
  const longer = beginCell().storeSlice(state.beginParse()).storeBit(0).endCell()
  assert.equal(readProxyMessage(report({ state: longer })), undefined)
  assert.equal(readProxyMessage(report({ tail: builder => builder.storeBit(0) })), undefined)
  assert.equal(readProxyMessage(report({ tail: builder => builder.storeRef(state) })), undefined)
  assert.equal(readProxyMessage(new Cell()), undefined)
  assert.equal(readProxyMessage(proxyBody.textClose()), undefined)
  assert.equal(readProxyMessage(clientBody.withdraw({ queryId, excessesTo: clientOwner })), undefined)
  const bounced = beginCell().storeUint(0xffffffff, 32).storeSlice(report().beginParse().skip(32)).endCell()
  assert.equal(readProxyMessage(bounced), undefined)
  const library = beginCell().storeUint(2, 8).storeUint(1, 256).endCell({ exotic: true })
  assert.equal(readProxyMessage(library), undefined)
  assert.equal(readProxyMessage(report({ state: library })), undefined)
})

const readers: Record<string, (cell: Cell) => unknown> = {
  readClientData,
  readGovernance,
  readKeyKeeper,
  readNodeWalletData,
  readParams,
  readProxyData,
  readRootConfig,
  readWorkerData,
}

const real = [
  ...Object.values(vectors.inter_contract),
  ...Object.values(vectors.plain_bodies),
  ...Object.values(vectors.root),
  ...vectors.params_cells,
  ...(['proxy', 'worker', 'client'] as const).map(party => vectors.synthetic.struct_version_4[party].data),
  vectors.synthetic.wallet.data,
]
  .filter(vector => typeof vector === 'object' && 'boc' in vector)
  .map(cell)

const noise = fc.letrec<{ cell: Cell }>(tie => ({
  cell: fc
    .tuple(
      fc.uint8Array({ maxLength: 127 }),
      fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('cell'), { maxLength: 4 })),
    )
    .map(([bytes, refs]) =>
      refs
        .reduce((builder, ref) => builder.storeRef(ref), beginCell().storeBuffer(Buffer.from(bytes)))
        .endCell(),
    ),
})).cell

/** A real cell of which some bits are turned, cut off or put behind, in it or in one below. */
const mutated = fc
  .tuple(fc.constantFrom(...real), fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), fc.nat({ max: 3 }))
  .map(([original, places, how]) => mutate(original, places, how))

function mutate(original: Cell, [place = 0, ...rest]: readonly number[], how: number): Cell {
  const builder = beginCell()
  const at = original.refs.length > 0 && place % 2 === 1 ? place % original.refs.length : -1
  const bits = Array.from({ length: original.bits.length }, (_, index) => original.bits.at(index))
  const turned = at < 0 ? place % (bits.length + 1) : -1
  for (const [index, bit] of bits.entries()) {
    if (index === turned && how === 0) break
    if (index === turned && how === 1 && bits.length < 1023) builder.storeBit(!bit)
    builder.storeBit(index === turned ? !bit : bit)
  }
  for (const [index, ref] of original.refs.entries()) {
    if (index !== turned || how !== 2) builder.storeRef(index === at ? mutate(ref, rest, how) : ref)
  }
  return builder.endCell()
}

test('whatever the cell is, the worst is a typed error', () => {
  fc.assert(
    fc.property(fc.oneof(noise, mutated), anything => {
      for (const [name, reader] of Object.entries(readers)) {
        try {
          reader(anything)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'contract-data', `${name}: ${String(error)}`)
        }
      }
      readProxyMessage(anything)
      readMessageHead(anything)
    }),
    { numRuns: 1000 },
  )
})
