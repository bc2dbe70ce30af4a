import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { World } from '@cocoon/wire'
import { ClientError } from '../../src/error.ts'
import { createKey, hashKey, KeyBook, type KeyEntry, type KeySpent } from '../../src/role.ts'

/** A world whose time moves by hand; timers run when it does. */
class ManualWorld implements World {
  timeMs = Date.UTC(2026, 0, 1, 12)
  #timers: Array<{ atMs: number; run: () => void }> = []
  now = (): number => this.timeMs
  monotonic = (): number => this.timeMs
  random = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(7)
  soon = (run: () => void): void => run()
  after(delayMs: number, run: () => void): { cancel(): void } {
    const timer = { atMs: this.timeMs + delayMs, run }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter(other => other !== timer)) }
  }
  advance(byMs: number): void {
    this.timeMs += byMs
    const due = this.#timers.filter(timer => timer.atMs <= this.timeMs)
    this.#timers = this.#timers.filter(timer => timer.atMs > this.timeMs)
    for (const timer of due) timer.run()
  }
}

const entry = (grant: Partial<KeyEntry> = {}): KeyEntry => ({
  id: 'a',
  hash: hashKey('secret'),
  name: 'A',
  ...grant,
})
const shown = { authorization: 'Bearer secret' }

function coded(code: string): (error: unknown) => boolean {
  return error => error instanceof ClientError && error.code === code
}

test('keys are found by both headers, and nothing else is', () => {
  const book = new KeyBook({ keys: [entry()] }, { world: new ManualWorld() })
  for (const headers of [shown, { authorization: 'bearer  secret ' }, { 'api-key': 'secret' }]) {
    assert.equal(book.find(headers).id, 'a')
  }
  for (const headers of [
    {},
    { authorization: 'secret' },
    { authorization: 'Basic secret' },
    { authorization: 'Bearer Secret' },
    { authorization: `Bearer ${'x'.repeat(10_000)}` },
    { authorization: `Bearer ${hashKey('secret')}` },
    { 'api-key': '' },
  ]) {
    assert.throws(() => book.find(headers), coded('unauthorized'))
  }
})

test('a new key is told once and works from its entry', () => {
  const world = new ManualWorld()
  const { key, entry: made } = createKey(world, { name: 'bot', requestsPerMinute: 3 })
  assert.match(key, /^sk-cocoon-[\w-]{43}$/)
  assert.ok(!JSON.stringify(made).includes(key))
  assert.deepEqual(made, { id: '070707070707', hash: hashKey(key), name: 'bot', requestsPerMinute: 3 })
  assert.equal(new KeyBook({ keys: [made] }, { world }).find({ 'api-key': key }).id, made.id)
})

test('a key expires', () => {
  const world = new ManualWorld()
  const book = new KeyBook({ keys: [entry({ expires: '2026-01-01T12:00:01Z' })] }, { world })
  book.find(shown)
  world.advance(1000)
  assert.throws(() => book.find(shown), coded('unauthorized'))
})

test('requests are limited by the minute and come back evenly', () => {
  const world = new ManualWorld()
  const key = new KeyBook({ keys: [entry({ requestsPerMinute: 2 })] }, { world }).find(shown)
  key.countRequest()
  key.countRequest()
  const headers =
    'x-ratelimit-limit-requests 2 x-ratelimit-remaining-requests 0 x-ratelimit-reset-requests 60s'
  assert.deepEqual(key.rateHeaders(), headers.split(' '))
  assert.throws(() => key.countRequest(), { code: 'rate-limited', retryAfterMs: 30_000 })
  world.advance(30_000)
  key.countRequest()
  assert.throws(() => key.countRequest(), coded('rate-limited'))
  world.advance(3_600_000)
  key.countRequest()
  key.countRequest()
  assert.throws(() => key.countRequest(), coded('rate-limited'))
})

test('a budget holds what was spent and what is set aside, until the day ends', () => {
  const world = new ManualWorld()
  const key = new KeyBook({ keys: [entry({ budgetNano: '1000' })] }, { world }).find(shown)
  key.reserve(600n)
  assert.throws(() => key.reserve(600n), { code: 'budget-exhausted', retryAfterMs: 43_200_000 })
  key.charge(600n, 100n)
  key.reserve(900n)
  key.charge(900n, 900n)
  assert.throws(() => key.reserve(0n), coded('budget-exhausted'))
  world.advance(43_200_000)
  key.reserve(1000n)
})

test('what is spent is saved once a second and taken up again', () => {
  const world = new ManualWorld()
  const saved: KeySpent[][] = []
  const options = { world, saveSpent: (spent: KeySpent[]) => void saved.push(spent) }
  const book = new KeyBook(
    { keys: [entry({ budgetNano: 1000 }), entry({ id: 'b', hash: hashKey('b') })] },
    options,
  )
  for (let count = 0; count < 5; count++) {
    const key = book.find(shown)
    key.reserve(0n)
    key.charge(0n, 200n)
  }
  assert.equal(saved.length, 0)
  world.advance(1000)
  const day = Math.floor(world.now() / 86_400_000)
  assert.deepEqual(saved, [[{ id: 'a', day, spentNano: 1000n }]])
  book.flush()
  assert.equal(saved.length, 1)
  book.find({ 'api-key': 'b' }).charge(0n, 1n)
  book.flush()
  assert.equal(saved[1]?.length, 2)

  const again = new KeyBook({ keys: [entry({ budgetNano: 1000 })] }, { world, spent: saved[0]! })
  assert.throws(() => again.find(shown).reserve(0n), coded('budget-exhausted'))
  again.replace({ keys: [entry({ budgetNano: 2000 })] })
  again.find(shown).reserve(1000n)
  again.replace({ keys: [] })
  assert.throws(() => again.find(shown), coded('unauthorized'))
})

test('a faulty key file is refused', () => {
  const world = new ManualWorld()
  for (const file of [
    null,
    [],
    {},
    { keys: {} },
    { keys: [null] },
    { keys: [entry({ id: '' })] },
    { keys: [entry({ hash: 'ABC' })] },
    { keys: [entry(), entry({ hash: hashKey('b') })] },
    { keys: [entry(), entry({ id: 'b' })] },
    { keys: [entry({ budgetNano: -1 })] },
    { keys: [entry({ budgetNano: '1.5' })] },
    { keys: [entry({ requestsPerMinute: 0 })] },
    { keys: [entry({ models: 'm' as never })] },
    { keys: [entry({ expires: 'soon' })] },
  ]) {
    assert.throws(() => new KeyBook(file, { world }), coded('configuration'), JSON.stringify(file))
  }
})
