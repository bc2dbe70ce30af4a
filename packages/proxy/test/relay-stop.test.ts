import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { proxyQueryAnswerPartEx } from '@cocoon/wire'
import { tokensOf } from './network.ts'
import { ProxyBench } from './proxy-bench.ts'
import type { ScriptedClient } from './scripted-client.ts'
import type { ScriptedWorker } from './scripted-worker.ts'

async function one(
  version = 3,
  limit = 4,
): Promise<{ bench: ProxyBench; worker: ScriptedWorker; client: ScriptedClient }> {
  const bench = new ProxyBench()
  const worker = await bench.worker({ version, limit })
  return { bench, worker, client: await bench.client() }
}

const gone = (bench: ProxyBench): void => {
  assert.equal(bench.proxy.running, 0)
  assert.equal(bench.account().reserved, 0n)
  assert.equal(
    [...bench.proxy.workers].reduce((sum, worker) => sum + worker.running, 0),
    0,
  )
}

/** Both ways in which a caller goes. */
const leavings: Array<[string, (client: ScriptedClient, id: Uint8Array) => Promise<void>]> = [
  ['cancels', (client, id) => client.cancel(id)],
  ['leaves', async client => client.leave()],
]

for (const [how, leave] of leavings) {
  describe(`a caller that ${how}`, () => {
    test('while its tokens are being reserved', async () => {
      const { bench, worker, client } = await one()
      const reserved = Promise.withResolvers<void>()
      bench.beforeReserve = () => reserved.promise
      const id = await client.run()
      await leave(client, id)
      await bench.world.settle()
      reserved.resolve()
      await bench.world.settle()
      assert.equal(worker.jobs.length, 0)
      assert.equal(client.answer(id).messages, 0)
      gone(bench)
    })

    test('while it waits for a worker', async () => {
      const { bench, worker, client } = await one(3, 1)
      const other = await bench.client(3, 51)
      await other.run()
      const id = await client.run()
      assert.equal(worker.jobs.length, 1)
      await leave(client, id)
      await bench.world.settle()
      assert.equal(bench.account().reserved, 0n)
      assert.equal(bench.proxy.running, 1)
      await worker.head({ payload: 'x', tokens: tokensOf(1n) })
      assert.equal(worker.jobs.length, 1)
      gone(bench)
    })

    test('while it runs: the worker is freed, and what it used is paid', async () => {
      for (const begun of [false, true]) {
        const { bench, worker, client } = await one()
        const id = await client.run()
        if (begun) {
          await worker.head()
          await worker.part('x')
        }
        const before = client.answer(id).messages
        await leave(client, id)
        await bench.world.settle()
        assert.equal(worker.cancelled, 1)
        assert.equal(bench.proxy.running, 1)
        await worker.part('y')
        await worker.fail(653, 'cancelled', tokensOf(12n))
        assert.deepEqual([bench.account().used, bench.earned()], [12n, 12n])
        assert.equal(client.answer(id).messages, before)
        gone(bench)
      }
    })

    test('while it runs, and the worker had finished at the same time', async () => {
      const { bench, worker, client } = await one()
      const id = await client.run()
      await leave(client, id)
      await bench.world.settle()
      await worker.head({ payload: 'x', tokens: tokensOf(3n) })
      assert.equal(bench.earned(), 3n)
      gone(bench)
    })

    test('while it runs at a worker that does not say what it used: it is not paid after two seconds', async () => {
      const { bench, worker, client } = await one()
      await leave(client, await client.run())
      await bench.world.advance(1_999)
      assert.equal(bench.proxy.running, 1)
      await bench.world.advance(1)
      gone(bench)
      await worker.fail(653, 'cancelled', tokensOf(12n))
      assert.equal(bench.earned(), 0n)
    })

    test('while it runs at an older worker, which is left to finish and paid', async () => {
      for (const version of [0, 1, 2]) {
        const { bench, worker, client } = await one(version)
        const id = await client.run({ timeout: 60 })
        await worker.head()
        await leave(client, id)
        await bench.world.advance(30_000)
        assert.deepEqual([worker.cancelled, bench.proxy.running], [0, 1])
        await worker.part('all of it', tokensOf(20n))
        assert.equal(bench.earned(), 20n)
        gone(bench)
      }
    })

    test('while it runs at an older worker that never finishes', async () => {
      const { bench, client } = await one(2)
      await leave(client, await client.run({ timeout: 60 }))
      await bench.world.advance(62_000)
      gone(bench)
    })

    test('while its worker is lost', async () => {
      const { bench, worker, client } = await one()
      await leave(client, await client.run())
      worker.leave()
      await bench.world.settle()
      gone(bench)
    })

    test('while it is being charged: it is charged', async () => {
      const { bench, worker, client } = await one()
      const charged = Promise.withResolvers<void>()
      bench.beforeCharge = () => charged.promise
      const id = await client.run()
      await worker.head({ payload: 'x', tokens: tokensOf(5n) })
      await leave(client, id)
      charged.resolve()
      await bench.world.settle()
      assert.equal(bench.earned(), 5n)
      gone(bench)
    })

    test('after it has ended', async () => {
      const { bench, worker, client } = await one()
      const id = await client.run()
      await worker.head({ payload: 'x', tokens: tokensOf(5n) })
      await leave(client, id)
      await bench.world.settle()
      assert.equal(worker.cancelled, 0)
      gone(bench)
    })
  })
}

