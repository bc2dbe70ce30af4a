import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginCell, Cell, Dictionary, loadTransaction, storeCurrencyCollection } from '@ton/core'
import * as fc from 'fast-check'
import { contractAddress } from '../../src/address.ts'
import { readAccount } from '../../src/chain/account.ts'
import { maxBagBytes, maxBagCells, readBag } from '../../src/chain/bag.ts'
import { checkExternalMessage } from '../../src/chain/external-message.ts'
import { readMessage } from '../../src/chain/message.ts'
import { readFees } from '../../src/chain/prices.ts'
import { readTransaction } from '../../src/chain/transaction.ts'
import { bagOf } from './bag-of.ts'
import { TestWallet } from './test-wallet.ts'

const account = contractAddress(0, 'ab'.repeat(32))

/** A dictionary of 2^32 entries in 33 cells: both ways at each fork lead to the same cell. */
function endless(leaf: Cell, keyBits = 32): Cell {
  let cell = beginCell().storeUint(0b00, 2).storeSlice(leaf.beginParse()).endCell()
  for (let bits = 0; bits < keyBits; bits++)
    cell = beginCell().storeUint(0b00, 2).storeRef(cell).storeRef(cell).endCell()
  return cell
}

interface Parts {
  readonly currencies?: Cell
  readonly outMessages?: Cell
  readonly description?: Cell
  readonly previousLt?: bigint
}

const empty = new Cell()
const oneNano = beginCell().storeUint(1, 4).storeUint(1, 8).endCell()

function transaction({ currencies, outMessages, description, previousLt = 4n }: Parts = {}): Cell {
  const messages = beginCell().storeBit(0).storeMaybeRef(outMessages).endCell()
  const computed = beginCell()
    .storeUint(0, 4)
    .storeBit(1)
    // No storage, no credit, a computation without gas, no action, aborted, no bounce, not destroyed.
    .storeUint(0, 2)
    .storeUint(0b010, 3)
    .storeUint(0b0100, 4)
    .endCell()
  const builder = beginCell()
    .storeUint(0b0111, 4)
    .storeBuffer(Buffer.from(account.hash, 'hex'))
    .storeUint(5, 64)
    .storeUint(0, 256)
    .storeUint(previousLt, 64)
    .storeUint(1_700_000_000, 32)
    .storeUint(0, 15)
    .storeUint(0b1010, 4)
    .storeRef(messages)
    .storeUint(1, 4)
    .storeUint(9, 8)
    .storeMaybeRef(currencies)
  return builder
    .storeRef(beginCell().storeUint(0x72, 8).storeUint(0, 512).endCell())
    .storeRef(description ?? computed)
    .endCell()
}

test('a transaction is read as the library reads it', () => {
  const other = Dictionary.empty(Dictionary.Keys.Uint(32), Dictionary.Values.BigVarUint(5)).set(7, 70n)
  const currencies = beginCell()
    .store(storeCurrencyCollection({ coins: 0n, other }))
    .endCell().refs[0]!
  const cell = transaction({ currencies })
  const due = loadTransaction(cell.beginParse())
  const { transaction: read, previous } = readTransaction(cell, 0)
  assert.equal(read.lt, due.lt)
  assert.equal(read.timeS, due.now)
  assert.equal(read.feesNano, due.totalFees.coins)
  assert.equal(read.hash, due.hash().toString('hex'))
  assert.equal(previous.lt, due.prevTransactionLt)
  assert.equal(read.isSuccess, false)
  assert.equal(read.exitCode, undefined)
})

test('a dictionary of extra currencies without an end is not opened', () => {
  const { transaction: read } = readTransaction(transaction({ currencies: endless(oneNano) }), 0)
  assert.equal(read.feesNano, 9n)
})

test('more messages than a transaction can send, and depths without an end, are refused', () => {
  const leaf = beginCell().storeRef(empty).endCell()
  assert.throws(
    () => readTransaction(transaction({ outMessages: endless(leaf, 15) }), 0),
    /more than 255 entries/,
  )
  assert.throws(() => readTransaction(transaction({ outMessages: endless(leaf, 400) }), 0))
})

test('a transaction before the one before it, and one of an unknown kind, are refused', () => {
  assert.throws(() => readTransaction(transaction({ previousLt: 5n }), 0), /does not come after/)
  const description = beginCell().storeUint(0b0111, 4).storeUint(0, 200).endCell()
  assert.throws(() => readTransaction(transaction({ description }), 0), /its kind is unknown/)
})

test('whatever cells a source answers with, reading them ends at once with a value or an error', () => {
  const bits = fc.bigInt({ min: 0n, max: (1n << 300n) - 1n })
  const cellOf = (refs: fc.Arbitrary<Cell[]>): fc.Arbitrary<Cell> =>
    fc.tuple(bits, fc.nat(300), refs).map(([value, length, children]) => {
      const builder = beginCell().storeUint(value & ((1n << BigInt(length)) - 1n), length)
      for (const child of children) builder.storeRef(child)
      return builder.endCell()
    })
  const leaf = cellOf(fc.constant([]))
  const inner = cellOf(fc.array(leaf, { maxLength: 4 }))
  const cell = cellOf(fc.array(fc.oneof(leaf, inner), { maxLength: 4 }))
  const readers: ReadonlyArray<(read: Cell) => unknown> = [
    read => readTransaction(read, 0),
    read => readAccount(read, account),
    read => readMessage(read),
    read => readFees({ storage: read, gas: read, forward: read }, 0),
  ]
  fc.assert(
    fc.property(cell, fc.nat(readers.length - 1), (read, which) => {
      try {
        readers[which]!(read)
      } catch (error) {
        assert.match((error as { code: string }).code, /^(?:contract-data|chain-answer|address)$/)
      }
    }),
    { numRuns: 600 },
  )
})

test('bags are bounded, and have the roots that are due', () => {
  assert.throws(() => readBag(Buffer.alloc(maxBagBytes + 1)), { code: 'chain-answer' })
  assert.throws(() => readBag('A'.repeat((maxBagBytes / 3) * 4 + 8)), { code: 'chain-answer' })
  const many = bagOf(
    Array.from({ length: maxBagCells + 1 }, (_, index) => beginCell().storeUint(index, 32).endCell()),
  )
  assert.throws(() => readBag(many), /more than 16384 cells/)
  for (let length = 0; length < 12; length++) assert.throws(() => readBag(empty.toBoc().subarray(0, length)))
  assert.throws(() => readBag(empty.toBoc(), 2), { code: 'chain-answer' })
  assert.equal(readBag(empty.toBoc().toString('base64'))[0].hash().equals(empty.hash()), true)
})

test('only an external message is sent', () => {
  checkExternalMessage(new TestWallet('a').pay({ to: account, amountNano: 1n }))
  const internal = beginCell().storeUint(0x18, 6).storeUint(0, 500).endCell()
  for (const message of [empty.toBoc(), internal.toBoc(), transaction().toBoc(), Buffer.alloc(0)]) {
    assert.throws(() => checkExternalMessage(message), { code: 'chain-refused' })
  }
})
