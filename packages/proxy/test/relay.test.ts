import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryLedger, MoneyError } from '@cocoon/money'
import { keyOf, model, tokensOf } from './network.ts'
import { ProxyBench } from './proxy-bench.ts'

describe('one query', () => {
  test('is reserved, run, charged, and only then told to be over', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const id = await client.run({ query: Uint8Array.of(1, 2, 3, 4), timeout: 10 })
    assert.deepEqual(bench.journal, ['reserve', 'run'])
    assert.equal(bench.account().reserved, BigInt((4 + 1000) * 4))
    const { job } = worker
    assert.deepEqual([...job.query], [1, 2, 3, 4])
    assert.deepEqual([job.coefficient, job.timeout], [1000n, 9.5])
    assert.notDeepEqual(job.requestId, id)

    await worker.head()
    assert.deepEqual(bench.journal, ['reserve', 'run'])
    await worker.part('one ')
    assert.deepEqual(bench.journal, ['reserve', 'run', 'told', 'told'])
    await worker.part('two', tokensOf(150n))
    assert.deepEqual(bench.journal, ['reserve', 'run', 'told', 'told', 'charge', 'charged', 'told'])
    const answer = client.answer(id)
    assert.deepEqual([answer.status, answer.text, answer.tokens], [200, 'one two', tokensOf(150n)])
    assert.deepEqual(bench.account(), { used: 150n, reserved: 0n })
    assert.equal(bench.earned(), 150n)
    assert.equal(bench.proxy.running, 0)
    assert.deepEqual([bench.proxy.stats.succeeded, bench.proxy.stats.adjustedTokens.total], [1, 150n])
  })

  test('with a whole answer is charged before anything is told', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const id = await client.run()
    await worker.head({ payload: 'all of it', tokens: tokensOf(7n) })
    assert.deepEqual(bench.journal, ['reserve', 'run', 'charge', 'charged', 'told'])
    assert.deepEqual([client.answer(id).text, client.answer(id).messages], ['all of it', 1])
  })

  test('goes between all versions of clients and workers', async () => {
    for (const clientVersion of [0, 1, 2, 3]) {
      for (const workerVersion of [0, 1, 2, 3]) {
        const bench = new ProxyBench()
        const worker = await bench.worker({ version: workerVersion })
        const client = await bench.client(clientVersion)
        const parted = await client.run()
        await worker.head()
        await worker.part('part')
        await worker.part('', tokensOf(5n))
        const whole = await client.run()
        await worker.head({ payload: 'whole', tokens: tokensOf(6n) })
        for (const [id, text, tokens] of [
          [parted, 'part', 5n],
          [whole, 'whole', 6n],
        ] as const) {
          const answer = client.answer(id)
          assert.deepEqual([answer.status, answer.text, answer.tokens?.totalTokensUsed], [200, text, tokens])
          // Before version 3 the proxy's times are headers, and the body of a whole answer is a part.
          assert.equal('x-cocoon-proxy-start' in answer.headers, clientVersion < 3)
        }
        assert.equal(client.answer(whole).messages, clientVersion < 3 ? 2 : 1)
        assert.equal(bench.earned(), 11n)
      }
    }
  })

  test('tells both sides what it moved: after each query, or once in a while from version 3 on', async () => {
    for (const version of [2, 3]) {
      const bench = new ProxyBench()
      const worker = await bench.worker({ version })
      const client = await bench.client(version)
      for (let queries = 0; queries < 3; queries++) {
        await client.run()
        await worker.head({ payload: 'x', tokens: tokensOf(10n) })
      }
      const pushes = version === 2 ? 3 : 0
      assert.deepEqual([client.payments.length, worker.payments.length], [pushes, pushes])
      await bench.world.advance(100)
      const told = version === 2 ? 3 : 1
      assert.deepEqual([client.payments.length, worker.payments.length], [told, told])
      assert.equal(client.payments.at(-1)?.maxTokens, 30n)
      assert.equal(worker.payments.at(-1)?.maxTokens, 30n)
    }
  })
})