test('a cancelled caller is not retried for', async () => {
  const bench = new ProxyBench()
  const first = await bench.worker({ owner: 70, coefficient: 100 })
  const second = await bench.worker({ owner: 71 })
  const client = await bench.client()
  await client.cancel(await client.run())
  await first.fail(601, 'broken', tokensOf(1n))
  assert.equal(second.jobs.length, 0)
  assert.equal(bench.earned(70), 1n)
  gone(bench)
})

test('the record of a worker knows whose fault it was', async () => {
  const faults: Array<
    [string, (bench: ProxyBench, worker: ScriptedWorker, client: ScriptedClient) => Promise<void>, number[]]
  > = [
    ['a whole answer', async (_bench, worker) => worker.head({ payload: 'x', tokens: tokensOf(1n) }), [1, 0]],
    [
      'an error of the request',
      async (_bench, worker) => worker.head({ status: 404, tokens: tokensOf(0n) }),
      [1, 0],
    ],
    [
      'an error of the backend',
      async (_bench, worker) => worker.head({ status: 503, tokens: tokensOf(0n) }),
      [0, 1],
    ],
    ['a refused request', async (_bench, worker) => worker.fail(621, 'bad request'), [0, 0]],
    ['a failure', async (_bench, worker) => worker.fail(602, 'out of memory'), [0, 1]],
    [
      'a cancelled query',
      async (_bench, worker, client) => {
        await client.cancel(new Uint8Array(32).fill(1))
        await worker.fail(653, 'cancelled', tokensOf(1n))
      },
      [0, 0],
    ],
    [
      'silence after that',
      async (bench, _worker, client) => {
        await client.cancel(new Uint8Array(32).fill(1))
        await bench.world.advance(2_000)
      },
      [0, 1],
    ],
    [
      'a timeout',
      async (bench, worker) => {
        await bench.world.advance(60_000)
        await worker.fail(653, 'cancelled', tokensOf(1n))
      },
      [0, 1],
    ],
  ]
  for (const [what, happens, record] of faults) {
    const { bench, worker, client } = await one()
    await client.run()
    const { standing } = [...bench.proxy.workers][0]!
    await happens(bench, worker, client)
    assert.deepEqual([standing.succeeded, standing.failed], record, what)
    gone(bench)
  }
})

test('cancelling what was never asked does nothing', async () => {
  const { bench, client } = await one()
  await client.cancel(new Uint8Array(32).fill(200))
  assert.equal(client.isClosed, false)
  gone(bench)
})

