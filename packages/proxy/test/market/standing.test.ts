import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Standing, Standings } from '../../src/market/standing.ts'

function failed(times: number, now = 0): Standing {
  const standing = new Standing()
  for (let count = 0; count < times; count++) standing.record('failure', 5, now)
  return standing
}

describe('the record', () => {
  test('follows outcomes and the time of successes', () => {
    const standing = new Standing()
    assert.deepEqual([standing.success, standing.latencyMs], [1, undefined])
    standing.record('failure', 1, 0)
    assert.equal(standing.latencyMs, undefined)
    assert.ok(standing.success < 1)
    standing.record('success', 200, 0)
    assert.equal(standing.latencyMs, 200)
    standing.record('success', 100, 0)
    assert.ok(standing.latencyMs! < 200 && standing.latencyMs! > 150)
    const before = standing.success
    standing.record('success', 100, 0)
    assert.ok(standing.success > before && standing.success < 1)
    assert.deepEqual([standing.succeeded, standing.failed], [3, 1])
  })

  test('a failure does not make anybody look fast', () => {
    const standing = new Standing()
    standing.record('success', 500, 0)
    for (let count = 0; count < 50; count++) standing.record('failure', 1, 0)
    assert.equal(standing.latencyMs, 500)
  })

  test('a newcomer is given more with each success, in the end without a limit', () => {
    const standing = new Standing()
    let limit = standing.rampLimit
    assert.ok(limit >= 1)
    for (let count = 0; count < 15; count++) {
      standing.record('success', 1, 0)
      assert.ok(standing.rampLimit > limit)
      limit = standing.rampLimit
    }
    standing.record('success', 1, 0)
    assert.equal(standing.rampLimit, Number.POSITIVE_INFINITY)
  })
})

describe('the breaker', () => {
  test('opens after five failures in a row, for a second', () => {
    assert.equal(failed(4).accepts(0), true)
    const standing = failed(5, 1_000)
    assert.equal(standing.accepts(1_000), false)
    assert.equal(standing.acceptsAt, 2_000)
    assert.equal(standing.accepts(1_999), false)
    assert.equal(standing.accepts(2_000), true)
  })

  test('a success in between counts from the beginning', () => {
    const standing = failed(4)
    standing.record('success', 5, 0)
    for (let count = 0; count < 4; count++) standing.record('failure', 5, 0)
    assert.equal(standing.accepts(0), true)
  })

  test('lets one probe through at a time', () => {
    const standing = failed(5)
    assert.equal(standing.accepts(1_000), true)
    assert.equal(standing.probe(), true)
    assert.equal(standing.accepts(1_000), false)
    assert.equal(standing.accepts(100_000), false)
    // An older query that is taken back or fails does not end the probe.
    standing.record('failure', 5, 1_500)
    assert.equal(standing.accepts(100_000), false)
    standing.probed()
    assert.equal(standing.accepts(100_000), true)
  })

  test('a closed breaker needs no probes', () => {
    const standing = failed(4)
    assert.equal(standing.probe(), false)
    assert.equal(standing.accepts(0), true)
  })

  test('stays open twice as long after each failed probe, at most a minute', () => {
    const standing = failed(5)
    let now = standing.acceptsAt
    for (const openForMs of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      standing.probe()
      standing.probed()
      standing.record('failure', 5, now)
      assert.equal(standing.acceptsAt - now, openForMs)
      assert.equal(standing.accepts(standing.acceptsAt - 1), false)
      now = standing.acceptsAt
    }
  })

  test('many queries that fail at the same moment are one failure', () => {
    assert.equal(failed(50, 0).acceptsAt, 1_000)
  })

  test('a success closes it for good', () => {
    const standing = failed(5)
    standing.probe()
    standing.probed()
    standing.record('success', 5, 1_000)
    assert.equal(standing.accepts(1_000), true)
    for (let count = 0; count < 5; count++) standing.record('failure', 5, 2_000)
    assert.equal(standing.acceptsAt, 3_000)
  })

  test('works with a clock that begins below zero', () => {
    assert.equal(failed(5, -5_000).accepts(-4_500), false)
    assert.equal(failed(5, -5_000).accepts(-4_000), true)
  })
})

describe('standings', () => {
  test('outlive a reconnect', () => {
    const standings = new Standings({ keepMs: 1_000 })
    const standing = standings.join('a', 0)
    standings.leave('a', 100)
    assert.equal(standings.join('a', 1_000), standing)
  })

  test('are forgotten after the time of grace', () => {
    const standings = new Standings({ keepMs: 1_000 })
    const standing = standings.join('a', 0)
    standings.leave('a', 100)
    assert.notEqual(standings.join('a', 1_100), standing)
  })

  test('are shared by connections, and kept as long as one of them lasts', () => {
    const standings = new Standings({ keepMs: 1_000 })
    const standing = standings.join('a', 0)
    assert.equal(standings.join('a', 0), standing)
    standings.leave('a', 100)
    standings.join('b', 50_000)
    assert.equal(standings.join('a', 50_000), standing)
  })

  test('of others are forgotten although an old connection lasts', () => {
    const standings = new Standings({ keepMs: 1_000 })
    standings.join('lasting', 0)
    const standing = standings.join('a', 0)
    standings.leave('a', 100)
    standings.join('b', 5_000)
    assert.notEqual(standings.join('a', 5_000), standing)
  })

  test('are no more than there may be, the longest gone going first', () => {
    const standings = new Standings({ maxEntries: 3, keepMs: 1_000_000 })
    const known = ['a', 'b', 'c'].map(name => standings.join(name, 0))
    for (const name of ['b', 'a', 'c']) standings.leave(name, 10)
    const d = standings.join('d', 20)
    standings.leave('d', 30)
    standings.join('e', 40)
    assert.equal(standings.join('c', 50), known[2])
    assert.equal(standings.join('d', 50), d)
    assert.notEqual(standings.join('b', 50), known[1])
  })
})
