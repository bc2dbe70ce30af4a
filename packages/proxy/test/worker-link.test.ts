import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contractAddress, formatAddress } from '@cocoon/money'
import {
  proxyQueryAnswerPartEx,
  WireError,
  workerEnabledDisabled,
  workerNewCoefficient,
  type WorkerParams,
  workerPaymentStatus,
  workerProxyHandshakeComplete,
  workerProxyHandshakeCompleted,
  workerUpdatePaymentStatus,
} from '@cocoon/wire'
import { config, fullModel, tokensOf } from './network.ts'
import { ProxyBench } from './proxy-bench.ts'
import { ScriptedWorker } from './scripted-worker.ts'

async function refused(
  bench: ProxyBench,
  asked: Promise<unknown>,
  worker: ScriptedWorker,
  words: RegExp,
): Promise<void> {
  await assert.rejects(asked, error => {
    assert.ok(error instanceof WireError && error.code === 'peer-error')
    assert.match(error.message, words)
    return true
  })
  await bench.world.settle()
  assert.equal(worker.isClosed, true)
  assert.equal(bench.proxy.workers.size, 0)
  assert.equal(bench.proxy.market.books.size, 0)
}

describe('the handshake', () => {
  test('puts the worker on the market with its share of what it can do', async () => {
    const bench = new ProxyBench()
    await bench.worker({ coefficient: 1234, params: { maxActiveRequests: 10, proxyCnt: 4 } })
    const [ask] = bench.proxy.market.books.get('acme/chat')!.asks
    assert.deepEqual([ask!.coefficient, ask!.limit, ask!.running, ask!.disabled], [1234, 3, 0, false])
  })

  test('before its end nothing is on the market, and the worker is asked nothing', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker({ disabled: true })
    const client = await bench.client()
    const id = await client.run()
    assert.match(client.answer(id).text, /no_worker/)
    assert.equal(worker.jobs.length, 0)
  })

  const wrong: Array<[string, Partial<WorkerParams>, RegExp]> = [
    ['no flags', { flags: 0 }, /602: too old worker/],
    ['another test mode', { isTest: !config.isTest }, /602: test mode mismatch/],
    ['no model', { model: '@x' }, /621: invalid worker hash or worker type/],
    ['an endless model name', { model: 'x'.repeat(2_000) }, /621: invalid worker hash or worker type/],
    ['a negative price', { coefficient: -1 }, /621: invalid coefficient value/],
    ['a price out of bounds', { coefficient: 1_000_000_000 }, /621: invalid coefficient value/],
    ['no places', { maxActiveRequests: 0 }, /621: invalid max_active_requests value/],
    ['no proxies', { proxyCnt: 0 }, /621: invalid proxy_cnt value/],
    [
      'only newer versions',
      { minProtoVersion: 4, maxProtoVersion: 5 },
      /621: cannot choose common protocol version/,
    ],
    ['an address that is none', { workerOwnerAddress: 'me' }, /602: cannot parse worker owner address/],
  ]
  for (const [what, params, words] of wrong) {
    test(`${what}: is told why and closed`, async () => {
      const bench = new ProxyBench()
      const worker = new ScriptedWorker(bench, { params })
      await bench.world.settle()
      await refused(bench, worker.shakeHands(), worker, words)
    })
  }

  test('admits only registered images and models where hashes are checked', async () => {
    const zeros = '0'.repeat(64)
    const checked = (hashes: string[]) =>
      new ProxyBench({ checkWorkerHashes: true, config: { ...config, workerHashes: new Set(hashes) } })
    const bench = checked([])
    const stranger = new ScriptedWorker(bench, {})
    await bench.world.settle()
    await refused(bench, stranger.shakeHands(), stranger, /621: .*image/)

    const other = checked([zeros])
    const unknown = new ScriptedWorker(other, { model: 'acme/chat@other' })
    await other.world.settle()
    await refused(other, unknown.shakeHands(), unknown, /621: invalid worker model 'acme\/chat@other'/)

    await checked([zeros]).worker({ model: fullModel })
  })

  test('is refused while the proxy takes no sessions', async () => {
    const bench = new ProxyBench()
    bench.proxy.setEnabled(false)
    const worker = new ScriptedWorker(bench, {})
    await bench.world.settle()
    await refused(bench, worker.shakeHands(), worker, /651: /)
  })

  test('out of its order, and bytes that are no question, are refused', async () => {
    const bench = new ProxyBench()
    const worker = new ScriptedWorker(bench, {})
    await bench.world.settle()
    const early = worker.ask(
      workerProxyHandshakeComplete,
      { _: 'worker.proxyHandshakeComplete', isDisabled: false },
      workerProxyHandshakeCompleted,
    )
    await refused(bench, early, worker, /601: /)
  })

  test('a worker that knows of more asks once more, and completes', async () => {
    for (const knows of [
      { tokensCommittedToBlockchain: 1n },
      { tokensCommittedToDb: 1n },
      { maxTokens: 1n },
    ]) {
      const bench = new ProxyBench()
      await bench.worker({ knows })
      assert.equal(bench.proxy.market.books.get('acme/chat')!.size, 1)
      assert.ok(bench.events.some(({ event }) => event === 'worker-knows-more'))
    }
  })

  test('that is not completed ends after 30 seconds', async () => {
    const bench = new ProxyBench()
    const worker = new ScriptedWorker(bench, {})
    await bench.world.advance(29_999)
    assert.equal(worker.isClosed, false)
    await bench.world.advance(1)
    assert.equal(worker.isClosed, true)
    assert.equal(bench.proxy.workers.size, 0)
  })

  test('packets before its end are ignored', async () => {
    const bench = new ProxyBench()
    const worker = new ScriptedWorker(bench, {})
    await bench.world.settle()
    worker.connection.send(workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient: 5 })
    worker.connection.send(workerEnabledDisabled, { _: 'worker.enabledDisabled', disabled: 0 })
    await bench.world.settle()
    assert.equal(bench.proxy.stats.ignoredMessages, 2)
    await worker.shakeHands()
    assert.equal(worker.isClosed, false)
  })
})