test('workers before version 3 are told of each query, however it ended', async () => {
  const ends: Array<
    [string, (bench: ProxyBench, worker: ScriptedWorker, client: ScriptedClient) => Promise<void>, bigint]
  > = [
    ['a whole answer', async (_bench, worker) => worker.head({ payload: 'x', tokens: tokensOf(5n) }), 5n],
    ['nothing used', async (_bench, worker) => worker.head({ status: 404, tokens: tokensOf(0n) }), 0n],
    ['a refused request', async (_bench, worker) => worker.fail(621, 'bad request', tokensOf(5n)), 0n],
    ['a failure', async (_bench, worker) => worker.fail(602, 'out of memory', tokensOf(5n)), 0n],
    ['an answer that makes no sense', async (_bench, worker) => worker.part('x'), 0n],
    ['a timeout', async bench => bench.world.advance(60_000), 0n],
    [
      'a caller who left',
      async (_bench, worker, client) => {
        client.leave()
        await worker.head({ payload: 'x', tokens: tokensOf(5n) })
      },
      5n,
    ],
  ]
  for (const version of [0, 1, 2]) {
    for (const [what, happens, tokens] of ends) {
      const { bench, worker, client } = await one(version)
      await client.run()
      await happens(bench, worker, client)
      await bench.world.settle()
      const [payment] = worker.payments
      assert.equal(worker.payments.length, 1, what)
      assert.deepEqual([payment?.requestTokens, payment?.maxTokens], [tokens, tokens], what)
      assert.deepEqual(payment?.requestId, worker.job.requestId)
      assert.equal(payment?.signedPayment._, 'proxy.signedPayment')
      gone(bench)
    }
    const bench = new ProxyBench()
    const first = await bench.worker({ owner: 70, coefficient: 100, version })
    await bench.worker({ owner: 71, version })
    const client = await bench.client()
    await client.run()
    await first.head({ status: 503, payload: 'busy', tokens: tokensOf(0n) })
    assert.equal(first.payments.length, 1)
  }
})

describe('an overdue query', () => {
  test('that waits for its reservation is over once that stands', async () => {
    const { bench, worker, client } = await one()
    const reserved = Promise.withResolvers<void>()
    bench.beforeReserve = () => reserved.promise
    const id = await client.run({ timeout: 10 })
    await bench.world.advance(11_000)
    reserved.resolve()
    await bench.world.advance(1)
    assert.match(client.answer(id).text, /timeout/)
    await worker.fail(653, 'stopped', tokensOf(1n)).catch(() => {})
    await bench.world.advance(2_000)
    gone(bench)
  })

  test('that waits for a worker', async () => {
    const { bench, client } = await one(3, 1)
    await client.run()
    const id = await client.run({ timeout: 2 })
    await bench.world.advance(2_000)
    assert.equal(client.answer(id).status, client.answer(id).text.includes('workers_busy') ? 503 : 504)
    assert.equal(bench.proxy.running, 1)
  })

  test('that runs: the worker is stopped, and nothing delivered is nothing charged', async () => {
    const { bench, worker, client } = await one()
    const id = await client.run({ timeout: 10 })
    await worker.head()
    await bench.world.advance(9_999)
    assert.equal(worker.cancelled, 0)
    await bench.world.advance(1)
    assert.equal(worker.cancelled, 1)
    assert.equal(client.answer(id).messages, 0)
    await worker.fail(653, 'stopped', tokensOf(9n))
    assert.equal(client.answer(id).status, 504)
    assert.deepEqual([bench.account().used, bench.earned()], [0n, 0n])
    gone(bench)
  })

  test('that was partly delivered is charged for what was used', async () => {
    const { bench, worker, client } = await one()
    const id = await client.run({ timeout: 10 })
    await worker.head()
    await worker.part('a part')
    await bench.world.advance(10_000)
    await worker.fail(653, 'stopped', tokensOf(9n))
    const { text, error, tokens } = client.answer(id)
    assert.deepEqual([text, error?.code, tokens], ['a part', 652, tokensOf(9n)])
    assert.equal(bench.earned(), 9n)
    gone(bench)
  })

  test('whose worker says nothing any more is over after two seconds', async () => {
    const { bench, worker, client } = await one()
    const id = await client.run({ timeout: 10 })
    await worker.head()
    await worker.part('a part')
    await bench.world.advance(11_999)
    assert.equal(client.answer(id).error, undefined)
    await bench.world.advance(1)
    assert.equal(client.answer(id).error?.code, 652)
    gone(bench)
  })

  test('that is being charged for is answered once', async () => {
    const { bench, worker, client } = await one()
    const charged = Promise.withResolvers<void>()
    bench.beforeCharge = () => charged.promise
    const id = await client.run({ timeout: 10 })
    await worker.head({ payload: 'just in time', tokens: tokensOf(5n) })
    await bench.world.advance(15_000)
    assert.equal(client.answer(id).messages, 0)
    charged.resolve()
    await bench.world.settle()
    assert.deepEqual([client.answer(id).text, client.answer(id).tokens], ['just in time', tokensOf(5n)])
    assert.equal(worker.cancelled, 0)
    gone(bench)
  })

  test('at an older worker is over at once', async () => {
    for (const version of [0, 1, 2]) {
      const { bench, worker, client } = await one(version)
      const id = await client.run({ timeout: 10 })
      await bench.world.advance(10_000)
      assert.equal(client.answer(id).status, 504)
      assert.equal(worker.cancelled, 0)
      gone(bench)
      await worker.head({ payload: 'late', tokens: tokensOf(5n) })
      assert.equal(bench.earned(), 0n)
    }
  })

  test('whose caller cancels while the worker is asked what it used owes nothing for that', async () => {
    const { bench, worker, client } = await one()
    const id = await client.run({ timeout: 10 })
    await bench.world.advance(10_000)
    await client.cancel(id)
    await worker.fail(653, 'stopped', tokensOf(9n))
    assert.deepEqual([client.answer(id).messages, bench.earned()], [0, 0n])
    assert.equal(worker.cancelled, 1)
    gone(bench)
  })

  test('whose worker is lost meanwhile says that it was too late', async () => {
    const { bench, worker, client } = await one()
    const id = await client.run({ timeout: 10 })
    await bench.world.advance(10_000)
    worker.leave()
    await bench.world.settle()
    assert.equal(client.answer(id).status, 504)
    gone(bench)
  })

  test('is not tried elsewhere', async () => {
    const bench = new ProxyBench()
    await bench.worker({ owner: 70, coefficient: 100, version: 2 })
    const second = await bench.worker({ owner: 71 })
    const client = await bench.client()
    await client.run({ timeout: 10 })
    await bench.world.advance(20_000)
    assert.equal(second.jobs.length, 0)
    gone(bench)
  })
})

