import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  anchorHash,
  type ChainAnchor,
  MemoryStore,
  proxyBody,
  readAnchors,
  settledTotals,
} from '../../src/index.ts'
import { CellWriter, tonCell } from '../../src/cell.ts'
import { opcodes } from '../../src/contracts/opcodes.generated.ts'
import { Street, until } from './street.ts'

const root = (fill: number) => new Uint8Array(32).fill(fill)

describe('what an auditor reads from the chain alone', () => {
  let street: Street
  before(async () => {
    street = await Street.open({ size: 1n, root: root(1) })
  })
  after(() => street[Symbol.asyncDispose]())

  /** Page by page. */
  async function anchorsOnChain(most: number): Promise<ChainAnchor[]> {
    const at = { proxyContract: street.proxy.contract, nodeWallet: street.wallets.proxy.address }
    const anchors: ChainAnchor[] = []
    for (let afterLt: bigint | undefined = 0n; afterLt !== undefined;) {
      const page = await readAnchors(street.devnet.chain, at, { afterLt, most })
      anchors.push(...page.anchors)
      afterLt = page.nextLt
    }
    return anchors
  }

  test('each anchor opens to the head that the log had when it was announced', async () => {
    await street.spend('r1', 1_000n)
    street.log = { size: 2n, root: root(2) }
    await street.spend('r2', 1_000n)
    const published = street.proxy.anchors()
    const seen = await anchorsOnChain(2)
    assert.ok(seen.length >= 3)
    assert.deepEqual(await anchorsOnChain(1_000), seen)
    assert.deepEqual(
      published.map(({ seqno, transactionHash, lt, timeS, ...opening }) => ({
        seqno,
        sessionHash: anchorHash(opening),
        source: street.wallets.proxy.address,
        transactionHash,
        lt,
        timeS,
      })),
      seen,
    )
    assert.deepEqual([published[0]?.size, published.at(-1)?.size], [1n, 2n])
    assert.deepEqual(published.at(-1)?.root, root(2))
    assert.deepEqual(street.proxy.anchors(1), published.slice(-1))
    assert.equal(new Set(published.map(({ nonce }) => Buffer.from(nonce).toString('hex'))).size, 1)
  })

  test('totals are what clients were charged and workers were paid', async () => {
    const { devnet, config, ledger } = street
    const of = {
      config,
      root: street.root,
      proxyOwner: street.proxyOwner,
      proxyPublicKey: street.proxyKey.publicKey,
    }
    const before = await settledTotals(devnet.chain, of)
    assert.deepEqual([before.clients, before.workers], [0n, 0n])
    street.proxy.chargeNow(street.clientKey)
    await street.proxy.payNow(street.workerKey)
    await until(async () => {
      const { clients, workers } = await settledTotals(devnet.chain, of)
      return clients === 2_000n && workers === 2_000n
    })
    await street.spend('r3', 500n)
    street.proxy.chargeNow(street.clientKey)
    await until(async () => (await settledTotals(devnet.chain, of)).clients === 2_500n)
    const after = await settledTotals(devnet.chain, of)
    assert.equal(after.workers, 2_000n)
    assert.equal(after.lastLt, (await devnet.chain.account(street.proxy.contract)).lastLt)
    assert.equal(ledger.client(street.clientKey).max, 2_500n)
    const nobody = await settledTotals(devnet.chain, { ...of, proxyPublicKey: root(9) })
    assert.deepEqual(nobody, { clients: 0n, workers: 0n, lastLt: 0n })
  })

  test('what others send is worth nothing: neither anchors nor reports', async () => {
    const { devnet, config, proxy, wallets } = street
    const of = {
      config,
      root: street.root,
      proxyOwner: street.proxyOwner,
      proxyPublicKey: street.proxyKey.publicKey,
    }
    const [anchors, totals] = [await anchorsOnChain(1_000), await settledTotals(devnet.chain, of)]
    const message = { destination: proxy.contract, valueNano: 1n, isBounceable: true }
    const forged = [
      proxyBody.saveState({ queryId: 1n, seqno: 999, sessionHash: root(3) }),
      tonCell(
        new CellWriter()
          .uint(opcodes.workerProxyRequest, 32)
          .uint(1n, 64)
          .address(street.workerOwner)
          .uint(0, 2)
          .uint(10n ** 9n, 64)
          .uint(0, 1)
          .finish(),
      ),
    ]
    for (const [index, body] of forged.entries()) {
      await wallets.worker.send(`forged-${index}`, { ...message, body })
      assert.equal((await wallets.worker.outcome(`forged-${index}`)).kind, 'delivered')
    }
    const { clients, workers, lastLt } = await settledTotals(devnet.chain, of)
    assert.ok(lastLt > totals.lastLt)
    assert.deepEqual([clients, workers], [totals.clients, totals.workers])
    assert.deepEqual(await anchorsOnChain(1_000), anchors)
    await proxy.poke()
    assert.equal(proxy.trouble, undefined)
  })

  test('a next process anchors under a nonce of its own; a copy of the books is found out', async () => {
    const before = street.proxy.anchors()
    const copied = new MemoryStore()
    await copied.write(new Map(street.proxyStore.entries('')))
    await street.proxy[Symbol.asyncDispose]()
    const next = await street.openProxy()
    await until(() => next.obstacle === undefined)
    const all = next.anchors()
    assert.deepEqual(all.slice(0, before.length), before)
    assert.notDeepEqual(all.at(-1)?.nonce, before.at(-1)?.nonce)
    // The copy was taken before the next process announced anything.
    const copy = await street.openProxy(copied)
    await until(() => /another copy of them runs/.test(copy.obstacle ?? ''))
    assert.equal(next.trouble, undefined)
  })
})

test('without a log an anchor opens to nothing', async () => {
  await using street = await Street.open()
  const [first] = street.proxy.anchors()
  assert.deepEqual([first?.size, first?.root], [0n, new Uint8Array(32)])
})
