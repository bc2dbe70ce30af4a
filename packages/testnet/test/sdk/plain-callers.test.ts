import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readReceiptFile } from '@cocoon/client'
import { createKey, KeyBook, ReceiptBook } from '@cocoon/client/role'
import { systemWorld } from '@cocoon/wire/node'
import { wholeAnswer } from '../../src/index.ts'
import { messages, model, pacedAnswer, sdkStage } from './stage.ts'

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }
const words = ['Hello ', 'world']

function post(baseURL: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${baseURL}/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model, messages, ...body }),
  })
}

describe('callers who know nothing of sealing', () => {
  test('are told how each answer was protected, and get its receipt', async () => {
    const receipts = new ReceiptBook(systemWorld)
    const saved: string[] = []
    receipts.onChange(({ id, log }) => saved.push(`${id} ${log?.index ?? 'new'}`))
    await using stage = await sdkStage(wholeAnswer('Hello', usage), { endpoint: { receipts } })
    const answer = await post(stage.baseURL, {})
    assert.equal(answer.headers.get('x-cocoon-protection'), 'sealed; simulated')
    const id = answer.headers.get('x-cocoon-receipt') ?? ''
    await answer.text()
    const found = await fetch(`${stage.baseURL}/cocoon/receipts/${id}`)
    const { signed, file } = readReceiptFile(await found.text())
    assert.deepEqual([file.id, signed.receipt.completionTokens], [id, 5])
    assert.equal((await fetch(`${stage.baseURL}/cocoon/receipts/${'0'.repeat(64)}`)).status, 404)
    receipts.attachLog(id, { index: '7', entry: '', proof: [], checkpoint: 'note' })
    const later = (await (await fetch(`${stage.baseURL}/cocoon/receipts/${id}`)).json()) as typeof file
    assert.equal(later.log?.index, '7')
    assert.deepEqual(saved, [`${id} new`, `${id} 7`])
  })

  test('find the receipt of a stream before its end', async () => {
    await using stage = await sdkStage(pacedAnswer(words, usage))
    const answer = await post(stage.baseURL, { stream: true })
    const id = answer.headers.get('x-cocoon-receipt')
    assert.match(await answer.text(), new RegExp(`\\n\\n: cocoon-receipt ${id}\\n\\ndata: \\[DONE\\]\\n\\n$`))
    assert.equal((await fetch(`${stage.baseURL}/cocoon/receipts/${id}`)).status, 200)
  })

  test('get the receipts of their own key alone', async () => {
    const [mine, other] = [
      createKey(systemWorld, { name: 'mine' }),
      createKey(systemWorld, { name: 'other' }),
    ]
    const keys = new KeyBook({ keys: [mine.entry, other.entry] }, { world: systemWorld })
    await using stage = await sdkStage(wholeAnswer('Hello', usage), { endpoint: { keys } })
    const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
    const answer = await post(stage.baseURL, {}, bearer(mine.key))
    const url = `${stage.baseURL}/cocoon/receipts/${answer.headers.get('x-cocoon-receipt')}`
    const statuses = await Promise.all(
      [bearer(mine.key), bearer(other.key), {}].map(async headers => (await fetch(url, { headers })).status),
    )
    assert.deepEqual(statuses, [200, 404, 401])
  })

  test('ask for the least protection in a field or a header', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage), {
      network: { clients: [{}] },
    })
    const asked = async (body: object, headers?: Record<string, string>): Promise<number> =>
      (await post(stage.baseURL, body, headers)).status
    assert.equal(await asked({}), 200)
    assert.equal(await asked({ cocoon_protection: 'sealed' }), 503)
    assert.equal(await asked({}, { 'x-cocoon-protection': 'sealed' }), 503)
    assert.equal(await asked({ cocoon_protection: 'any' }, { 'x-cocoon-protection': 'sealed' }), 200)
    assert.equal(await asked({ cocoon_protection: 'most' }), 400)
    assert.equal(await asked({}, { 'x-cocoon-protection': 'most' }), 400)
    const open = await post(stage.baseURL, {})
    assert.equal(open.headers.get('x-cocoon-protection'), 'simulated')
    assert.equal(open.headers.get('x-cocoon-receipt'), null)
  })
})
