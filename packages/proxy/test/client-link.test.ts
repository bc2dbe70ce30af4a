import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  clientAuthorizationWithProxySuccess,
  clientAuthorizeWithProxyLong,
  clientAuthorizeWithProxyShort,
  clientConnectedToProxy,
  clientConnectToProxy,
  clientGetWorkerTypes,
  clientGetWorkerTypesV2,
  type ClientParams,
  clientPaymentStatus,
  clientRunQueryEx,
  clientRunSealedQuery,
  clientSealedFailure,
  clientUpdatePaymentStatus,
  clientWorkerTypes,
  clientWorkerTypesV2,
  encode,
  sealedHeader,
  WireError,
} from '@cocoon/wire'
import { contractsWithoutChain } from '../src/index.ts'
import { config, model, tokensOf } from './network.ts'
import { ProxyBench } from './proxy-bench.ts'
import { ScriptedClient } from './scripted-client.ts'

const authorise = { _: 'client.authorizeWithProxyShort' as const, data: new Uint8Array(0) }

async function refused(
  bench: ProxyBench,
  asked: Promise<unknown>,
  client: ScriptedClient,
  words: RegExp,
): Promise<void> {
  await assert.rejects(asked, error => {
    assert.ok(error instanceof WireError && error.code === 'peer-error')
    assert.match(error.message, words)
    return true
  })
  await bench.world.settle()
  assert.equal(client.isClosed, true)
  assert.equal(bench.proxy.clients.size, 0)
}

async function connected(bench = new ProxyBench()): Promise<{ bench: ProxyBench; client: ScriptedClient }> {
  const client = new ScriptedClient(bench, 3, 50)
  await bench.world.settle()
  await client.ask(
    clientConnectToProxy,
    { _: 'client.connectToProxy', params: client.params(), minConfigVersion: 0 },
    clientConnectedToProxy,
  )
  return { bench, client }
}