describe('money', () => {
  test('a charge that fails is never acknowledged: the client loses its connection', async () => {
    for (const whole of [true, false]) {
      const bench = new ProxyBench()
      const worker = await bench.worker()
      const client = await bench.client()
      bench.beforeCharge = async () => {
        throw new Error('disk full')
      }
      const id = await client.run()
      if (whole) await worker.head({ payload: 'x', tokens: tokensOf(1n) })
      else {
        await worker.head()
        await worker.part('x')
        await worker.part('y', tokensOf(1n))
      }
      assert.equal(client.answer(id).tokens, undefined)
      assert.equal(client.isClosed, true)
      assert.equal(worker.isClosed, false)
      assert.deepEqual(bench.account(), { used: 0n, reserved: 0n })
      assert.equal(bench.proxy.running, 0)
      assert.ok(bench.events.some(({ event }) => event === 'charge-failed'))
    }
  })

  test('a query that the ledger refuses is refused, and the client can go on', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    bench.beforeReserve = async () => {
      throw new MoneyError('limit', 'too many')
    }
    const refused = await client.run()
    assert.equal(client.answer(refused).status, 500)
    bench.beforeReserve = async () => {}
    const dear = await client.run({ maxTokens: 2_000_000_000, maxCoefficient: 2_000_000_000 })
    assert.equal(client.answer(dear).status, 402)
    assert.match(client.answer(dear).text, /insufficient_balance/)
    assert.equal(worker.jobs.length, 0)
    assert.deepEqual([bench.proxy.running, bench.account().reserved], [0, 0n])
    await client.run()
    assert.equal(worker.jobs.length, 1)
  })

  test('more than was reserved is cut, and the parts that are told still add up', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const id = await client.run({ query: new Uint8Array(4), maxTokens: 6, maxCoefficient: 1000 })
    const claimed = tokensOf(1_000_000n, {
      promptTokensUsed: 7n,
      cachedTokensUsed: 1n,
      completionTokensUsed: 999_992n,
    })
    await worker.head({ payload: 'x', tokens: claimed })
    const { tokens } = client.answer(id)
    assert.deepEqual(
      tokens,
      tokensOf(10n, { promptTokensUsed: 7n, cachedTokensUsed: 1n, completionTokensUsed: 2n }),
    )
    assert.deepEqual([bench.account().used, bench.earned()], [10n, 10n])
  })

  test('an account that made room for others before it was used does no harm', async () => {
    for (const version of [2, 3]) {
      const bench = new ProxyBench({}, new MemoryLedger({ maxAccounts: 1 }))
      const forgotten = await bench.worker({ owner: 70, coefficient: 500, version })
      await bench.worker({ owner: 71 })
      const client = await bench.client()
      const charged = await client.run()
      await forgotten.head({ payload: 'x', tokens: tokensOf(5n) })
      assert.deepEqual([client.answer(charged).text, bench.earned(70)], ['x', 5n])
    }
    for (const version of [2, 3]) {
      const bench = new ProxyBench({}, new MemoryLedger({ maxAccounts: 1 }))
      const forgotten = await bench.worker({ owner: 70, coefficient: 500, version })
      await bench.worker({ owner: 71 })
      const client = await bench.client()
      const free = await client.run()
      await forgotten.head({ payload: 'x', tokens: tokensOf(0n) })
      await bench.world.advance(100)
      assert.deepEqual([client.answer(free).text, client.isClosed], ['x', false])
      // It opens its account anew when it comes again.
      assert.equal(forgotten.isClosed, true)
    }
    const bench = new ProxyBench({}, new MemoryLedger({ maxAccounts: 1 }))
    await bench.worker()
    const client = await bench.client(3, 50)
    await bench.client(3, 51)
    await client.run()
    assert.deepEqual([client.isClosed, bench.proxy.running], [true, 0])
  })

  test('negative tokens close the connection of the worker, and the query moves on', async () => {
    for (const version of [0, 1, 3]) {
      const bench = new ProxyBench()
      const bad = await bench.worker({ version, owner: 70, coefficient: 500 })
      const good = await bench.worker({ owner: 71, coefficient: 1000, limit: 1 })
      const client = await bench.client()
      const id = await client.run()
      await bad.head({ payload: 'x', tokens: tokensOf(5n, { cachedTokensUsed: -1n }) })
      assert.equal(bad.isClosed, true)
      await good.head({ payload: 'good', tokens: tokensOf(2n) })
      assert.equal(client.answer(id).text, 'good')
      assert.deepEqual([bench.earned(70), bench.earned(71)], [0n, 2n])
    }
  })

  test('nothing used is nothing charged', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const id = await client.run()
    await worker.head({ status: 404, payload: 'no', tokens: tokensOf(0n, { promptTokensUsed: 9n }) })
    assert.deepEqual([client.answer(id).status, client.answer(id).tokens], [404, tokensOf(0n)])
    assert.deepEqual(bench.journal.slice(2), ['release', 'told'])
    assert.deepEqual(bench.account(), { used: 0n, reserved: 0n })
  })
})

