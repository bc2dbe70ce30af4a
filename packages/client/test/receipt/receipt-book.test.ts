import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receiptFileOf } from '../../src/receipt/receipt-file.ts'
import { ReceiptBook } from '../../src/receipt/receipt-book.ts'
import type { SealedProof } from '../../src/sealing/sealed-exchange.ts'

/** As much of a proof as a book looks at. */
function proofOf(number: number): SealedProof {
  const requestId = new Uint8Array(32)
  new DataView(requestId.buffer).setUint32(0, number)
  const bytes = Uint8Array.of(1)
  const salt = new Uint8Array(32).fill(number)
  const evidence = { document: bytes, quote: bytes, collateral: bytes, gpu: bytes }
  return {
    signed: { receipt: { requestId }, bytes, signature: new Uint8Array(64).fill(2) },
    verified: { evidence },
    header: Uint8Array.of(3, 4),
    requestSalt: salt,
    answerSalt: salt,
    recipients: 1,
  } as unknown as SealedProof
}

const log = { index: '4', entry: '', proof: [], checkpoint: '' }

test('keeps the newest thousand receipts, for an hour', () => {
  let now = 0
  const book = new ReceiptBook({ monotonic: () => now })
  const ids = Array.from({ length: 1_001 }, (_, number) => book.add(proofOf(number)))
  assert.equal(book.find(ids[0]!), undefined)
  assert.equal(book.find(ids[1]!)?.id, ids[1])
  now = 3_600_000
  const late = book.add(proofOf(5_000))
  assert.deepEqual([book.find(ids[1_000]!), book.find(late)?.id], [undefined, late])
})

test('gives back each receipt as it was', () => {
  const book = new ReceiptBook({ monotonic: () => 0 })
  const [first, second] = [proofOf(1), proofOf(2)]
  const ids = [first, second].map(proof => book.add(proof))
  for (const [index, proof] of [first, second].entries()) {
    assert.deepEqual(book.find(ids[index]!), receiptFileOf(ids[index]!, proof))
  }
})

test('shows a receipt to its owner alone', () => {
  const book = new ReceiptBook({ monotonic: () => 0 })
  const id = book.add(proofOf(1), 'alice')
  assert.equal(book.find(id)?.id, id)
  assert.equal(book.find(id, 'alice')?.id, id)
  assert.equal(book.find(id, 'bob'), undefined)
  assert.equal(book.find(id, ''), undefined)
})

test('tells of what is new, and of places in the log', () => {
  const book = new ReceiptBook({ monotonic: () => 0 })
  const heard: Array<string | undefined> = []
  const listening = book.onChange(({ log: place }) => heard.push(place?.index))
  const id = book.add(proofOf(1))
  assert.equal(book.attachLog(id, log), true)
  assert.equal(book.find(id)?.log?.index, '4')
  assert.equal(book.attachLog('none', log), false)
  listening[Symbol.dispose]()
  book.add(proofOf(2))
  assert.deepEqual(heard, [undefined, '4'])
})
