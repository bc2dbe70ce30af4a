import assert from 'node:assert/strict'
import { test } from 'node:test'
import { priceUsage } from '@cocoon/money'
import { nodeSeal } from '@cocoon/trust/node'
import {
  decodeIdentity,
  encodeIdentity,
  identityDigest,
  makeIdentityKeys,
  type Receipt,
  signReceipt,
} from '@cocoon/trust/seal'
import { bytesKey, type SealedSignedReceipt } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import type { AnnouncedIdentity } from '../src/identity-book.ts'
import { type ReceiptFacts, Receipts, type ReceiptSigner } from '../src/receipts.ts'
import { config, fullModel } from './network.ts'

const proxyKey = new Uint8Array(32).fill(8)
const keys = makeIdentityKeys(nodeSeal, size => new Uint8Array(size).fill(4))
const signature = new Uint8Array(64).fill(1)

const announced: AnnouncedIdentity = (() => {
  const document = encodeIdentity({
    signingKey: keys.signing.publicKey,
    sealKey: keys.sealing.publicKey,
    model: fullModel,
    gpuDigest: new Uint8Array(32),
    blockSeqno: 0,
    blockHash: new Uint8Array(32),
    issuedAtMs: 1_000,
    expiresAtMs: 2_000,
  })
  const digest = identityDigest(nodeSeal, document)
  const nothing = new Uint8Array(0)
  const evidence = {
    _: 'sealed.workerEvidence' as const,
    document,
    quote: nothing,
    collateral: nothing,
    gpu: nothing,
  }
  return { identity: decodeIdentity(document), digest, key: bytesKey(digest), evidence }
})()

class Bench {
  readonly world = new VirtualWorld()
  readonly distrusted: string[] = []
  readonly receipts = new Receipts({
    world: this.world,
    crypto: nodeSeal,
    proxyKey,
    distrusted: ({ key }) => this.distrusted.push(key),
  })
  disputes = 0
  #next = 1

  signer(worker = 'worker'): ReceiptSigner {
    return {
      worker,
      distrust: () => {},
      recordDispute: () => {
        this.disputes++
      },
    }
  }

