import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { Market, type MarketLimits } from '../../src/market/market.ts'
import { ask, type TestAsk } from './asks.ts'

const m = 'acme/chat'

class Waiting {
  readonly world = new VirtualWorld()
  readonly market: Market<TestAsk>
  /** What became of waiting queries, in order. */
  readonly fates: string[] = []

  constructor(limits?: Partial<MarketLimits>) {
    this.market = new Market(this.world, limits)
  }

  /** Makes a query wait; it takes a place at whoever it is matched with. */
  wait(
    name: string,
    maxCoefficient = 4_000,
    options: { timeoutMs?: number; excluded?: Set<TestAsk>; model?: string; client?: object } = {},
  ) {
    return this.market.wait(
      options.model ?? m,
      {
        maxCoefficient,
        excluded: options.excluded,
        timeoutMs: options.timeoutMs ?? 60_000,
        ...(options.client !== undefined && { client: options.client }),
      },
      {
        matched: worker => {
          worker.running++
          this.fates.push(`${name} at ${worker.name}`)
        },
        gaveUp: () => void this.fates.push(`${name} gave up`),
      },
    )
  }

  free(worker: TestAsk): void {
    worker.running--
    this.market.freed(m, worker)
  }
}

describe('books', () => {
  test('a model is unknown until somebody offers it', () => {
    const { market } = new Waiting()
    assert.deepEqual(market.match(m, 4_000), { kind: 'none' })
    assert.equal(market.books.has(m), false)
    const worker = ask('w')
    market.join(m, worker)
    assert.deepEqual(market.match(m, 4_000), { kind: 'matched', ask: worker })
    assert.deepEqual(market.match('other', 4_000), { kind: 'none' })
  })

  test('a model whose last worker left stays known for five minutes', async () => {
    const { market, world } = new Waiting()
    const worker = ask('w')
    market.join(m, worker)
    market.leave(m, worker)
    await world.advance(299_000)
    market.join('second', ask('x'))
    assert.equal(market.books.has(m), true)
    assert.deepEqual(market.match(m, 4_000), { kind: 'none' })
    await world.advance(2_000)
    market.join('third', ask('y'))
    assert.equal(market.books.has(m), false)
    assert.equal(market.books.has('second'), true)
  })

  test('a model that came back stays', async () => {
    const { market, world } = new Waiting()
    const worker = ask('w')
    market.join(m, worker)
    market.leave(m, worker)
    market.join(m, worker)
    await world.advance(400_000)
    market.join('other', ask('x'))
    assert.deepEqual(market.match(m, 4_000), { kind: 'matched', ask: worker })
  })

  test('workers that offer one made-up model after the other fill no memory', () => {
    const { market } = new Waiting()
    for (let count = 0; count < 5_000; count++) {
      const worker = ask('w', { successes: 0 })
      market.join(`model-${count}`, worker)
      market.leave(`model-${count}`, worker)
    }
    assert.ok(market.books.size <= 1_002, `${market.books.size} books`)
  })

  test('leaving twice, or without having come, does nothing', () => {
    const { market } = new Waiting()
    const worker = ask('w')
    market.leave(m, worker)
    market.join(m, worker)
    market.leave(m, ask('stranger'))
    assert.equal(market.books.get(m)?.size, 1)
  })
})

