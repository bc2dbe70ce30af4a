import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientOffers, Reply } from '@cocoon/wire'
import type { Market } from '../src/market/market.ts'
import { answerOffers, type IdentifiedAsk } from '../src/offers.ts'

/** As much of a worker as an offer says, with an identity of this number that ends then. */
function ask(number: number, coefficient: number, expiresAtMs: number): IdentifiedAsk {
  const digest = new Uint8Array(32).fill(number)
  return {
    coefficient,
    running: 1,
    limit: 4,
    disabled: false,
    standing: {},
    identities: [{ key: String(number), digest, identity: { expiresAtMs } }],
  } as unknown as IdentifiedAsk
}

function offered(asks: readonly IdentifiedAsk[], nowMs: number): number[] {
  const market = { books: new Map([['m', { asks }]]) } as unknown as Market<IdentifiedAsk>
  let answer: ClientOffers | undefined
  const reply = { answer: (_: unknown, value: ClientOffers) => (answer = value) } as unknown as Reply
  answerOffers(market, { model: 'm', nowMs }, reply)
  return answer!.offers.map(({ identity }) => identity[0]!)
}

test('what is offered can still be sealed to: cheapest first, and nothing that is over', () => {
  const asks = [ask(1, 3_000, 5_000), ask(2, 1_000, 2_000), ask(3, 2_000, 5_000)]
  assert.deepEqual(offered(asks, 1_999), [2, 3, 1])
  assert.deepEqual(offered(asks, 2_000), [3, 1])
  assert.deepEqual(offered(asks, 5_000), [])
})
