import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Timer, World } from '@cocoon/wire'
import { Market } from '../../src/market/market.ts'
import { ask, type TestAsk } from './asks.ts'

/** Virtual time without promises: what is due runs, the earliest first. */
class Clock implements World {
  timeMs = 0
  #seed: number
  readonly #due: Array<{ atMs: number; run: (() => void) | undefined }> = []

  constructor(seed: number) {
    this.#seed = seed
  }

  now(): number {
    return this.timeMs
  }

  monotonic(): number {
    return this.timeMs
  }

  /** Uniform in (0, 1). */
  chance(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return (this.#seed + 0.5) / 0x1_0000_0000
  }

  random(sizeBytes: number): Uint8Array {
    return Uint8Array.from({ length: sizeBytes }, () => this.chance() * 256)
  }

  soon(run: () => void): void {
    this.after(0, run)
  }

  after(delayMs: number, run: () => void): Timer {
    const due: { atMs: number; run: (() => void) | undefined } = { atMs: this.timeMs + delayMs, run }
    let low = 0
    let high = this.#due.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#due[middle]!.atMs > due.atMs) low = middle + 1
      else high = middle
    }
    this.#due.splice(low, 0, due)
    return {
      cancel: () => {
        due.run = undefined
      },
    }
  }

  runUntil(endMs: number): void {
    for (let due = this.#due.pop(); due !== undefined && due.atMs <= endMs; due = this.#due.pop()) {
      this.timeMs = due.atMs
      due.run?.()
    }
  }
}

const model = 'acme/chat'
const limit = 4
const meanMs = 1_000

interface Traffic {
  served: number
  queries: number
  /** By worker. */
  sent: Map<TestAsk, number>
}

/** Queries at random times, each tried on one worker alone: no relay repairs what the market chose badly. */
function traffic(
  workers: TestAsk[],
  options: {
    load: number
    seconds: number
    seed: number
    isBroken: (worker: TestAsk, timeMs: number) => boolean
  },
): Traffic {
  const clock = new Clock(options.seed)
  const market = new Market<TestAsk>(clock)
  for (const worker of workers) market.join(model, worker)
  const result: Traffic = { served: 0, queries: 0, sent: new Map() }
  const exponential = (mean: number): number => -mean * Math.log(clock.chance())

  const run = (worker: TestAsk): void => {
    worker.running++
    result.sent.set(worker, (result.sent.get(worker) ?? 0) + 1)
    const isProbe = worker.standing.probe()
    const startedAt = clock.timeMs
    const broken = options.isBroken(worker, startedAt)
    clock.after(broken ? 1 : exponential(meanMs), () => {
      worker.running--
      if (isProbe) worker.standing.probed()
      worker.standing.record(broken ? 'failure' : 'success', clock.timeMs - startedAt, clock.timeMs)
      if (!broken) {
        result.served++
        market.books.get(model)!.recordLatency(clock.timeMs - startedAt)
      }
      market.freed(model, worker)
    })
  }
  const arrive = (): void => {
    result.queries++
    const match = market.match(model, 4_000)
    if (match.kind === 'matched') run(match.ask)
    else market.wait(model, { maxCoefficient: 4_000, timeoutMs: 60_000 }, { matched: run, gaveUp: () => {} })
    clock.after(exponential(meanMs / (options.load * limit * workers.length)), arrive)
  }
  arrive()
  clock.runUntil(options.seconds * 1_000)
  return result
}

const fleet = (size: number): TestAsk[] =>
  Array.from({ length: size }, (_, index) => ask(`w${index}`, { limit, successes: 0 }))

test('a worker that fails everything at once gets next to nothing', () => {
  for (const seed of [1, 2, 3]) {
    const workers = fleet(20)
    const { served, queries, sent } = traffic(workers, {
      load: 0.7,
      seconds: 400,
      seed,
      isBroken: worker => worker === workers[7],
    })
    assert.ok(queries > 15_000)
    // What is still under way at the end is neither served nor lost.
    assert.ok(served / (queries - 20 * limit) > 0.995, `${served} of ${queries}`)
    assert.ok(sent.get(workers[7]!)! < 40, `${sent.get(workers[7]!)} queries`)
  }
})

test('a worker that recovers gets its part again', () => {
  const workers = fleet(20)
  const isBroken = (worker: TestAsk, timeMs: number): boolean => worker === workers[7] && timeMs < 60_000
  const sent = (seconds: number): number =>
    traffic(workers, { load: 0.7, seconds, seed: 5, isBroken }).sent.get(workers[7]!) ?? 0
  assert.ok(sent(600) > 500)
})

test('all share the load where all are alike', () => {
  const workers = fleet(20)
  const { served, queries, sent } = traffic(workers, {
    load: 0.7,
    seconds: 300,
    seed: 9,
    isBroken: () => false,
  })
  assert.ok(served / queries > 0.99)
  for (const worker of workers) {
    const share = sent.get(worker)! / queries
    assert.ok(share > 0.02 && share < 0.09, `${share}`)
  }
})

test('most work goes to the cheap ones, the dear ones take the rest', () => {
  const workers = fleet(20)
  for (const [index, worker] of workers.entries()) worker.coefficient = index < 10 ? 1_000 : 2_000
  const { sent, queries } = traffic(workers, { load: 0.4, seconds: 300, seed: 11, isBroken: () => false })
  const cheap = workers.slice(0, 10).reduce((sum, worker) => sum + (sent.get(worker) ?? 0), 0)
  assert.ok(cheap / queries > 0.6, `${cheap} of ${queries}`)
})
