import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encode, type SealedQuery, sealedHeader, sealedQuery, toHex } from '@cocoon/wire'
import {
  ClientError,
  createKey,
  type EndpointOptions,
  KeyBook,
  type PassedEvents,
  type Passing,
  type Run,
  startEndpoint,
} from '../../src/role.ts'
import { chat, errorOf, hello, ScriptedNetwork, summary, turn, whole, world } from './scripted-network.ts'

const requestId = new Uint8Array(32).fill(5)
const digest = new Uint8Array(32).fill(6)
const proxyKey = new Uint8Array(32).fill(7)

/** Boxed `sealed.query`; nobody here opens what is in it. */
function queryOf(
  change: Partial<Parameters<typeof header>[0]> & { bodyBytes?: number } = {},
): Uint8Array<ArrayBuffer> {
  const { bodyBytes = 272, ...routing } = change
  const query: SealedQuery = {
    _: 'sealed.query',
    header: header({ model: 'tiny', maxCoefficient: 1_000, maxTokens: 100, ...routing }),
    keys: [{ _: 'sealed.key', session: digest, counter: 0, flags: 0 }],
    body: new Uint8Array(bodyBytes),
  }
  return Uint8Array.from(encode(sealedQuery, query))
}

function header(routing: {
  model: string
  maxCoefficient: number
  maxTokens: number
  requestId?: Uint8Array
}): Uint8Array {
  return encode(sealedHeader, {
    _: 'sealed.header',
    requestId,
    expiresAt: BigInt(Date.now() + 60_000),
    recipients: [digest],
    ...routing,
  })
}

interface Call {
  readonly query: SealedQuery
  readonly options: { readonly timeoutMs: number; readonly proxyKey?: Uint8Array | undefined }
  readonly events: PassedEvents
  isCancelled: boolean
}

/** Hands on by script, and keeps what it was asked. */
class ScriptedPassing implements Passing {
  readonly calls: Call[] = []
  readonly disputes: Array<[string, number]> = []
  script: (call: Call) => void | Promise<void> = ({ events }) => {
    events.piece(Buffer.from('one'))
    events.piece(Buffer.from('two'))
    events.end(summary)
  }

  async offers(model: string): ReturnType<Passing['offers']> {
    if (model === 'gone') throw new ClientError('no-proxy', 'No proxy is connected.')
    return {
      proxyKey,
      prices: {
        pricePerTokenNano: 20n,
        paramsVersion: 3,
        multipliers: { prompt: 10_000, cached: 5_000, completion: 10_000, reasoning: 10_000 },
      } as never,
      offers: [{ identity: digest, coefficient: 900, activeRequests: 1, maxActiveRequests: 4 }],
    }
  }

  async evidence(identity: Uint8Array): Promise<Uint8Array | undefined> {
    return identity[0] === 6 ? Buffer.from('evidence') : undefined
  }

  run(query: SealedQuery, options: Call['options'], events: PassedEvents): Run {
    const call: Call = { query, options, events, isCancelled: false }
    this.calls.push(call)
    queueMicrotask(() => void this.script(call))
    return {
      cancel: () => {
        if (call.isCancelled) return
        call.isCancelled = true
        setImmediate(() => events.failed(new ClientError('cancelled', 'cancelled'), summary))
      },
    }
  }

  dispute(id: Uint8Array, reason: number): boolean {
    this.disputes.push([toHex(id), reason])
    return true
  }
}

interface Passed extends AsyncDisposable {
  readonly passing: ScriptedPassing
  readonly url: string
  readonly logged: string[]
}

async function serve(options: Partial<EndpointOptions> = {}): Promise<Passed> {
  const passing = new ScriptedPassing()
  const network = Object.assign(new ScriptedNetwork(whole({})), { passing })
  const logged: string[] = []
  const endpoint = await startEndpoint({
    network,
    world,
    port: 0,
    log: event => logged.push(event),
    ...options,
  })
  const url = `http://127.0.0.1:${endpoint.port}/v1/cocoon`
  return { passing, url, logged, [Symbol.asyncDispose]: () => endpoint.close(0) }
}

