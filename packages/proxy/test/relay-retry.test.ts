import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, encode, httpResponse } from '@cocoon/wire'
import { response, tokensOf } from './network.ts'
import { ProxyBench } from './proxy-bench.ts'
import type { ScriptedClient } from './scripted-client.ts'
import type { ScriptedWorker } from './scripted-worker.ts'

/** Workers from the cheapest to the dearest: that is the order in which they are tried. */
async function market(
  count: number,
  options: { version?: number; limit?: number } = {},
): Promise<{ bench: ProxyBench; workers: ScriptedWorker[]; client: ScriptedClient }> {
  const bench = new ProxyBench()
  const workers: ScriptedWorker[] = []
  for (let index = 0; index < count; index++) {
    workers.push(await bench.worker({ owner: 70 + index, coefficient: 100 * 3 ** index, ...options }))
  }
  return { bench, workers, client: await bench.client() }
}

const jobs = (workers: ScriptedWorker[]): number[] => workers.map(worker => worker.jobs.length)

describe('a lost worker', () => {
  test('before the first byte: another one takes over, and only that one is paid', async () => {
    const { bench, workers, client } = await market(2)
    const [first, second] = workers
    const id = await client.run()
    assert.deepEqual(jobs(workers), [1, 0])
    first!.leave()
    await bench.world.settle()
    assert.deepEqual(jobs(workers), [1, 1])
    assert.notDeepEqual(first!.job.requestId, second!.job.requestId)
    await second!.head({ payload: 'second', tokens: tokensOf(8n) })
    assert.equal(client.answer(id).text, 'second')
    assert.deepEqual([bench.earned(70), bench.earned(71), bench.account().used], [0n, 8n, 8n])
    assert.equal(bench.proxy.stats.retried, 1)
  })

  test('after its head alone: the head of the next one is what the client gets', async () => {
    const { bench, workers, client } = await market(2)
    const id = await client.run()
    await workers[0]!.head({ status: 202 })
    workers[0]!.leave()
    await bench.world.settle()
    await workers[1]!.head({ status: 201 })
    await workers[1]!.part('x', tokensOf(1n))
    assert.deepEqual([client.answer(id).status, client.answer(id).text], [201, 'x'])
  })

  test('after the first byte: nobody takes over, and what is not reported is not paid', async () => {
    for (const version of [0, 3]) {
      const { bench, workers, client } = await market(2, { version })
      const id = await client.run()
      await workers[0]!.head()
      await workers[0]!.part('a beginning')
      workers[0]!.leave()
      await bench.world.settle()
      assert.deepEqual(jobs(workers), [1, 0])
      const answer = client.answer(id)
      assert.deepEqual([answer.error?.code, answer.tokens], [601, tokensOf(0n)])
      assert.deepEqual(bench.account(), { used: 0n, reserved: 0n })
    }
  })

  test('three workers at most are tried', async () => {
    const { bench, workers, client } = await market(5)
    const id = await client.run()
    for (const worker of workers.slice(0, 3)) {
      assert.equal(worker.jobs.length, 1)
      worker.leave()
      await bench.world.settle()
    }
    assert.deepEqual(jobs(workers), [1, 1, 1, 0, 0])
    assert.equal(client.answer(id).status, 502)
    assert.match(client.answer(id).text, /worker_lost/)
    assert.deepEqual(bench.account(), { used: 0n, reserved: 0n })
  })

  test('a worker that tries in vain is told that it earned nothing', async () => {
    const { bench, workers, client } = await market(2, { version: 2 })
    await client.run()
    await workers[0]!.fail(601, 'broken', tokensOf(5n))
    await workers[1]!.head({ payload: 'x', tokens: tokensOf(3n) })
    assert.deepEqual(
      workers.map(({ payments }) => payments.map(({ requestTokens }) => requestTokens)),
      [[0n], [3n]],
    )
    assert.equal(bench.account().used, 3n)
  })

  test('the last of its model is an outage', async () => {
    const { bench, workers, client } = await market(1)
    const running = await client.run()
    workers[0]!.leave()
    await bench.world.settle()
    assert.match(client.answer(running).text, /worker_lost/)
    const later = await client.run()
    assert.equal(client.answer(later).status, 503)
    assert.match(client.answer(later).text, /no_worker/)
  })

  test('that queries wait for is told as an outage, once none has come', async () => {
    const { bench, workers, client } = await market(1, { limit: 1 })
    await client.run()
    const waiting = await client.run()
    workers[0]!.leave()
    await bench.world.advance(5_000)
    assert.match(client.answer(waiting).text, /no_worker/)
    const back = await bench.worker({ owner: 70, limit: 1 })
    await client.run()
    const later = await client.run()
    back.leave()
    await bench.world.settle()
    const again = await bench.worker({ owner: 70, limit: 1 })
    await again.head({ payload: 'back', tokens: tokensOf(1n) })
    assert.equal(client.answer(later).text, 'back')
  })

  test('waits for a busy one if there is only that', async () => {
    const { bench, workers, client } = await market(2, { limit: 1 })
    const [one, other] = [await client.run(), await client.run()]
    assert.deepEqual(jobs(workers), [1, 1])
    workers[0]!.leave()
    await bench.world.settle()
    assert.equal(client.answer(one).messages, 0)
    await workers[1]!.head({ payload: 'other', tokens: tokensOf(1n) })
    assert.equal(client.answer(other).text, 'other')
    await workers[1]!.head({ payload: 'one', tokens: tokensOf(1n) })
    assert.equal(client.answer(one).text, 'one')
  })
})