describe('an answer that comes faster than the client reads', () => {
  const mebibyte = 'x'.repeat(1 << 20)

  test('ends alone, and what else the client has running goes on', async () => {
    const { bench, worker, client } = await one()
    const long = await client.run()
    const longJob = worker.job
    const short = await client.run()
    const shortJob = worker.job
    client.connection.pause()
    await worker.head({ job: longJob })
    for (let sent = 0; sent < 40; sent++) await worker.part(mebibyte, undefined, longJob)
    assert.equal(worker.cancelled, 1)
    await worker.fail(653, 'stopped', tokensOf(9n), longJob)
    await worker.head({ job: shortJob })
    await worker.part(mebibyte.slice(1000), undefined, shortJob)
    await worker.part('', tokensOf(2n), shortJob)
    client.connection.resume()
    await bench.world.settle()
    const answers = [client.answer(long), client.answer(short)]
    assert.deepEqual(
      answers.map(({ status, error, tokens }) => [status, error?.code, tokens?.totalTokensUsed]),
      [
        [200, 601, 9n],
        [200, undefined, 2n],
      ],
    )
    assert.deepEqual([client.isClosed, worker.isClosed], [false, false])
    gone(bench)
  })

  test('in the smallest of pieces too', async () => {
    const { bench, worker, client } = await one()
    await client.run()
    await worker.head()
    client.connection.pause()
    const piece = { _: 'proxy.queryAnswerPartEx', answer: Uint8Array.of(1), flags: 0 } as const
    const { requestId } = worker.job
    for (let turn = 0; turn < 400 && worker.cancelled === 0; turn++) {
      for (let sent = 0; sent < 1000; sent++)
        worker.connection.send(proxyQueryAnswerPartEx, { ...piece, requestId })
      await bench.world.settle()
    }
    await worker.fail(653, 'stopped', tokensOf(9n))
    client.connection.resume()
    await bench.world.settle()
    assert.deepEqual([worker.cancelled, client.isClosed, worker.isClosed], [1, false, false])
    gone(bench)
  })

  test('and in one piece is refused, at no cost', async () => {
    const { bench, worker, client } = await one()
    client.connection.pause()
    const ids: Uint8Array[] = []
    for (let queries = 0; queries < 3; queries++) {
      ids.push(await client.run())
      await worker.head({ payload: mebibyte.repeat(7), tokens: tokensOf(3n) })
    }
    client.connection.resume()
    await bench.world.settle()
    assert.deepEqual(
      ids.map(id => client.answer(id).status),
      [200, 200, 503],
    )
    assert.equal(bench.earned(), 6n)
    gone(bench)
  })
})
