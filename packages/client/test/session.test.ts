import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatAddress } from '@cocoon/money'
import {
  clientAuthorizationWithProxyFailed,
  clientGetWorkerTypes,
  maxPayloadBytes,
  proxyClientRequestPayment,
  type ProxyParams,
  proxySignedPayment,
  type Reply,
} from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { PendingQuery } from '../src/pending.ts'
import { ClientSession, type SessionOptions } from '../src/session.ts'
import {
  config,
  emptySecretHash,
  forged,
  Heard,
  noPayment,
  proxyContract,
  queryOf,
  refuse,
  root,
  ScriptedProxy,
  signed,
  wallet,
} from './scripted-proxy.ts'

class Bench {
  readonly world: VirtualWorld
  readonly proxy: ScriptedProxy
  readonly session: ClientSession
  readonly causes: Error[] = []
  readonly lost: PendingQuery[] = []
  readies = 0

  constructor(
    prepare: (proxy: ScriptedProxy) => void = () => {},
    options: { session?: Partial<SessionOptions>; world?: VirtualWorld; imageHash?: Uint8Array } = {},
  ) {
    this.world = options.world ?? new VirtualWorld()
    this.proxy = new ScriptedProxy(this.world, options.imageHash)
    prepare(this.proxy)
    this.session = new ClientSession({
      world: this.world,
      transport: this.proxy.transport,
      config,
      root,
      wallet,
      isTestnet: false,
      secret: new Uint8Array(0),
      checkProxyHashes: false,
      ready: () => {
        this.readies++
      },
      closed: cause => void this.causes.push(cause),
      lost: queries => void this.lost.push(...queries),
      ...options.session,
    })
  }

  static async ready(...args: ConstructorParameters<typeof Bench>): Promise<Bench> {
    const bench = new Bench(...args)
    await bench.world.until(() => bench.session.isReady)
    return bench
  }

  /** Runs until it closes, and says why: once, and it is not ready. */
  async closing(): Promise<string> {
    await this.world.until(() => this.causes.length > 0)
    await this.world.settle()
    assert.deepEqual([this.causes.length, this.session.isReady], [1, false])
    return this.causes[0]!.message
  }

  query(changes?: Parameters<typeof queryOf>[0]): { pending: PendingQuery; heard: Heard } {
    const heard = new Heard()
    const pending = new PendingQuery({
      query: queryOf(changes),
      requestBytes: Buffer.from('the request'),
      events: heard,
      world: this.world,
      pricePerTokenNano: 2n,
      owner: { overdue: () => {}, ended: () => {} },
    })
    return { pending, heard }
  }
}