describe('what a worker sends besides', () => {
  test('answers that nobody waits for are ignored: after the end, twice, and with made-up ids', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const id = await client.run()
    await worker.head({ payload: 'x', tokens: tokensOf(3n) })
    await worker.part('more')
    await worker.part('and again', tokensOf(3n))
    await worker.fail(601, 'changed my mind', tokensOf(3n))
    await worker.head({
      payload: 'x',
      tokens: tokensOf(3n),
      job: { ...worker.job, requestId: new Uint8Array(32) },
    })
    const guessed = worker.job.requestId.slice()
    guessed[0]! ^= 1
    await worker.head({ payload: 'x', tokens: tokensOf(3n), job: { ...worker.job, requestId: guessed } })
    assert.equal(client.answer(id).text, 'x')
    assert.deepEqual([bench.account().used, worker.isClosed], [3n, false])
  })

  test('a worker cannot answer what another one was asked', async () => {
    const bench = new ProxyBench()
    const asked = await bench.worker({ owner: 70, coefficient: 500, limit: 1 })
    const other = await bench.worker({ owner: 71, coefficient: 1500, limit: 1 })
    const client = await bench.client()
    const ids = [await client.run(), await client.run()]
    // Both are the first query of their connection: the ids differ in their random part alone.
    await other.head({ payload: 'stolen', tokens: tokensOf(3n), job: asked.job })
    assert.deepEqual(
      ids.map(id => client.answer(id).messages),
      [0, 0],
    )
    await asked.head({ payload: 'mine', tokens: tokensOf(3n) })
    assert.equal(client.answer(ids[0]!).text, 'mine')
  })

  test('malformed bytes close its connection alone', async () => {
    const bench = new ProxyBench()
    const bad = await bench.worker({ owner: 70, coefficient: 500 })
    const good = await bench.worker({ owner: 71 })
    const client = await bench.client()
    const id = await client.run()
    await bad.encodedHead(new Uint8Array(3))
    assert.equal(bad.isClosed, true)
    await good.head({ payload: 'good', tokens: tokensOf(1n) })
    assert.equal(client.answer(id).text, 'good')
    assert.equal(client.isClosed, false)
  })
})

describe('close', () => {
  test('lets a running query end', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const id = await client.run()
    let closed = false
    const closing = bench.proxy.close(30_000).then(() => {
      closed = true
    })
    const late = await client.run()
    assert.match(client.answer(late).text, /proxy_draining/)
    await bench.world.advance(20_000)
    assert.equal(closed, false)
    await worker.head({ payload: 'done', tokens: tokensOf(4n) })
    await closing
    await bench.world.settle()
    assert.equal(client.answer(id).text, 'done')
    assert.deepEqual([client.isClosed, worker.isClosed], [true, true])
    assert.equal(bench.books.client(keyOf(50)).committedToChain, 4n)
  })

  test('ends one that takes too long, without a charge', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    await client.run()
    await worker.head()
    await worker.part('a beginning')
    const closing = bench.proxy.close(5_000)
    await bench.world.advance(5_000)
    await closing
    await bench.world.settle()
    assert.deepEqual([client.isClosed, worker.isClosed, bench.proxy.running], [true, true, 0])
    assert.deepEqual(bench.account(), { used: 0n, reserved: 0n })
    await bench.world.advance(60_000)
    assert.equal(bench.world.timers, 0)
  })

  test('is immediate where nothing runs', async () => {
    const bench = new ProxyBench()
    const client = await bench.client()
    await bench.proxy.close(30_000)
    await bench.world.settle()
    assert.equal(client.isClosed, true)
    assert.equal(bench.world.timers, 0)
  })
})

test('a query for a model that nobody offers names it', async () => {
  const bench = new ProxyBench()
  const client = await bench.client()
  const id = await client.run({ modelName: 'no/such' })
  assert.equal(client.answer(id).status, 404)
  assert.match(client.answer(id).text, /no\/such/)
  assert.notEqual(model, 'no/such')
})