describe('waiting', () => {
  test('who waits longest is served first', () => {
    const w = new Waiting()
    const worker = ask('w', { limit: 1, running: 1 })
    w.market.join(m, worker)
    for (const name of ['first', 'second', 'third']) w.wait(name)
    assert.equal(w.market.waitingFor(m), 3)
    w.free(worker)
    assert.deepEqual(w.fates, ['first at w'])
    w.free(worker)
    w.free(worker)
    assert.deepEqual(w.fates, ['first at w', 'second at w', 'third at w'])
    assert.equal(w.market.waitingFor(m), 0)
    assert.equal(w.world.timers, 0)
  })

  test('a worker that comes takes as many as it has room for', () => {
    const w = new Waiting()
    for (const name of ['a', 'b', 'c', 'd']) w.wait(name)
    w.market.join(m, ask('w', { limit: 3 }))
    assert.deepEqual(w.fates, ['a at w', 'b at w', 'c at w'])
  })

  test('a low cap does not hold up the others, up to eight of them', () => {
    const w = new Waiting()
    const worker = ask('w', { limit: 1, running: 1 })
    w.market.join(m, worker)
    for (let count = 0; count < 7; count++) w.wait(`poor ${count}`, 500)
    w.wait('rich')
    w.free(worker)
    assert.deepEqual(w.fates, ['rich at w'])
    w.wait('poor 7', 500)
    w.wait('behind')
    w.free(worker)
    assert.deepEqual(w.fates, ['rich at w'])
  })

  test('a query does not go back to where it failed', () => {
    const w = new Waiting()
    const [bad, good] = [ask('bad', { limit: 1, running: 1 }), ask('good', { limit: 1, running: 1 })]
    for (const worker of [bad, good]) w.market.join(m, worker)
    w.wait('q', 4_000, { excluded: new Set([bad]) })
    w.free(bad)
    assert.deepEqual(w.fates, [])
    w.free(good)
    assert.deepEqual(w.fates, ['q at good'])
  })

  test('one that stops waiting is passed over, and hears nothing', async () => {
    const w = new Waiting()
    const worker = ask('w', { limit: 1, running: 1 })
    w.market.join(m, worker)
    const stop = w.wait('a')
    w.wait('b')
    stop!()
    stop!()
    assert.equal(w.market.waitingFor(m), 1)
    w.free(worker)
    await w.world.advance(60_000)
    assert.deepEqual(w.fates, ['b at w'])
  })

  test('gives up after five seconds, or sooner if its time is over', async () => {
    const w = new Waiting()
    w.wait('hasty', 4_000, { timeoutMs: 1_000 })
    w.wait('patient')
    await w.world.advance(999)
    assert.deepEqual(w.fates, [])
    await w.world.advance(1)
    assert.deepEqual(w.fates, ['hasty gave up'])
    await w.world.advance(4_000)
    assert.deepEqual(w.fates, ['hasty gave up', 'patient gave up'])
    assert.deepEqual([w.market.waitingFor(m), w.world.timers], [0, 0])
    w.market.join(m, ask('w'))
    assert.equal(w.fates.length, 2)
  })

  test('only so many wait', () => {
    const w = new Waiting({ maxWaiting: 2 })
    assert.ok(w.wait('a') !== undefined && w.wait('b') !== undefined)
    assert.equal(w.wait('c'), undefined)
    assert.ok(w.wait('d', 4_000, { model: 'other' }) !== undefined)
    assert.deepEqual(w.fates, [])
  })

  test('what a matched query does at once, like waiting again, does not disturb the queue', () => {
    const w = new Waiting()
    const worker = ask('w', { limit: 2, running: 2 })
    w.market.join(m, worker)
    let tries = 0
    const again = (): void => {
      w.market.wait(
        m,
        { maxCoefficient: 4_000, timeoutMs: 60_000 },
        {
          matched: () => {
            // As when the connection does not take it: the place stays free.
            if (tries++ < 3) again()
          },
          gaveUp: () => {},
        },
      )
    }
    again()
    w.wait('b')
    w.wait('c')
    w.free(worker)
    assert.ok(w.fates.includes('b at w'))
    assert.equal(worker.running, 2)
  })

  test('a model that is forgotten lets its queries give up', async () => {
    const w = new Waiting({ maxWaitMs: 1_000_000 })
    const worker = ask('w', { limit: 1, running: 1 })
    w.market.join(m, worker)
    w.wait('a', 4_000, { timeoutMs: 400_000 })
    w.market.leave(m, worker)
    await w.world.advance(350_000)
    w.market.join('other', ask('x'))
    assert.equal(w.market.books.has(m), false)
    await w.world.advance(50_000)
    assert.deepEqual(w.fates, ['a gave up'])
    assert.equal(w.world.timers, 0)
  })
})

describe('clients', () => {
  test('take turns, however many queries of one wait', () => {
    const waiting = new Waiting()
    const worker = ask('w', { running: 10 })
    waiting.market.join(m, worker)
    const [crowd, single] = [{}, {}]
    for (const name of ['a', 'b', 'c']) waiting.wait(name, 4_000, { client: crowd })
    waiting.wait('x', 4_000, { client: single })
    for (let count = 0; count < 4; count++) waiting.free(worker)
    assert.deepEqual(waiting.fates, ['a at w', 'x at w', 'b at w', 'c at w'])
  })

  test('have a share of the places to wait', () => {
    const waiting = new Waiting({ maxWaitingPerClient: 2 })
    waiting.market.join(m, ask('w', { running: 10 }))
    const [crowd, single] = [{}, {}]
    const taken = ['a', 'b', 'c'].map(name => waiting.wait(name, 4_000, { client: crowd }) !== undefined)
    assert.deepEqual(taken, [true, true, false])
    assert.ok(waiting.wait('x', 4_000, { client: single }))
  })

  test('queries that cannot go to a worker hold up nobody who can, however many they are', () => {
    const waiting = new Waiting()
    const [busy, free] = [ask('busy', { limit: 1, running: 1 }), ask('free', { limit: 1, running: 1 })]
    waiting.market.join(m, busy)
    waiting.market.join(m, free)
    for (let count = 0; count < 100; count++)
      waiting.wait(`sealed ${count}`, 4_000, { excluded: new Set([free]) })
    waiting.wait('open')
    waiting.free(free)
    assert.deepEqual(waiting.fates, ['open at free'])
    waiting.free(busy)
    assert.deepEqual(waiting.fates, ['open at free', 'sealed 0 at busy'])
  })
})
