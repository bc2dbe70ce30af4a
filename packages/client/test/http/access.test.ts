import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { createKey, KeyBook } from '../../src/role.ts'
import { completion } from './recorded-answers.ts'
import { chat, errorOf, hello, serve, whole, world } from './scripted-network.ts'

test('with keys, callers are told apart, limited and charged', async () => {
  const keys = [
    createKey(world, { name: 'limited', requestsPerMinute: 2, models: ['tiny'] }),
    createKey(world, { name: 'poor', budgetNano: 490 }),
  ] as const
  const book = new KeyBook({ keys: keys.map(({ entry }) => entry) }, { world })
  await using served = await serve(whole(completion('Hi')), { keys: book, costBound: () => 50n })
  served.network.offers = [
    { id: 'tiny', workers: [] },
    { id: 'large', workers: [] },
  ]
  const as = (index: 0 | 1): RequestInit => ({ headers: { authorization: `Bearer ${keys[index].key}` } })

  for (const path of ['/v1/models', '/request/debuglogentry?request_guid=1']) {
    assert.equal((await fetch(`${served.url}${path}`)).status, 401)
  }
  const stranger = await chat(served.url, hello)
  assert.equal(stranger.status, 401)
  assert.equal(stranger.headers.get('www-authenticate'), 'Bearer')
  assert.equal((await errorOf(stranger)).code, 'invalid_api_key')

  const list = (await (await fetch(`${served.url}/v1/models`, as(0))).json()) as { data: unknown[] }
  assert.equal(list.data.length, 1)
  assert.equal((await chat(served.url, { ...hello, model: 'large' }, as(0))).status, 404)
  const allowed = await chat(served.url, { ...hello, request_guid: 'g' }, as(0))
  assert.equal(allowed.status, 200)
  assert.equal(allowed.headers.get('x-ratelimit-remaining-requests'), '0')
  const limited = await chat(served.url, hello, as(0))
  assert.equal(limited.status, 429)
  assert.match(limited.headers.get('retry-after') ?? '', /^[1-9]\d?$/)
  assert.equal((await errorOf(limited)).code, 'rate_limit_exceeded')

  const debug = async (index: 0 | 1): Promise<string> =>
    (await fetch(`${served.url}/request/debuglogentry?request_guid=g`, as(index))).text()
  assert.notEqual(await debug(0), '{}')
  assert.equal(await debug(1), '{}')

  assert.equal((await chat(served.url, hello, as(1))).status, 200)
  const spent = await chat(served.url, hello, as(1))
  assert.equal(spent.status, 429)
  assert.equal(spent.headers.get('x-should-retry'), 'false')
  assert.equal((await errorOf(spent)).code, 'insufficient_quota')
  assert.ok(!JSON.stringify(served.logged).includes('sk-cocoon'))
})

test('web pages are let in only when asked for', async () => {
  const page = 'https://app.example'
  const ask = (url: string, origin = page): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-os',
      },
    })
  await using shut = await serve(whole({}))
  assert.equal((await ask(shut.url)).status, 403)
  assert.equal((await ask(shut.url, 'http://localhost')).status, 405)
  assert.equal((await chat(shut.url, hello, { headers: { origin: page } })).status, 403)
  assert.equal(shut.network.calls.length, 0)

  await using open = await serve(whole({}), { cors: [page] })
  const preflight = await ask(open.url)
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), page)
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'POST, OPTIONS')
  assert.equal(
    preflight.headers.get('access-control-allow-headers'),
    'authorization,content-type,x-stainless-os',
  )
  assert.equal(preflight.headers.get('vary'), 'Origin')
  assert.equal((await ask(open.url, 'https://evil.example')).status, 403)
  const answer = await chat(open.url, hello, { headers: { origin: page } })
  assert.equal(answer.headers.get('access-control-allow-origin'), page)
  assert.match(answer.headers.get('access-control-expose-headers') ?? '', /x-cocoon-total-cost/)
  const plain = await chat(open.url, hello)
  assert.equal(plain.headers.get('access-control-allow-origin'), null)
  assert.equal(plain.headers.get('vary'), 'Origin')

  await using all = await serve(whole({}), { cors: ['*'] })
  const any = await chat(all.url, hello, { headers: { origin: 'null' } })
  assert.equal(any.headers.get('access-control-allow-origin'), '*')
  const wrong = await fetch(`${all.url}/v1/models`, { method: 'POST', headers: { origin: page } })
  assert.equal(wrong.headers.get('access-control-allow-origin'), '*')
})

test('a Host header that DNS rebinding would bring is refused', async () => {
  await using served = await serve(whole({}))
  const status = await new Promise(resolve => {
    const headers = { host: `evil.example:${served.port}` }
    httpRequest({ port: served.port, path: '/v1/models', headers }, response => {
      response.resume().on('end', () => resolve(response.statusCode))
    }).end()
  })
  assert.equal(status, 403)
})