describe('an error status', () => {
  for (const status of [500, 503, 599, 429]) {
    test(`${status} moves elsewhere if somebody else is free at once`, async () => {
      const { bench, workers, client } = await market(2)
      const id = await client.run()
      await workers[0]!.head({ status, payload: 'broken', tokens: tokensOf(5n) })
      assert.deepEqual(jobs(workers), [1, 1])
      await workers[1]!.head({ payload: 'fine', tokens: tokensOf(1n) })
      assert.deepEqual([client.answer(id).status, client.answer(id).text], [200, 'fine'])
      assert.deepEqual([bench.earned(70), bench.earned(71)], [0n, 1n])
    })
  }

  test('is the answer where nobody else is free', async () => {
    const { workers, client } = await market(2, { limit: 1 })
    const [one, other] = [await client.run(), await client.run()]
    await workers[0]!.head({ status: 503, payload: 'broken', tokens: tokensOf(0n) })
    assert.deepEqual([client.answer(one).status, client.answer(one).text], [503, 'broken'])
    assert.equal(client.answer(other).messages, 0)
    assert.deepEqual(jobs(workers), [1, 1])
  })

  test('of the caller stays where it is', async () => {
    const { workers, client } = await market(2)
    const id = await client.run()
    await workers[0]!.head({ status: 404, payload: 'no', tokens: tokensOf(0n) })
    assert.deepEqual([client.answer(id).status, client.answer(id).text], [404, 'no'])
    assert.deepEqual(jobs(workers), [1, 0])
  })

  test('what a worker that failed still sends is not mixed in', async () => {
    const { workers, client } = await market(2)
    const id = await client.run()
    await workers[0]!.head({ status: 500 })
    assert.deepEqual(jobs(workers), [1, 1])
    assert.equal(workers[0]!.cancelled, 1)
    await workers[0]!.part('late', tokensOf(9n))
    await workers[1]!.head({ payload: 'fine', tokens: tokensOf(1n) })
    assert.equal(client.answer(id).text, 'fine')
  })
})

describe('a failure that the worker reports', () => {
  test('is tried elsewhere, unless it is the request that was wrong', async () => {
    for (const [code, retried] of [
      [601, true],
      [602, true],
      [0, true],
      [652, true],
      [621, false],
    ] as const) {
      const { bench, workers, client } = await market(2)
      const id = await client.run()
      await workers[0]!.fail(code, 'no', tokensOf(3n))
      assert.deepEqual(jobs(workers), [1, retried ? 1 : 0])
      if (retried) await workers[1]!.head({ payload: 'fine', tokens: tokensOf(1n) })
      assert.equal(client.answer(id).status, retried ? 200 : 400)
      assert.deepEqual(bench.earned(70), 0n)
    }
  })

  test('is told with the worker’s words where nobody else can, in both forms', async () => {
    for (const version of [0, 3]) {
      const { workers, client } = await market(1, { version })
      const before = await client.run()
      await workers[0]!.fail(602, 'out of memory')
      assert.equal(client.answer(before).status, 502)
      assert.match(client.answer(before).text, /out of memory/)
      const after = await client.run()
      await workers[0]!.head()
      await workers[0]!.part('x')
      await workers[0]!.fail(602, 'out of memory', tokensOf(4n))
      const answer = client.answer(after)
      assert.equal(answer.error?.code, 602)
      // The beginning reached the client, so what it cost is due.
      assert.equal(answer.tokens?.totalTokensUsed, 4n)
    }
  })
})

