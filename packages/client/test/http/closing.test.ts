import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chat, hello, pieces, serve, summary, whole } from './scripted-network.ts'

test('closing waits for what runs, then ends it', async () => {
  await using patient = await serve(() => {})
  const answered = chat(patient.url, hello)
  const call = await patient.network.nextCall()
  const closing = patient.close(60_000)
  await assert.rejects(fetch(`${patient.url}/v1/models`))
  void whole({ done: true })(call)
  assert.equal((await answered).headers.get('connection'), 'close')
  assert.deepEqual(await (await answered).json(), { done: true })
  await closing
  await patient.close(0)

  const stream = 'data: {"choices":[{"delta":{}}]}\n\n'
  await using hasty = await serve(({ query, events }) => {
    if (query.model !== 'streamed') return
    events.head(200, [['content-type', 'text/event-stream']])
    events.data(Buffer.from(stream))
  })
  const silent = chat(hasty.url, hello)
  const silentCall = await hasty.network.nextCall()
  const streamed = await chat(hasty.url, { ...hello, model: 'streamed' })
  await hasty.close(1)
  assert.equal((await silent).status, 503)
  assert.match(
    await streamed.text(),
    /^data: \{"choices".*\n\ndata: \{"error":\{"message":"The client is shutting down/,
  )
  assert.deepEqual([silentCall.isCancelled, hasty.network.calls[1]?.isCancelled], [true, true])
})

test('a stream that ends while closing closes its connection', async () => {
  await using served = await serve(pieces([]))
  const gate = Promise.withResolvers<void>()
  served.network.run = (_query, events) => {
    setImmediate(async () => {
      events.head(200, [['content-type', 'text/event-stream']])
      await gate.promise
      events.end(summary)
    })
    return { cancel: () => {} }
  }
  const response = await chat(served.url, hello)
  const closing = served.close(60_000)
  gate.resolve()
  assert.equal(await response.text(), '')
  await closing
})