function send(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/sealed`, { method: 'POST', body, headers })
}

describe('a query that its caller has sealed', () => {
  test('is handed on as it is, and its answer comes in frames', async () => {
    await using served = await serve()
    const sent = queryOf()
    const headers = { 'x-cocoon-timeout': '2.5', 'x-cocoon-proxy': toHex(proxyKey) }
    const answer = await send(served.url, sent, headers)
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), Buffer.from('\x03\0\0\0one\x03\0\0\0two'))
    const [{ query, options }] = served.passing.calls as [Call]
    assert.deepEqual(Buffer.from(encode(sealedQuery, query)), Buffer.from(sent))
    assert.deepEqual([options.timeoutMs, options.proxyKey], [2_500, proxyKey])
  })

  test('has each piece handed on as it comes', async () => {
    await using served = await serve()
    const { promise, resolve } = Promise.withResolvers<void>()
    served.passing.script = async ({ events }) => {
      events.piece(Buffer.from('one'))
      await promise
      events.piece(Buffer.from('two'))
      events.end(summary)
    }
    const reader = (await send(served.url, queryOf())).body!.getReader()
    assert.deepEqual(Buffer.from((await reader.read()).value!), Buffer.from('\x03\0\0\0one'))
    resolve()
    assert.deepEqual(Buffer.from((await reader.read()).value!), Buffer.from('\x03\0\0\0two'))
    assert.equal((await reader.read()).done, true)
  })

  test('that fails before its first piece is refused, and afterwards breaks off', async () => {
    await using served = await serve()
    served.passing.script = ({ events }) => events.failed(new ClientError('no-worker', 'none'), summary)
    const refused = await send(served.url, queryOf())
    assert.deepEqual([refused.status, (await errorOf(refused)).code], [503, 'no_worker'])
    served.passing.script = ({ events }) => {
      events.piece(Buffer.from('one'))
      setImmediate(() => events.failed(new ClientError('upstream', 'lost'), summary))
    }
    await assert.rejects(send(served.url, queryOf()).then(answer => answer.arrayBuffer()))
  })

  test('is given up once its caller has left', async () => {
    await using served = await serve()
    served.passing.script = ({ events }) => events.piece(Buffer.from('one'))
    const answer = await send(served.url, queryOf())
    await answer.body!.cancel()
    for (let waited = 0; served.passing.calls[0]?.isCancelled !== true; waited++) {
      assert.ok(waited < 100)
      await turn()
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  })

  test('is given up where its caller does not read', async () => {
    await using served = await serve({ limits: { bufferBytes: 64 * 1024 } })
    served.passing.script = async ({ events, ...call }) => {
      for (let piece = 0; piece < 400 && served.passing.calls[0]?.isCancelled === false; piece++) {
        events.piece(Buffer.alloc(64 * 1024))
        await turn()
      }
      assert.ok(call)
    }
    const answer = await send(served.url, queryOf())
    for (let waited = 0; served.passing.calls[0]?.isCancelled !== true; waited++) {
      assert.ok(waited < 400)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    assert.ok(served.logged.includes('slow-reader'))
    await answer.body?.cancel().catch(() => {})
  })

  test('is refused where it is none', async () => {
    await using served = await serve()
    const wrong: Array<[string | Uint8Array<ArrayBuffer>, Record<string, string>?]> = [
      ['no query'],
      [new Uint8Array(0)],
      [queryOf().subarray(4)],
      [queryOf(), { 'x-cocoon-timeout': '0' }],
      [queryOf(), { 'x-cocoon-timeout': '-1' }],
      [queryOf(), { 'x-cocoon-proxy': 'ab' }],
    ]
    for (const [body, headers] of wrong) {
      const answer = await send(served.url, body, headers)
      assert.equal(answer.status, 400)
      assert.equal((await errorOf(answer)).type, 'invalid_request_error')
    }
    assert.equal((await send(served.url, queryOf(), { 'content-encoding': 'gzip' })).status, 415)
    assert.equal((await fetch(`${served.url}/sealed`)).status, 405)
    assert.deepEqual(served.passing.calls, [])
  })

  test('is refused where the endpoint hands nothing on', async () => {
    const endpoint = await startEndpoint({ network: new ScriptedNetwork(whole({})), world, port: 0 })
    const url = `http://127.0.0.1:${endpoint.port}/v1/cocoon`
    const answer = await send(url, queryOf())
    assert.deepEqual([answer.status, (await errorOf(answer)).code], [503, 'unprotected'])
    await endpoint.close(0)
  })

  test('longer than the longest is refused', async () => {
    await using served = await serve({ limits: { bodyBytes: 1_000 } })
    assert.equal((await send(served.url, queryOf({ bodyBytes: 2_000 }))).status, 413)
  })
})

