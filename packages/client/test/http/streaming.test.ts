import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ClientError } from '../../src/role.ts'
import { chat, eventTexts, hello, pieces, type Script, serve, summary, turn } from './scripted-network.ts'

const delta = (content: string): unknown => ({ choices: [{ index: 0, delta: { content } }] })
const usage = { choices: [], usage: { prompt_tokens: 5, total_cost: 448 } }

async function readAll(response: Response): Promise<string[]> {
  const text: string[] = []
  const decoder = new TextDecoder()
  for await (const bytes of response.body!) text.push(decoder.decode(bytes, { stream: true }))
  return text
}

test('events reach the caller one by one', async () => {
  await using served = await serve(() => {})
  const answering = chat(served.url, { ...hello, stream: true })
  const { events } = await served.network.nextCall()
  events.head(200, [['content-type', 'text/event-stream']])
  const response = await answering
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(response.headers.get('transfer-encoding'), 'chunked')
  assert.equal(response.headers.get('x-accel-buffering'), 'no')
  const reader = response.body!.getReader()
  const next = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString()
  for (const word of ['one', 'two']) {
    const [text = ''] = eventTexts([delta(word)])
    events.data(Buffer.from(text.slice(0, 9)))
    events.data(Buffer.from(text.slice(9)))
    assert.equal(await next(), text)
  }
  events.data(Buffer.from('data: [DONE]\n\n'))
  events.end(summary)
  assert.equal(await next(), 'data: [DONE]\n\n')
  assert.equal((await reader.read()).done, true)
})

test('the usage event is made harmless for those who did not ask for it', async () => {
  const texts = eventTexts([delta('Hi'), usage])
  await using served = await serve(pieces(texts))
  const plain = (await readAll(await chat(served.url, { ...hello, stream: true }))).join('')
  const filled = { choices: [{ index: 0, delta: {}, finish_reason: null }], usage: usage.usage }
  assert.equal(plain, eventTexts([delta('Hi'), filled]).join(''))
  const asked = { ...hello, stream: true, stream_options: { include_usage: true } }
  assert.equal((await readAll(await chat(served.url, asked))).join(''), texts.join(''))
})

test('a stream that is complete at once has a length and its cost', async () => {
  const texts = eventTexts([delta('Hi')])
  const script: Script = ({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    for (const text of texts) events.data(Buffer.from(text))
    events.end(summary)
  }
  await using served = await serve(script)
  const response = await chat(served.url, { ...hello, stream: true })
  assert.equal(response.headers.get('content-length'), String(texts.join('').length))
  assert.equal(response.headers.get('x-cocoon-total-cost'), '448')
  assert.equal(await response.text(), texts.join(''))
})

test('the debug event comes before the end mark', async () => {
  await using served = await serve(pieces(eventTexts([delta('Hi')])))
  const text = await (await chat(served.url, { ...hello, stream: true, enable_debug: true })).text()
  const lines = text.split('\n\n')
  assert.deepEqual(lines.slice(2), ['data: [DONE]', ''])
  assert.match(lines[1]!, /^data: \{"debug":\{"client":\{.*\},"proxy":.*"worker":"no JSON/)
})

test('a stream that fails says so and does not end as if complete', async () => {
  const texts = [...eventTexts([delta('Hi')]).slice(0, 1), 'data: {"half']
  await using served = await serve(pieces(texts, new ClientError('upstream', 'The worker was lost.')))
  const text = await (await chat(served.url, { ...hello, stream: true })).text()
  const error = { message: 'The worker was lost.', type: 'server_error', param: null, code: 'bad_upstream' }
  assert.equal(text, `${texts[0]}data: ${JSON.stringify({ error })}\n\n`)
})

test('a failure after the end mark still withholds it', async () => {
  await using served = await serve(
    pieces(eventTexts([delta('Hi')]), new ClientError('answer-invalid', 'No receipt.')),
  )
  const text = await (await chat(served.url, { ...hello, stream: true })).text()
  assert.ok(text.includes('No receipt.') && !text.includes('[DONE]'))
})

test('a failure in the turn of the head has its own status', async () => {
  const script: Script = ({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    events.data(Buffer.from('data: 1\n\n'))
    events.failed(new ClientError('timeout', 'late'), summary)
  }
  await using served = await serve(script)
  assert.equal((await chat(served.url, { ...hello, stream: true })).status, 504)
})

test('a caller who leaves stops the query, streaming or not', async () => {
  for (const starts of [true, false]) {
    await using served = await serve(({ events }) => {
      if (starts) events.head(200, [['content-type', 'text/event-stream']])
    })
    const abort = new AbortController()
    const answering = chat(served.url, { ...hello, stream: starts }, { signal: abort.signal })
    const call = await served.network.nextCall()
    if (starts) await answering
    abort.abort()
    await answering.then(response => response.text()).catch(() => {})
    await call.cancelled
    // What the network still delivers finds nobody and harms nobody.
    call.events.data(Buffer.from('data: late\n\n'))
    call.events.end(summary)
    await turn()
    assert.deepEqual(served.logged, [])
  }
})

test('a caller who does not read is cut off before it costs memory', async () => {
  const gone = Promise.withResolvers<number>()
  const script: Script = async call => {
    call.events.head(200, [['content-type', 'text/event-stream']])
    const event = Buffer.from(`data: ${'x'.repeat(100_000)}\n\n`)
    let count = 0
    for (; !call.isCancelled && count < 1000; count++) {
      call.events.data(event)
      await turn()
    }
    gone.resolve(count)
  }
  await using served = await serve(script, { limits: { bufferBytes: 1_000_000 } })
  const socket = connect(served.port, '127.0.0.1')
  const body = JSON.stringify(hello)
  socket.pause()
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const sent = await gone.promise
  assert.ok(sent < 1000, `${sent} events went out`)
  assert.equal(served.logged[0]?.[0], 'slow-reader')
  socket.destroy()
})
