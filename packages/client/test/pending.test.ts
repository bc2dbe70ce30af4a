import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WireError } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import type { ProxyAnswer } from '../src/answer.ts'
import { type AnswerSummary, ClientError, type Query } from '../src/role.ts'
import { PendingQuery } from '../src/pending.ts'
import { Heard, queryOf } from './heard.ts'
import { encodedResponse } from './scripted-proxy.ts'

class Bench {
  readonly world = new VirtualWorld()
  readonly heard = new Heard()
  readonly ends: Array<[string, AnswerSummary, number]> = []
  overdue = 0
  overstated = 0
  readonly pending: PendingQuery

  constructor(query: Partial<Query> = {}) {
    this.pending = new PendingQuery({
      query: queryOf(query),
      events: this.heard,
      world: this.world,
      pricePerTokenNano: 3n,
      reservedTokens: 1_000n,
      owner: {
        overstated: () => {
          this.overstated++
        },
        again: () => {},
        disputed: () => {},
        overdue: () => {
          this.overdue++
        },
        ended: (outcome, summary, receivedBytes) => void this.ends.push([outcome, summary, receivedBytes]),
      },
    })
  }

  head(status = 200, payload = '', tokens?: bigint): boolean {
    return this.take({ kind: 'head', response: encodedResponse(status, payload), final: finalOf(tokens) })
  }

  part(text: string, tokens?: bigint): boolean {
    return this.take({ kind: 'part', bytes: Buffer.from(text), final: finalOf(tokens) })
  }

  failure(code: number, message = 'no', tokens = 0n): boolean {
    return this.take({ kind: 'failure', code, message, final: finalOf(tokens)! })
  }

  take(
    piece:
      | Omit<ProxyAnswer & { kind: 'head' }, 'requestId'>
      | Omit<ProxyAnswer & { kind: 'part' }, 'requestId'>
      | Omit<ProxyAnswer & { kind: 'failure' }, 'requestId'>,
  ): boolean {
    return this.pending.take({ requestId: new Uint8Array(32), ...piece } as ProxyAnswer, 'EQproxy')
  }
}

const finalOf = (tokens: bigint | undefined) =>
  tokens === undefined ? undefined : { tokens, workerDebug: '{"w":1}', proxyDebug: '{"p":1}' }

const malformed = (run: () => unknown): void =>
  assert.throws(run, error => error instanceof WireError && error.code === 'malformed')

describe('a pending query', () => {
  test('hands on what comes, in its order, and ends once', () => {
    const bench = new Bench()
    assert.equal(bench.head(201), false)
    assert.equal(bench.pending.begun, true)
    assert.deepEqual([bench.heard.status, bench.heard.headers], [201, [['x-served', 'yes']]])
    assert.equal(bench.part('one '), false)
    assert.equal(bench.part(''), false)
    assert.equal(bench.part('two', 7n), true)
    assert.equal(bench.heard.text, 'one two')
    assert.deepEqual(bench.heard.summary, { tokens: 7n, costNano: 21n, proxy: 'EQproxy' })
    assert.deepEqual(bench.ends, [['succeeded', bench.heard.summary, 7]])
    assert.equal(bench.world.timers, 0)
    // What comes after the end is nobody's.
    assert.equal(bench.part('three'), true)
    assert.equal(bench.failure(601), true)
    bench.pending.fail(new ClientError('timeout', 'late'))
    assert.deepEqual([bench.heard.ends, bench.ends.length], [1, 1])
  })

  test('takes a whole answer in one piece', () => {
    const bench = new Bench()
    assert.equal(bench.head(200, 'all of it', 5n), true)
    assert.deepEqual(
      [bench.heard.text, bench.heard.code, bench.heard.summary?.tokens],
      ['all of it', undefined, 5n],
    )
  })

  test('with debug passes on what each hop says of itself', () => {
    const bench = new Bench({ enableDebug: true })
    bench.head(200, '', 5n)
    const { debug } = bench.heard.summary!
    assert.deepEqual([debug?.proxy, debug?.worker], ['{"p":1}', '{"w":1}'])
    assert.equal((JSON.parse(debug!.client!) as { type: string }).type, 'client_stats')
  })

  test('refuses what cannot be part of an answer, and is not harmed', () => {
    const bench = new Bench()
    malformed(() => bench.part('early'))
    for (const status of [-1, 0, 99, 600, 2 ** 31 - 1]) malformed(() => bench.head(status))
    malformed(() => bench.take({ kind: 'head', response: new Uint8Array(9), final: undefined }))
    assert.deepEqual([bench.pending.begun, bench.heard.status, bench.heard.ends], [false, undefined, 0])
    bench.head()
    malformed(() => bench.head())
    assert.equal(bench.heard.ends, 0)
    bench.part('x', 1n)
    assert.equal(bench.heard.code, undefined)
  })

  test('tells what the numbers of the network mean', () => {
    const meanings: Array<[number, string, string]> = [
      [601, '', 'upstream'],
      [602, 'client is closing', 'upstream'],
      [602, 'client balance is too low: max_tokens=5', 'insufficient-balance'],
      [621, 'unknown model x', 'model-not-found'],
      [621, 'unsupported method', 'upstream'],
      [651, 'no workers', 'no-worker'],
      [651, 'balance is too low', 'insufficient-balance'],
      [652, 'timeout in proxy', 'timeout'],
      [653, '', 'cancelled'],
      [0, '', 'upstream'],
    ]
    for (const [code, message, meaning] of meanings) {
      const bench = new Bench()
      assert.equal(bench.failure(code, message, 4n), true)
      assert.equal(bench.heard.code, meaning)
      assert.equal(bench.heard.summary?.tokens, 4n)
      assert.deepEqual(
        bench.ends.map(([outcome]) => outcome),
        ['failed'],
      )
    }
  })

  test('cuts what a peer says', () => {
    const bench = new Bench()
    bench.failure(601, 'x'.repeat(100_000))
    assert.ok(bench.heard.error!.message.length < 400)
  })

  test('fails in the middle with what had come', () => {
    const bench = new Bench()
    bench.head()
    bench.part('half')
    bench.failure(652, 'late', 2n)
    assert.deepEqual(
      [bench.heard.text, bench.heard.code, bench.heard.summary?.costNano],
      ['half', 'timeout', 6n],
    )
  })

  test('knows its deadline', async () => {
    const bench = new Bench({ timeoutMs: 1_000 })
    assert.equal(bench.pending.timeLeftMs(), 1_000)
    await bench.world.advance(999)
    assert.deepEqual([bench.pending.timeLeftMs(), bench.overdue], [1, 0])
    await bench.world.advance(10)
    assert.deepEqual([bench.pending.timeLeftMs(), bench.overdue], [0, 1])
  })

  test('a caller that stops it in the middle of an event hears nothing more', () => {
    const bench = new Bench()
    bench.heard.head = () => bench.pending.fail(new ClientError('cancelled', 'enough'))
    assert.equal(bench.head(200, 'payload', 5n), true)
    assert.deepEqual([bench.heard.text, bench.heard.code], ['', 'cancelled'])
    assert.equal(bench.ends.length, 1)
  })
})

test('a charge above the reservation counts as the reservation, and is told of', () => {
  const bench = new Bench()
  bench.head(200, 'text', 2n ** 62n)
  const [end] = bench.ends
  assert.deepEqual([end?.[1].tokens, end?.[1].costNano, bench.overstated], [1_000n, 3_000n, 1])
})