describe('a key', () => {
  const made = createKey(world, { name: 'mine', models: ['tiny'], budgetNano: '500', requestsPerMinute: 6 })
  const other = createKey(world, { name: 'other' })
  const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
  const options = (): Partial<EndpointOptions> => ({
    keys: new KeyBook({ keys: [made.entry, other.entry] }, { world }),
    costBound: ({ maxTokens, maxCoefficient, body }) =>
      BigInt(maxTokens + body.length) * BigInt(maxCoefficient / 1_000),
  })

  test('is asked for, and holds for what nobody here can read', async () => {
    await using served = await serve(options())
    assert.equal((await send(served.url, queryOf())).status, 401)
    const mine = bearer(made.key)
    assert.equal(
      (await errorOf(await send(served.url, queryOf({ model: 'dear' }), mine))).code,
      'model_not_found',
    )
    assert.equal((await send(served.url, queryOf({ maxCoefficient: 2_000 }), mine)).status, 429)
    assert.equal((await send(served.url, queryOf({ maxTokens: 300 }), mine)).status, 429)
    assert.equal((await send(served.url, queryOf({ bodyBytes: 500 }), mine)).status, 429)
    const passed = await send(served.url, queryOf(), mine)
    await passed.arrayBuffer()
    assert.deepEqual([passed.status, passed.headers.get('x-ratelimit-remaining-requests')], [200, '1'])
    // 448 of 500 nanotons are spent now.
    assert.equal((await send(served.url, queryOf(), mine)).status, 429)
    assert.equal((await send(served.url, queryOf(), mine)).status, 429)
    assert.equal(served.passing.calls.length, 1)
  })

  test('disputes its own queries alone', async () => {
    await using served = await serve(options())
    await (await send(served.url, queryOf(), bearer(made.key))).arrayBuffer()
    const dispute = async (body: object, key: string): Promise<number> => {
      const init = { method: 'POST', headers: bearer(key), body: JSON.stringify(body) }
      return (await fetch(`${served.url}/disputes`, init)).status
    }
    const right = { request_id: toHex(requestId), reason: 3 }
    assert.equal(await dispute(right, other.key), 404)
    assert.equal(await dispute({ ...right, reason: 9 }, made.key), 400)
    assert.equal(await dispute({ ...right, request_id: 'x' }, made.key), 400)
    assert.deepEqual(served.passing.disputes, [])
    assert.equal(await dispute(right, made.key), 202)
    assert.deepEqual(served.passing.disputes, [[toHex(requestId), 3]])
  })
})

describe('for callers who seal', () => {
  test('offers say who makes them, and at which prices', async () => {
    await using served = await serve()
    const answer = await fetch(`${served.url}/offers?model=tiny`)
    assert.deepEqual(await answer.json(), {
      proxy_key: toHex(proxyKey),
      prices: {
        price_per_token_nano: '20',
        params_version: 3,
        multipliers: { prompt: 10_000, cached: 5_000, completion: 10_000, reasoning: 10_000 },
      },
      offers: [{ identity: toHex(digest), coefficient: 900, active_requests: 1, max_active_requests: 4 }],
    })
    assert.equal((await fetch(`${served.url}/offers`)).status, 400)
    assert.equal((await fetch(`${served.url}/offers?model=gone`)).status, 503)
  })

  test('evidence is found by the digest of its document', async () => {
    await using served = await serve()
    const found = await fetch(`${served.url}/identities/${toHex(digest)}`)
    assert.equal(await found.text(), 'evidence')
    assert.equal(found.headers.get('cache-control'), 'private, max-age=600')
    assert.equal((await fetch(`${served.url}/identities/${'0'.repeat(64)}`)).status, 404)
    assert.equal((await fetch(`${served.url}/identities/none`)).status, 400)
  })

  test('entries of a log are not found where nobody keeps one', async () => {
    await using served = await serve()
    const answer = await fetch(`${served.url}/inclusion/${toHex(digest)}`)
    assert.deepEqual([answer.status, (await errorOf(answer)).code], [404, 'not_logged'])
  })

  test('paths that are none stay so', async () => {
    await using served = await serve()
    for (const path of ['', '/', '/none', '/offers/x', '/sealed/x', '/identities/a/b']) {
      assert.equal((await fetch(`${served.url}${path}`)).status, 404)
    }
  })

  test('pages of the origins that may call are let to, and read what they need', async () => {
    await using served = await serve({ cors: ['https://app.example'] })
    const origin = 'https://app.example'
    const ask = { 'access-control-request-headers': 'authorization, x-cocoon-proxy, x-cocoon-timeout' }
    const preflight = await fetch(`${served.url}/sealed`, { method: 'OPTIONS', headers: { origin, ...ask } })
    assert.equal(preflight.headers.get('access-control-allow-headers'), ask['access-control-request-headers'])
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'POST, OPTIONS')
    const answer = await send(served.url, queryOf(), { origin })
    assert.equal(answer.headers.get('access-control-allow-origin'), origin)
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /x-cocoon-receipt/)
    assert.equal((await send(served.url, queryOf(), { origin: 'https://elsewhere' })).status, 403)
  })
})

test('an answer that was sealed by the role says so', async () => {
  const network = new ScriptedNetwork(({ events }) => {
    const receiptId = 'ab'.repeat(32)
    events.head(200, [['content-type', 'application/json']], {
      kind: 'sealed',
      isSimulated: false,
      receiptId,
    })
    events.data(Buffer.from('{}'))
    events.end(summary)
  })
  const endpoint = await startEndpoint({ network, world, port: 0, protection: () => 'mutual' })
  const answer = await chat(`http://127.0.0.1:${endpoint.port}`, hello)
  assert.equal(answer.headers.get('x-cocoon-protection'), 'sealed')
  assert.equal(answer.headers.get('x-cocoon-receipt'), 'ab'.repeat(32))
  await answer.arrayBuffer()
  await endpoint.close(0)
})
