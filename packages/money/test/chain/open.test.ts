import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { openChain, type ChainSource } from '../../src/chain/open.ts'
import { MoneyError } from '../../src/error.ts'

const secret = 'hunter2'
const key = Buffer.alloc(32, 9).toString('base64')
const liteserver = { ip: -2018135749, port: 53312, id: { '@type': 'pub.ed25519', key } }

test('sources are named by their address alone', async () => {
  await using chain = openChain(
    [
      { url: 'https://toncenter.example/api/v2/jsonRPC', apiKey: secret },
      { url: 'http://127.0.0.1:10800' },
      { liteservers: { liteservers: [liteserver] } },
    ],
    { world },
  )
  assert.deepEqual(chain.sources(), [
    { name: 'https://toncenter.example/api/v2/jsonRPC', head: undefined, problem: undefined },
    { name: 'http://127.0.0.1:10800/', head: undefined, problem: undefined },
    { name: 'liteserver 135.181.177.59:53312', head: undefined, problem: undefined },
  ])
})

test('of many liteservers a few are drawn, each once', async () => {
  const liteservers = Array.from({ length: 20 }, (_, index) => ({ ...liteserver, port: 1000 + index }))
  const drawn = new Set<string>()
  for (let round = 0; round < 30; round++) {
    await using chain = openChain([{ liteservers: { liteservers } }], { world })
    const names = chain.sources().map(({ name }) => name)
    assert.equal(new Set(names).size, 4)
    for (const name of names) drawn.add(name)
  }
  assert.ok(drawn.size > 10)
})

test('a configuration that does not fit is refused without showing a secret', () => {
  const wrongs: readonly ChainSource[][] = [
    [],
    Array.from({ length: 17 }, () => ({ url: 'http://127.0.0.1:1' })),
    [{ url: secret }],
    [{ url: `ftp://${secret}.example/` }],
    [{ url: `https://${'user'}:${secret}@toncenter.example/api/v2/jsonRPC` }],
    [{ url: `https://toncenter.example/api/v2/jsonRPC?api_key=${secret}` }],
    [{ url: `https://toncenter.example/api/v2/jsonRPC#${secret}` }],
    [{ url: 'https://toncenter.example/', apiKey: `${secret}\n` }],
    [{ url: 'https://toncenter.example/', apiKey: '' }],
    [{ url: 'http://toncenter.example/', apiKey: secret }],
    [{ url: 'https://toncenter.example/', perSecond: 0 }],
    [{ liteservers: undefined }],
    [{ liteservers: { liteservers: [] } }],
    [{ liteservers: { liteservers: [{ ...liteserver, port: 0 }] } }],
    [{ liteservers: { liteservers: [{ ...liteserver, ip: 'localhost' }] } }],
    [{ liteservers: { liteservers: [{ ...liteserver, id: { key: 'AAAA' } }] } }],
  ]
  for (const [index, sources] of wrongs.entries()) {
    assert.throws(
      () => openChain(sources, { world }),
      (error: unknown) => {
        assert.ok(error instanceof MoneyError, String(index))
        assert.equal(error.code, 'config')
        assert.ok(!`${error.message} ${String(error.cause)}`.includes(secret), error.message)
        return true
      },
      String(index),
    )
  }
})