describe('the handshake', () => {
  const wrong: Array<[string, Partial<ClientParams>, number, RegExp]> = [
    ['no flags', { flags: 0 }, 0, /602: too old client/],
    ['another test mode', { isTest: !config.isTest }, 0, /602: test mode mismatch/],
    ['an address that is none', { clientOwnerAddress: 'me' }, 0, /602: cannot parse client owner address/],
    ['a newer configuration', {}, config.version + 1, /602: active config version is too low/],
    ['a version that is negative, so a very new one', {}, -1, /602: active config version is too low/],
    [
      'only newer versions',
      { minProtoVersion: 4, maxProtoVersion: 4 },
      0,
      /621: cannot choose common protocol version/,
    ],
  ]
  for (const [what, params, minConfigVersion, words] of wrong) {
    test(`${what}: is told why and closed`, async () => {
      const bench = new ProxyBench()
      const client = new ScriptedClient(bench, 3, 50)
      await bench.world.settle()
      const asked = client.ask(
        clientConnectToProxy,
        { _: 'client.connectToProxy', params: { ...client.params(), ...params }, minConfigVersion },
        clientConnectedToProxy,
      )
      await refused(bench, asked, client, words)
    })
  }

  test('a contract that is closing is refused', async () => {
    const contracts = contractsWithoutChain(config)
    const known = await contracts.find({ workchain: 0, hash: '' })
    const find = async () => ({ ...known!, status: 'closing' as const })
    const bench = new ProxyBench({ clientContracts: { ...contracts, find } })
    const client = new ScriptedClient(bench, 3, 50)
    await bench.world.settle()
    await refused(bench, client.shakeHands(), client, /602: client is closing/)
  })

  test('a look-up that breaks says nothing of why', async () => {
    const find = async (): Promise<never> => {
      throw new TypeError('password is swordfish')
    }
    const bench = new ProxyBench({ clientContracts: { ...contractsWithoutChain(config), find } })
    const client = new ScriptedClient(bench, 3, 50)
    await bench.world.settle()
    await refused(bench, client.shakeHands(), client, /601: the proxy could not complete the handshake$/)
  })

  test('a wrong secret is refused, and the right one is not told', async () => {
    const { bench, client } = await connected()
    const asked = client.ask(
      clientAuthorizeWithProxyShort,
      { ...authorise, data: Uint8Array.of(1) },
      clientAuthorizationWithProxySuccess,
    )
    await refused(bench, asked, client, /601: sha256 mismatch$/)
  })

  test('something else than an authorisation is refused', async () => {
    const { bench, client } = await connected()
    const asked = client.ask(clientGetWorkerTypes, { _: 'client.getWorkerTypes' }, clientWorkerTypes)
    await refused(bench, asked, client, /601: expected auth message/)
  })

  test('something else than a connection comes first', async () => {
    const bench = new ProxyBench()
    const client = new ScriptedClient(bench, 3, 50)
    await bench.world.settle()
    const asked = client.ask(clientAuthorizeWithProxyShort, authorise, clientAuthorizationWithProxySuccess)
    await refused(bench, asked, client, /621: expected client connection/)
  })

  test('is one step at a time', async () => {
    const bench = new ProxyBench()
    const client = new ScriptedClient(bench, 3, 50)
    await bench.world.settle()
    const connect = { _: 'client.connectToProxy' as const, params: client.params(), minConfigVersion: 0 }
    client.connection.query(clientConnectToProxy, connect, 1_000).catch(() => {})
    const second = client.ask(clientConnectToProxy, connect, clientConnectedToProxy)
    await refused(bench, second, client, /621: one step at a time/)
  })

  test('a third question closes', async () => {
    const bench = new ProxyBench()
    const client = await bench.client()
    const asked = client.ask(
      clientAuthorizeWithProxyLong,
      { _: 'client.authorizeWithProxyLong' },
      clientAuthorizationWithProxySuccess,
    )
    await refused(bench, asked, client, /621: already authorized/)
  })

  test('that is not completed ends after 30 seconds', async () => {
    const { bench, client } = await connected()
    await bench.world.advance(29_999)
    assert.equal(client.isClosed, false)
    await bench.world.advance(1)
    assert.equal(client.isClosed, true)
  })

  test('a client that leaves in the middle leaves nothing', async () => {
    const { bench, client } = await connected()
    client.connection.query(clientAuthorizeWithProxyShort, authorise, 1_000).catch(() => {})
    await bench.world.settle()
    client.leave()
    await bench.world.until(() => bench.proxy.clients.size === 0)
    await bench.world.settle()
    // The commits of the ledger alone.
    assert.equal(bench.world.timers, 1)
  })

  test('queries before its end are ignored', async () => {
    const bench = new ProxyBench()
    await bench.worker()
    const client = new ScriptedClient(bench, 3, 50)
    await bench.world.settle()
    await client.run()
    assert.deepEqual([bench.proxy.stats.ignoredMessages, bench.proxy.running], [1, 0])
    assert.equal(client.isClosed, false)
  })

  test('a frame that is longer than a handshake needs closes', async () => {
    const bench = new ProxyBench()
    const client = new ScriptedClient(bench, 3, 50)
    await bench.world.settle()
    await client.run({ query: new Uint8Array(100_000) })
    assert.equal(client.isClosed, true)
  })
})

