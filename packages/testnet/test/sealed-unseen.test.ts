import assert from 'node:assert/strict'
import { test } from 'node:test'
import { priceUsage } from '@cocoon/money'
import { readReceipt, signReceipt } from '@cocoon/trust/seal'
import { type BackendScript, streamedAnswer, wholeAnswer } from '../src/index.ts'
import {
  answerCanary,
  assertAnswered,
  type SealedNetwork,
  sealedNetwork,
  usage,
} from './sealed/sealed-network.ts'

const refused = ({ events }: SealedNetwork): number =>
  events.filter(({ event }) => event === 'receipt-refused').length
const standings = ({ proxy }: SealedNetwork): number[] =>
  [...proxy.proxy.workers].map(({ standing }) => standing.success)

for (const [what, counts] of [
  ['a prompt that a template makes longer than the query', { prompt: 2_000 }],
  ['a completion of which hardly anything becomes text', { completion: 990 }],
  ['thoughts that are said to be none', { prompt: 2_000, cached: 1_500, completion: 990, reasoning: 900 }],
] as const) {
  test(`${what}: the answer holds, and costs what can be seen of it`, async () => {
    const script: BackendScript = wholeAnswer(`The ${answerCanary}`, { ...usage, ...counts })
    await using network = await sealedNetwork({ workers: [{ script }, { script }, { script }] })
    const asked = await network.asked({ body: { stream: false } })
    assertAnswered(asked)
    assert.deepEqual([refused(network), network.tap.all('client.disputeReceipt').length], [0, 0])
    assert.deepEqual(standings(network), [1, 1, 1])
    assert.ok(asked.summary!.tokens > 0n)
  })
}

test('what was made and has not left in its frames when the caller goes is neither paid nor held against anybody', async () => {
  const words = Array.from({ length: 900 }, (_, index) => `word-${index} `)
  await using network = await sealedNetwork({
    sealer: { shape: { chunkBytes: 128, cadenceMs: 1_000 } },
    workers: [{ script: streamedAnswer(words, { ...usage, completion: 900 }) }],
  })
  const asked = network.asking()
  await network.world.runFor(2_500)
  asked.cancel()
  await network.world.runFor(5_000)
  assert.deepEqual([refused(network), ...standings(network)], [0, 1])
  const [{ max: charged } = { max: 0n }] = network.proxy.ledger.clients()
  assert.ok(charged > 0n && charged < 500n, `${charged}`)
  network.proxy.ledger.assertConserved()
})

for (const status of [400, 500]) {
  test(`a machine that charges for an answer of status ${status} gets nothing`, async () => {
    await using network = await sealedNetwork({ workers: [{ script: wholeAnswer('no', {}, status) }] })
    const { signing } = network.holders[0]!.current!.keys
    network.tap.rewrite = ({ message }) => {
      if (message._ !== 'proxy.sealedAnswer' || message.receipt === undefined) return message
      const { receipt } = readReceipt(message.receipt)
      const counts = { promptTokens: 150, cachedTokens: 0, completionTokens: 60, reasoningTokens: 0 }
      const { adjusted } = priceUsage(counts, receipt.coefficient, network.config)
      const greedy = { ...receipt, ...counts, chargedTokens: adjusted.total }
      return { ...message, receipt: signReceipt(signing, greedy) }
    }
    const asked = await network.asked({ body: { stream: false } })
    assert.deepEqual([asked.ended?.kind, asked.summary?.tokens], ['failed', 0n])
    assert.ok(network.events.some(({ event }) => event === 'worker-answer-invalid'))
    assert.ok(standings(network)[0]! < 1)
    assert.equal(network.proxy.ledger.clients()[0]!.max, 0n)
  })
}
