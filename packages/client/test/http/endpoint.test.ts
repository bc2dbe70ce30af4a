import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientError, type ClientErrorCode, startEndpoint } from '../../src/role.ts'
import {
  chat,
  hello,
  lastBody,
  errorOf,
  type Script,
  serve,
  summary,
  turn,
  whole,
  world,
} from './scripted-network.ts'

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
}

test('a query goes out with the body alone, and its answer comes back with its cost', async () => {
  await using served = await serve(
    whole(completion, 200, [
      ['set-cookie', 'a=b'],
      ['x-request-id', 'r1'],
    ]),
  )
  const text = JSON.stringify(hello)
  const response = await chat(`${served.url}`, text, {
    headers: { authorization: 'Bearer hidden-1', cookie: 'hidden-2', 'x-hidden': 'hidden-3' },
  })
  assert.equal(response.status, 200)
  const body = await response.text()
  assert.deepEqual(JSON.parse(body), { ...completion, usage: { ...completion.usage, total_cost: 448 } })
  const headers = Object.fromEntries(response.headers)
  delete headers.date
  assert.deepEqual(headers, {
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-request-id': 'r1',
    'x-cocoon-total-cost': '448',
    'x-cocoon-proxy': 'EQCproxy_1',
    'x-cocoon-protection': 'simulated',
    'x-content-type-options': 'nosniff',
    connection: 'keep-alive',
    'keep-alive': 'timeout=65',
  })
  const query = served.network.calls[0]!.query
  assert.deepEqual(
    { ...query, body: Buffer.from(query.body).toString() },
    {
      model: 'tiny',
      path: '/v1/chat/completions',
      body: text,
      maxCoefficient: 4000,
      maxTokens: 10,
      timeoutMs: 120_000,
      enableDebug: false,
    },
  )
  assert.ok(!JSON.stringify(Object.values(query)).includes('hidden'))
})

test('the three query paths go to the same path at the backend, without the query string', async () => {
  await using served = await serve(whole({ ok: true }))
  for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']) {
    await fetch(`${served.url}${path}?api-version=1`, { method: 'POST', body: '{"model":"m"}' })
    assert.equal(served.network.calls.at(-1)?.query.path, path)
  }
})