describe('an answer that makes no sense', () => {
  const broken: Array<[string, (worker: ScriptedWorker) => Promise<void>]> = [
    ['a part before the head', worker => worker.part('x')],
    ['a status that is none', worker => worker.head({ status: 99 })],
    ['a preliminary status', worker => worker.head({ status: 100 })],
    ['a status above 599', worker => worker.head({ status: 600 })],
    [
      'too many headers',
      worker => {
        const head = response(200)
        head.headers = Array.from({ length: 101 }, (_, index) => ({
          _: 'http.header',
          name: `h${index}`,
          value: '',
        }))
        return worker.encodedHead(encode(httpResponse, head))
      },
    ],
    [
      'a second head before any part',
      async worker => {
        await worker.head()
        await worker.head()
      },
    ],
  ]
  for (const [what, send] of broken) {
    test(`${what}: another worker takes over`, async () => {
      const { bench, workers, client } = await market(2)
      const id = await client.run()
      await send(workers[0]!)
      assert.deepEqual([...jobs(workers), workers[0]!.cancelled], [1, 1, 1])
      assert.ok(bench.events.some(({ event }) => event === 'worker-answer-invalid'))
      await workers[0]!.part('late', tokensOf(9n))
      await workers[1]!.head({ payload: 'fine', tokens: tokensOf(1n) })
      assert.deepEqual([client.answer(id).status, client.answer(id).text], [200, 'fine'])
      assert.equal(workers[0]!.isClosed, false)
    })
  }

  test('in the middle ends the answer', async () => {
    const { workers, client } = await market(2)
    const id = await client.run()
    await workers[0]!.head()
    await workers[0]!.part('x')
    await workers[0]!.head()
    assert.deepEqual(jobs(workers), [1, 0])
    assert.equal(client.answer(id).error?.code, 601)
    assert.equal(workers[0]!.cancelled, 1)
  })
})

describe('sizes', () => {
  const huge = (sizeBytes: number): string => 'x'.repeat(sizeBytes)

  test('a part as long as a frame reaches clients of every version', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = new ProxyBench()
      const worker = await bench.worker({ version: 1 })
      const client = await bench.client(version)
      const id = await client.run({ enableDebug: true, maxTokens: 10 })
      await worker.head()
      // What this leaves of a frame is less than the proxy's own words about the end take.
      await worker.part(huge((1 << 24) - 130), tokensOf(1n))
      const { text, tokens } = client.answer(id)
      assert.deepEqual([text.length, tokens], [(1 << 24) - 130, tokensOf(1n)])
    }
  })

  test('so does a whole answer', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = new ProxyBench()
      const worker = await bench.worker({ version: 1 })
      const client = await bench.client(version)
      const id = await client.run({ enableDebug: true, maxTokens: 10 })
      const payload = huge((1 << 24) - 240)
      await worker.head({ payload, tokens: tokensOf(1n) })
      const { status, text, tokens } = client.answer(id)
      assert.deepEqual([status, text.length, tokens], [200, payload.length, tokensOf(1n)])
    }
  })

  test('a head that is longer than any caller would take is no head', async () => {
    const { workers, client } = await market(2)
    const id = await client.run()
    const head = response(200)
    head.headers.push({ _: 'http.header', name: 'X-Long', value: huge(1 << 20) })
    await workers[0]!.encodedHead(encode(httpResponse, head))
    assert.deepEqual(jobs(workers), [1, 1])
    await workers[1]!.head({ payload: 'fine', tokens: tokensOf(1n) })
    assert.equal(client.answer(id).text, 'fine')
    assert.equal(decode(httpResponse, encode(httpResponse, head)).headers.length, 2)
  })
})