describe('on the market', () => {
  test('a worker gets as many queries at once as it takes', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker({ limit: 2 })
    const client = await bench.client()
    for (let queries = 0; queries < 4; queries++) await client.run()
    assert.equal(worker.jobs.length, 2)
    await worker.head({ payload: 'x', tokens: tokensOf(1n), job: worker.jobs[0]! })
    assert.equal(worker.jobs.length, 3)
  })

  test('a new price holds for later queries, and calls those that wait', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker({ coefficient: 5_000 })
    const client = await bench.client()
    const id = await client.run({ maxCoefficient: 4_000 })
    assert.match(client.answer(id).text, /max_coefficient_too_low/)
    assert.match(client.answer(id).text, /5000/)
    worker.connection.send(workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient: 3_000 })
    await bench.world.settle()
    await client.run({ maxCoefficient: 4_000 })
    assert.equal(worker.job.coefficient, 3_000n)
  })

  test('a price out of bounds closes', async () => {
    for (const newCoefficient of [-1, 1_000_000_000]) {
      const bench = new ProxyBench()
      const worker = await bench.worker()
      worker.connection.send(workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient })
      await bench.world.settle()
      assert.equal(worker.isClosed, true)
      assert.equal(bench.proxy.market.books.get('acme/chat')!.size, 0)
    }
  })

  test('a disabled worker gets nothing new and finishes what it has', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const id = await client.run()
    worker.connection.send(workerEnabledDisabled, { _: 'worker.enabledDisabled', disabled: 1 })
    await bench.world.settle()
    const refusedId = await client.run()
    assert.match(client.answer(refusedId).text, /no_worker/)
    await worker.head({ payload: 'x', tokens: tokensOf(1n) })
    assert.equal(client.answer(id).text, 'x')
    worker.connection.send(workerEnabledDisabled, { _: 'worker.enabledDisabled', disabled: 0 })
    await bench.world.settle()
    await client.run()
    assert.equal(worker.jobs.length, 2)
  })

  test('a worker that does not read gets nothing new until it does', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker({ limit: 100 })
    const client = await bench.client()
    worker.connection.pause()
    const big = new Uint8Array(5 << 20)
    for (let queries = 0; queries < 4; queries++)
      await client.run({ query: big, maxTokens: 1, maxCoefficient: 1000 })
    const [link] = bench.proxy.workers
    assert.deepEqual([link!.running, link!.congested], [2, true])
    worker.connection.resume()
    await bench.world.settle()
    assert.equal(worker.jobs.length, 4)
    assert.equal(worker.isClosed, false)
  })

  test('payment status is answered, other questions are refused without closing', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const status = await worker.ask(
      workerUpdatePaymentStatus,
      { _: 'worker.updatePaymentStatus' },
      workerPaymentStatus,
    )
    assert.deepEqual([status.dbTokens, status.maxTokens], [0n, 0n])
    await assert.rejects(
      worker.ask(
        workerProxyHandshakeComplete,
        { _: 'worker.proxyHandshakeComplete', isDisabled: false },
        workerProxyHandshakeCompleted,
      ),
      /621/,
    )
    assert.equal(worker.isClosed, false)
  })

  test('messages that nobody waits for are counted', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    worker.connection.send(workerUpdatePaymentStatus, { _: 'worker.updatePaymentStatus' })
    worker.connection.send(proxyQueryAnswerPartEx, {
      _: 'proxy.queryAnswerPartEx',
      requestId: new Uint8Array(32),
      answer: new Uint8Array(0),
      flags: 0,
    })
    await bench.world.settle()
    assert.equal(bench.proxy.stats.ignoredMessages, 1)
    assert.equal(worker.isClosed, false)
  })

  test('no more workers than there may be', async () => {
    const bench = new ProxyBench({ limits: { maxWorkers: 1 } })
    await bench.worker()
    const second = new ScriptedWorker(bench, { owner: 71 })
    await bench.world.settle()
    assert.equal(second.isClosed, true)
    assert.equal(bench.proxy.workers.size, 1)
  })
})

