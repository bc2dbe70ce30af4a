import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { beginCell, Cell, convertToMerkleProof } from '@ton/core'
import { parseAddress } from '../../src/address.ts'
import { findAccount, provenRoot, readBlock } from '../../src/chain/lite-proof.ts'

interface Vectors {
  readonly shardState: {
    readonly cells: string
    readonly rootHash: string
    readonly account: string
    readonly absent: readonly string[]
    readonly leftOut: readonly string[]
    readonly lastLt: string
    readonly lastHash: string
  }
  readonly masterBlock: {
    readonly info: string
    readonly workchain: number
    readonly seqno: number
    readonly timeS: number
  }
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/chain/main-network.json', import.meta.url), 'utf8'),
) as Vectors
const { shardState, masterBlock } = vectors

test('an account of the main network is found in the state that a liteserver proves', () => {
  const root = provenRoot(convertToMerkleProof(Cell.fromBase64(shardState.cells)), shardState.rootHash)
  const found = findAccount(root, parseAddress(shardState.account))
  assert.equal(String(found?.lastLt), shardState.lastLt)
  assert.equal(found?.lastHash, shardState.lastHash)
})

test('that there is no account is proven, or nothing is said of it', () => {
  const root = Cell.fromBase64(shardState.cells)
  for (const address of shardState.absent) assert.equal(findAccount(root, parseAddress(address)), undefined)
  for (const address of shardState.leftOut) {
    assert.throws(() => findAccount(root, parseAddress(address)), { code: 'contract-data' })
  }
})

test('a proof of another hash, and what is no proof, are refused', () => {
  const cells = Cell.fromBase64(shardState.cells)
  assert.throws(() => provenRoot(convertToMerkleProof(cells), '00'.repeat(32)), { code: 'chain-answer' })
  assert.throws(() => provenRoot(cells, shardState.rootHash), { code: 'chain-answer' })
})

test('a block of the main network says its number and its time', () => {
  const state = beginCell().storeUint(1, 8).endCell()
  const { seqno, timeS, workchain, stateHash } = readBlock(blockOf(masterBlock.info, state))
  assert.deepEqual([workchain, seqno, timeS], [masterBlock.workchain, masterBlock.seqno, masterBlock.timeS])
  assert.equal(stateHash, state.hash().toString('hex'))
})

test('what is no block, and a block whose state is left out, are refused', () => {
  assert.throws(() => readBlock(new Cell()), { code: 'contract-data' })
  const info = beginCell().storeBuffer(Buffer.from(masterBlock.info, 'hex')).endCell()
  const block = beginCell().storeUint(0x11ef55aa, 32).storeInt(-239, 32)
  const cell = block.storeRef(info).storeRef(new Cell()).storeRef(new Cell()).storeRef(new Cell()).endCell()
  assert.throws(() => readBlock(cell), { code: 'contract-data' })
})

function blockOf(info: string, state: Cell): Cell {
  const before = new Cell()
  const update = beginCell()
    .storeUint(4, 8)
    .storeBuffer(before.hash())
    .storeBuffer(state.hash())
    .storeUint(before.depth(), 16)
    .storeUint(state.depth(), 16)
    .storeRef(before)
    .storeRef(state)
    .endCell({ exotic: true })
  return beginCell()
    .storeUint(0x11ef55aa, 32)
    .storeInt(-239, 32)
    .storeRef(beginCell().storeBuffer(Buffer.from(info, 'hex')).endCell())
    .storeRef(new Cell())
    .storeRef(update)
    .storeRef(new Cell())
    .endCell()
}
