import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { earliestNextUpdate } from '../../src/collateral/collateral-cache.ts'
import { createSimulatedTee, simulatedQuotes } from '../../src/simulate/index.ts'
import { identityReportData } from '../../src/seal/identity.ts'
import { IdentityHolder, type IdentityHolderOptions } from '../../src/seal/identity-holder.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import { seeded } from './fixture.ts'

const minuteMs = 60_000

/** Both clocks, and the timers, by hand. */
class Clocks {
  wallMs = Date.UTC(2026, 10, 1)
  sinceMs = 0
  readonly #random = seeded('identity holder')
  #timers: { at: number; run: () => void }[] = []

  now = () => this.wallMs
  monotonic = () => this.sinceMs
  random = (size: number) => this.#random(size)

  after = (delayMs: number, run: () => void) => {
    const timer = { at: this.sinceMs + delayMs, run }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter(other => other !== timer)) }
  }

  /** Lets time pass on both. */
  async pass(ms: number): Promise<void> {
    this.wallMs += ms
    this.sinceMs += ms
    const due = this.#timers.filter(({ at }) => at <= this.sinceMs)
    this.#timers = this.#timers.filter(({ at }) => at > this.sinceMs)
    for (const { run } of due) run()
    await settled()
  }
}

function settled(): Promise<void> {
  return new Promise(resolve => void setImmediate(resolve))
}

function holderOf(clocks: Clocks, options: Partial<IdentityHolderOptions> = {}): IdentityHolder {
  return new IdentityHolder({
    world: clocks,
    crypto: nodeSeal,
    model: 'cocoon/tiny-recital@1:00',
    quote: async reportData => ({ quote: reportData.slice() }),
    onFailure: cause => assert.fail(String(cause)),
    ...options,
  })
}

describe('the identities that a worker holds', () => {
  test('are quoted over their own documents, and the one before is kept until it ends', async () => {
    const clocks = new Clocks()
    using holder = holderOf(clocks, {
      block: async () => ({ seqno: 7, rootHash: new Uint8Array(32).fill(9) }),
    })
    const announced: unknown[] = []
    using _ = holder.onNew(identity => announced.push(identity))
    await holder.start()
    const first = holder.current!
    assert.deepEqual(first.evidence.quote, identityReportData(nodeSeal, first.evidence.document))
    assert.deepEqual([first.identity.blockSeqno, first.identity.blockHash[0]], [7, 9])

    await clocks.pass(61 * minuteMs)
    const second = holder.current!
    assert.notEqual(second, first)
    assert.deepEqual(announced, [first, second])
    assert.equal(holder.find(first.digest), first)

    await clocks.pass(15 * minuteMs)
    assert.equal(holder.find(first.digest), undefined)
    assert.equal(holder.current, second)
  })

  test('are made again at once where the clock was set past their end', async () => {
    const clocks = new Clocks()
    using holder = holderOf(clocks)
    await holder.start()
    const before = holder.current!
    await clocks.pass(2 * minuteMs)
    clocks.wallMs += 600 * minuteMs
    assert.equal(holder.current, undefined)
    await settled()
    assert.notEqual(holder.current!, before)
    assert.ok(holder.current!.identity.expiresAtMs > clocks.wallMs)
  })

  test('are made again before the collateral of their quotes ends', async () => {
    const clocks = new Clocks()
    const quoteOf = simulatedQuotes(createSimulatedTee(new Uint8Array(32)), clocks)
    const { collateral } = await quoteOf(new Uint8Array(64))
    clocks.wallMs = earliestNextUpdate(collateral!) - 20 * minuteMs
    using holder = holderOf(clocks, {
      quote: async reportData => ({ quote: reportData.slice(), collateral: collateral! }),
    })
    await holder.start()
    const first = holder.current
    await clocks.pass(15 * minuteMs)
    assert.equal(holder.current, first)
    await clocks.pass(minuteMs)
    assert.notEqual(holder.current, first)
  })

  test('are tried again a minute after a failure, while the one before stays in use', async () => {
    const clocks = new Clocks()
    const failures: unknown[] = []
    let isBroken = false
    using holder = holderOf(clocks, {
      quote: async reportData => {
        if (isBroken) throw new Error('no quote')
        return { quote: reportData.slice() }
      },
      onFailure: cause => failures.push(cause),
    })
    await holder.start()
    const first = holder.current!
    isBroken = true
    await clocks.pass(61 * minuteMs)
    assert.equal(holder.current, first)
    await clocks.pass(minuteMs)
    assert.equal(failures.length, 2)
    isBroken = false
    await clocks.pass(minuteMs)
    assert.notEqual(holder.current, first)
  })

  test('are none once it is disposed, whatever was being made', async () => {
    const clocks = new Clocks()
    const holder = holderOf(clocks)
    const started = holder.start()
    holder[Symbol.dispose]()
    await started
    await clocks.pass(120 * minuteMs)
    assert.equal(holder.current, undefined)
  })
})