describe('a worker that fails', () => {
  /** Five failures in a row. */
  async function failing(bench: ProxyBench): Promise<{ worker: ScriptedWorker; fail: () => Promise<void> }> {
    const worker = await bench.worker({ limit: 10 })
    const client = await bench.client()
    const fail = async (): Promise<void> => {
      await client.run()
      await worker.fail(601, 'broken')
    }
    for (let failures = 0; failures < 5; failures++) await fail()
    return { worker, fail }
  }

  test('is left alone for a second, then tried by one query at a time', async () => {
    const bench = new ProxyBench()
    const { worker } = await failing(bench)
    const client = await bench.client(3, 51)
    const ids = [await client.run(), await client.run(), await client.run()]
    assert.equal(worker.jobs.length, 5)
    await bench.world.advance(1_000)
    // The queries that waited did not have to be asked again.
    assert.equal(worker.jobs.length, 6)
    await bench.world.advance(1_000)
    assert.equal(worker.jobs.length, 6)
    await worker.head({ payload: 'again', tokens: tokensOf(1n) })
    assert.equal(client.answer(ids[0]!).text, 'again')
    assert.equal(worker.jobs.length, 8)
  })

  test('a probe whose caller leaves makes room for the next one', async () => {
    const bench = new ProxyBench()
    const { worker } = await failing(bench)
    const client = await bench.client(3, 51)
    await bench.world.advance(1_000)
    const id = await client.run()
    await client.run()
    assert.equal(worker.jobs.length, 6)
    await client.cancel(id)
    await worker.fail(653, 'cancelled', tokensOf(0n))
    assert.equal(worker.jobs.length, 7)
  })

  test('a probe that fails keeps it away for longer', async () => {
    const bench = new ProxyBench()
    const { worker, fail } = await failing(bench)
    await bench.world.advance(1_000)
    await fail()
    const client = await bench.client(3, 51)
    await client.run()
    await bench.world.advance(1_999)
    assert.equal(worker.jobs.length, 6)
    await bench.world.advance(1)
    assert.equal(worker.jobs.length, 7)
  })

  test('has the same record after a reconnect, however its owner is written', async () => {
    const bench = new ProxyBench()
    const { worker } = await failing(bench)
    worker.leave()
    await bench.world.settle()
    const owner = contractAddress(0, new Uint8Array(32).fill(70))
    for (const workerOwnerAddress of [formatAddress(owner), formatAddress(owner, { bounceable: true })]) {
      const again = await bench.worker({ params: { workerOwnerAddress } })
      const client = await bench.client(3, 51)
      await client.run()
      assert.equal(again.jobs.length, 0)
      again.leave()
      client.leave()
      await bench.world.settle()
    }
  })

  test('a lost probe does not block those to come', async () => {
    const bench = new ProxyBench()
    const { worker } = await failing(bench)
    await bench.world.advance(1_000)
    const client = await bench.client(3, 51)
    await client.run()
    assert.equal(worker.jobs.length, 6)
    worker.leave()
    await bench.world.settle()
    const again = await bench.worker()
    await bench.world.advance(2_000)
    await client.run()
    assert.equal(again.jobs.length, 1)
  })
})