describe('admission', () => {
  const cases: Array<[string, Parameters<ScriptedClient['run']>[0], number, string]> = [
    ['negative tokens', { maxTokens: -1 }, 400, 'invalid_request'],
    ['a negative price', { maxCoefficient: -2_000_000 }, 400, 'invalid_request'],
    ['no time', { timeout: 0 }, 400, 'invalid_request'],
    ['negative time', { timeout: -5 }, 400, 'invalid_request'],
    ['too much time', { timeout: 3_601 }, 400, 'invalid_request'],
    ['endless time', { timeout: Number.POSITIVE_INFINITY }, 400, 'invalid_request'],
    ['time that is no number', { timeout: Number.NaN }, 400, 'invalid_request'],
    ['a newer configuration', { minConfigVersion: 8 }, 503, 'config_version_too_low'],
    ['a negative configuration', { minConfigVersion: -1 }, 503, 'config_version_too_low'],
    ['an unknown model', { modelName: 'x' }, 404, 'model_not_found'],
    ['too low a price', { maxCoefficient: 999 }, 400, 'max_coefficient_too_low'],
    [
      'more than the client has',
      { maxTokens: 2 ** 31 - 1, maxCoefficient: 2 ** 31 - 1 },
      402,
      'insufficient_balance',
    ],
  ]
  for (const [what, query, status, reason] of cases) {
    test(`${what}: refused with ${status}, in the form of each version`, async () => {
      for (const version of [0, 1, 2, 3]) {
        const bench = new ProxyBench()
        const worker = await bench.worker()
        const client = await bench.client(version)
        const answer = client.answer(await client.run(query))
        assert.deepEqual([answer.status, answer.tokens], [status, tokensOf(0n)])
        assert.match(answer.text, new RegExp(`"code":"${reason}"`))
        assert.equal(worker.jobs.length, 0)
        assert.deepEqual(bench.account(), { used: 0n, reserved: 0n })
        assert.deepEqual([bench.proxy.running, bench.proxy.queryBudget.usedBytes], [0, 0])
        // Nothing of it is kept, and the client goes on.
        await client.run()
        assert.equal(worker.jobs.length, 1)
      }
    })
  }

  test('a sealed query with a key that is longer than any is: refused, and nothing of it is kept', async () => {
    const bench = new ProxyBench()
    await bench.worker()
    const client = await bench.client()
    const header = encode(sealedHeader, {
      _: 'sealed.header',
      requestId: new Uint8Array(32).fill(9),
      model,
      maxCoefficient: 4_000,
      maxTokens: 10,
      expiresAt: BigInt(bench.world.now() + 60_000),
      recipients: [new Uint8Array(32)],
    })
    const key = { _: 'sealed.key' as const, session: new Uint8Array(32), counter: 0, flags: 3 }
    for (const long of [{ encapsulation: new Uint8Array(1_121) }, { wrapped: new Uint8Array(1 << 20) }]) {
      const parts = { encapsulation: new Uint8Array(1_120), wrapped: new Uint8Array(48), ...long }
      client.connection.send(clientRunSealedQuery, {
        _: 'client.runSealedQuery',
        query: { _: 'sealed.query', header, keys: [{ ...key, ...parts }], body: new Uint8Array(272) },
        timeout: 60,
        minConfigVersion: 0,
      })
      await bench.world.settle()
    }
    const failures = client.all(clientSealedFailure)
    assert.deepEqual(
      failures.map(({ errorCode, end }) => [errorCode, end]),
      [
        [621, undefined],
        [621, undefined],
      ],
    )
    assert.match(failures[0]!.error, /longer than any is/)
    assert.deepEqual([bench.proxy.running, bench.proxy.queryBudget.usedBytes], [0, 0])
    assert.equal(client.isClosed, false)
  })

  test('an id that is in use is refused, and the first query lives on', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    const requestId = new Uint8Array(32).fill(99)
    await client.run({ requestId })
    await client.run({ requestId })
    assert.match(client.answer(requestId).text, /duplicate_request_id/)
    assert.equal(worker.jobs.length, 1)
    assert.equal(bench.proxy.running, 1)
  })

  test('two clients may use the same id', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const [one, other] = [await bench.client(3, 50), await bench.client(3, 51)]
    const requestId = new Uint8Array(32).fill(99)
    await one.run({ requestId })
    await other.run({ requestId })
    await worker.head({ payload: 'one', tokens: tokensOf(1n), job: worker.jobs[0]! })
    await worker.head({ payload: 'other', tokens: tokensOf(2n), job: worker.jobs[1]! })
    assert.deepEqual([one.answer(requestId).text, other.answer(requestId).text], ['one', 'other'])
    assert.deepEqual([bench.account(50).used, bench.account(51).used], [1n, 2n])
  })

  test('a client has only so many queries, and so many bytes of them', async () => {
    const bench = new ProxyBench({
      limits: { maxRelaysPerClient: 2, maxQueryBytesPerClient: 1_000, maxQueryBytes: 1_500 },
    })
    const worker = await bench.worker({ limit: 100 })
    const client = await bench.client(3, 50)
    const ids = [
      await client.run({ query: new Uint8Array(400) }),
      await client.run({ query: new Uint8Array(500) }),
    ]
    const third = await client.run({ query: new Uint8Array(4) })
    assert.match(client.answer(third).text, /workers_busy/)
    await worker.head({ payload: 'x', tokens: tokensOf(1n), job: worker.jobs[0]! })
    assert.equal(client.answer(ids[0]!).text, 'x')
    const tooLarge = await client.run({ query: new Uint8Array(504) })
    assert.match(client.answer(tooLarge).text, /workers_busy/)
    await client.run({ query: new Uint8Array(500) })
    assert.equal(bench.proxy.queryBudget.usedBytes, 1_000)
    const other = await bench.client(3, 51)
    const tooMany = await other.run({ query: new Uint8Array(600) })
    assert.match(other.answer(tooMany).text, /workers_busy/)
    client.leave()
    await bench.world.advance(3_000)
    assert.equal(bench.proxy.queryBudget.usedBytes, 0)
  })

  test('while the proxy takes none', async () => {
    const bench = new ProxyBench()
    await bench.worker()
    const client = await bench.client()
    bench.proxy.setEnabled(false)
    const id = await client.run()
    assert.match(client.answer(id).text, /proxy_draining/)
    bench.proxy.setEnabled(true)
    await client.run()
    assert.equal(bench.proxy.running, 1)
  })

  test('bytes that are no query close the connection alone', async () => {
    const bench = new ProxyBench()
    await bench.worker()
    const [bad, good] = [await bench.client(3, 50), await bench.client(3, 51)]
    const truncated = { ...clientRunQueryEx, size: () => 4, write: () => {} }
    bad.connection.send({ ...truncated, write: writer => writer.int(0) }, { _: 'client.runQueryEx' } as never)
    await bench.world.settle()
    assert.equal(bad.isClosed, true)
    assert.equal(good.isClosed, false)
  })
})

