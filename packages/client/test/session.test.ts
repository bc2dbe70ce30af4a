import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ChannelsWithoutChain, formatAddress } from '@cocoon/money'
import {
  clientAuthorizationWithProxyFailed,
  clientGetWorkerTypes,
  type ProxyParams,
  proxySignedPayment,
  type Reply,
} from '@cocoon/wire'
import { config, emptySecretHash, forged, proxyContract, root, wallet } from './network.ts'
import { refuse } from './scripted-proxy.ts'
import { pushPayment, queryFields, SessionBench } from './session-bench.ts'

describe('the handshake', () => {
  test('says who the client is, and proves it by its secret', async () => {
    const bench = await SessionBench.ready()
    assert.deepEqual(bench.proxy.asked, ['connectToProxy', 'authorizeWithProxyShort'])
    assert.deepEqual(bench.proxy.connect, {
      _: 'client.connectToProxy',
      params: {
        _: 'client.params',
        flags: 3,
        clientOwnerAddress: formatAddress(wallet),
        isTest: config.isTest,
        minProtoVersion: 0,
        maxProtoVersion: 3,
      },
      minConfigVersion: 7,
    })
    assert.deepEqual([bench.readies, bench.session.terms?.version], [1, 3])
    assert.equal(bench.session.proxyText, formatAddress(proxyContract))
    assert.ok(bench.session.channel !== undefined)
  })

  test('goes the long way where the proxy does not know the secret, which is not told then', async () => {
    const elsewhere = [
      { _: 'client.proxyConnectionAuthLong' as const, nonce: 5n },
      { _: 'client.proxyConnectionAuthShort' as const, secretHash: new Uint8Array(32), nonce: 0n },
    ]
    for (const auth of elsewhere) {
      const bench = await SessionBench.ready(proxy => {
        proxy.auth = auth
      })
      assert.deepEqual(bench.proxy.asked, ['connectToProxy', 'authorizeWithProxyLong'])
      assert.equal(bench.proxy.secret, undefined)
    }
    const secret = Buffer.from('swordfish')
    const bench = await SessionBench.ready(undefined, {
      session: { channels: new ChannelsWithoutChain('client-charge', secret) },
    })
    assert.deepEqual(bench.proxy.asked, ['connectToProxy', 'authorizeWithProxyLong'])
    assert.notDeepEqual(emptySecretHash, secret)
  })

  test('takes every version that it announced', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await SessionBench.ready(proxy => {
        proxy.version = version
      })
      assert.equal(bench.session.terms?.version, version)
    }
  })

  const wrongParams: Array<[string, Partial<ProxyParams>]> = [
    ['no flags', { flags: 0 }],
    ['a version that was not offered', { protoVersion: 4 }],
    ['another test mode', { isTest: !config.isTest }],
    ['another contract', { proxyScAddress: formatAddress(root) }],
    ['another key', { proxyPublicKey: new Uint8Array(32).fill(1) }],
    ['an owner that is none', { proxyOwnerAddress: 'nobody' }],
  ]
  for (const [what, params] of wrongParams) {
    test(`a proxy with ${what} is left, and never told the secret`, async () => {
      const bench = new SessionBench(proxy => {
        proxy.params = params
      })
      await bench.closing()
      assert.deepEqual([bench.readies, bench.proxy.asked], [0, ['connectToProxy']])
      assert.deepEqual([bench.session.terms, bench.session.channel], [undefined, undefined])
    })
  }

  test('a proxy that names another contract of the client is left', async () => {
    const bench = new SessionBench(proxy => {
      proxy.clientScAddress = formatAddress(root)
    })
    assert.match(await bench.closing(), /client contract/)
  })

  test('a proxy with an image that is not registered is asked nothing', async () => {
    const registered = { ...config, proxyHashes: new Set(['ab'.repeat(32)]) }
    const session = { config: registered, checkProxyHashes: true }
    const bench = new SessionBench(undefined, { session })
    assert.match(await bench.closing(), /image/)
    assert.deepEqual(bench.proxy.asked, [])
    await SessionBench.ready(undefined, { session, imageHash: new Uint8Array(32).fill(0xab) })
  })

  test('a refusal in either form is the cause', async () => {
    const failing: Array<[(name: string, reply: Reply) => boolean, RegExp]> = [
      [refuse(651, 'not now'), /651: not now/],
      [
        (name, reply) => {
          if (name === 'connectToProxy') return false
          const failed = {
            _: 'client.authorizationWithProxyFailed' as const,
            errorCode: 602,
            error: 'who are you',
          }
          reply.answer(clientAuthorizationWithProxyFailed, failed)
          return true
        },
        /who are you/,
      ],
    ]
    for (const [intercept, words] of failing) {
      const bench = new SessionBench(proxy => {
        proxy.intercept = intercept
      })
      assert.match(await bench.closing(), words)
      assert.equal(bench.readies, 0)
    }
  })

  test('a payment that does not verify ends it', async () => {
    const bench = new SessionBench(proxy => {
      proxy.authorized = { signedPayment: forged(5n), tokensCommittedToDb: 0n, maxTokens: 0n }
    })
    assert.match(await bench.closing(), /does not verify/)
  })

  test('has 30 seconds to connect and 5 minutes to authorise', async () => {
    for (const [step, ms] of [
      ['connectToProxy', 30_000],
      ['authorizeWithProxyShort', 300_000],
    ] as const) {
      const bench = new SessionBench(proxy => {
        proxy.intercept = name => name === step
      })
      await bench.world.until(() => bench.proxy.asked.includes(step))
      await bench.world.advance(ms - 1)
      assert.equal(bench.causes.length, 0)
      await bench.world.advance(1)
      assert.match(await bench.closing(), new RegExp(`${ms} ms`))
      await bench.world.advance(10_000)
      assert.equal(bench.world.timers, 0)
    }
  })

  test('answers that are none close', async () => {
    for (const step of ['connectToProxy', 'authorizeWithProxyShort']) {
      const bench = new SessionBench(proxy => {
        proxy.intercept = (name, reply) => {
          if (name === step) reply.answer(clientGetWorkerTypes, { _: 'client.getWorkerTypes' })
          return name === step
        }
      })
      assert.match(await bench.closing(), /TL/)
    }
  })

  test('payments and answers before its end are ignored', async () => {
    const bench = new SessionBench(proxy => {
      proxy.intercept = () => true
    })
    await bench.world.settle()
    bench.proxy.connection.send(proxySignedPayment, { _: 'proxy.signedPayment', data: new Uint8Array(4) })
    pushPayment(bench, forged(5n))
    const job = { ...queryFields, requestId: new Uint8Array(32) }
    bench.proxy.head({ payload: 'x', tokens: 1n, job })
    await bench.world.settle()
    assert.deepEqual([bench.causes.length, bench.session.channel], [0, undefined])
  })
})

describe('offers', () => {
  test('worker by worker, or what the oldest version tells', async () => {
    for (const version of [0, 1, 3]) {
      const bench = await SessionBench.ready(proxy => {
        proxy.version = version
      })
      const asking = bench.session.offers()
      await bench.world.settle()
      assert.deepEqual(await asking, [
        {
          id: 'acme/chat',
          workers: [
            version === 0
              ? { coefficient: 900, runningRequests: 0, maxRunningRequests: 0 }
              : { coefficient: 900, runningRequests: 1, maxRunningRequests: 8 },
          ],
        },
      ])
    }
  })

  test('that do not come within ten seconds, or are none, reject', async () => {
    const bench = await SessionBench.ready()
    bench.proxy.intercept = () => true
    const late = assert.rejects(bench.session.offers(), /10000 ms/)
    await bench.world.advance(10_000)
    await late
    bench.proxy.intercept = (_name, reply) => {
      reply.answer(proxySignedPayment, { _: 'proxy.signedPayment', data: new Uint8Array(4) })
      return true
    }
    const wrong = assert.rejects(bench.session.offers(), /TL/)
    await bench.world.settle()
    await wrong
    assert.equal(bench.session.isReady, true)
  })
})
