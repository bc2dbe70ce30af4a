import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readReceiptFile } from '@cocoon/client'
import { streamedAnswer, wholeAnswer } from '../../src/index.ts'
import { messages, model, sdkStage } from './stage.ts'

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }

test('a whole answer comes sealed, with its receipt', async () => {
  await using stage = await sdkStage(wholeAnswer('Hello', usage))
  const cocoon = stage.cocoon()
  for (let round = 0; round < 3; round++) {
    const answer = await cocoon.chat.completions.create({ model, messages })
    assert.equal(answer.choices[0]?.message.content, 'Hello')
    const { protection, simulated, receipt, costNano } = answer.cocoon
    assert.deepEqual([protection, simulated], ['sealed', true])
    assert.ok(costNano! > 0n)
    assert.equal(readReceiptFile(JSON.stringify(receipt)).signed.receipt.completionTokens, 5)
    assert.deepEqual(cocoon.receipt(receipt!.id), receipt)
    assert.doesNotMatch(JSON.stringify(answer), /cocoon/)
  }
})

test('a stream comes sealed, and its receipt at its end', async () => {
  await using stage = await sdkStage(streamedAnswer(['Hello ', 'world'], usage))
  const stream = await stage.cocoon().chat.completions.create({ model, messages, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]!.delta.content ?? ''
  assert.equal(text, 'Hello world')
  assert.equal((await stream.cocoon).protection, 'sealed')
})