describe('questions', () => {
  test('what is on offer', async () => {
    const bench = new ProxyBench()
    await bench.worker({ coefficient: 1500, limit: 8, owner: 70 })
    await bench.worker({ coefficient: 900, owner: 71 })
    await bench.worker({ coefficient: 1200, owner: 72 })
    await bench.worker({ coefficient: 1, disabled: true, owner: 73 })
    await bench.worker({ disabled: true, owner: 74, model: 'acme/other' })
    const client = await bench.client()
    await client.run({ maxCoefficient: 900 })
    const { types } = await client.ask(
      clientGetWorkerTypesV2,
      { _: 'client.getWorkerTypesV2' },
      clientWorkerTypesV2,
    )
    assert.deepEqual(
      types.map(({ name, workers }) => [
        name,
        workers.map(one => [one.coefficient, one.activeRequests, one.maxActiveRequests]),
      ]),
      [
        [
          model,
          [
            [900, 1, 4],
            [1200, 0, 4],
            [1500, 0, 8],
          ],
        ],
      ],
    )
    const summary = await client.ask(clientGetWorkerTypes, { _: 'client.getWorkerTypes' }, clientWorkerTypes)
    assert.deepEqual(summary.types, [
      {
        _: 'client.workerType',
        name: model,
        activeWorkers: 3,
        coefficientMin: 900,
        coefficientBucket50: 1200,
        coefficientMax: 1500,
      },
    ])
  })

  test('what the client used', async () => {
    const bench = new ProxyBench()
    const worker = await bench.worker()
    const client = await bench.client()
    await client.run()
    await worker.head({ payload: 'x', tokens: tokensOf(12n) })
    const before = await client.ask(
      clientUpdatePaymentStatus,
      { _: 'client.updatePaymentStatus' },
      clientPaymentStatus,
    )
    assert.equal(before.maxTokens, 12n)
    await bench.world.advance(2_000)
    const after = await client.ask(
      clientUpdatePaymentStatus,
      { _: 'client.updatePaymentStatus' },
      clientPaymentStatus,
    )
    assert.equal(after.signedPayment._, 'proxy.signedPayment')
  })
})

test('books that do not balance stop the proxy from taking more', async () => {
  const bench = new ProxyBench()
  await bench.worker()
  const client = await bench.client()
  Object.assign(bench.proxy.ledger, {
    assertConserved: () => {
      throw new Error('off by one')
    },
  })
  await bench.world.advance(2_000)
  assert.equal(bench.proxy.state, 'disabled')
  assert.ok(bench.events.some(({ event }) => event === 'books-unbalanced'))
  assert.match(client.answer(await client.run()).text, /proxy_draining/)
})
