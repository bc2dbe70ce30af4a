import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { Book } from '../../src/market/book.ts'
import { ask, type TestAsk } from './asks.ts'

function bookOf(asks: TestAsk[]): Book<TestAsk> {
  const book = new Book<TestAsk>(new VirtualWorld())
  for (const one of asks) book.add(one)
  return book
}

/** Who gets how many of so many queries, when each of them ends at once. */
function shares(book: Book<TestAsk>, queries = 1_000): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let count = 0; count < queries; count++) {
    const match = book.match(10_000, 0)
    assert.equal(match.kind, 'matched')
    if (match.kind === 'matched') counts[match.ask.name] = (counts[match.ask.name] ?? 0) + 1
  }
  return counts
}

describe('the choice', () => {
  const plain = ask('plain')
  const better: Array<[string, TestAsk, TestAsk]> = [
    ['the cheaper', ask('a', { coefficient: 900 }), plain],
    ['the faster', ask('a', { latencyMs: 80 }), plain],
    ['the less busy', plain, ask('a', { running: 1 })],
    ['the more successful', plain, ask('a', { failures: 1 })],
    ['the proven', plain, ask('a', { successes: 0, running: 4, latencyMs: 100 })],
  ]
  for (const [what, one, other] of better) {
    test(`prefers ${what}`, () => {
      for (const asks of [
        [one, other],
        [other, one],
      ]) {
        const won = shares(bookOf(asks))[one.name] ?? 0
        // One query in fifty explores, and half of those end here too.
        assert.ok(won >= 980 && won < 1_000, `${won} of 1000`)
      }
    })
  }

  test('weighs price against speed', () => {
    const cheapSlow = ask('slow', { coefficient: 500, latencyMs: 400 })
    assert.ok(shares(bookOf([cheapSlow, ask('fast')]))['fast']! > 900)
  })

  test('spreads over equals', () => {
    const counts = shares(bookOf(Array.from({ length: 10 }, (_, index) => ask(`w${index}`))), 5_000)
    for (const count of Object.values(counts)) assert.ok(count > 300 && count < 700, `${count} of 5000`)
  })

  test('a free worker gets everything, but not at any speed', () => {
    const free = ask('free', { coefficient: 0, latencyMs: 100 })
    assert.ok(shares(bookOf([free, ask('paid')]))['free']! > 900)
    const crawling = ask('crawling', { coefficient: 0, latencyMs: 10_000 })
    assert.ok(shares(bookOf([crawling, ask('paid')]))['paid']! > 900)
  })

  test('explores: a bad record is tried again now and then', () => {
    const shaken = ask('shaken', { failures: 4 })
    const counts = shares(
      bookOf([shaken, ...Array.from({ length: 4 }, (_, index) => ask(`w${index}`))]),
      10_000,
    )
    assert.ok(counts['shaken']! > 10 && counts['shaken']! < 200, `${counts['shaken']} of 10000`)
  })

  test('a newcomer is judged by what others need, and gets its part', () => {
    const book = bookOf([ask('old', { latencyMs: 2_000 }), ask('new', { successes: 0 })])
    for (let count = 0; count < 200; count++) book.recordLatency(2_000)
    assert.ok(shares(book)['new']! > 300)
  })

  test('a newcomer above its ramp still takes what nobody else can', () => {
    const newcomer = ask('new', { successes: 0, running: 4 })
    const busy = ask('busy', { running: 10 })
    const match = bookOf([newcomer, busy]).match(10_000, 0)
    assert.deepEqual(match, { kind: 'matched', ask: newcomer })
  })
})