test('paths and methods that are not served are refused in shape', async () => {
  await using served = await serve(whole({}))
  for (const path of ['/', '/chat/completions', '/v1/chat/completions/', '/v1', '/v1/models2', '/stats']) {
    const response = await fetch(`${served.url}${path}`, { method: 'POST', body: '{}' })
    assert.equal(response.status, 404)
    assert.equal((await errorOf(response)).code, 'unknown_url')
  }
  for (const [method, path, allow] of [
    ['GET', '/v1/chat/completions', 'POST'],
    ['OPTIONS', '/v1/embeddings', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/m', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(`${served.url}${path}`, { method })
    assert.equal(response.status, 405)
    assert.equal(response.headers.get('allow'), allow)
    await errorOf(response)
  }
  assert.equal(served.network.calls.length, 0)
})

test('a wrong body is refused with the field', async () => {
  await using served = await serve(whole({}))
  const response = await chat(served.url, { model: 'm', max_tokens: -1 })
  assert.equal(response.status, 400)
  const { message, type, param } = await errorOf(response)
  assert.match(message, /max_tokens/)
  assert.deepEqual([type, param], ['invalid_request_error', 'max_tokens'])
  const packed = await chat(served.url, hello, { headers: { 'content-encoding': 'gzip' } })
  assert.equal(packed.status, 415)
  assert.equal(served.network.calls.length, 0)
})

test('models are listed with their workers by price', async () => {
  await using served = await serve(whole({}))
  const worker = (coefficient: number) => ({ coefficient, runningRequests: 1, maxRunningRequests: 8 })
  served.network.offers = [
    { id: 'org/b', workers: [worker(2000), worker(1000)] },
    { id: 'a', workers: [] },
  ]
  const list = (await (await fetch(`${served.url}/v1/models?x=y`)).json()) as { data: unknown[] }
  const first = { id: 'a', object: 'model', created: 0, owned_by: 'cocoon', workers: [] }
  const second = {
    ...first,
    id: 'org/b',
    workers: [
      { coefficient: 1000, running_requests: 1, max_running_requests: 8 },
      { coefficient: 2000, running_requests: 1, max_running_requests: 8 },
    ],
  }
  assert.deepEqual(list, { object: 'list', data: [first, second] })
  for (const name of ['org/b', 'org%2Fb']) {
    assert.deepEqual(await (await fetch(`${served.url}/v1/models/${name}`)).json(), second)
  }
  const missing = await fetch(`${served.url}/v1/models/c`)
  assert.equal(missing.status, 404)
  assert.equal((await errorOf(missing)).code, 'model_not_found')
  assert.equal((await fetch(`${served.url}/v1/models/%ff`)).status, 400)
  assert.equal((await fetch(`${served.url}/v1/models`, { method: 'HEAD' })).status, 200)
  served.network.offers = new ClientError('no-proxy', 'No proxy is connected.')
  assert.equal((await fetch(`${served.url}/v1/models`)).status, 503)
})

test('each failure of the network has its status', async () => {
  const expected: Record<ClientErrorCode, [status: number, code: string | null, retryAfter: string | null]> =
    {
      'invalid-request': [400, null, null],
      unauthorized: [401, 'invalid_api_key', null],
      'insufficient-balance': [402, 'insufficient_quota', null],
      'budget-exhausted': [429, 'insufficient_quota', null],
      'rate-limited': [429, 'rate_limit_exceeded', '1'],
      'model-not-found': [404, 'model_not_found', null],
      'no-proxy': [503, 'no_proxy', '5'],
      'no-worker': [503, 'no_worker', '2'],
      overloaded: [503, 'overloaded', '1'],
      timeout: [504, 'timeout', null],
      cancelled: [503, 'cancelled', '1'],
      unprotected: [503, 'unprotected', '5'],
      upstream: [502, 'bad_upstream', null],
      'answer-invalid': [502, 'bad_upstream', null],
      protocol: [502, 'bad_upstream', null],
      limit: [413, 'too_large', null],
      'port-in-use': [500, 'internal_error', null],
      configuration: [500, 'internal_error', null],
    }
  let error = new ClientError('upstream', 'It failed.')
  await using served = await serve(({ events }) => events.failed(error, summary))
  for (const [code, [status, told, retryAfter]] of Object.entries(expected)) {
    error = new ClientError(code as ClientErrorCode, 'It "failed".\n')
    const response = await chat(served.url, hello)
    assert.equal(response.status, status, code)
    assert.equal(response.headers.get('retry-after'), retryAfter, code)
    const body = await errorOf(response)
    assert.deepEqual([body.message, body.code], ['It "failed".\n', told])
  }
  error = new ClientError('no-worker', 'x', { retryAfterMs: 2100 })
  assert.equal((await chat(served.url, hello)).headers.get('retry-after'), '3')
})

test('a fault of ours says nothing to the caller and quotes nothing to the log', async () => {
  const script: Script = ({ events }) => events.failed(new TypeError('prompt: secret'), summary)
  await using served = await serve(script)
  const response = await chat(served.url, hello)
  assert.equal(response.status, 500)
  assert.ok(!(await response.text()).includes('secret'))
  assert.equal(served.logged[0]?.[0], 'internal-error')
  assert.ok(!JSON.stringify(served.logged).includes('secret'))
  served.network.run = () => {
    throw new ClientError('overloaded', 'full')
  }
  assert.equal((await chat(served.url, hello)).status, 503)
})

test("the network's error answers are passed on, in shape", async () => {
  let script = whole('{"error": {"message":"bad seed","param":"seed"}}', 422)
  await using served = await serve(call => script(call))
  const shaped = await chat(served.url, hello)
  assert.equal(shaped.status, 422)
  assert.equal(await shaped.text(), '{"error": {"message":"bad seed","param":"seed"}}')
  script = async ({ events }) => {
    events.head(502, [
      ['content-type', 'text/html'],
      ['retry-after', '7'],
    ])
    await turn()
    events.data(Buffer.from('<h1>no</h1>'))
    events.end(summary)
  }
  const page = await chat(served.url, hello)
  assert.equal(page.status, 502)
  assert.equal(page.headers.get('retry-after'), '7')
  assert.equal((await errorOf(page)).message, '<h1>no</h1>')
})

test('answers that cannot be given to a caller become errors, and their queries are cancelled', async () => {
  let script: Script = ({ events }) => events.head(99, [])
  await using served = await serve(call => script(call), { limits: { bufferBytes: 1000 } })
  const cases: Array<[number, Script]> = [
    [502, ({ events }) => events.head(99, [])],
    [502, ({ events }) => events.data(Buffer.from('x'))],
    [
      502,
      ({ events }) => {
        events.head(500, [])
        events.data(Buffer.alloc(1001))
      },
    ],
    [
      502,
      ({ events }) => {
        events.head(200, [['content-type', 'text/event-stream']])
        events.data(Buffer.alloc(1001, 0x20))
      },
    ],
  ]
  for (const [status, next] of cases) {
    script = next
    assert.equal((await chat(served.url, hello)).status, status)
    await served.network.calls.at(-1)!.cancelled
  }
  script = ({ events }) => events.end(summary)
  assert.equal((await chat(served.url, hello)).status, 502)
})

test('a JSON answer that is too long to hold goes through as it comes', async () => {
  const long = JSON.stringify({ data: 'x'.repeat(5000), usage: { prompt_tokens: 1 } })
  const script: Script = async ({ events }) => {
    events.head(200, [['content-type', 'application/json']])
    for (let at = 0; at < long.length; at += 700) {
      events.data(Buffer.from(long.slice(at, at + 700)))
      await turn()
    }
    events.end(summary)
  }
  await using served = await serve(script, { limits: { bufferBytes: 1000 } })
  const response = await chat(served.url, hello)
  assert.equal(response.headers.get('content-length'), null)
  assert.equal(await response.text(), long)
})

test('other content types stream through', async () => {
  const script: Script = async ({ events }) => {
    events.head(200, [['content-type', 'application/x-ndjson']])
    for (const line of ['{"a":1}\n', '{"a":2}\n']) {
      await turn()
      events.data(Buffer.from(line))
    }
    events.end(summary)
  }
  await using served = await serve(script)
  const response = await chat(served.url, hello)
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
  assert.equal(await response.text(), '{"a":1}\n{"a":2}\n')
})

test('such an answer that fails midway is cut off, not ended', async () => {
  const script: Script = async ({ events }) => {
    events.head(200, [['content-type', 'text/plain']])
    events.data(Buffer.from('half'))
    await turn()
    events.failed(new ClientError('upstream', 'lost'), summary)
  }
  await using served = await serve(script)
  const response = await chat(served.url, hello)
  await assert.rejects(response.text())
})

test('debug records go into the answer and are kept for the caller who named the request', async () => {
  await using served = await serve(whole(completion))
  const record = {
    client: { type: 'client_stats' },
    proxy: { type: 'proxy_stats' },
    worker: 'no JSON "at all"\n',
  }
  const response = await chat(served.url, { ...hello, enable_debug: true, request_guid: 'my request&1' })
  assert.deepEqual(((await response.json()) as { debug: unknown }).debug, record)
  assert.deepEqual(lastBody(served.network).value, hello)
  const path = `${served.url}/request/debuglogentry`
  assert.deepEqual(await (await fetch(`${path}?request_guid=my%20request%261`)).json(), record)
  assert.deepEqual(await (await fetch(`${path}?request_guid=other`)).json(), {})
  assert.equal((await fetch(path)).status, 400)
})

test('debug records are bounded in number', async () => {
  await using served = await serve(whole(completion), { limits: { debugEntries: 2 } })
  for (const guid of ['1', '2', '3']) await chat(served.url, { ...hello, request_guid: guid })
  const found = async (guid: string): Promise<boolean> =>
    (await (await fetch(`${served.url}/request/debuglogentry?request_guid=${guid}`)).text()) !== '{}'
  assert.deepEqual([await found('1'), await found('2'), await found('3')], [false, true, true])
})

test("the role's own paths are served behind the same guard", async () => {
  const seen: string[] = []
  await using served = await serve(whole({}), {
    extraRoutes: (_request, response, path) => {
      seen.push(path)
      if (path === '/broken') throw new Error('secret')
      if (path !== '/health') return false
      setImmediate(() => response.end('fine'))
      return true
    },
  })
  assert.equal(await (await fetch(`${served.url}/health?x`)).text(), 'fine')
  assert.equal((await fetch(`${served.url}/nothing`)).status, 404)
  assert.equal((await fetch(`${served.url}/broken`)).status, 500)
  assert.equal(
    (await fetch(`${served.url}/health`, { headers: { origin: 'https://evil.example' } })).status,
    403,
  )
  assert.deepEqual(seen, ['/health', '/nothing', '/broken'])
})

test('too many requests at once are turned away', async () => {
  await using served = await serve(() => {}, { limits: { running: 1 } })
  const first = chat(served.url, hello)
  const call = await served.network.nextCall()
  const second = await chat(served.url, hello)
  assert.equal(second.status, 503)
  assert.equal(second.headers.get('retry-after'), '1')
  void whole({})(call)
  assert.equal((await first).status, 200)
  const third = chat(served.url, hello)
  void whole({})(await served.network.nextCall())
  assert.equal((await third).status, 200)
})

test('too many bytes held at once are turned away', async () => {
  await using served = await serve(whole({}), { limits: { totalBufferBytes: 1000 } })
  assert.equal((await chat(served.url, { ...hello, padding: 'x'.repeat(1000) })).status, 503)
  assert.equal((await chat(served.url, hello)).status, 200)
})

test('a taken port is named', async () => {
  await using served = await serve(whole({}))
  await assert.rejects(
    startEndpoint({ network: served.network, world, port: served.port }),
    (error: ClientError) => {
      assert.equal(error.code, 'port-in-use')
      assert.match(error.message, new RegExp(String(served.port)))
      return true
    },
  )
  await assert.rejects(startEndpoint({ network: served.network, world, host: '192.0.2.1', port: 0 }), {
    code: 'configuration',
  })
})
