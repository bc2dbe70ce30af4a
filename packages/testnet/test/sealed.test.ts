import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { systemWorld } from '@cocoon/wire/node'
import { ScriptedBackend, sealedStage, startTestNetwork, streamedAnswer, wholeAnswer } from '../src/index.ts'
import { type Asked, ask } from './asked.ts'

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }

async function over(asked: Asked): Promise<void> {
  const endMs = systemWorld.monotonic() + 20_000
  while (asked.ended === undefined) {
    assert.ok(systemWorld.monotonic() < endMs, 'it took too long')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

for (const linkage of ['session', 'query'] as const) {
  test(`a query is sealed to the worker, and its answer comes with a receipt, one KEM a ${linkage}`, async () => {
    using stage = await sealedStage(systemWorld, { sealer: { linkage } })
    const backend = new ScriptedBackend(streamedAnswer(['Hello ', 'world'], usage))
    const [worker] = stage.options.workers!
    await using network = await startTestNetwork({ ...stage.options, workers: [{ ...worker, backend }] })
    await network.ready()
    for (let round = 0; round < 3; round++) {
      const asked = ask(network.client, { body: { stream: true } })
      await over(asked)
      assert.equal(asked.ended?.kind, 'end', inspect(asked.ended))
      assert.match(asked.text, /Hello /)
      assert.equal(asked.summary?.proof?.signed.receipt.completionTokens, 5)
      assert.equal(asked.summary?.proof?.signed.receipt.chargedTokens, asked.summary?.tokens)
    }
  })
}

test('a whole answer, and a request that the worker refuses', async () => {
  using stage = await sealedStage(systemWorld)
  const backend = new ScriptedBackend(wholeAnswer('Hello', usage))
  const [worker] = stage.options.workers!
  await using network = await startTestNetwork({ ...stage.options, workers: [{ ...worker, backend }] })
  await network.ready()
  const asked = ask(network.client)
  await over(asked)
  assert.equal(asked.ended?.kind, 'end', inspect(asked.ended))
  const wrong = ask(network.client, { body: { stream: 'yes' } })
  await over(wrong)
  assert.equal(wrong.ended?.kind, 'end', inspect(wrong.ended))
  assert.equal(wrong.status, 400)
  assert.equal(wrong.summary?.tokens, 0n)
})