describe('the handshake', () => {
  test('says who the client is, and proves it by its secret', async () => {
    const bench = await Bench.ready()
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
      const bench = await Bench.ready(proxy => {
        proxy.auth = auth
      })
      assert.deepEqual(bench.proxy.asked, ['connectToProxy', 'authorizeWithProxyLong'])
      assert.equal(bench.proxy.secret, undefined)
    }
    const secret = Buffer.from('swordfish')
    const bench = await Bench.ready(undefined, { session: { secret } })
    assert.deepEqual(bench.proxy.asked, ['connectToProxy', 'authorizeWithProxyLong'])
    assert.notDeepEqual(emptySecretHash, secret)
  })

  test('takes every version that it announced', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await Bench.ready(proxy => {
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
      const bench = new Bench(proxy => {
        proxy.params = params
      })
      await bench.closing()
      assert.deepEqual([bench.readies, bench.proxy.asked], [0, ['connectToProxy']])
      assert.deepEqual([bench.session.terms, bench.session.channel], [undefined, undefined])
    })
  }

  test('a proxy that names another contract of the client is left', async () => {
    const bench = new Bench(proxy => {
      proxy.clientScAddress = formatAddress(root)
    })
    assert.match(await bench.closing(), /client contract/)
  })

  test('a proxy with an image that is not registered is asked nothing', async () => {
    const registered = { ...config, proxyHashes: new Set(['ab'.repeat(32)]) }
    const session = { config: registered, checkProxyHashes: true }
    const bench = new Bench(undefined, { session })
    assert.match(await bench.closing(), /image/)
    assert.deepEqual(bench.proxy.asked, [])
    await Bench.ready(undefined, { session, imageHash: new Uint8Array(32).fill(0xab) })
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
      const bench = new Bench(proxy => {
        proxy.intercept = intercept
      })
      assert.match(await bench.closing(), words)
      assert.equal(bench.readies, 0)
    }
  })

  test('a payment that does not verify ends it', async () => {
    const bench = new Bench(proxy => {
      proxy.authorized = { signedPayment: forged(5n), tokensCommittedToDb: 0n, maxTokens: 0n }
    })
    assert.match(await bench.closing(), /does not verify/)
  })

  test('has 30 seconds to connect and 5 minutes to authorise', async () => {
    for (const [step, ms] of [
      ['connectToProxy', 30_000],
      ['authorizeWithProxyShort', 300_000],
    ] as const) {
      const bench = new Bench(proxy => {
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
      const bench = new Bench(proxy => {
        proxy.intercept = (name, reply) => {
          if (name === step) reply.answer(clientGetWorkerTypes, { _: 'client.getWorkerTypes' })
          return name === step
        }
      })
      assert.match(await bench.closing(), /TL/)
    }
  })

  test('payments and answers before its end are ignored', async () => {
    const bench = new Bench(proxy => {
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

describe('queries', () => {
  test('are sent in the words of the version, with most of the time that is left', async () => {
    for (const version of [0, 1, 3]) {
      const bench = await Bench.ready(proxy => {
        proxy.version = version
      })
      const { pending } = bench.query({ timeoutMs: 100_000, enableDebug: true })
      assert.equal(bench.session.run(pending), true)
      await bench.world.settle()
      const { job } = bench.proxy
      assert.deepEqual(
        [
          job.modelName,
          Buffer.from(job.query).toString(),
          job.maxCoefficient,
          job.maxTokens,
          job.minConfigVersion,
        ],
        ['acme/chat', 'the request', 4000, 1000, 7],
      )
      assert.equal(job.timeout, 95)
      assert.deepEqual(job.requestId, pending.requestId)
      assert.equal(job.enableDebug, version === 0 ? undefined : true)
      assert.equal(bench.session.running, 1)
    }
  })

  test('one that does not fit a frame is not taken', async () => {
    const bench = await Bench.ready()
    const { pending } = bench.query()
    Object.assign(pending, { requestBytes: new Uint8Array(maxPayloadBytes) })
    assert.equal(bench.session.run(pending), false)
    assert.deepEqual([bench.session.running, bench.session.isReady], [0, true])
  })

  test('are answered in any form, whatever the version', async () => {
    for (const version of [0, 1, 2, 3]) {
      for (const asVersion of [0, 3]) {
        const bench = await Bench.ready(proxy => {
          proxy.version = version
        })
        const { pending, heard } = bench.query()
        bench.session.run(pending)
        await bench.world.settle()
        bench.proxy.head({ asVersion })
        bench.proxy.part('one ', { asVersion })
        bench.proxy.part('two', { tokens: 6n, asVersion })
        await bench.world.settle()
        assert.deepEqual(
          [heard.status, heard.text, heard.code, heard.summary?.tokens],
          [200, 'one two', undefined, 6n],
        )
        assert.equal(heard.summary?.proxy, formatAddress(proxyContract))
        assert.equal(bench.session.running, 0)

        const failing = bench.query()
        bench.session.run(failing.pending)
        await bench.world.settle()
        bench.proxy.fail(652, 'late', { asVersion })
        await bench.world.settle()
        assert.equal(failing.heard.code, 'timeout')
      }
    }
  })

  test('may be answered at length', async () => {
    const bench = await Bench.ready()
    const { pending, heard } = bench.query()
    bench.session.run(pending)
    await bench.world.settle()
    bench.proxy.head({ payload: 'x'.repeat(200_000), tokens: 1n })
    await bench.world.settle()
    assert.equal(heard.text.length, 200_000)
  })

  test('late answers, and those to nobody, are ignored', async () => {
    const bench = await Bench.ready()
    const { pending, heard } = bench.query()
    bench.session.run(pending)
    await bench.world.settle()
    bench.proxy.head({ payload: 'x', tokens: 1n })
    bench.proxy.part('late', { tokens: 5n })
    bench.proxy.head({ payload: 'x', tokens: 1n, job: { ...bench.proxy.job, requestId: new Uint8Array(32) } })
    await bench.world.settle()
    assert.deepEqual([heard.text, heard.ends, bench.session.isReady], ['x', 1, true])
  })

  test('are cancelled once, where the version knows how', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await Bench.ready(proxy => {
        proxy.version = version
      })
      const { pending, heard } = bench.query()
      bench.session.run(pending)
      await bench.world.settle()
      bench.session.cancel(pending)
      bench.session.cancel(pending)
      await bench.world.settle()
      assert.deepEqual(bench.proxy.cancelled, version === 3 ? [pending.requestId] : [])
      assert.equal(bench.session.running, 0)
      bench.proxy.head({ payload: 'late', tokens: 1n })
      await bench.world.settle()
      assert.equal(heard.ends, 0)
    }
  })

  const broken: Array<[string, (proxy: ScriptedProxy) => void]> = [
    [
      'a second head',
      proxy => {
        proxy.head()
        proxy.head()
      },
    ],
    ['a part before the head', proxy => proxy.part('x')],
    ['a head that is no response', proxy => proxy.encodedHead(new Uint8Array(3))],
    ['a status that is none', proxy => proxy.head({ status: 99 })],
    ['negative tokens', proxy => proxy.head({ payload: 'x', tokens: -1n })],
    ['negative tokens in the oldest form', proxy => proxy.head({ payload: 'x', tokens: -1n, asVersion: 0 })],
  ]
  for (const [what, send] of broken) {
    test(`${what} closes this session alone, which gives its queries back`, async () => {
      const world = new VirtualWorld()
      const [bench, bystander] = [
        await Bench.ready(undefined, { world }),
        await Bench.ready(undefined, { world }),
      ]
      const [one, other] = [bench.query(), bench.query()]
      bench.session.run(other.pending)
      bench.session.run(one.pending)
      await world.settle()
      send(bench.proxy)
      await bench.closing()
      assert.deepEqual(bench.lost, [other.pending, one.pending])
      assert.equal(one.heard.ends, 0)
      assert.deepEqual([bench.session.running, bystander.session.isReady], [0, true])
    })
  }

  test('the end of the connection gives them back, after its owner was told of it', async () => {
    const order: string[] = []
    const bench: Bench = await Bench.ready(undefined, {
      session: {
        closed: () => void order.push(`closed ${bench.session.isReady}`),
        lost: queries => void order.push(`lost ${queries.length} ${bench.session.isReady}`),
      },
    })
    bench.session.run(bench.query().pending)
    bench.proxy.transport.destroy()
    await bench.world.settle()
    assert.deepEqual(order, ['closed true', 'lost 1 false'])
    assert.equal(bench.session.run(bench.query().pending), false)
  })

  test('a session whose proxy does not read counts as congested', async () => {
    const bench = await Bench.ready()
    bench.proxy.connection.pause()
    const { pending } = bench.query()
    Object.assign(pending, { requestBytes: new Uint8Array(5 << 20) })
    bench.session.run(pending)
    await bench.world.settle()
    assert.equal(bench.session.isCongested, true)
    bench.proxy.connection.resume()
    await bench.world.settle()
    assert.equal(bench.session.isCongested, false)
  })

  test('a question to the client is refused', async () => {
    const bench = await Bench.ready()
    const asked = bench.proxy.connection.query(clientGetWorkerTypes, { _: 'client.getWorkerTypes' }, 1_000)
    asked.catch(() => {})
    await bench.world.settle()
    await assert.rejects(asked, /621/)
  })
})

describe('offers', () => {
  test('worker by worker, or what the oldest version tells', async () => {
    for (const version of [0, 1, 3]) {
      const bench = await Bench.ready(proxy => {
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
    const bench = await Bench.ready()
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

describe('payments', () => {
  test('are taken from the handshake, pushes and answers, as they grow', async () => {
    const bench = await Bench.ready(proxy => {
      proxy.authorized = { signedPayment: signed(1n), tokensCommittedToDb: 2n, maxTokens: 3n }
    })
    const channel = bench.session.channel!
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [1n, 2n, 3n])
    pushPayment(bench, signed(4n))
    pushPayment(bench, signed(2n))
    await bench.world.settle()
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [4n, 5n, 6n])
    bench.proxy.status = { signedPayment: signed(7n), dbTokens: 8n, maxTokens: 9n }
    await bench.world.advance(20_000)
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [7n, 8n, 9n])
    await bench.world.advance(80_000)
    const times = bench.proxy.asked.filter(name => name === 'updatePaymentStatus').length
    assert.ok(times >= 5 && times <= 10, `${times} times`)
  })

  test('that are forged close', async () => {
    const bench = await Bench.ready()
    pushPayment(bench, forged(4n))
    assert.match(await bench.closing(), /does not verify/)
    assert.equal(bench.session.channel?.maxTokens, 0n)
  })

  test('that the proxy does not tell when asked close', async () => {
    const bench = await Bench.ready()
    bench.proxy.intercept = () => true
    await bench.world.advance(81_000)
    assert.match(await bench.closing(), /payment status: .*60000 ms/)
    await bench.world.advance(10_000)
    assert.equal(bench.world.timers, 0)
  })
})

const queryFields = {
  modelName: '',
  query: new Uint8Array(0),
  maxCoefficient: 0,
  maxTokens: 0,
  timeout: 1,
  minConfigVersion: 0,
}

function pushPayment(bench: Bench, signedPayment = noPayment): void {
  bench.proxy.connection.send(proxyClientRequestPayment, {
    _: 'proxy.clientRequestPayment',
    requestId: new Uint8Array(32),
    signedPayment,
    dbTokens: 5n,
    maxTokens: 6n,
    requestTokens: 1n,
  })
}