describe('who can be chosen', () => {
  const unfit: Array<[string, TestAsk]> = [
    ['disabled', ask('x', { disabled: true })],
    ['congested', ask('x', { congested: true })],
    ['full', ask('x', { running: 10 })],
    ['too dear', ask('x', { coefficient: 5_000 })],
    ['failing', ask('x', { failures: 5 })],
    ['not heard of for 30 s', ask('x', { lastHeardAt: -30_001 })],
  ]
  for (const [why, one] of unfit) {
    test(`not one that is ${why}, few or many`, () => {
      for (const others of [1, 200]) {
        const fit = ask('fit')
        const asks = [fit, ...Array.from({ length: others }, () => one)]
        const book = bookOf(asks.toReversed())
        for (let count = 0; count < 200; count++) {
          assert.deepEqual(book.match(4_000, 0), { kind: 'matched', ask: fit })
        }
      }
    })
  }

  test('not one that this query has failed on', () => {
    const [a, b] = [ask('a', { coefficient: 1 }), ask('b')]
    const book = bookOf([a, b])
    for (let count = 0; count < 200; count++) {
      assert.deepEqual(book.match(4_000, 0, new Set([a])), { kind: 'matched', ask: b })
    }
    assert.deepEqual(book.match(4_000, 0, new Set([a, b])), { kind: 'none' })
  })

  test('one that failed, after its time, and not while it is probed', () => {
    const failing = ask('x', { failures: 5 })
    const book = bookOf([failing])
    assert.equal(book.match(4_000, 999).kind, 'busy')
    assert.equal(book.match(4_000, 1_000).kind, 'matched')
    failing.standing.probe()
    assert.equal(book.match(4_000, 1_000).kind, 'busy')
  })

  test('one that has left is never chosen, whatever its place was', () => {
    for (let leaving = 0; leaving < 5; leaving++) {
      const asks = Array.from({ length: 5 }, (_, index) => ask(`w${index}`))
      const book = bookOf(asks)
      book.remove(asks[leaving]!)
      book.remove(asks[leaving]!)
      assert.equal(book.size, 4)
      const counts = shares(book, 2_000)
      assert.deepEqual(
        Object.keys(counts).toSorted(),
        asks.filter((_, index) => index !== leaving).map(one => one.name),
      )
      for (const one of asks) book.remove(one)
      assert.deepEqual(book.match(4_000, 0), { kind: 'none' })
    }
  })
})

describe('why nobody was chosen', () => {
  const cases: Array<[string, TestAsk[], ReturnType<Book<TestAsk>['match']>]> = [
    ['no asks', [], { kind: 'none' }],
    [
      'all disabled',
      [ask('a', { disabled: true }), ask('b', { disabled: true, coefficient: 9_000 })],
      { kind: 'none' },
    ],
    ['all full', [ask('a', { running: 10 })], { kind: 'busy' }],
    ['all congested', [ask('a', { congested: true })], { kind: 'busy' }],
    ['all failing', [ask('a', { failures: 9 })], { kind: 'busy' }],
    [
      'all too dear',
      [
        ask('a', { coefficient: 6_000 }),
        ask('b', { coefficient: 5_000, running: 10 }),
        ask('c', { coefficient: 7_000 }),
      ],
      { kind: 'too-expensive', cheapest: 5_000 },
    ],
    [
      'one full, the others too dear',
      [ask('a', { running: 10 }), ask('b', { coefficient: 5_000 })],
      { kind: 'busy' },
    ],
    [
      'the cheapest disabled',
      [ask('a', { coefficient: 5_000, disabled: true }), ask('b', { coefficient: 6_000 })],
      { kind: 'too-expensive', cheapest: 6_000 },
    ],
  ]
  for (const [what, asks, why] of cases) {
    test(what, () => assert.deepEqual(bookOf(asks).match(4_000, 0), why))
  }

  test('a price at the cap is not too dear', () => {
    assert.equal(bookOf([ask('a', { coefficient: 4_000 })]).match(4_000, 0).kind, 'matched')
  })
})

describe('many asks', () => {
  /** Counts what a match looks at. */
  function watched(one: TestAsk, count: () => void): TestAsk {
    return new Proxy(one, {
      get(target, property, receiver) {
        if (property === 'coefficient') count()
        return Reflect.get(target, property, receiver) as unknown
      },
    })
  }

  test('a match looks at no more of them than of some tens', () => {
    for (const size of [33, 1_000, 10_000]) {
      let looks = 0
      const book = bookOf(
        Array.from({ length: size }, (_, index) => watched(ask(`w${index}`), () => looks++)),
      )
      for (let count = 0; count < 200; count++) assert.equal(book.match(4_000, 0).kind, 'matched')
      assert.ok(looks / 200 <= 64, `${looks / 200} of ${size}`)
    }
  })

  test('one that is good enough is found among any number that are not', () => {
    const fit = ask('fit')
    const book = bookOf([
      ...Array.from({ length: 5_000 }, () => ask('full', { running: 10, successes: 0 })),
      fit,
    ])
    for (let count = 0; count < 60; count++)
      assert.deepEqual(book.match(4_000, 0), { kind: 'matched', ask: fit })
  })

  test('a sample is good: the better half gets nearly all', () => {
    const asks = Array.from({ length: 400 }, (_, index) =>
      ask(index % 2 ? 'dear' : 'cheap', { coefficient: index % 2 ? 3_000 : 1_000 }),
    )
    const counts = shares(bookOf(asks), 2_000)
    assert.ok(counts['cheap']! > 1_900, `${counts['cheap']} of 2000`)
  })
})