  /** Judges a receipt for a request of its own. */
  settle(options: { client?: string; worker?: string; isSigned?: boolean; change?: Partial<Receipt> } = {}): {
    requestId: Uint8Array
    settled: ReturnType<Receipts['settle']>
  } {
    const { client = 'client', worker, isSigned = true, change = {} } = options
    const requestId = new Uint8Array(32)
    new DataView(requestId.buffer).setUint32(0, this.#next++)
    const facts: ReceiptFacts = {
      requestId,
      announced,
      coefficient: 1_000,
      maxTokens: 100,
      bodyBytes: 256,
      answerBytes: 300,
    }
    const signed = signReceipt(keys.signing, { ...receiptOf(requestId), ...change })
    const sent: SealedSignedReceipt = isSigned ? signed : { ...signed, signature }
    const settled = this.receipts.settle(sent, facts, config, { signer: this.signer(worker), client })
    return { requestId, settled }
  }
}

function receiptOf(requestId: Uint8Array): Receipt {
  const counts = { promptTokens: 20, cachedTokens: 4, completionTokens: 30, reasoningTokens: 10 }
  return {
    proxyKey,
    identity: announced.digest,
    requestId,
    model: fullModel,
    requestCommitment: new Uint8Array(32),
    answerCommitment: new Uint8Array(32),
    outcome: 'complete',
    status: 200,
    coefficient: 1_000,
    ...counts,
    chargedTokens: priceUsage(counts, 1_000, config).adjusted.total,
    pricePerTokenNano: config.pricePerTokenNano,
    paramsVersion: config.paramsVersion,
    startedAtMs: 1,
    finishedAtMs: 2,
  }
}

const isTaken = (settled: ReturnType<Receipts['settle']>): boolean => typeof settled !== 'string'

test('a receipt charges what its counts cost', () => {
  const { settled } = new Bench().settle()
  assert.ok(typeof settled !== 'string')
  assert.equal(settled.tokens.totalTokensUsed, settled.receipt.chargedTokens)
  const { promptTokensUsed, cachedTokensUsed, completionTokensUsed, reasoningTokensUsed } = settled.tokens
  assert.equal(
    promptTokensUsed + cachedTokensUsed + completionTokensUsed + reasoningTokensUsed,
    settled.receipt.chargedTokens,
  )
})

test('counts are taken up to their bounds and no further', () => {
  const counted = (counts: Partial<Receipt>): boolean => {
    const whole = { ...receiptOf(new Uint8Array(32)), ...counts }
    const chargedTokens = priceUsage(whole, 1_000, config).adjusted.total
    return isTaken(new Bench().settle({ change: { ...counts, chargedTokens } }).settled)
  }
  assert.equal(counted({ promptTokens: 256 }), true)
  assert.equal(counted({ promptTokens: 257 }), false)
  assert.equal(counted({ completionTokens: 100 }), true)
  assert.equal(counted({ completionTokens: 101 }), false)
  assert.equal(counted({ completionTokens: 101, reasoningTokens: 101 }), false)
})

test('the first sixteen signatures are verified, and after those about one in sixty-four', () => {
  const bench = new Bench()
  for (let count = 0; count < 16; count++) {
    assert.equal(bench.settle({ isSigned: false }).settled, 'its signature is wrong')
  }
  let found = 0
  const more = 6_400
  for (let count = 0; count < more; count++) if (!isTaken(bench.settle({ isSigned: false }).settled)) found++
  assert.ok(found > more / 128 && found < more / 32, `${found} of ${more}`)
  assert.equal(bench.distrusted.length, 16 + found)
})

test('a receipt can be disputed by the account that it is for, once, for ten minutes', async () => {
  const bench = new Bench()
  const { requestId } = bench.settle()
  assert.equal(bench.receipts.dispute('another', requestId, 2), 'unknown')
  assert.equal(bench.receipts.dispute('client', new Uint8Array(32), 2), 'unknown')
  assert.equal(bench.receipts.dispute('client', requestId, 2), 'recorded')
  assert.equal(bench.receipts.dispute('client', requestId, 2), 'unknown')
  const late = bench.settle()
  await bench.world.advance(599_000)
  assert.equal(bench.receipts.dispute('client', late.requestId, 2), 'recorded')
  const tooLate = bench.settle()
  await bench.world.advance(601_000)
  bench.settle()
  assert.equal(bench.receipts.dispute('client', tooLate.requestId, 2), 'unknown')
})

test('the newest ten thousand receipts are kept', () => {
  const bench = new Bench()
  const first = bench.settle()
  const second = bench.settle()
  for (let count = 0; count < 9_999; count++) bench.settle()
  assert.equal(bench.receipts.dispute('client', first.requestId, 2), 'unknown')
  assert.equal(bench.receipts.dispute('client', second.requestId, 2), 'recorded')
})

test('a dispute of the signature is judged: of a right one it is a claim, of a wrong one the end of the identity', () => {
  const bench = new Bench()
  for (let count = 0; count < 16; count++) bench.settle()
  const right = bench.settle()
  assert.equal(bench.receipts.dispute('client', right.requestId, 1), 'recorded')
  assert.equal(bench.distrusted.length, 0)
  let wrong = bench.settle({ isSigned: false })
  while (!isTaken(wrong.settled)) wrong = bench.settle({ isSigned: false })
  const { length } = bench.distrusted
  assert.equal(bench.receipts.dispute('client', wrong.requestId, 1), 'signature')
  assert.equal(bench.distrusted.length, length + 1)
})

test('three accounts that dispute within an hour count as one failure, whatever connection the worker has', async () => {
  const bench = new Bench()
  const dispute = (client: string, worker = 'worker'): void => {
    const { requestId } = bench.settle({ client, worker })
    assert.equal(bench.receipts.dispute(client, requestId, 3), 'recorded')
  }
  for (let count = 0; count < 20; count++) dispute('one')
  dispute('two')
  dispute('three', 'another worker')
  assert.equal(bench.disputes, 0)
  dispute('three')
  assert.equal(bench.disputes, 1)
  dispute('one')
  dispute('two')
  await bench.world.advance(3_601_000)
  dispute('three')
  assert.equal(bench.disputes, 1)
  dispute('four')
  dispute('five')
  assert.equal(bench.disputes, 2)
})
